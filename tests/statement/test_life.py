"""Months of ordinary work, drawn at random: an account says exactly what the core says is due and owed back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import totals
from invoicing.statement.queries import Period, accounts
from invoicing.statement.rules import Account
from tests.conftest import Database
from tests.factories import TODAY
from tests.proof.conftest import furnished
from tests.proof.test_life import did

STEPS = 25


@pytest.mark.parametrize("seed", range(6))
def test_an_account_agrees_with_what_remains(database: Database, tmp_path: Path, seed: int) -> None:
    furnished(database, tmp_path)
    dice, done = Random(seed), 0
    for _ in range(STEPS):
        with transaction(database.sessions) as session:
            done += sum(did(session, dice) for _ in range(4))
        with database.sessions() as session:
            for customer in session.scalars(select(Customer)):
                check(session, customer.id)
    assert done > STEPS


def check(session: Session, customer_id: int) -> None:
    """Every currency: due, owed back and their difference are the core's; half a life and its rest join."""
    known = {total.currency: total for total in totals(session, Invoice.customer_id == customer_id)}
    found = {str(each.currency): each for each in whole(session, customer_id, date.max)}
    for currency, account in found.items():
        assert account.due_cents == sum(account.bands) == known[currency].due_cents
        assert account.owed_cents == known[currency].owed_cents
        assert account.closing_cents == known[currency].due_cents - known[currency].owed_cents
    assert all(currency in found for currency, total in known.items() if total.due_cents or total.owed_cents)
    yesterday = TODAY - timedelta(days=1)
    before = {each.currency: each.closing_cents for each in whole(session, customer_id, yesterday)}
    after = accounts(session, customer_id, Period(TODAY, date.max), TODAY)
    assert {each.currency: each.opening_cents for each in after} == before


def whole(session: Session, customer_id: int, last: date) -> list[Account]:
    return accounts(session, customer_id, Period(None, last), TODAY)
