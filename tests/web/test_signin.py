"""Signing in, as a browser sees them; on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts.models import Attempts, Role, SignInSession, User
from invoicing.accounts.secrets import Sealer
from invoicing.accounts.service import invite
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.journal import COMMAND
from tests.conftest import PASSWORD, Browser, Database, make_settings, running
from tests.factories import make_user
from web.database import now
from web.services import post_of

NEW = "une phrase assez longue pour servir"
ZOE = "zoe@exemple.fr"


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    """A member who has a password."""
    user = make_user(session, Role.member, email=ZOE, password_hash=password_hash)
    session.commit()
    return user


@pytest.fixture
def invitation(database: Database, settings: Settings, zoe: User) -> str:
    """The path of a link that Zoé was sent."""
    with transaction(database.sessions) as session:
        return invite(session, COMMAND, now(), zoe.id, post_of(settings)).removeprefix("http://localhost")


def mailed(session: Session, settings: Settings) -> str:
    """The path in the last mail, unsealed as the worker does."""
    session.rollback()
    sealed = session.scalars(select(Delivery.sealed).order_by(Delivery.id.desc())).first()
    assert sealed is not None
    return Sealer(settings.fernet_keys).unseal(sealed)["link"].removeprefix("http://localhost")


def count(session: Session, table: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_address_and_password_open_the_door(client: Browser, zoe: User) -> None:
    answer = client.sign_in(" ZOE@Exemple.fr")
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").location == "/mes-factures"


@pytest.mark.parametrize("email", [ZOE, "personne@exemple.fr", "", "\u00a0"])
def test_a_wrong_pair_is_refused_in_one_way(client: Browser, zoe: User, session: Session, email: str) -> None:
    answer = client.sign_in(email, "pas le bon mot de passe")
    assert answer.status_code == 422
    assert "ne vont pas ensemble" in answer.text
    assert count(session, SignInSession) == 0


def test_what_was_typed_stays_but_never_the_password(client: Browser, zoe: User) -> None:
    page = client.sign_in(ZOE, "pas le bon mot de passe").text
    assert ZOE in page and "pas le bon" not in page


def test_a_disabled_user_is_refused_like_a_wrong_password(
    client: Browser, session: Session, password_hash: str
) -> None:
    make_user(session, email=ZOE, password_hash=password_hash, active=False)
    session.commit()
    assert client.sign_in(ZOE).status_code == 422


def test_without_the_forms_token_nobody_signs_in(client: Browser, zoe: User, session: Session) -> None:
    answer = client.post("/connexion", data={"email": ZOE, "password": PASSWORD})
    assert answer.status_code == 400 and "rechargez" in answer.text
    assert count(session, SignInSession) == 0


def test_a_head_signs_nobody_in(client: Browser, zoe: User, session: Session) -> None:
    client.head("/connexion", data={"email": ZOE, "password": PASSWORD})
    assert count(session, SignInSession) == 0


def test_the_form_sent_twice_makes_one_session(client: Browser, zoe: User, session: Session) -> None:
    form = {"csrf_token": client.token("/connexion"), "email": ZOE, "password": PASSWORD}
    first, second = client.post("/connexion", data=form), client.post("/connexion", data=form)
    assert (first.location, second.location) == ("/", "/")
    assert count(session, SignInSession) == 1


def test_whoever_is_in_needs_no_form(client: Browser, zoe: User) -> None:
    client.sign_in(ZOE)
    assert client.get("/connexion").location == "/"


def test_the_page_asked_for_comes_after_signing_in(client: Browser, zoe: User) -> None:
    assert client.get("/mes-factures?annee=2026").location == "/connexion"
    assert client.sign_in(ZOE).location == "/mes-factures?annee=2026"


def test_a_next_in_the_address_is_ignored(client: Browser, zoe: User) -> None:
    client.get("/connexion?next=https://ailleurs.example/")
    assert client.sign_in(ZOE).location == "/"


def test_the_eleventh_try_in_five_minutes_is_turned_away_before_the_password_is_read(
    client: Browser, zoe: User
) -> None:
    for _ in range(10):
        assert client.sign_in(ZOE, "pas le bon mot de passe").status_code == 422
    answer = client.sign_in(ZOE)
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 300
    assert "Trop d’essais" in answer.text


def test_what_was_right_is_not_counted(app: Flask, zoe: User) -> None:
    for _ in range(12):
        assert app.test_client().sign_in(ZOE).status_code == 302  # type: ignore[attr-defined]
    for _ in range(10):
        assert app.test_client().sign_in(ZOE, "pas le bon mot de passe").status_code == 422  # type: ignore[attr-defined]
    assert app.test_client().sign_in(ZOE).status_code == 429  # type: ignore[attr-defined]


def test_another_browser_or_spelling_does_not_start_again(app: Flask, zoe: User) -> None:
    for _ in range(10):
        app.test_client().sign_in("Zoe@exemple.fr ", "pas le bon mot de passe")  # type: ignore[attr-defined]
    assert app.test_client().sign_in(ZOE).status_code == 429  # type: ignore[attr-defined]


def test_a_locked_account_leaves_the_others_alone(
    client: Browser, zoe: User, session: Session, password_hash: str
) -> None:
    make_user(session, Role.member, email="autre@exemple.fr", password_hash=password_hash)
    session.commit()
    for _ in range(11):
        client.sign_in(ZOE, "pas le bon mot de passe")
    assert client.sign_in("autre@exemple.fr").status_code == 302


def test_of_twenty_tries_at_once_ten_are_heard(app: Flask, zoe: User) -> None:
    def attempt(_: int) -> int:
        return app.test_client().sign_in(ZOE, "pas le bon mot de passe").status_code  # type: ignore[attr-defined, no-any-return]

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert sorted(answers) == [422] * 10 + [429] * 10


def test_one_address_has_a_limit_over_all_accounts(app: Flask, zoe: User) -> None:
    def statuses(n: int) -> list[int]:
        return [app.test_client().sign_in(f"{i}@exemple.fr").status_code for i in range(n)]  # type: ignore[attr-defined]

    assert statuses(31) == [422] * 30 + [429]


def test_without_a_proxy_the_forwarded_address_is_a_lie(client: Browser, session: Session) -> None:
    for n in range(3):
        client.sign_in(f"{n}@exemple.fr", headers={"X-Forwarded-For": f"198.51.100.{n}"})
    addresses = session.scalars(select(Attempts.count).where(Attempts.bucket.like("password:address:%"))).all()
    assert addresses == [3]


@pytest.fixture
def proxied(database: Database, tmp_path: Path) -> Iterator[Flask]:
    yield from running(make_settings(database.url, tmp_path, proxies=1))


def test_behind_one_proxy_the_last_forwarded_address_counts(proxied: Flask, session: Session) -> None:
    for n in range(3):
        sent = {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.9"}
        proxied.test_client().sign_in(f"{n}@exemple.fr", headers=sent)  # type: ignore[attr-defined]
    addresses = session.scalars(select(Attempts.count).where(Attempts.bucket.like("password:address:%"))).all()
    assert addresses == [3]


def test_another_hosts_name_is_refused(client: Browser) -> None:
    assert client.get("/connexion", headers={"Host": "ailleurs.example"}).status_code == 400
