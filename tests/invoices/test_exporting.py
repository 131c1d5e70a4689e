"""What a filter shows, for files: every document once, in the list's order, and the same totals to the cent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from invoicing.documents.desk import Heading
from invoicing.invoices import paging
from invoicing.invoices.exporting import Document, documents, taxes_of
from invoicing.invoices.listing import Sum, filter_of, overview
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.wanted import By, Lettered, Order, Tab, Wanted
from invoicing.money import Currency
from invoicing.sellers.models import Region
from tests.factories import (
    make_credit,
    make_customer,
    make_draft,
    make_invoice,
    make_line,
    make_order,
    make_seller,
    make_shop,
)

EVERY = Wanted(tab=Tab.everything)
DAY = date(2026, 1, 30)
ROWS = st.lists(st.tuples(
    st.sampled_from([InvoiceKind.invoice, InvoiceKind.credit_note]), st.sampled_from(Status),
    st.sampled_from(Currency), st.integers(0, 10**9), st.integers(0, 10**8), st.integers(0, 40), st.booleans(),
), max_size=12)  # fmt: skip
WANTED = st.builds(
    Wanted, tab=st.sampled_from(Tab), currency=st.none() | st.sampled_from(Currency),
    month=st.none() | st.sampled_from([1, 2, 3]), least_cents=st.none() | st.integers(0, 10**9),
    lettered=st.none() | st.sampled_from(Lettered), origin=st.none() | st.just(Origin.manual),
    query=st.sampled_from(["", "lefevre", "e", "nothing of it"]),
)  # fmt: skip
ORDERS = st.builds(Order, st.sampled_from(By), st.booleans())


def every(session: Session, wanted: Wanted = EVERY, order: Order | None = None) -> list[Document]:
    """All that is exported."""
    return list(documents(session, wanted, order or Order()))


def sums_of(found: list[Document]) -> list[Sum]:
    """What the rows come to per currency, the most frequent first."""
    made = []
    for currency in Currency:
        own = [one for one in found if one.currency is currency]
        nets, taxes, totals = (sum(cents) for cents in zip(*((o.net_cents, o.tax_cents, o.total_cents) for o in own),
                                                           strict=True)) if own else (0, 0, 0)  # fmt: skip
        made += [Sum(currency, len(own), nets, taxes, totals)] if own else []
    return sorted(made, key=lambda one: (-one.count, one.currency))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=ROWS, wanted=WANTED, order=ORDERS)
def test_the_rows_come_to_the_lists_totals(
    session: Session,
    made: list[tuple[InvoiceKind, Status, Currency, int, int, int, bool]],
    wanted: Wanted,
    order: Order,
) -> None:
    customer, seller = make_customer(session), make_seller(session)
    for n, (kind, status, currency, net, tax, days, lettered) in enumerate(made):
        draft = make_draft(session, customer, seller)
        draft.kind, draft.status, draft.currency, draft.net_cents, draft.tax_cents = kind, status, currency, net, tax
        draft.total_cents, draft.listed_on = net + tax, DAY + timedelta(days=days)
        draft.lettering = draft.lettering_folded = f"fa {n}" if lettered else None
    session.flush()
    found, shown = every(session, wanted, order), overview(session, filter_of(session, wanted))
    assert len(found) == shown.count(wanted.tab)
    counted = [one for one in found if one.is_counted or wanted.tab is not Tab.everything]
    assert sums_of(counted) == shown.sums(wanted.tab)
    session.rollback()


@pytest.mark.parametrize("by", By)
def test_the_rows_come_in_the_lists_order(session: Session, by: By) -> None:
    customer, seller = make_customer(session), make_seller(session)
    for n in range(7):
        draft = make_draft(session, customer, seller, make_line(session, price=n % 3))
        draft.status, draft.number = (Status.complete, f"N-{n}") if n % 2 else (Status.draft, None)
    session.flush()
    for order in (Order(by), Order(by, descending=False)):
        ids = paging.page(session, filter_of(session, EVERY), Tab.everything, order, None).ids
        listed = [session.get_one(Invoice, number).transaction_code for number in ids]
        assert [one.code for one in every(session, EVERY, order)] == listed


def test_each_tax_stands_apart_and_a_credit_note_is_negative(session: Session) -> None:
    seller = make_seller(session, Region.QC, prefix="Q")
    made = make_invoice(session, make_customer(session), seller)
    make_credit(session, made.invoice_id)
    names = {tax.id: tax.code for tax in taxes_of(session, EVERY)}
    assert sorted(names.values()) == ["TPS", "TVQ"]
    credit, invoice = sorted(every(session), key=lambda one: one.total_cents)
    assert {names[tax]: cents for tax, cents in invoice.taxes.items()} == {"TPS": 900, "TVQ": 1796}
    assert (credit.net_cents, credit.tax_cents, credit.total_cents) == (-18000, -2696, -20696)
    assert credit.heading is Heading.credit_note and sum(credit.taxes.values()) == -2696


def test_only_taxes_that_occur_in_what_is_shown_are_named(session: Session) -> None:
    make_invoice(session, make_customer(session), make_seller(session, Region.QC, prefix="Q"))
    assert taxes_of(session, Wanted(tab=Tab.everything, currency=Currency.EUR)) == []


def test_a_document_says_whom_it_names_and_who_that_is_today(session: Session) -> None:
    customer = make_customer(session, last_name="Avant", email="x@example.org")
    make_invoice(session, customer, make_seller(session), make_line(session, "Reliure"), make_line(session, "Colle"))
    customer.last_name = "Après"
    session.flush()
    [one] = every(session)
    assert (one.buyer, one.customer, one.email) == ("Élodie Avant", "Élodie Après", "x@example.org")
    assert one.items == ("Reliure", "Colle") and one.member_number == customer.member_number


def test_what_remains_is_what_is_still_expected(session: Session) -> None:
    shop = make_shop(session, make_seller(session))
    for status in (Status.partial, Status.cancelled, Status.paid, Status.placed):
        make_order(session, shop, status=status)
    session.flush()
    remaining = {one.status: (one.paid_cents, one.remaining_cents) for one in every(session)}
    assert remaining[Status.partial] == (100, 21500) and remaining[Status.paid] == (21600, 0)
    assert remaining[Status.cancelled] == (0, 0) == remaining[Status.placed]


def test_an_order_has_its_shop_and_its_moment(session: Session) -> None:
    shop = make_shop(session, make_seller(session))
    order = make_order(session, shop, status=Status.placed)
    [one] = every(session)
    assert (one.shop, one.series, one.ordered_at) == (shop.name, shop.series.format, order.ordered_at)
    assert one.heading is Heading.order


def test_a_great_many_come_in_lots(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoicing.invoices.exporting.AT_ONCE", 2)
    customer, seller = make_customer(session), make_seller(session)
    codes = {make_draft(session, customer, seller).transaction_code for _ in range(5)}
    assert {one.code for one in every(session)} == codes and len(every(session)) == 5
