"""What a unit's state is, and how many pieces an amount takes: decided without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.invoices.models import Status
from invoicing.money import half_up
from invoicing.shop.rules import UnitsWanted
from invoicing.shop.units_rules import UnitState, Validity, credited_pieces, pieces, state, validity

DAY = date(2026, 11, 22)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("taken", "status", "valid", "wanted"),
    [
        (True, Status.complete, Validity(), UnitState.taken_back),
        (True, Status.cancelled, Validity(), UnitState.taken_back),
        (False, Status.refused, Validity(), UnitState.void),
        (False, Status.partial, Validity(BEFORE, AFTER), UnitState.awaited),
        (False, Status.paid, Validity(AFTER, None), UnitState.coming),
        (False, Status.paid, Validity(DAY, DAY), UnitState.valid),
        (False, Status.complete, Validity(None, BEFORE), UnitState.ended),
        (False, Status.complete, Validity(), UnitState.valid),
    ],
)
def test_the_state_follows_from_what_happened_and_the_day(
    taken: bool, status: Status, valid: Validity, wanted: UnitState
) -> None:
    assert state(taken, status, valid, DAY) is wanted


def test_every_status_gives_a_state() -> None:
    assert {state(False, status, Validity(), DAY) for status in Status} == {
        UnitState.void, UnitState.awaited, UnitState.valid,
    }  # fmt: skip


def test_a_quantity_becomes_rows() -> None:
    assert [pieces(quantity) for quantity in (-1000, 0, 1000, 200_000, 201_000, 1500)] == [
        (0, 0), (0, 0), (1, 1), (200, 1), (1, 201), (1, 1),
    ]  # fmt: skip


def test_no_validity_goes_past_the_last_day_that_there_is() -> None:
    assert validity(UnitsWanted((), date(9999, 12, 1)), DAY, 400).ends_on == date.max


def test_no_validity_ends_before_it_starts() -> None:
    over = date(2020, 12, 31)
    assert validity(UnitsWanted((), None, over), DAY, 400) == Validity(None, over)


@given(st.integers(1, 300), st.integers(1, 10**7), st.data())
def test_pieces_are_credited_once_their_price_is(count: int, net: int, data: st.DataObject) -> None:
    taken = data.draw(st.integers(0, net))
    found = credited_pieces(count, net, taken)
    assert 0 <= found <= count
    assert taken >= net or half_up(net * found, count) <= taken
    assert found == count or not taken or half_up(net * (found + 1), count) > taken


def test_a_line_without_a_price_goes_as_a_whole() -> None:
    assert credited_pieces(3, 0, 0) == 3
