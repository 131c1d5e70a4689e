"""Views and downloads, noted by the doors: best effort, never for HEAD, never waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.traces.models import Trace
from tests.conftest import Browser, Database
from tests.factories import make_customer, make_invoice, make_seller, make_user


@pytest.fixture
def number(session: Session, app: Flask) -> str:
    """An invoice of somebody's who may sign in, as user 1; user 2 is of the staff."""
    member = make_user(session, Role.member)
    make_user(session, Role.reader)
    customer = make_customer(session, users=(member,))
    made = make_invoice(session, customer, make_seller(session))
    session.commit()
    return made.number


def kinds(session: Session) -> list[tuple[str, int | None]]:
    session.rollback()
    return [(trace.kind.value, trace.actor_id) for trace in session.scalars(select(Trace).order_by(Trace.id))]


def test_a_member_and_staff_who_look_are_noted(number: str, client: Browser, session: Session) -> None:
    for user, address in ((1, f"/mes-factures/{number}"), (2, f"/ventes/factures/{number}")):
        client.become(user)
        assert client.get(address).status_code == client.get(address).status_code == 200
    assert kinds(session) == [("viewed", 1), ("viewed", 2)]


def test_a_download_is_noted_with_its_version(number: str, client: Browser, session: Session) -> None:
    client.become(1)
    document = client.get(f"/mes-factures/{number}/pdf")
    kept = client.get(f"/mes-factures/{number}/pdf", headers={"If-None-Match": document.headers["ETag"]})
    assert (document.status_code, kept.status_code) == (200, 304)
    assert kinds(session) == [("downloaded", 1)]
    assert session.scalars(select(Trace.facts)).one() == '{"version":1}'


@pytest.mark.parametrize("address", ["/ventes/factures/{}", "/ventes/factures/{}/pdf"])
def test_head_notes_nothing(number: str, client: Browser, session: Session, address: str) -> None:
    client.become(2)
    assert client.head(address.format(number)).status_code in (200, 503)
    assert kinds(session) == []


@pytest.fixture
def busy(database: Database, number: str) -> Iterator[None]:
    """Somebody else is writing, and has the table of traces."""
    with database.engine.connect().execution_options(write=True) as other, other.begin():
        if other.dialect.name == "postgresql":
            other.execute(text("LOCK TABLE trace IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_busy_database_costs_the_trace_and_not_the_page(
    number: str, client: Browser, session: Session, request: pytest.FixtureRequest
) -> None:
    client.become(2)
    address = f"/ventes/factures/{number}"
    request.getfixturevalue("busy")
    before = time.monotonic()
    assert client.get(address).status_code == 200
    assert time.monotonic() - before < 5
    assert session.scalar(select(text("1"))) == 1
