"""A sales desk for tests: a seller, a customer, somebody signed in, and the forms that they send."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer
from invoicing.database import committing
from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice
from invoicing.sellers.models import Seller
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_draft, make_seller, make_user, tax_set


@dataclass
class Desk:
    """What a test of the staff's pages works with; `browser` belongs to somebody of sales."""

    session: Session
    app: Flask
    browser: Browser
    user: User
    seller: Seller
    customer: Customer

    def writing(self) -> AbstractContextManager[Session]:
        """The core's own session, for one change that is committed."""
        return committing(self.session)

    def browser_of(self, role: Role) -> Browser:
        """Another browser, of somebody else."""
        with self.writing():
            user = make_user(self.session, role)
        return self.app.test_client().become(user)  # type: ignore[attr-defined, no-any-return]

    def form(self, **over: object) -> dict[str, object]:
        """A draft's form with one line at 20 %, as a browser sends it; None takes a field out."""
        values: dict[str, object] = {
            "do": "total", "form_token": secrets.token_urlsafe(24), "revision": "1", "seller_id": self.seller.id,
            "lines-0-label": "Cotisation", "lines-0-quantity": "2", "lines-0-price": "12,50",
            "lines-0-tax_set": self.tax("FR_20"), "issued_on": "22/11/2026", "due_on": "22/12/2026",
            **{name.replace("__", "-"): value for name, value in over.items()},
        }  # fmt: skip
        return {name: value for name, value in values.items() if value is not None}

    def tax(self, code: str) -> int:
        """The number of a tax set."""
        return tax_set(self.session, code).id

    def send(self, path: str, values: dict[str, object], form: str = "") -> TestResponse:
        """Posts a form as sales; what is read afterwards is as it is then."""
        answer = self.browser.send(path, values, form)
        self.session.rollback()
        return answer

    def one(self) -> Invoice:
        """The only invoice or draft that there is."""
        self.session.rollback()
        return self.session.scalars(select(Invoice)).one()

    def new(self, customer: Customer | None = None, **over: object) -> TestResponse:
        """Sends the form of a new draft."""
        return self.send(f"/ventes/clients/{(customer or self.customer).id}/facture", self.form(**over))

    def draft(self, customer: Customer | None = None, **over: object) -> Invoice:
        """A saved draft."""
        with self.writing():
            return make_draft(self.session, customer or self.customer, self.seller, **over)

    def finalise(self, draft: Invoice, **over: object) -> TestResponse:
        """Sends the preview's form as it was drawn."""
        page = f"/ventes/brouillons/{draft.id}"
        seen = re.search(r'name="fingerprint" value="([0-9a-f]+)"', self.browser.get(page).text)
        form = {"revision": draft.revision, "shown": draft.total_cents, "fingerprint": seen[1] if seen else ""}
        return self.send(f"{page}/finaliser", {**form, **over}, page)

    def count(self, table: type) -> int:
        """How many rows there are by now."""
        self.session.rollback()
        return self.session.scalar(select(func.count()).select_from(table)) or 0

    def deliveries(self) -> list[Delivery]:
        """Every e-mail that was promised."""
        self.session.rollback()
        return list(self.session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def clock() -> Iterator[None]:
    """An hour after what the factories made."""
    with time_machine.travel(NOW.replace(hour=NOW.hour + 1), tick=True):
        yield


@pytest.fixture
def desk(clock: None, session: Session, app: Flask, client: Browser) -> Desk:
    """Somebody of sales, one French seller, one member."""
    seller = make_seller(session)
    user, customer = make_user(session, Role.sales, name="Nadia Benali"), make_customer(session)
    session.commit()
    return Desk(session, app, client.become(user), user, seller, customer)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]
