"""Orders come in once, with the number that they bring or the one that they are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import LineContent
from invoicing.journal import JournalEntry
from invoicing.numbering import BadNumber, Mode, NotExternal, NumberMeetsSeries, NumberTaken, Source
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.models import Region
from invoicing.sellers.rules import MentionsMissing
from invoicing.shop.orders import take_order
from invoicing.shop.rules import STATUS_OF, NumberWanted, OrderContent, ShopClosed
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_line, make_order, make_seller, make_shop, shop_actor

ORDERED = datetime(2017, 9, 20, 9, 49)  # noqa: DTZ001 - naive UTC, as the core holds it
NEVER_ACCEPTED = (Status.draft, Status.failed, Status.cancelled)


def headings(invoice: Invoice) -> list[Heading]:
    return [Facts.from_json(version.facts).heading for version in invoice.versions]


def faults(refused: pytest.ExceptionInfo[FieldFaults]) -> set[tuple[str, str]]:
    return {(fault.field, fault.code) for fault in refused.value.faults}


def test_a_complete_order_stands_paid_under_its_own_number(session: Session) -> None:
    order = make_order(session, make_shop(session), number="B-20170920-44", ordered_at=ORDERED)
    assert (order.number, order.issued_on, order.listed_on) == ("B-20170920-44", date(2017, 9, 20), date(2017, 9, 20))
    assert (order.status, order.remaining_cents, order.due_on) == (Status.complete, 0, None)
    [payment] = order.payments
    assert (payment.method, payment.amount_cents, payment.paid_on) == (PaymentMethod.card, 21600, date(2017, 9, 20))
    assert headings(order) == [Heading.pro_forma]


def test_the_day_of_an_external_number_is_that_of_the_order_where_the_seller_is(session: Session) -> None:
    late = datetime(2017, 9, 20, 22, 30)  # noqa: DTZ001 - half past midnight in Paris
    assert make_order(session, make_shop(session), ordered_at=late).issued_on == date(2017, 9, 21)


def test_a_generated_number_is_given_on_the_day_of_freezing(session: Session) -> None:
    order = make_order(session, make_shop(session, source=Source.generated), ordered_at=ORDERED)
    assert (order.number, order.issued_on, order.ordered_at) == ("B-20261122-1", NOW.date(), ORDERED)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("status", Status)
def test_each_mode_says_which_statuses_make_an_order_stand(session: Session, mode: Mode, status: Status) -> None:
    order = make_order(session, make_shop(session, mode=mode, source=Source.generated), status=status)
    paid = status in (Status.paid, Status.complete)
    stands = paid or (mode is Mode.portal_reference and status not in NEVER_ACCEPTED)
    assert (order.status, order.is_frozen, order.number is not None) == (status, stands, stands)
    assert len(order.versions) == stands


def test_an_external_number_comes_with_a_draft_too(session: Session) -> None:
    order = make_order(session, make_shop(session), status=Status.draft, number="B-7")
    assert (order.number, order.is_frozen, order.issued_on) == ("B-7", False, None)


def test_the_same_order_comes_in_once(session: Session) -> None:
    shop, customer = make_shop(session), make_customer(session)
    one, two = (make_order(session, shop, customer, number="B-1", transaction_code="TU9L+/==") for _ in range(2))
    assert one.id == two.id
    other = make_shop(session)
    assert make_order(session, other, customer, transaction_code="TU9L+/==").id != one.id  # unique per shop only


def test_an_order_is_journalled_once_for_its_shop(session: Session) -> None:
    order = make_order(session, make_shop(session), number="B-1")
    session.commit()
    entries = session.scalars(select(JournalEntry).where(JournalEntry.subject_kind == "invoice")).all()
    assert [(e.action, e.actor_kind, e.actor_id) for e in entries] == [("invoice.ordered", "shop", order.shop_id)]
    expected = {"number": "B-1", "status": "complete", "total_cents": 21600, "shop_id": order.shop_id}
    assert {name: after for name, (_, after) in entries[0].facts().items()} == expected


def test_a_part_is_recorded_as_paid(session: Session) -> None:
    order = make_order(session, make_shop(session), status=Status.partial, paid_cents=600)
    assert (order.remaining_cents, order.payments[0].amount_cents, headings(order)) == (21000, 600, [Heading.order])


@pytest.mark.parametrize(
    ("status", "paid"),
    [("partial", 0), ("partial", None), ("partial", 21600), ("complete", 100), ("placed", 100), ("failed", 100)],
)
def test_an_amount_that_contradicts_the_status_is_refused(session: Session, status: str, paid: int | None) -> None:
    with pytest.raises(FieldFaults) as refused:
        make_order(session, make_shop(session), status=Status(status), paid_cents=paid)
    assert faults(refused) == {("paid_cents", "bad_paid")}


def test_what_costs_nothing_is_paid_as_soon_as_it_is_accepted(session: Session) -> None:
    order = make_order(session, make_shop(session), None, make_line(session, price=0), status=Status.placed)
    assert (order.status, order.payments, headings(order)) == (Status.paid, [], [Heading.pro_forma])


def test_words_of_paying_that_the_shop_does_not_know_are_another_means(session: Session) -> None:
    order = make_order(session, make_shop(session), payment_label="Bons d’achat")
    assert (order.payment_label, order.payments[0].method) == ("Bons d’achat", PaymentMethod.other)


def test_every_mistake_of_an_order_is_named(session: Session) -> None:
    shop, customer = make_shop(session), make_customer(session)
    bad = LineContent(" ", "", 1000, -1, 10_001, 0)
    content = OrderContent(customer.id, "é", NOW + timedelta(days=2), Status.placed, (bad,), number="B-1")
    with pytest.raises(FieldFaults) as refused:
        take_order(session, shop_actor(shop), NOW, shop.id, content)
    assert faults(refused) == {
        ("transaction_code", "bad_code"), ("ordered_at", "after_today"), ("lines-0-label", "label_required"),
        ("lines-0-price", "negative_price"), ("lines-0-discount", "bad_discount"), ("lines-0-tax_set", "choose_tax"),
    }  # fmt: skip
    with pytest.raises(FieldFaults) as refused:
        take_order(session, shop_actor(shop), NOW, shop.id, replace(content, lines=(), transaction_code="a" * 65))
    assert ("lines-0-label", "no_line") in faults(refused) and ("transaction_code", "bad_code") in faults(refused)


def test_a_tax_of_another_region_is_refused(session: Session) -> None:
    with pytest.raises(FieldFaults) as refused:
        make_order(session, make_shop(session), None, make_line(session, code="QC_TAXED"))
    assert faults(refused) == {("lines-0-tax_set", "choose_tax")}


def test_a_shop_that_is_closed_or_missing_takes_no_orders(session: Session) -> None:
    shop = make_shop(session)
    known = make_order(session, shop, transaction_code="known")
    shop.active = False
    with pytest.raises(ShopClosed):
        make_order(session, shop)
    assert make_order(session, shop, transaction_code="known").id == known.id
    content = OrderContent(known.customer_id, "x", NOW, Status.placed, (make_line(session),))
    with pytest.raises(NotFound):
        take_order(session, shop_actor(shop), NOW, 999, content)


def test_an_external_order_brings_its_number_and_a_generated_one_does_not(session: Session) -> None:
    with pytest.raises(NumberWanted):
        make_order(session, make_shop(session), number=None)
    with pytest.raises(NotExternal):
        make_order(session, make_shop(session, source=Source.generated), number="X-1")


@pytest.mark.parametrize("number", ["", "-1", "B 1", "B/1", "é1", "B" * 65, "B-1\n"])
def test_a_number_that_fits_no_address_is_refused(session: Session, number: str) -> None:
    with pytest.raises(BadNumber):
        make_order(session, make_shop(session), number=number)


def test_a_number_is_taken_once_whatever_its_capitals(session: Session) -> None:
    shop = make_shop(session)
    make_order(session, shop, number="B-a1")
    with pytest.raises(NumberTaken):
        make_order(session, shop, number="b-A1")


@pytest.mark.parametrize("number", ["F2026-00001", "f1", "FAC-1"])
def test_a_number_that_begins_like_a_generated_one_is_refused(session: Session, number: str) -> None:
    with pytest.raises(NumberMeetsSeries) as refused:
        make_order(session, make_shop(session), number=number)
    assert refused.value.format == "F{year}-{n:05}"


def test_numbers_of_a_source_come_in_any_order(session: Session) -> None:
    shop = make_shop(session)
    make_order(session, shop, number="B-2", ordered_at=NOW)
    assert make_order(session, shop, number="B-1", ordered_at=ORDERED).issued_on == date(2017, 9, 20)


def test_no_order_is_lost_for_want_of_an_address(session: Session) -> None:
    nowhere = make_customer(session, street="", city="", postcode="")
    assert make_order(session, make_shop(session), nowhere).is_frozen
    official = make_shop(session, mode=Mode.official, source=Source.generated)
    assert not make_order(session, official, nowhere, status=Status.pending).is_frozen
    with pytest.raises(MentionsMissing):
        make_order(session, official, nowhere)


def test_a_refused_order_takes_no_number(database: Database) -> None:
    with database.sessions() as session:
        shop = make_shop(session, mode=Mode.official, source=Source.generated)
        nowhere, here = make_customer(session, street=""), make_customer(session)
        session.commit()
        with pytest.raises(MentionsMissing):
            make_order(session, shop, nowhere)
        session.rollback()
        assert session.scalar(select(func.count(Invoice.id))) == 0
        make_order(session, shop, here)
        session.rollback()
        assert make_order(session, shop, here).number == "B-20261122-1"


def test_a_shop_in_quebec_sells_with_both_taxes(session: Session) -> None:
    shop = make_shop(session, make_seller(session, Region.QC), source=Source.generated)
    order = make_order(session, shop, None, make_line(session, price=100, code="QC_TAXED"))
    assert (order.currency, order.total_cents, [tax.amount_cents for tax in order.taxes]) == ("CAD", 11498, [500, 998])


def test_every_code_of_the_moodle_shop_has_a_status() -> None:
    assert set(STATUS_OF.values()) == set(Status) and len(STATUS_OF) == 10
