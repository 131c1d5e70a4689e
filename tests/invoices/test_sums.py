"""What is invoiced, due and owed back, with payments in part and credit notes (SPEC B8), in lists and records."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from invoicing.customers import listing
from invoicing.customers.listing import CustomersWanted
from invoicing.invoices import queries
from invoicing.invoices.listing import filter_of, overview
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.paging import page
from invoicing.invoices.wanted import Lettered, Mailed, Order, Tab, Wanted
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.money import Currency
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against, undo_payment
from invoicing.sellers.models import Region
from tests.factories import (
    NOW,
    TODAY,
    make_credit,
    make_customer,
    make_draft,
    make_invoice,
    make_line,
    make_order,
    make_seller,
    make_shop,
)


def money(cents: int | None = None) -> PaymentContent:
    return PaymentContent(PaymentMethod.transfer, TODAY, amount_cents=cents)


def sums(session: Session) -> tuple[int, int, int]:
    """Invoiced, due and owed back, in cents of the one currency; all of the three ways to ask agree."""
    (found,) = queries.totals(session, Invoice.currency == Currency.EUR)
    listed = overview(session, filter_of(session, Wanted(tab=Tab.everything))).sums(Tab.everything)
    assert [s.total_cents for s in listed] == [found.invoiced_cents]
    records = [row.sums for row in listing.page(session, CustomersWanted()).rows]
    assert sum(record[0].invoiced_cents for record in records if record) == found.invoiced_cents
    assert sum(record[0].due_cents for record in records if record) == found.due_cents
    assert sum(record[0].owed_cents for record in records if record) == found.owed_cents
    return found.invoiced_cents, found.due_cents, found.owed_cents


def test_payments_in_part_and_credit_notes_leave_what_is_due(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    made = make_invoice(session, customer, seller, make_line(session, price=100), make_line(session, price=50))
    assert sums(session) == (18000, 18000, 0)
    paid = record_payment(session, COMMAND, NOW, made.invoice_id, money(5000), "one")
    assert sums(session) == (18000, 13000, 0)
    make_credit(session, made.invoice_id, (1, 5000))
    assert sums(session) == (12000, 7000, 0)
    undo_payment(session, COMMAND, NOW, paid.id, "rejeté", "two")
    assert sums(session) == (12000, 12000, 0)


def test_what_is_credited_after_the_payment_is_owed_back_until_it_is_refunded_or_set_against(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    made = make_invoice(session, customer, seller, make_line(session, price=100))
    record_payment(session, COMMAND, NOW, made.invoice_id, money(), "one")
    make_credit(session, made.invoice_id)
    assert sums(session) == (0, 0, 12000)
    refund(session, COMMAND, NOW, made.invoice_id, money(2000), "two")
    assert sums(session) == (0, 0, 10000)
    other = make_invoice(session, customer, seller, make_line(session, price=200))
    assert sums(session) == (24000, 24000, 10000)
    set_against(session, COMMAND, NOW, made.invoice_id, other.invoice_id, 10000, "three")
    assert sums(session) == (24000, 14000, 0)


@pytest.mark.parametrize("status", [Status.placed, Status.failed, Status.refused, Status.cancelled])
def test_what_is_no_sale_is_in_no_total(session: Session, status: Status) -> None:
    customer = make_customer(session)
    make_order(session, make_shop(session), customer, status=status)
    make_draft(session, customer, make_seller(session, prefix="X"))
    assert queries.totals(session, Invoice.id > 0) == []
    seen = overview(session, filter_of(session, Wanted(tab=Tab.everything)))
    assert (seen.sums(Tab.everything), seen.left_out()) == ([], 2)
    assert listing.page(session, CustomersWanted()).rows[0].sums == ()


def test_currencies_are_never_added(session: Session) -> None:
    customer = make_customer(session)
    for region in Region:
        made = make_invoice(session, customer, make_seller(session, region))
    make_credit(session, made.invoice_id)
    found = {t.currency: (t.count, t.invoiced_cents, t.due_cents) for t in queries.totals(session, Invoice.id > 0)}
    assert found == {"EUR": (1, 21600, 21600), "CAD": (2, 0, 0)}


def test_credit_notes_count_negative_under_their_tab_and_all_and_nowhere_else(session: Session) -> None:
    made = make_invoice(session, make_customer(session), make_seller(session))
    make_credit(session, made.invoice_id, (0, 10000))
    seen = overview(session, filter_of(session, Wanted()))
    assert {tab: seen.count(tab) for tab in (Tab.pending, Tab.complete, Tab.credit_note, Tab.everything)} == {
        Tab.pending: 1, Tab.complete: 0, Tab.credit_note: 1, Tab.everything: 2}  # fmt: skip
    totals = {tab: [(s.net_cents, s.total_cents) for s in seen.sums(tab)] for tab in (Tab.credit_note, Tab.everything)}
    assert totals == {Tab.credit_note: [(-10000, -12000)], Tab.everything: [(8000, 9600)]}


def listed(session: Session, **over: object) -> set[str]:
    """The numbers that a filter finds under all documents."""
    asked = filter_of(session, Wanted(tab=Tab.everything, **over))  # type: ignore[arg-type]
    ids = page(session, asked, Tab.everything, Order(), None).ids
    return {str(session.get_one(Invoice, id_).number) for id_ in ids}


def test_a_credit_note_is_found_by_its_number_its_invoices_and_its_reason(session: Session) -> None:
    made = make_invoice(session, make_customer(session), make_seller(session))
    note = make_credit(session, made.invoice_id, reason="Séance déplacée").number
    assert listed(session, query="a2026-00001") == {note}
    assert listed(session, query=made.number) == {made.number, note}
    assert listed(session, query="seance depla") == {note}


def test_filters_follow_payments_and_credit_notes(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    one = make_invoice(session, customer, seller, email=True)
    two = make_invoice(session, customer, seller)
    note = make_credit(session, one.invoice_id, email=True)
    assert listed(session, lettered=Lettered.wanting) == {one.number, note.number}  # settled by credit
    assert listed(session, lettered=Lettered.neither) == {two.number}
    letter(session, COMMAND, NOW, note.id, "AV-7", 0)
    record_payment(session, COMMAND, NOW, two.invoice_id, money(), "one")
    assert listed(session, lettered=Lettered.wanting) == {one.number, two.number}
    assert listed(session, lettered=Lettered.yes) == {note.number}
    assert listed(session, mailed=Mailed.sent) == {one.number, note.number}
    assert listed(session, mailed=Mailed.never) == {two.number}


def test_what_is_overdue_is_only_what_remains(session: Session) -> None:
    made = make_invoice(session, make_customer(session), make_seller(session), due_on=TODAY)
    record_payment(session, COMMAND, NOW, made.invoice_id, money(600), "one")
    make_credit(session, made.invoice_id, (0, 5000))
    late: date = TODAY + timedelta(days=1)
    count, found, since = queries.overdue(session, late)
    assert (count, [t.due_cents for t in found], since) == (1, [15000], TODAY)
    record_payment(session, COMMAND, NOW, made.invoice_id, money(), "two")
    assert queries.overdue(session, late) == (0, [], None)
