"""A member with her customer record, and a browser that she has signed in with, on a fixed day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer
from invoicing.documents.desk import Facts, Heading
from invoicing.documents.service import due as version_due
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.service import finalise
from invoicing.journal import COMMAND
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Seller
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_draft, make_invoice, make_seller, make_user


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    """22 November 2026, the day of the factories."""
    with time_machine.travel(NOW.replace(hour=12).isoformat() + "+00:00", tick=False):
        yield


@pytest.fixture
def seller(session: Session) -> Seller:
    """A French seller, paid by transfer."""
    return make_seller(session)


@pytest.fixture
def elodie(session: Session) -> User:
    """A member."""
    return make_user(session, Role.member, name="Élodie Lefèvre")


@pytest.fixture
def customer(session: Session, elodie: User) -> Customer:
    """Her record."""
    return make_customer(session, users=(elodie,), last_name="Lefèvre")


@pytest.fixture
def browser(app: Flask, session: Session, elodie: User, customer: Customer, seller: Seller) -> Browser:
    """Her browser; what the test adds afterwards must be committed."""
    return signed_in(app, session, elodie)


def signed_in(app: Flask, session: Session, user: User) -> Browser:
    """A browser of somebody's."""
    user_id = user.id
    session.commit()
    client: Browser = app.test_client()  # type: ignore[assignment]
    return client.become(user_id)


Issue = Callable[..., Invoice]


@pytest.fixture
def issue(session: Session, customer: Customer, seller: Seller) -> Issue:
    """Makes an invoice stand, committed: issue(line, …, subject=…, due_on=…)."""

    def made(*lines: object, to: Customer = customer, by: Seller = seller, **over: object) -> Invoice:
        session.commit()  # what was read before somebody else wrote can't be written on
        done = make_invoice(session, to, by, *lines, **over)  # type: ignore[arg-type]
        session.commit()
        return session.get_one(Invoice, done.invoice_id)

    return made


@pytest.fixture
def credit(session: Session, customer: Customer, seller: Seller) -> Callable[[], Invoice]:
    """Makes a credit note stand, committed."""

    def made() -> Invoice:
        draft = make_draft(session, customer, seller, subject="Stage annulé")
        draft.kind = InvoiceKind.credit_note
        session.flush()
        finalise(session, COMMAND, NOW, draft.id, draft.revision, draft.total_cents, email=False, domain="example.org")
        draft.status = Status.complete
        version_due(session, draft.id, Facts(heading=Heading.credit_note), NOW)
        session.commit()
        return draft

    return made


def pay(session: Session, invoice: Invoice, day: date) -> None:
    """Records that all of it was paid by transfer."""
    content = PaymentContent(PaymentMethod.transfer, day)
    record_payment(session, COMMAND, NOW, invoice.id, content, f"form {invoice.id}")
    session.commit()
