"""A form that nobody was signed in for, or that needed a proof, waits for its owner and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, SignInSession, User
from invoicing.customers.models import AccessRight, Customer, CustomerAccess
from tests.conftest import PASSWORD, Browser
from tests.customers.test_access import firm
from tests.factories import make_user
from tests.web.test_fresh import CONFIRM
from web.waiting import LASTS

PAGE = "/connexion/formulaire"
TYPED = {"email": "neuve@exemple.fr", "language": "en", "right": AccessRight.manages.value}


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    """She manages an organisation, and has signed in with a password."""
    user = make_user(session, Role.member, email="zoe@exemple.fr", password_hash=password_hash)
    firm(session, user)
    session.commit()
    return user


def people(session: Session) -> str:
    session.rollback()
    return f"/mes-factures/personnes/{session.scalars(select(Customer.id)).one()}"


def invite(client: Browser, session: Session, token: str, **over: str) -> TestResponse:
    return client.post(f"{people(session)}/inviter", data={"csrf_token": token, **TYPED, **over})


def seers(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count(CustomerAccess.id))) or 0


def end_all(session: Session) -> None:
    """Every session is ended, from another device say."""
    session.execute(delete(SignInSession))
    session.commit()


def hidden(page: TestResponse) -> bool:
    return all(f'name="{name}" value="{value}"' in page.text for name, value in TYPED.items())


def test_a_form_that_needs_a_proof_waits_and_is_sent_by_a_button_alone(
    client: Browser, session: Session, zoe: User, clock: time_machine.Coordinates
) -> None:
    client.sign_in(zoe.email)
    token = client.token(people(session))
    clock.shift(timedelta(minutes=15))
    assert invite(client, session, token).location == CONFIRM
    assert "il vous attend après cette page" in client.get(CONFIRM).text.replace("\u00a0", " ")
    assert client.send(CONFIRM, {"way": "password", "password": PASSWORD}).location == PAGE
    page = client.get(PAGE)
    assert seers(session) == 1 and hidden(page) and f'action="{people(session)}/inviter"' in page.text
    assert client.get(PAGE).status_code == 302  # shown once: what was sent isn't offered again
    invite(client, session, token)
    assert seers(session) == 2


def test_a_session_that_ended_meanwhile_says_so_and_keeps_what_was_typed(
    client: Browser, session: Session, zoe: User
) -> None:
    client.sign_in(zoe.email)
    token = client.token(people(session))
    end_all(session)
    assert invite(client, session, token).location == "/connexion"
    assert "Votre session est terminée, rien n’a été enregistré." in client.get("/connexion").text
    assert client.sign_in(zoe.email).location == PAGE
    assert hidden(client.get(PAGE)) and seers(session) == 1


def test_nobody_else_is_shown_it(client: Browser, session: Session, zoe: User, password_hash: str) -> None:
    other = make_user(session, Role.member, email="other@exemple.fr", password_hash=password_hash)
    session.commit()
    client.sign_in(zoe.email)
    token = client.token(people(session))
    end_all(session)
    invite(client, session, token)
    assert client.sign_in(other.email).location == "/"
    assert client.get(PAGE).location == "/"
    client.post("/deconnexion", data={"csrf_token": client.token("/preferences")})
    assert client.sign_in(zoe.email).location == "/"


def test_it_waits_for_an_hour(client: Browser, session: Session, zoe: User, clock: time_machine.Coordinates) -> None:
    client.sign_in(zoe.email)
    token = client.token(people(session))
    end_all(session)
    invite(client, session, token)
    clock.shift(LASTS + 1)
    client.sign_in(zoe.email)
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize("over", [{"password": "x"}, {"code": "1"}, {"note": "é" * 4000}])
def test_secrets_and_what_no_cookie_holds_do_not_wait(
    client: Browser, session: Session, zoe: User, over: dict[str, str]
) -> None:
    client.sign_in(zoe.email)
    token = client.token(people(session))
    end_all(session)
    noise = {name: value if name != "note" else "".join(chr(0x4E00 + n * 7 % 20000) for n in range(4000))
             for name, value in over.items()}  # fmt: skip
    assert invite(client, session, token, **noise).location == "/connexion"
    assert "puis recommencez." in client.get("/connexion").text
    assert client.sign_in(zoe.email).location == "/"


def test_a_stranger_is_told_of_no_session(client: Browser, session: Session, zoe: User) -> None:
    token = client.token("/connexion")
    assert invite(client, session, token).location == "/connexion"
    assert "Votre session" not in client.get("/connexion").text
