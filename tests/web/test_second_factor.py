"""The second factor at sign-in, as a browser sees it: asked for, chosen, never jumped; on both engines."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts import factors
from invoicing.accounts.models import Passkey, RecoveryCode, Role, SignInSession, User
from invoicing.database import transaction
from invoicing.journal import COMMAND
from tests.accounts.soft_key import SoftKey
from tests.conftest import PASSWORD, Browser, Database
from tests.factories import make_user
from tests.web.door import count, last_mail, protect, totp
from web.database import now
from web.services import post_of

CLERK, FACTOR, CHOICE = "vente@exemple.fr", "/connexion/second-facteur", "/connexion/second-facteur/choix"


@pytest.fixture
def clerk(session: Session, password_hash: str) -> User:
    """Somebody of staff with a password and nothing else yet."""
    user = make_user(session, Role.sales, email=CLERK, password_hash=password_hash)
    session.commit()
    return user


@pytest.fixture
def guarded(session: Session, settings: Settings, clerk: User) -> User:
    """The same, with an application."""
    protect(session, settings, clerk)
    return clerk


def is_in(client: Browser) -> bool:
    return client.get("/ventes").status_code == 200


def secret_on(page: str) -> str:
    found = re.search(r'id="secret">(.*?)</p>', page, re.S)
    assert found
    return re.sub(r"<[^>]+>|\s", "", found[1])


def sealed_on(page: str) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def choose_application(client: Browser) -> str:
    """From the first factor to the recovery codes; the page with them."""
    page = client.get(CHOICE).text
    answer = client.send(CHOICE, {"sealed": sealed_on(page), "code": totp(secret=secret_on(page))})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_password_and_a_code_let_staff_in(client: Browser, guarded: User) -> None:
    assert client.sign_in(CLERK).location == FACTOR
    assert not is_in(client)
    assert client.send(FACTOR, {"code": totp()}).location == "/ventes"
    assert is_in(client)


def test_the_page_asked_for_comes_after_both(client: Browser, guarded: User) -> None:
    client.get("/ventes/factures?etat=paid")
    client.sign_in(CLERK)
    assert client.send(FACTOR, {"code": totp()}).location == "/ventes/factures?etat=paid"


def test_a_code_signs_in_once_in_all_browsers(app: Flask, client: Browser, guarded: User) -> None:
    with time_machine.travel(now(), tick=False):
        client.sign_in(CLERK)
        client.send(FACTOR, {"code": totp()})
        other: Browser = app.test_client()  # type: ignore[assignment]
        other.sign_in(CLERK)
        replayed = other.send(FACTOR, {"code": totp()})
        assert replayed.status_code == 422 and "déjà servi" in replayed.text
        assert not is_in(other)


def test_the_step_before_is_worth_nothing_once_the_next_is_reached(client: Browser, guarded: User) -> None:
    client.sign_in(CLERK)
    with client.session_transaction() as cookie:
        before = cookie["sid"]
    client.send(FACTOR, {"code": totp()})
    with client.session_transaction() as cookie:
        assert cookie["sid"] != before
        cookie["sid"] = before
    assert not is_in(client) and client.get(FACTOR).location == "/connexion"


def test_five_codes_in_five_minutes_then_one_waits_and_the_passkey_stays_open(client: Browser, guarded: User) -> None:
    with time_machine.travel(now().replace(minute=1), tick=False):
        client.sign_in(CLERK)
        statuses = [client.send(FACTOR, {"code": "000000"}).status_code for _ in range(6)]
        assert statuses == [422] * 5 + [429]
        assert client.send("/connexion/cle/question", form=FACTOR).status_code == 200


def test_another_session_starts_no_new_count(app: Flask, client: Browser, guarded: User) -> None:
    with time_machine.travel(now().replace(minute=1), tick=False):
        for _ in range(5):
            client.sign_in(CLERK)
            client.send(FACTOR, {"recovery": "0000-0000-0000-0000"})
        client.sign_in(CLERK)
        assert client.send(FACTOR, {"code": totp()}).status_code == 429


def test_a_recovery_code_opens_once(
    client: Browser, guarded: User, database: Database, settings: Settings, session: Session
) -> None:
    with transaction(database.sessions) as s:
        codes = factors.make_codes(s, COMMAND, now(), guarded.id, post_of(settings).keys)
    client.sign_in(CLERK)
    assert client.send(FACTOR, {"recovery": codes[3].upper()}).location == "/"
    assert is_in(client)
    client.send("/deconnexion", form="/preferences")
    client.sign_in(CLERK)
    assert client.send(FACTOR, {"recovery": codes[3]}).status_code == 422
    assert count(session, RecoveryCode) == 9


def test_staff_without_a_factor_choose_one_and_can_act_only_then(
    client: Browser, clerk: User, session: Session
) -> None:
    client.get("/ventes/factures")
    assert client.sign_in(CLERK).location == CHOICE
    for path in ("/ventes", "/preferences", FACTOR, "/ventes/factures"):
        answer = client.get(path)
        assert (answer.status_code == 200 and path == "/preferences") or answer.location == "/connexion", path
    page = choose_application(client)
    codes = re.findall(r"<li>([0-9a-f]{4}(?:-[0-9a-f]{4}){3})</li>", page)
    assert len(codes) == 10 and count(session, RecoveryCode) == 10
    assert 'href="/ventes/factures"' in page
    assert is_in(client)
    assert client.get(CHOICE).location == "/connexion"  # the codes don't come again


def test_a_wrong_code_keeps_the_secret_that_was_shown(client: Browser, clerk: User) -> None:
    client.sign_in(CLERK)
    page = client.get(CHOICE).text
    again = client.send(CHOICE, {"sealed": sealed_on(page), "code": "000000"})
    assert again.status_code == 422 and secret_on(again.text) == secret_on(page)


def test_a_page_left_open_shows_another_secret(client: Browser, clerk: User) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.sign_in(CLERK)
        page = client.get(CHOICE).text
        clock.shift(timedelta(minutes=14))
        client.sign_in(CLERK)
        clock.shift(timedelta(minutes=2))
        data = {"sealed": sealed_on(page), "code": totp(secret=secret_on(page))}
        again = client.send(CHOICE, data)
        assert again.status_code == 422 and secret_on(again.text) != secret_on(page)


def test_a_half_open_session_from_before_sets_up_nothing_over_the_owners_factor(
    app: Flask, client: Browser, clerk: User, session: Session, settings: Settings
) -> None:
    """Somebody has the password and waits at the choice; the owner chooses first."""
    thief: Browser = app.test_client()  # type: ignore[assignment]
    thief.sign_in(CLERK)
    waiting = thief.get(CHOICE).text
    client.sign_in(CLERK)
    choose_application(client)
    data = {"sealed": sealed_on(waiting), "code": totp(secret=secret_on(waiting))}
    assert thief.send(CHOICE, data).status_code == 422
    assert not is_in(thief) and is_in(client)


def test_a_set_up_of_one_is_none_of_anothers(
    app: Flask, client: Browser, clerk: User, session: Session, password_hash: str
) -> None:
    make_user(session, Role.admin, email="autre@exemple.fr", password_hash=password_hash)
    session.commit()
    client.sign_in(CLERK)
    mine = client.get(CHOICE).text
    other: Browser = app.test_client()  # type: ignore[assignment]
    other.sign_in("autre@exemple.fr")
    answer = other.send(CHOICE, {"sealed": sealed_on(mine), "code": totp(secret=secret_on(mine))})
    assert answer.status_code == 422 and not is_in(other)


def test_a_reset_password_does_not_jump_the_factor(
    client: Browser, guarded: User, session: Session, settings: Settings
) -> None:
    client.send("/connexion/oubli", {"email": CLERK})
    client.send(last_mail(session, settings)["link"], {"password": "une phrase assez longue pour servir"})
    assert not is_in(client)
    assert client.sign_in(CLERK, "une phrase assez longue pour servir").location == FACTOR


def test_neither_mailed_code_nor_link_jumps_the_factor(
    app: Flask, client: Browser, guarded: User, session: Session, settings: Settings
) -> None:
    client.send("/connexion/code", {"email": CLERK}, form="/connexion")
    code = last_mail(session, settings)["code"]
    assert client.send("/connexion/code/saisie", {"code": code}).location == FACTOR
    client.send("/connexion/code", {"email": CLERK}, form="/connexion")
    phone: Browser = app.test_client()  # type: ignore[assignment]
    assert phone.send(last_mail(session, settings)["link"]).location == FACTOR
    assert not is_in(client) and not is_in(phone)


def test_members_go_without_unless_they_chose_one(
    app: Flask, client: Browser, session: Session, settings: Settings, password_hash: str
) -> None:
    member = make_user(session, Role.member, email="zoe@exemple.fr", password_hash=password_hash)
    session.commit()
    assert client.sign_in("zoe@exemple.fr").location == "/"
    protect(session, settings, member)
    other: Browser = app.test_client()  # type: ignore[assignment]
    assert other.sign_in("zoe@exemple.fr").location == FACTOR


def register(client: Browser) -> SoftKey:
    """Chooses a passkey as the first factor."""
    key = SoftKey()
    options = client.post("/connexion/second-facteur/cle/question", headers={"X-CSRFToken": client.token(CHOICE)}).text
    page = client.send("/connexion/second-facteur/cle", {"answer": key.make(options)}, form=CHOICE)
    assert page.status_code == 200 and "codes de secours" in page.text
    return key


def show(client: Browser, key: SoftKey, form: str = "/connexion") -> str:
    return key.show(client.post("/connexion/cle/question", headers={"X-CSRFToken": client.token(form)}).text)


def test_a_passkey_is_chosen_and_signs_staff_straight_in(
    app: Flask, client: Browser, clerk: User, session: Session
) -> None:
    client.sign_in(CLERK)
    key = register(client)
    assert is_in(client) and count(session, Passkey) == 1
    other: Browser = app.test_client()  # type: ignore[assignment]
    answer = show(other, key)
    assert other.send("/connexion/cle", {"answer": answer}, form="/connexion").location == "/"
    assert is_in(other)
    third: Browser = app.test_client()  # type: ignore[assignment]
    show(third, key)
    assert third.send("/connexion/cle", {"answer": answer}, form="/connexion").status_code == 422
    assert not is_in(third)


def test_a_passkey_answers_the_second_question_too(app: Flask, client: Browser, clerk: User, session: Session) -> None:
    client.sign_in(CLERK)
    key = register(client)
    other: Browser = app.test_client()  # type: ignore[assignment]
    assert other.sign_in(CLERK).location == FACTOR
    assert other.send("/connexion/cle", {"answer": show(other, key, FACTOR)}, form=FACTOR).location == "/"
    assert is_in(other)
    assert count(session, SignInSession) == 2  # none is left half open


def test_a_wrong_passkey_stays_on_the_page_that_asked(client: Browser, guarded: User) -> None:
    client.sign_in(CLERK)
    answer = client.send("/connexion/cle", {"answer": "{}"}, form=FACTOR)
    assert answer.status_code == 422 and "Encore une preuve" in answer.text


def test_thirty_wrong_passwords_are_throttled_by_the_eleventh_and_touch_nobody_else(
    app: Flask, client: Browser, guarded: User, session: Session, password_hash: str
) -> None:
    make_user(session, Role.member, email="autre@exemple.fr", password_hash=password_hash)
    session.commit()
    with time_machine.travel(now().replace(minute=1), tick=False):
        statuses = [
            client.sign_in(CLERK, "pas le bon", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code
            for n in range(30)
        ]
        assert statuses == [422] * 10 + [429] * 20
        other: Browser = app.test_client()  # type: ignore[assignment]
        assert other.sign_in("autre@exemple.fr", PASSWORD).location == "/"  # from the same address, too


def test_a_half_open_session_ends_after_a_quarter_of_an_hour(client: Browser, guarded: User) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        client.sign_in(CLERK)
        clock.shift(timedelta(minutes=15))
        assert client.send(FACTOR, {"code": totp()}, form="/connexion").location == "/connexion"
        assert not is_in(client)


def test_a_half_open_page_speaks_its_owners_language(client: Browser, guarded: User, session: Session) -> None:
    session.rollback()
    guarded.language = "en"
    session.commit()
    client.sign_in(CLERK)
    assert '<html lang="en"' in client.get(FACTOR).text


def test_a_reset_factor_is_chosen_anew(client: Browser, guarded: User, database: Database, session: Session) -> None:
    client.sign_in(CLERK)
    client.send(FACTOR, {"code": totp()})
    with transaction(database.sessions) as s:
        factors.reset(s, COMMAND, now(), guarded.id)
    assert not is_in(client)
    assert client.sign_in(CLERK).location == CHOICE
    session.rollback()
    assert session.scalars(select(User.totp_secret)).all() == [None]
