"""Signing in by mailed code or link, as a browser sees it; on both engines."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts.models import EmailProof, Role, SignInSession, Stage, User
from invoicing.delivery.models import Delivery
from tests.conftest import Browser
from tests.factories import make_user
from tests.web.door import bare, count, last_mail
from web.database import now

ZOE, NOBODY = "zoe@exemple.fr", "personne@exemple.fr"
ASK, ENTER = "/connexion/code", "/connexion/code/saisie"


@pytest.fixture
def zoe(session: Session) -> User:
    """A member without a password."""
    user = make_user(session, Role.member, email=ZOE)
    session.commit()
    return user


def ask(client: Browser, email: str = ZOE) -> None:
    answer = client.send(ASK, {"email": email}, form="/connexion")
    assert (answer.status_code, answer.location) == (302, ENTER)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def another(app: Flask) -> Browser:
    return app.test_client()  # type: ignore[return-value]


def plain(text: str) -> str:
    """With ordinary spaces."""
    return " ".join(text.split())


def is_in(client: Browser) -> bool:
    return client.get("/").location != "/connexion"


def test_an_address_and_a_code_open_the_door(client: Browser, zoe: User, session: Session, settings: Settings) -> None:
    ask(client, " Zoe@Exemple.fr")
    assert "Zoe@Exemple.fr" in client.get(ENTER).text
    code = last_mail(session, settings)["code"]
    answer = client.send(ENTER, {"code": f"{code[:3]} {code[3:]}"})
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").location == "/mes-factures"
    session.rollback()
    assert zoe.last_sign_in_at is not None


def test_the_page_asked_for_comes_after_the_code(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    client.get("/mes-factures?annee=2026")
    ask(client)
    assert client.send(ENTER, {"code": last_mail(session, settings)["code"]}).location == "/mes-factures?annee=2026"


def test_a_scanner_that_follows_everything_uses_nothing_up(
    app: Flask, client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    """As the filters of mail servers do: HEAD, GET, and every address on the page, three times over."""
    ask(client)
    mail = last_mail(session, settings)
    scanner = another(app)
    for _ in range(3):
        assert scanner.head(mail["link"]).status_code == 200
        page = scanner.get(mail["link"])
        assert page.status_code == 200
        for path in set(re.findall(r'(?:href|src|action)="(/[^"#]*)"', page.text)):
            scanner.head(path).close()
            scanner.get(path).close()
    assert count(session, SignInSession) == 0
    assert not is_in(scanner)
    assert client.send(ENTER, {"code": mail["code"]}).status_code == 302


def test_the_link_works_on_another_device_by_its_button(
    app: Flask, client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    ask(client)
    link, phone = last_mail(session, settings)["link"], another(app)
    assert ZOE in phone.get(link).text
    assert phone.send(link).location == "/"
    assert is_in(phone) and not is_in(client)
    assert phone.get(link).status_code == 410


def test_the_code_works_in_the_browser_that_asked_and_in_no_other(
    app: Flask, client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    ask(client)
    code, thief = last_mail(session, settings)["code"], another(app)
    assert thief.get(ENTER).location == "/connexion"
    ask(thief, NOBODY)
    assert thief.send(ENTER, {"code": code}).status_code == 422
    assert client.send(ENTER, {"code": code}).status_code == 302


def test_five_wrong_codes_and_it_is_dead(client: Browser, zoe: User, session: Session, settings: Settings) -> None:
    ask(client)
    code = last_mail(session, settings)["code"]
    says = [client.send(ENTER, {"code": wrong(code)}).text for _ in range(5)]
    assert "Il vous reste 4 essais" in plain(says[0]) and "Il vous reste un essai" in says[3]
    assert "demandez-en un autre" in says[4]
    assert client.send(ENTER, {"code": code}).status_code == 422
    assert client.get(last_mail(session, settings)["link"]).status_code == 200  # whoever has the mail has the link


def test_a_code_expires(client: Browser, zoe: User, session: Session, settings: Settings) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        ask(client)
        mail = last_mail(session, settings)
        clock.shift(timedelta(minutes=10))
        assert client.send(ENTER, {"code": mail["code"]}).status_code == 422
        assert client.get(mail["link"]).status_code == 410


def answers(client: Browser, email: str) -> list[tuple[int, str]]:
    """What somebody sees who asks for a code and guesses twice."""
    first = client.send(ASK, {"email": email}, form="/connexion")
    seen = [first, client.get(ENTER)] + [client.send(ENTER, {"code": "999999"}) for _ in range(2)]
    return [(page.status_code, bare(page.text, email)) for page in seen]


def test_an_unknown_address_sees_the_same_pages(app: Flask, zoe: User, session: Session) -> None:
    assert answers(another(app), ZOE) == answers(another(app), NOBODY)
    assert (count(session, EmailProof), count(session, Delivery)) == (2, 1)


@pytest.mark.parametrize("email", [ZOE, NOBODY])
def test_asking_in_a_second_browser_tells_the_first_nothing(app: Flask, zoe: User, email: str) -> None:
    """A newer mail kills the code of a known address; the page must not say so, or it would tell who is known."""
    first, second = another(app), another(app)
    ask(first, email)
    ask(second, email)
    assert "Il vous reste 4 essais" in plain(first.send(ENTER, {"code": "999999"}).text)


def test_a_disabled_user_gets_no_further(client: Browser, zoe: User, session: Session, settings: Settings) -> None:
    ask(client)
    mail = last_mail(session, settings)
    zoe.active = False
    session.commit()
    assert client.send(ENTER, {"code": mail["code"]}).status_code == 422
    assert client.get(mail["link"]).status_code == 410


def test_what_is_no_address_is_said_at_once(client: Browser, session: Session) -> None:
    answer = client.send(ASK, {"email": "zoe"}, form="/connexion")
    assert answer.status_code == 422 and "adresse complète" in answer.text
    assert count(session, EmailProof) == 0


def test_five_mails_an_hour_are_enough_whatever_they_bring(client: Browser, zoe: User, session: Session) -> None:
    for _ in range(3):
        ask(client)
    for _ in range(2):
        client.send("/connexion/oubli", {"email": ZOE})
    assert client.send(ASK, {"email": ZOE.upper()}, form="/connexion").status_code == 429
    assert count(session, Delivery) == 5


def test_an_address_may_try_thirty_codes_in_five_minutes(client: Browser, zoe: User) -> None:
    ask(client)
    statuses = [client.send(ENTER, {"code": "1"}).status_code for _ in range(31)]
    assert statuses == [422] * 30 + [429]


def test_a_head_asks_for_nothing_and_opens_nothing(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    assert client.head(ASK, data={"email": ZOE}).status_code == 405
    ask(client)
    client.head(ENTER, data={"code": last_mail(session, settings)["code"]})
    assert count(session, SignInSession) == 0


def test_the_password_has_a_page_of_its_own_that_keeps_the_address(client: Browser, zoe: User) -> None:
    page = client.send("/connexion", {"email": ZOE})
    assert page.status_code == 200 and ZOE in page.text and 'type="password"' in page.text


def test_staff_who_come_by_mail_choose_a_second_factor_first(
    client: Browser, session: Session, settings: Settings
) -> None:
    make_user(session, Role.sales, email=ZOE)
    session.commit()
    ask(client)
    assert (
        client.send(ENTER, {"code": last_mail(session, settings)["code"]}).location == "/connexion/second-facteur/choix"
    )
    assert client.get("/ventes").location == "/connexion"
    session.rollback()
    assert session.scalars(select(SignInSession.stage)).all() == [Stage.enrolment]


def test_the_host_of_the_request_never_reaches_the_mail(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    client.send(ASK, {"email": ZOE}, form="/connexion", headers={"X-Forwarded-Host": "ailleurs.example"})
    assert last_mail(session, settings)["link"].startswith("/connexion/lien/")


@pytest.mark.parametrize("token", ["x", "a" * 200, "%00", "é"])
def test_a_made_up_link_is_dead_or_no_page(client: Browser, token: str) -> None:
    assert client.get(f"/connexion/lien/{token}").status_code in (404, 410)


def test_signing_in_as_somebody_else_ends_the_session_before(
    client: Browser, zoe: User, session: Session, settings: Settings, app: Flask
) -> None:
    other = make_user(session, Role.member)
    session.commit()
    ask(another(app))
    client.become(other)
    client.send(last_mail(session, settings)["link"])
    session.rollback()
    assert session.scalars(select(SignInSession.user_id)).all() == [zoe.id]


def test_before_signing_in_the_cookie_names_only_what_was_typed(client: Browser, zoe: User) -> None:
    ask(client)
    with client.session_transaction() as cookie:
        assert set(cookie) == {"csrf_token", "asked", "asked_for", "asked_tries"}
