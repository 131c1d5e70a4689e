"""The sales journal of real documents: every kind is balanced, letters are those of payments, and it is read back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounting.reading import documents, recognise
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.journal import COMMAND
from invoicing.ledger.models import LedgerKind, LedgerState
from invoicing.ledger.rules import NotMade
from invoicing.lettering.service import letter
from invoicing.money import Currency
from invoicing.numbering import Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against, undo_payment
from invoicing.sellers.models import Seller
from invoicing.shop.rules import Totals
from tests.factories import (
    NOW,
    TODAY,
    make_credit,
    make_customer,
    make_invoice,
    make_line,
    make_order,
    make_shop,
)
from tests.ledger.books import Books, cents

EARLIER = NOW - timedelta(days=30)


def pay(session: Session, invoice_id: int, amount: int | None, day: date, token: str) -> int:
    """A transfer; None: all that remains."""
    content = PaymentContent(PaymentMethod.transfer, day, amount_cents=amount)
    return record_payment(session, COMMAND, NOW, invoice_id, content, token).id


def every_kind(session: Session) -> None:
    """Rates, discounts, prices with tax, credit notes, totals alone, no tax, official references."""
    seller, customer = session.scalars(select(Seller)).one(), session.scalars(select(Customer)).one()
    line = make_line(session)
    at = {code: make_line(session, code, 33, code) for code in ("FR_20", "FR_10", "FR_55", "FR_21", "FR_TRAINING")}
    make_invoice(session, customer, seller, *at.values(), discount_e4=1250)
    make_invoice(session, customer, seller, *at.values(), discount_cents=777)
    gross = replace(line, price_e4=100_500, gross=True)  # 10.05 with tax: a cent of rounding
    made = make_invoice(session, customer, seller, gross)
    make_credit(session, made.invoice_id)
    both = make_invoice(session, customer, seller, at["FR_20"], at["FR_TRAINING"], replace(line, discount_e4=3333))
    make_credit(session, both.invoice_id, (0, 1000))
    make_invoice(session, customer, seller, replace(line, price_e4=0))  # offered: no entry
    make_invoice(session, customer, seller, replace(line, quantity_e3=-500), replace(at["FR_20"], quantity_e3=9000))
    shop = make_shop(session, seller)
    totals = Totals(6_000, 1_200, 7_200)
    kept = make_order(session, shop, customer, totals=totals)
    letter(session, COMMAND, NOW, kept.id, "FA-2026-77", 0)
    back = make_order(session, shop, customer, totals=totals)
    make_credit(session, back.id)
    make_order(session, shop, make_customer(session, first_name="Zoë", last_name="Lecœur"))
    make_order(session, shop, customer, status=Status.pending)  # an order still: no invoice
    make_order(session, shop, customer, status=Status.failed, paid_cents=0)


def test_every_entry_is_balanced_and_every_document_is_there_once(books: Books) -> None:
    books.write(every_kind)
    export = books.export()
    assert export.state is LedgerState.made, export.fault
    entries: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in books.lines(export):
        entries[line["EcritureNum"]].append(line)
    assert list(entries) == [str(n) for n in range(1, len(entries) + 1)]
    for lines in entries.values():
        assert sum(cents(line["Debit"]) for line in lines) == sum(cents(line["Credit"]) for line in lines) > 0
        assert [line["CompteNum"] for line in lines].count("411000") == 1
        assert len({(line["PieceRef"], line["EcritureDate"], line["PieceDate"]) for line in lines}) == 1
    with books.database.sessions() as session:
        held = session.scalars(select(Invoice).where(Invoice.status.in_((Status.pending, Status.complete)))).all()
        wanted = {each.lettering or each.number: _signed(each) for each in held
                  if each.mode is Mode.official or each.status is Status.complete}  # fmt: skip
    told = {lines[0]["PieceRef"]: cents(lines[0]["Debit"]) - cents(lines[0]["Credit"]) for lines in entries.values()}
    assert told == {number: total for number, total in wanted.items() if total}
    assert "FA-2026-77" in told and (export.documents, len(entries)) == (len(wanted), len(wanted) - 1)
    assert export.totals == f'{{"EUR": {sum(wanted.values())}}}'
    assert export.rows == sum(map(len, entries.values()))


def _signed(invoice: Invoice) -> int:
    return -invoice.total_cents if invoice.kind is InvoiceKind.credit_note else invoice.total_cents


def test_taxes_and_sales_add_up_to_those_of_the_documents(books: Books) -> None:
    books.write(every_kind)
    sums: dict[str, int] = defaultdict(int)
    for line in books.lines(books.export()):
        sums[line["CompteNum"]] += cents(line["Credit"]) - cents(line["Debit"])
    with books.database.sessions() as session:
        held = session.scalars(select(Invoice).where(Invoice.number.is_not(None), Invoice.frozen_at.is_not(None))).all()
        held = [each for each in held if each.mode is Mode.official or each.status is Status.complete]
        sign = {each.id: 1 if each.kind is InvoiceKind.invoice else -1 for each in held}
        assert sums["706000"] == sum(sign[each.id] * each.net_cents for each in held)
        assert sums["445710"] == sum(sign[each.id] * each.tax_cents for each in held)
        assert sums["758000"] + sums["658000"] == sum(sign[each.id] * each.rounding_cents for each in held)
        assert any(each.rounding_cents for each in held)


def test_our_own_journal_is_read_back_as_the_documents_it_holds(books: Books) -> None:
    books.write(every_kind)
    export = books.export()
    content = books.content(export)
    plan = recognise(content, export.file_name)
    found = {one.reference: one for one in documents(content, plan)}
    told = {line["PieceRef"]: line for line in books.lines(export) if line["CompteNum"] == "411000"}
    assert (plan.layout, plan.asks) == ("fec", ())
    assert any(one.customer == "Zoë Lecœur" for one in found.values())
    assert {reference: one.amount_cents for reference, one in found.items()} == {
        reference: cents(line["Debit"]) - cents(line["Credit"]) for reference, line in told.items()
    }
    assert {one.day for one in found.values()} == {TODAY}
    assert all(one.customer == told[reference]["CompAuxLib"] for reference, one in found.items())
    assert all(one.is_credit_note == (told[reference]["Debit"] == "0,00") for reference, one in found.items())


def letters_of(books: Books) -> dict[str, tuple[str, str]]:
    """Reference → letters and day, of the customers' lines; no other line has any."""
    lines = books.lines(books.export())
    assert not any(line["EcritureLet"] for line in lines if line["CompteNum"] != "411000")
    return {line["PieceRef"]: (line["EcritureLet"], line["DateLet"]) for line in lines if line["CompteNum"] == "411000"}


