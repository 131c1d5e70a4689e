"""Another sign-in address through the door: asked for, proved on any device, looked at without being used up."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts.models import Role, User
from invoicing.accounts.secrets import Sealer
from invoicing.customers.models import Customer
from invoicing.delivery.models import Delivery, DeliveryKind
from tests.conftest import Browser
from tests.factories import make_customer, make_user
from web.database import now

PAGE, NEW = "/mon-compte/adresse", "neuve@exemple.fr"


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    user = make_user(session, Role.member, email="zoe@exemple.fr", password_hash=password_hash)
    session.commit()
    return user


def link_of(session: Session, settings: Settings) -> str:
    """The path of the last link to a new address."""
    session.rollback()
    query = select(Delivery).where(Delivery.kind == DeliveryKind.new_address).order_by(Delivery.id.desc())
    row = session.scalars(query).first()
    assert row is not None
    link = Sealer(settings.fernet_keys).unseal(row.sealed or "")["link"]
    assert link.startswith(settings.public_url)
    return link.removeprefix(settings.public_url)


def asked(client: Browser, zoe: User, session: Session, settings: Settings, address: str = NEW) -> str:
    client.become(zoe).send(PAGE, {"email": address})
    return link_of(session, settings)


def test_it_is_proved_on_another_device_without_signing_in(
    client: Browser, app: Flask, zoe: User, session: Session, settings: Settings
) -> None:
    link = asked(client, zoe, session, settings)
    assert NEW in client.get(PAGE).text and "attend que son lien serve" in client.get("/mon-compte").text
    phone: Browser = app.test_client()  # type: ignore[assignment]
    answer = phone.send(link)
    assert answer.location == "/connexion"
    assert f"Connectez-vous avec {NEW}" in phone.get("/connexion").text
    session.rollback()
    assert zoe.email == NEW
    assert client.get(PAGE).location == "/connexion"  # the browser that asked is signed out too


def test_whoever_proves_it_where_they_are_signed_in_stays_in(
    client: Browser, app: Flask, zoe: User, session: Session, settings: Settings
) -> None:
    elsewhere: Browser = app.test_client()  # type: ignore[assignment]
    elsewhere.become(zoe)
    link = asked(client, zoe, session, settings)
    assert client.send(link).location == "/mon-compte"
    assert NEW in client.get("/mon-compte").text
    assert elsewhere.get("/mon-compte").location == "/connexion"


def test_a_scanner_that_looks_uses_nothing_up(
    client: Browser, app: Flask, zoe: User, session: Session, settings: Settings
) -> None:
    link = asked(client, zoe, session, settings)
    scanner: Browser = app.test_client()  # type: ignore[assignment]
    for method in ("HEAD", "GET", "HEAD", "GET"):
        assert scanner.open(link, method=method).status_code == 200
    assert scanner.post(link).status_code == 400  # without the page's token
    session.rollback()
    assert zoe.email == "zoe@exemple.fr"
    assert client.send(link).location == "/mon-compte"
    assert client.get(link).status_code == 410 and client.post(
        link, data={"csrf_token": client.token("/preferences")}).status_code == 410  # fmt: skip


def test_somebody_elses_browser_proves_it_without_becoming_them(
    client: Browser, app: Flask, zoe: User, session: Session, settings: Settings
) -> None:
    link = asked(client, zoe, session, settings)
    luc = make_user(session, Role.member)
    session.commit()
    theirs: Browser = app.test_client()  # type: ignore[assignment]
    theirs.become(luc)
    assert theirs.send(link).location == "/"
    assert luc.email in theirs.get("/mon-compte").text
    session.rollback()
    assert zoe.email == NEW


def test_an_address_that_somebody_has_is_answered_like_any_other(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    make_user(session, Role.member, email="luc@exemple.fr")
    session.commit()
    client.become(zoe)
    answers = [client.send(PAGE, {"email": address}) for address in (NEW, "luc@exemple.fr")]
    assert {(answer.status_code, answer.location) for answer in answers} == {(302, PAGE)}
    link = link_of(session, settings)
    taken = client.send(link)
    assert taken.status_code == 409 and "Un autre compte a déjà cette adresse" in taken.text
    session.rollback()
    assert zoe.email == "zoe@exemple.fr"


def test_what_is_no_address_comes_back_with_what_was_typed(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    answer = client.send(PAGE, {"email": "zoe arobase exemple"})
    assert answer.status_code == 422 and 'value="zoe arobase exemple"' in answer.text
    assert "déjà votre adresse" in client.send(PAGE, {"email": "ZOE@exemple.fr"}).text
    session.rollback()
    assert session.scalars(select(Delivery)).all() == []


def test_it_is_asked_for_with_fresh_proof_only(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    token = client.token(PAGE)
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        for answer in (client.get(PAGE), client.post(PAGE, data={"csrf_token": token, "email": NEW})):
            assert answer.location == "/connexion/confirmation"
    session.rollback()
    assert session.scalars(select(Delivery)).all() == []


def test_what_is_refused_anyway_counts_as_no_try(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    assert {client.send(PAGE, {"email": "x"}).status_code for _ in range(12)} == {422}
    assert client.send(PAGE, {"email": NEW}).status_code == 302


def test_nobodys_mailbox_is_filled(client: Browser, zoe: User) -> None:
    client.become(zoe)
    answers = [client.send(PAGE, {"email": NEW}).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


def test_one_that_was_given_up_is_dead(client: Browser, zoe: User, session: Session, settings: Settings) -> None:
    link = asked(client, zoe, session, settings)
    client.send(f"{PAGE}/renoncer", form=PAGE)
    assert client.get(link).status_code == 410
    assert NEW not in client.get(PAGE).text


def test_the_mails_of_ones_invoices_follow_and_the_page_says_so(
    client: Browser, zoe: User, session: Session, settings: Settings
) -> None:
    customer = make_customer(session, users=(zoe,), email="zoe@exemple.fr")
    session.commit()
    assert "iront aussi à la nouvelle" in client.become(zoe).get(PAGE).text
    link = asked(client, zoe, session, settings)
    assert "iront aussi à la nouvelle" in client.get(link).text
    client.send(link)
    session.rollback()
    assert session.get_one(Customer, customer.id).email == NEW
