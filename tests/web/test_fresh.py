"""Confirming before what can't be undone, as a browser sees it; on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts import passkeys
from invoicing.accounts.models import Role, SignInSession, User
from invoicing.database import transaction
from invoicing.shop.models import ShopKey
from tests.accounts.soft_key import SoftKey
from tests.conftest import PASSWORD, Browser, Database
from tests.factories import actor_of, make_organisation, make_shop, make_user
from tests.web.door import count, last_mail, protect, totp
from web.database import now

CONFIRM, RESET = "/connexion/confirmation", "/ventes/reinitialiser"
LATER = timedelta(minutes=15)


@pytest.fixture
def boss(session: Session, settings: Settings) -> User:
    """An administrator with an application."""
    make_organisation(session)
    user = make_user(session, Role.admin)
    protect(session, settings, user)
    return user


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    """A member with a password."""
    user = make_user(session, Role.member, email="zoe@exemple.fr", password_hash=password_hash)
    session.commit()
    return user


def asks(client: Browser, path: str = RESET) -> bool:
    return client.get(path).location == CONFIRM


def proved(session: Session, user: User) -> object:
    session.rollback()
    return session.scalars(select(SignInSession.proved_at).where(SignInSession.user_id == user.id)).one()


def test_whoever_has_just_signed_in_is_not_asked(client: Browser, boss: User, clock: time_machine.Coordinates) -> None:
    client.become(boss)
    clock.shift(LATER - timedelta(seconds=1))
    assert client.get(RESET).status_code == 200
    clock.shift(1)
    assert asks(client)


def test_a_code_of_the_application_leads_to_the_page_that_was_wanted(
    client: Browser, boss: User, clock: time_machine.Coordinates
) -> None:
    client.become(boss)
    clock.shift(LATER)
    assert asks(client)
    assert client.send(CONFIRM, {"way": "totp", "code": "000000"}).status_code == 422
    assert asks(client)
    assert client.send(CONFIRM, {"way": "totp", "code": totp()}).location == RESET
    assert client.get(RESET).status_code == 200


def test_a_form_that_was_sent_is_not_sent_again_and_the_page_says_so(
    client: Browser, boss: User, session: Session, clock: time_machine.Coordinates
) -> None:
    shop = make_shop(session)
    session.commit()
    client.become(boss)
    page = f"/ventes/boutiques/{shop.id}"
    form = {"csrf_token": client.token(page), "label": "site", "scopes": "read"}
    clock.shift(LATER)
    assert client.post(f"{page}/cles", data=form).location == CONFIRM
    assert session.scalar(select(func.count(ShopKey.id))) == 0
    assert "n’a pas encore été envoyé" in client.get(CONFIRM).text
    assert client.send(CONFIRM, {"way": "totp", "code": totp()}).location == "/connexion/formulaire"
    assert "L’envoyer maintenant" in client.get("/connexion/formulaire").text
    assert count(session, ShopKey) == 0
    assert client.post(f"{page}/cles", data=form).status_code == 200
    assert count(session, ShopKey) == 1


def test_the_code_that_signed_in_confirms_nothing(client: Browser, boss: User, clock: time_machine.Coordinates) -> None:
    client.become(boss)
    clock.shift(LATER)
    asks(client)
    code = totp()
    client.send(CONFIRM, {"way": "totp", "code": code})
    clock.shift(LATER)
    asks(client)
    assert client.send(CONFIRM, {"way": "totp", "code": code}).status_code == 422


@pytest.mark.parametrize("way", ["password", "mail", "recovery", ""])
def test_staff_confirm_with_nothing_less_than_their_second_factor(
    client: Browser, boss: User, session: Session, password_hash: str, clock: time_machine.Coordinates, way: str
) -> None:
    boss.password_hash = password_hash
    session.commit()
    client.become(boss)
    clock.shift(LATER)
    page = client.get(CONFIRM).text
    assert 'value="password"' not in page and 'value="mail"' not in page
    assert client.send(CONFIRM, {"way": way, "password": PASSWORD, "code": "1"}).status_code == 422
    assert client.send(f"{CONFIRM}/courriel", form=CONFIRM).status_code == 422
    assert asks(client)


def test_a_member_confirms_with_the_password(
    client: Browser, zoe: User, session: Session, clock: time_machine.Coordinates
) -> None:
    client.become(zoe)
    clock.shift(LATER)
    before = proved(session, zoe)
    wrong = client.send(CONFIRM, {"way": "password", "password": "pas le bon"})
    assert wrong.status_code == 422 and proved(session, zoe) == before
    assert client.send(CONFIRM, {"way": "password", "password": PASSWORD}).status_code == 302
    assert proved(session, zoe) == now()


def test_a_member_confirms_with_a_mailed_code_once(
    app: Flask, client: Browser, zoe: User, session: Session, settings: Settings, clock: time_machine.Coordinates
) -> None:
    client.become(zoe)
    clock.shift(LATER)
    assert client.send(f"{CONFIRM}/courriel", form=CONFIRM).location == CONFIRM
    mail = last_mail(session, settings)
    other: Browser = app.test_client()  # type: ignore[assignment]
    other.become(zoe)
    assert other.send(CONFIRM, {"way": "mail", "code": mail["code"]}).status_code == 422
    assert client.send(CONFIRM, {"way": "mail", "code": mail["code"]}).status_code == 302
    assert client.send(CONFIRM, {"way": "mail", "code": mail["code"]}).status_code == 422
    assert client.get(mail["link"]).status_code in (404, 410)


def test_a_code_to_sign_in_confirms_nothing(
    app: Flask, client: Browser, zoe: User, session: Session, settings: Settings, clock: time_machine.Coordinates
) -> None:
    client.become(zoe)
    clock.shift(LATER)
    client.send(f"{CONFIRM}/courriel", form=CONFIRM)
    other: Browser = app.test_client()  # type: ignore[assignment]
    other.send("/connexion/code", {"email": zoe.email}, form="/connexion")
    code = last_mail(session, settings)["code"]
    assert client.send(CONFIRM, {"way": "mail", "code": code}).status_code == 422


def test_ten_wrong_passwords_and_one_waits(client: Browser, zoe: User, clock: time_machine.Coordinates) -> None:
    client.become(zoe)
    statuses = [client.send(CONFIRM, {"way": "password", "password": "pas le bon"}).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def with_key(database: Database, user: User) -> SoftKey:
    """A passkey of this user's."""
    key, site = SoftKey(), passkeys.Site("localhost", "http://localhost")
    with transaction(database.sessions) as session:
        options = passkeys.creation_options(session, now(), user.id, "x", site)
        passkeys.add(session, actor_of(user), now(), user.id, key.make(options), "", "x", site)
    return key


def test_a_passkey_confirms_its_owner_and_nobody_else(
    client: Browser, boss: User, zoe: User, database: Database, clock: time_machine.Coordinates
) -> None:
    mine, theirs = with_key(database, boss), with_key(database, zoe)
    client.become(boss)
    clock.shift(LATER)
    asks(client)
    for key, confirmed in ((theirs, False), (mine, True)):
        options = client.post("/connexion/cle/question", headers={"X-CSRFToken": client.token(CONFIRM)}).text
        answer = client.send(f"{CONFIRM}/cle", {"answer": key.show(options)}, form=CONFIRM)
        assert (answer.location == RESET) is confirmed
    assert client.get(RESET).status_code == 200


def test_a_stranger_is_sent_to_sign_in(client: Browser) -> None:
    assert client.get(CONFIRM).location == "/connexion"


def test_only_who_may_is_asked_at_all(client: Browser, session: Session, clock: time_machine.Coordinates) -> None:
    clerk = make_user(session, Role.sales)
    session.commit()
    client.become(clerk)
    clock.shift(LATER)
    assert client.get(RESET).status_code == 403