def test_only_what_payments_have_settled_has_letters(books: Books) -> None:
    paid, part, unpaid, undone = books.sell(100, 100, 100, 100)

    def deeds(session: Session) -> None:
        pay(session, paid, 5_000, TODAY - timedelta(days=3), "a")
        pay(session, paid, None, TODAY - timedelta(days=1), "b")
        pay(session, part, 5_000, TODAY, "c")
        undo_payment(session, COMMAND, NOW, pay(session, undone, None, TODAY, "d"), "erreur", "e")
        letter(session, COMMAND, NOW, paid, "FA-1", 0)  # our lettering isn't the accountant's

    books.write(deeds)
    numbers = [books.invoice(each).lettering or books.invoice(each).number for each in (paid, part, unpaid, undone)]
    found = letters_of(books)
    assert [found[str(number)] for number in numbers] == [("A", "20261122"), ("", ""), ("", ""), ("", "")]


def test_the_day_of_the_letters_is_that_of_the_last_payment(books: Books) -> None:
    (paid,) = books.sell(100, day=TODAY - timedelta(days=20), now=EARLIER + timedelta(days=10))
    books.write(lambda session: pay(session, paid, None, TODAY - timedelta(days=2), "a"))
    assert set(letters_of(books).values()) == {("A", "20261120")}


def test_an_invoice_its_credit_note_and_its_payment_share_their_letters(books: Books) -> None:
    first, second = books.sell(100, 100)

    def deeds(session: Session) -> None:
        make_credit(session, first, (0, 4_000))
        pay(session, first, None, TODAY, "a")
        make_credit(session, second)  # settled without a payment: nothing is matched

    books.write(deeds)
    found = letters_of(books)
    assert sorted(found.values()) == [("", ""), ("", ""), ("A", "20261122"), ("A", "20261122")]
    lines = [line for line in books.lines(books.export()) if line["EcritureLet"]]
    assert sum(cents(line["Debit"]) - cents(line["Credit"]) for line in lines) == 12_000 - 4_800


def test_money_given_back_is_matched_too_and_a_credit_used_elsewhere_is_not(books: Books) -> None:
    back, used, other = books.sell(100, 100, 100)

    def deeds(session: Session) -> None:
        for invoice, token in ((back, "a"), (used, "b")):
            pay(session, invoice, None, TODAY, token)
            make_credit(session, invoice)
        refund(session, COMMAND, NOW, back, PaymentContent(PaymentMethod.transfer, TODAY), "c")
        set_against(session, COMMAND, NOW, used, other, None, "d")

    books.write(deeds)
    found = letters_of(books)
    matched = {number for number, (shared, _day) in found.items() if shared}
    assert len(matched) == 2 and books.invoice(back).number in matched


def test_another_currency_is_refused_with_a_document_that_has_it(books: Books) -> None:
    books.sell(100)

    def deed(session: Session) -> None:
        shop = make_shop(session, mode=Mode.official, source=Source.generated, currency=Currency.CAD)
        make_order(session, shop, make_customer(session), make_line(session, code="FR_NONE"))

    books.write(deed)
    export = books.export()
    assert export.state is LedgerState.refused and export.number is None
    assert NotMade.from_json(export.fault).code == "not_in_euros"
    assert NotMade.from_json(export.fault).facts["count"] == 1
    assert books.export(LedgerKind.csv).state is LedgerState.made


@pytest.mark.parametrize(("first", "last", "count"), [
    (date(2026, 10, 23), date(2026, 10, 23), 1), (date(2026, 10, 24), None, 1), (None, date(2026, 10, 23), 1),
    (None, None, 2), (date(2026, 10, 24), date(2026, 11, 21), 0),
])  # fmt: skip
def test_the_days_of_a_period_are_both_included(
    books: Books, first: date | None, last: date | None, count: int
) -> None:
    books.sell(100, now=EARLIER)
    books.sell(100)
    export = books.export(first_day=first, last_day=last)
    assert export.documents == count
    assert (export.state is LedgerState.refused) == (count == 0)
