"""Forgotten passwords and invitations: mailed links, as a browser sees them; on both engines."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts.models import EmailProof, Role, User
from invoicing.accounts.secrets import Sealer, password_matches
from invoicing.accounts.service import invite
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.journal import COMMAND
from tests.conftest import Browser, Database
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


def test_a_forgotten_password_sends_a_sealed_link(client: Browser, zoe: User, session: Session) -> None:
    answer = client.send("/connexion/oubli", {"email": "Zoe@exemple.fr"})
    assert answer.status_code == 200 and "Zoe@exemple.fr" in answer.text
    mail = session.scalars(select(Delivery)).one()
    assert (mail.kind, mail.recipient) == (DeliveryKind.reset, ZOE)
    assert mail.sealed is not None and "connexion" not in mail.sealed


def test_an_unknown_address_gets_the_same_page_and_no_mail(client: Browser, zoe: User, session: Session) -> None:
    def answer(email: str) -> tuple[int, str]:
        page = client.send("/connexion/oubli", {"email": email})
        return page.status_code, re.sub(r"csrf_token.*|" + email, "", page.text)

    assert answer(ZOE) == answer("personne@exemple.fr")
    assert (count(session, Delivery), count(session, EmailProof)) == (1, 2)


def test_what_is_no_address_is_said_at_once(client: Browser, session: Session) -> None:
    assert client.send("/connexion/oubli", {"email": "zoe"}).status_code == 422
    assert count(session, EmailProof) == 0


def test_five_mails_an_hour_are_enough(client: Browser, zoe: User, session: Session) -> None:
    answers = [client.send("/connexion/oubli", {"email": ZOE}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert count(session, Delivery) == 5


def test_scanners_use_no_link_up(client: Browser, invitation: str) -> None:
    for _ in range(3):
        assert client.get(invitation).status_code == client.head(invitation).status_code == 200
    assert client.send(invitation, {"password": NEW}).status_code == 302


def test_an_invitation_sets_a_password_and_signs_nobody_in(client: Browser, invitation: str, zoe: User) -> None:
    answer = client.send(invitation, {"password": NEW})
    assert answer.location == "/connexion"
    assert client.get("/mes-factures").location == "/connexion"
    assert "Mot de passe enregistré" in client.get("/connexion").text
    assert client.sign_in(ZOE, NEW).location == "/mes-factures"


def test_a_link_works_once(client: Browser, invitation: str) -> None:
    token = client.token(invitation)
    client.post(invitation, data={"csrf_token": token, "password": NEW})
    again = client.post(invitation, data={"csrf_token": token, "password": "encore une autre phrase"})
    assert again.status_code == client.get(invitation).status_code == 410
    assert "ne sert plus" in again.text


@pytest.mark.parametrize(
    ("password", "says"), [("court", "trop court"), ("Motdepasse 2024", "trop connu"), (ZOE, "trop connu")]
)
def test_a_refused_password_leaves_the_link_as_it_was(
    client: Browser, invitation: str, password: str, says: str
) -> None:
    answer = client.send(invitation, {"password": password})
    assert answer.status_code == 422 and says in answer.text
    assert client.send(invitation, {"password": NEW}).status_code == 302


def test_a_password_that_is_too_long_is_not_cut(client: Browser, invitation: str, zoe: User, session: Session) -> None:
    assert "trop long" in client.send(invitation, {"password": "phrase " * 200}).text


def test_a_reset_ends_the_sessions_of_every_browser(
    app: Flask, zoe: User, session: Session, settings: Settings
) -> None:
    here, there = app.test_client(), app.test_client()
    there.sign_in(ZOE)  # type: ignore[attr-defined]
    here.send("/connexion/oubli", {"email": ZOE})  # type: ignore[attr-defined]
    here.send(mailed(session, settings), {"password": NEW})  # type: ignore[attr-defined]
    assert there.get("/mes-factures").location == "/connexion"
    session.rollback()
    assert password_matches(zoe.password_hash, NEW)


def test_asking_again_kills_the_link_asked_for_before(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    client.send("/connexion/oubli", {"email": ZOE})
    first = mailed(session, settings)
    client.send("/connexion/oubli", {"email": ZOE})
    assert client.get(first).status_code == 410
    assert client.get(mailed(session, settings)).status_code == 200


@pytest.mark.parametrize("token", ["x", "a" * 200, "%00", "../..", "é"])
def test_a_made_up_link_is_dead_or_no_page(client: Browser, token: str) -> None:
    assert client.get(f"/connexion/mot-de-passe/{token}").status_code in (404, 410)


def test_the_host_of_the_request_never_reaches_the_mail(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    client.send("/connexion/oubli", {"email": ZOE}, headers={"X-Forwarded-Host": "ailleurs.example"})
    sealed = session.scalars(select(Delivery.sealed)).one()
    assert sealed and Sealer(settings.fernet_keys).unseal(sealed)["link"].startswith("http://localhost/connexion/")


def test_a_linked_page_speaks_its_owners_language(
    client: Browser, invitation: str, zoe: User, session: Session
) -> None:
    session.rollback()
    zoe.language = "en"
    session.commit()
    assert '<html lang="en"' in client.get(invitation).text
    client.set_cookie("langue", "fr_CA")
    assert '<html lang="fr-CA"' in client.get(invitation).text
