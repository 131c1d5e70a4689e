"""An account reckoned from its movements: periods join without a gap, ages add up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.documents.desk import Heading
from invoicing.money import Currency
from invoicing.statement.rules import Account, Claim, Kind, Movement, account, days_late
from tests.factories import TODAY

DAY_ONE = date(2026, 1, 1)
days = st.integers(0, 400).map(lambda n: DAY_ONE + timedelta(days=n))
facts = st.tuples(days, st.sampled_from(tuple(Kind)), st.integers(-(10**12), 10**12), st.integers(1, 99))
moves = facts.map(lambda given: Movement(*given))


def over(movements: list[Movement], first: date | None, last: date) -> Account:
    return account(Currency.EUR, movements, first, last, (), 0)


def claim(late: int, cents: int = 100) -> Claim:
    return Claim(Heading.invoice, f"F-{late}", "", TODAY, TODAY - timedelta(days=late), cents, late)


@given(st.lists(moves, max_size=15), days, days)
def test_what_one_period_closes_with_the_next_opens_with(movements: list[Movement], one: date, other: date) -> None:
    last, end = sorted((one, other))
    before, after = over(movements, None, last), over(movements, last + timedelta(days=1), end + timedelta(days=1))
    assert before.opening_cents == 0
    assert before.closing_cents == after.opening_cents
    assert len(before.lines) + len(after.lines) == sum(move.day <= end + timedelta(days=1) for move in movements)


@given(st.lists(moves, max_size=15), days)
def test_the_balance_runs_from_the_opening_to_the_closing(movements: list[Movement], first: date) -> None:
    found = over(movements, first, date.max)
    assert found.opening_cents + found.debit_cents - found.credit_cents == found.closing_cents
    assert found.closing_cents == sum(move.cents for move in movements)
    assert [line.movement.day for line in found.lines] == sorted(line.movement.day for line in found.lines)


def test_of_one_day_the_invoice_comes_before_what_settles_it() -> None:
    paid = Movement(DAY_ONE, Kind.payment, -100, 1)
    note, invoice = Movement(DAY_ONE, Kind.credit_note, -50, 2), Movement(DAY_ONE, Kind.invoice, 100, 3)
    lines = over([paid, note, invoice], None, TODAY).lines
    assert [line.movement for line in lines] == [invoice, note, paid]
    assert [(line.debit_cents, line.credit_cents, line.balance_cents) for line in lines] == [
        (100, 0, 100), (0, 50, 50), (0, 100, -50)]  # fmt: skip


@pytest.mark.parametrize(
    ("late", "band"), [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (900, 4)]
)
def test_what_is_due_stands_under_its_age(late: int, band: int) -> None:
    found = account(Currency.EUR, (), None, TODAY, (claim(late),), 0)
    assert [place for place, cents in enumerate(found.bands) if cents] == [band]


def test_the_ages_add_up_to_what_is_due_and_the_most_urgent_comes_first() -> None:
    claims = [claim(late, 100 + late) for late in (0, 95, 12, 31)]
    found = account(Currency.EUR, (), None, TODAY, claims, 0)
    assert sum(found.bands) == found.due_cents == 538
    assert [each.late for each in found.claims] == [95, 31, 12, 0]


def test_lateness_is_counted_from_the_day_after() -> None:
    assert [days_late(day, TODAY) for day in (TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=3), None)] == [
        1, 0, 0, 0]  # fmt: skip
