"""Sold units: as many as pieces of items, valid as the shop or the item says, taken back by credit notes."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.errors import FieldFaults
from invoicing.invoices.models import Invoice, Status
from invoicing.shop.models import Item, Shop, SoldUnit
from invoicing.shop.rules import UnitsWanted
from tests.factories import (
    TODAY,
    item_line,
    make_credit,
    make_customer,
    make_draft,
    make_invoice,
    make_item,
    make_line,
    make_order,
    make_shop,
)


@pytest.fixture
def shop(session: Session) -> Shop:
    return make_shop(session)


@pytest.fixture
def item(session: Session, shop: Shop) -> Item:
    return make_item(session, shop.catalogue)


def units(session: Session) -> list[SoldUnit]:
    return list(session.scalars(select(SoldUnit).order_by(SoldUnit.id)))


def order(session: Session, shop: Shop, item: Item, *wanted: UnitsWanted, pieces: int = 1, **over: object) -> Invoice:
    return make_order(session, shop, None, item_line(item, pieces), units=wanted, **over)


def live(session: Session) -> list[str]:
    return [unit.reference for unit in units(session) if unit.credit_note_id is None]


def test_each_piece_of_an_item_is_a_unit_and_a_free_line_makes_none(session: Session, shop: Shop, item: Item) -> None:
    sold = make_order(session, shop, None, item_line(item, 2), make_line(session))
    found = units(session)
    assert [unit.reference for unit in found] == [f"U{sold.id}-1-1", f"U{sold.id}-1-2"]
    assert {(unit.invoice_id, unit.shop_id, unit.item_id, unit.sold_on) for unit in found} == {
        (sold.id, shop.id, item.id, TODAY)
    }


def test_very_many_pieces_are_one_row_and_a_broken_quantity_one_unit(session: Session, shop: Shop, item: Item) -> None:
    make_order(session, shop, None, item_line(item, 201), item_line(item, quantity_e3=2500))
    assert [unit.quantity for unit in units(session)] == [201, 1]


def test_a_deduction_sells_nothing(session: Session, shop: Shop, item: Item) -> None:
    make_order(session, shop, None, item_line(item, 2), item_line(item, -1))
    assert len(units(session)) == 2


def test_the_day_of_the_sale_is_the_sellers(session: Session, shop: Shop, item: Item) -> None:
    order(session, shop, item, ordered_at=datetime(2026, 11, 20, 23, 30))  # noqa: DTZ001 - naive UTC
    assert units(session)[0].sold_on == date(2026, 11, 21)


def test_a_unit_is_valid_as_long_as_its_item_says_the_first_day_included(session: Session, shop: Shop) -> None:
    order(session, shop, make_item(session, shop.catalogue, validity_days=365))
    assert (units(session)[0].starts_on, units(session)[0].ends_on) == (TODAY, date(2027, 11, 21))


def test_the_shops_own_dates_come_first(session: Session, shop: Shop) -> None:
    item = make_item(session, shop.catalogue, validity_days=10)
    first, last = date(2027, 1, 1), date(2027, 12, 31)
    for wanted in (UnitsWanted((), first, last), UnitsWanted((), first), UnitsWanted((), None, last)):
        order(session, shop, item, wanted)
    assert [(unit.starts_on, unit.ends_on) for unit in units(session)] == [
        (first, last), (first, date(2027, 1, 10)), (TODAY, last),
    ]  # fmt: skip


def test_without_a_validity_there_are_no_dates(session: Session, shop: Shop, item: Item) -> None:
    order(session, shop, item)
    assert (units(session)[0].starts_on, units(session)[0].ends_on) == (None, None)


def test_the_shops_references_are_kept_and_the_rest_are_made(session: Session, shop: Shop, item: Item) -> None:
    sold = order(session, shop, item, UnitsWanted(("ABC-1", "ABC-2")), pieces=3)
    assert [unit.reference for unit in units(session)] == ["ABC-1", "ABC-2", f"U{sold.id}-1-3"]


@pytest.mark.parametrize(
    ("wanted", "field", "code"),
    [
        (UnitsWanted(("A", "B", "C")), "lines-0-references", "too_many_references"),
        (UnitsWanted(("A", "A")), "lines-0-references", "reference_taken"),
        (UnitsWanted(("été",)), "lines-0-references", "bad_reference"),
        (UnitsWanted(("",)), "lines-0-references", "bad_reference"),
        (UnitsWanted(("u7-1-1",)), "lines-0-references", "bad_reference"),
        (UnitsWanted((), date(2027, 2, 1), date(2027, 1, 1)), "lines-0-ends_on", "ends_before"),
    ],
)
def test_what_a_shop_can_not_say_of_units_is_named(
    session: Session, shop: Shop, item: Item, wanted: UnitsWanted, field: str, code: str
) -> None:
    with pytest.raises(FieldFaults) as refused:
        order(session, shop, item, wanted, pieces=2)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(field, code)]


def test_a_line_that_sells_no_item_has_no_references(session: Session, shop: Shop) -> None:
    with pytest.raises(FieldFaults) as refused:
        make_order(session, shop, None, make_line(session), units=(UnitsWanted(("A",)),))
    assert refused.value.faults[0].code == "too_many_references"


def test_a_reference_is_one_units_of_its_shop_but_another_shop_may_have_it(
    session: Session, shop: Shop, item: Item
) -> None:
    order(session, shop, item, UnitsWanted(("A",)))
    with session.begin_nested(), pytest.raises(FieldFaults) as refused:
        make_order(session, shop, None, item_line(item), item_line(item), units=(None, UnitsWanted(("A",))))
    assert refused.value.faults[0].field == "lines-1-references"
    other = make_shop(session)
    order(session, other, make_item(session, other.catalogue), UnitsWanted(("A",)))
    assert [unit.reference for unit in units(session)].count("A") == 2


def test_the_same_order_twice_sells_once(session: Session, shop: Shop, item: Item) -> None:
    for _ in range(2):
        order(session, shop, item, pieces=2, transaction_code="TX", number="B-1")
    assert len(units(session)) == 2


def test_a_manual_invoice_sells_when_it_is_finalised(session: Session, shop: Shop, item: Item) -> None:
    customer = make_customer(session)
    make_draft(session, customer, shop.seller, item_line(item))
    assert units(session) == []
    made = make_invoice(session, customer, shop.seller, item_line(item, 2), issued_on=date(2026, 11, 1))
    assert {(unit.invoice_id, unit.shop_id, unit.sold_on) for unit in units(session)} == {
        (made.invoice_id, None, date(2026, 11, 1))
    }


def test_a_whole_credit_takes_every_unit_back(session: Session, shop: Shop, item: Item) -> None:
    sold = order(session, shop, item, pieces=3)
    note = make_credit(session, sold.id)
    assert live(session) == [] and {unit.credit_note_id for unit in units(session)} == {note.id}


def test_a_credit_of_some_pieces_takes_the_last_of_them_back(session: Session, shop: Shop, item: Item) -> None:
    sold = order(session, shop, item, UnitsWanted(("A", "B", "C")), pieces=3)
    make_credit(session, sold.id, (0, 9499))
    assert live(session) == ["A", "B", "C"]
    make_credit(session, sold.id, (0, 1))  # with the one before it, a whole piece
    assert live(session) == ["A", "B"]
    make_credit(session, sold.id, (0, 19000))
    assert live(session) == []


def test_a_credit_of_another_line_leaves_the_units_alone(session: Session, shop: Shop, item: Item) -> None:
    sold = make_order(session, shop, None, item_line(item), make_line(session))
    make_credit(session, sold.id, (1, 18000))
    assert len(live(session)) == 1


def test_of_a_row_for_many_pieces_those_that_go_get_their_own(session: Session, shop: Shop, item: Item) -> None:
    sold = order(session, shop, item, pieces=300)
    make_credit(session, sold.id, (0, 9500 * 10))
    make_credit(session, sold.id, (0, 9500 * 5))
    assert [(unit.quantity, unit.credit_note_id is None) for unit in units(session)] == [
        (285, True), (10, False), (5, False),
    ]  # fmt: skip


@pytest.mark.parametrize("status", [Status.draft, Status.pending, Status.failed])
def test_an_order_has_its_units_whatever_its_status(session: Session, shop: Shop, item: Item, status: Status) -> None:
    order(session, shop, item, status=status)
    assert len(units(session)) == 1
