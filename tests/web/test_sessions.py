"""Sessions: what the cookie holds, when it dies, what is seen of it; on both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, SignInSession, Stage, User
from invoicing.accounts.service import set_active
from invoicing.database import committing
from invoicing.journal import COMMAND
from tests.conftest import Browser, Database, make_settings, running
from tests.factories import make_user
from web.database import db, now
from web.sessions import hurried

ZOE = "zoe@exemple.fr"


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    user = make_user(session, Role.member, email=ZOE, password_hash=password_hash)
    session.commit()
    return user


@pytest.fixture
def clerk(session: Session, password_hash: str) -> User:
    user = make_user(session, Role.sales, email="vente@exemple.fr", password_hash=password_hash)
    session.commit()
    return user


def is_in(client: Browser) -> bool:
    return client.get("/").location != "/connexion"


def cookie_of(client: Browser) -> str:
    found = client.get_cookie("lettrine")
    assert found is not None
    return found.value


def held(app: Flask, client: Browser) -> dict[str, object]:
    """What the signed cookie says."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    assert signer is not None
    return dict(signer.loads(cookie_of(client)))


def row(session: Session) -> SignInSession:
    session.rollback()
    return session.scalars(select(SignInSession)).one()


def test_the_cookie_names_nobody(app: Flask, client: Browser, zoe: User) -> None:
    client.sign_in(ZOE)
    is_in(client)
    found = held(app, client)
    assert set(found) <= {"sid", "_permanent", "csrf_token", "owner"}
    assert re.fullmatch("[0-9a-f]{32}", str(found["owner"]))  # a keyed digest


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app: Flask, client: Browser, zoe: User) -> None:
    client.sign_in(ZOE)
    thief: Browser = app.test_client()  # type: ignore[assignment]
    thief.set_cookie("lettrine", cookie_of(client))
    assert is_in(thief)
    assert client.send("/deconnexion", form="/preferences").location == "/connexion"
    assert not is_in(client) and not is_in(thief)


def test_signing_out_is_never_a_get(client: Browser, zoe: User) -> None:
    client.sign_in(ZOE)
    assert client.get("/deconnexion").status_code == 405
    assert client.post("/deconnexion").status_code == 400
    assert is_in(client)


def test_a_planted_cookie_becomes_nobodys_session(app: Flask, client: Browser, zoe: User) -> None:
    attacker: Browser = app.test_client()  # type: ignore[assignment]
    attacker.get("/connexion")
    client.set_cookie("lettrine", cookie_of(attacker))
    client.sign_in(ZOE)
    assert cookie_of(client) != cookie_of(attacker)
    assert not is_in(attacker)


def test_signing_in_changes_the_forms_token(app: Flask, client: Browser, zoe: User) -> None:
    client.get("/connexion")
    before = held(app, client)["csrf_token"]
    client.sign_in(ZOE)
    client.get("/preferences")
    assert held(app, client)["csrf_token"] != before


def test_an_unsigned_or_foreign_cookie_is_nobody(client: Browser) -> None:
    for value in ("", "x", "eyJzaWQiOiJ4In0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"):
        client.set_cookie("lettrine", value)
        assert not is_in(client)


def test_a_cookie_is_signed_with_sha_256(app: Flask, client: Browser) -> None:
    client.get("/connexion")
    cookie = client.get_cookie("lettrine")
    assert cookie is not None and len(cookie.value.rpartition(".")[2]) == 43  # 32 bytes; SHA-1 would have 20


def test_a_disabled_user_is_out_at_the_next_request(client: Browser, zoe: User, database: Database) -> None:
    client.sign_in(ZOE)
    with database.sessions() as session, committing(session):
        set_active(session, COMMAND, now(), zoe.id, False)
    assert not is_in(client)


@pytest.mark.parametrize("stage", [Stage.second_factor, Stage.enrolment])
def test_a_session_that_is_half_open_is_nobody(client: Browser, clerk: User, database: Database, stage: Stage) -> None:
    client.become(clerk)
    with database.sessions() as session, committing(session):
        session.scalars(select(SignInSession)).one().stage = stage
    assert not is_in(client)


def test_staff_away_for_eight_hours_sign_in_again(client: Browser, clerk: User) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.become(clerk)
        clock.shift(timedelta(hours=7, minutes=59))
        assert is_in(client)
        clock.shift(timedelta(hours=8))
        assert not is_in(client)


def test_staff_sign_in_each_day_however_busy(client: Browser, clerk: User) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.become(clerk)
        for _ in range(4):
            clock.shift(timedelta(hours=5, minutes=59))
            assert is_in(client)
        clock.shift(timedelta(minutes=4))
        assert not is_in(client)


def test_members_stay_for_weeks(client: Browser, zoe: User) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.become(zoe)
        clock.shift(timedelta(days=29))
        assert is_in(client)
        clock.shift(timedelta(days=30))
        assert not is_in(client)


def test_a_members_cookie_outlives_the_browser_and_a_clerks_does_not(client: Browser, zoe: User, clerk: User) -> None:
    assert "Expires=" in client.sign_in(ZOE).headers["Set-Cookie"]
    client.send("/deconnexion", form="/preferences")
    assert "Expires=" not in client.sign_in(clerk.email).headers["Set-Cookie"]


def test_last_seen_is_written_once_a_minute(client: Browser, zoe: User, session: Session) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.become(zoe)
        start = row(session).last_seen_at
        clock.shift(timedelta(seconds=59))
        is_in(client)
        assert row(session).last_seen_at == start
        clock.shift(timedelta(seconds=1))
        is_in(client)
        assert row(session).last_seen_at == start + timedelta(minutes=1)


def test_a_head_leaves_no_trace(client: Browser, zoe: User, session: Session) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.become(zoe)
        start = row(session).last_seen_at
        clock.shift(timedelta(hours=1))
        client.head("/preferences")
        assert row(session).last_seen_at == start


def test_a_busy_database_delays_no_reader(client: Browser, zoe: User, database: Database) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.become(zoe)
        clock.shift(timedelta(minutes=5))
        with database.engine.connect().execution_options(write=True) as other:
            other.execute(text("UPDATE sign_in_session SET user_agent = 'held'"))
            assert client.get("/").location == "/mes-factures"
            other.rollback()


def test_only_a_hurried_write_is_impatient(app: Flask) -> None:
    with app.app_context():
        sqlite = db.engine.dialect.name == "sqlite"
        asked = text("PRAGMA busy_timeout" if sqlite else "SHOW lock_timeout")
        with hurried() as session:
            assert session.execute(asked).scalar() == (0 if sqlite else "50ms")
        assert db.session.execute(asked).scalar() == (15000 if sqlite else "0")


def test_after_a_hurried_write_that_gave_up_the_next_one_is_patient(app: Flask, zoe: User, database: Database) -> None:
    with app.app_context(), database.engine.connect().execution_options(write=True) as other:
        other.execute(text("UPDATE user_account SET name = 'held'"))
        with pytest.raises(OperationalError), hurried() as session:
            session.get_one(User, zoe.id).name = "Zoé"
        other.rollback()
        sqlite = db.engine.dialect.name == "sqlite"
        for _ in range(3):
            asked = db.session.execute(text("PRAGMA busy_timeout" if sqlite else "SHOW lock_timeout")).scalar()
            assert asked == (15000 if sqlite else "0")
            db.session.rollback()


@pytest.fixture
def https(database: Database, tmp_path: Path) -> Iterator[Flask]:
    yield from running(make_settings(database.url, tmp_path, public_url="https://desk.example"))


def test_over_https_cookies_are_bound_to_this_host(https: Flask, zoe: User) -> None:
    client: Browser = https.test_client()  # type: ignore[assignment]
    page = client.get("/connexion", base_url="https://desk.example")
    sent = page.headers["Set-Cookie"]
    assert sent.startswith("__Host-lettrine=")
    assert all(flag in sent for flag in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"))
    assert "Domain" not in sent


def test_over_https_a_form_without_a_referer_is_heard(https: Flask, zoe: User) -> None:
    client: Browser = https.test_client()  # type: ignore[assignment]
    options = {"base_url": "https://desk.example"}
    token = client.get("/connexion", **options).text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": ZOE, "password": "un mot de passe pour les essais"}
    assert client.post("/connexion", data=form, **options).status_code == 302


def test_over_http_the_cookie_is_plain_but_hidden_from_scripts(client: Browser) -> None:
    sent = client.get("/connexion").headers["Set-Cookie"]
    assert sent.startswith("lettrine=") and "HttpOnly" in sent and "SameSite=Lax" in sent and "Secure" not in sent
