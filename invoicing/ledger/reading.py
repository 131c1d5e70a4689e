"""Which documents an export holds, and what a journal needs of them: read as it is written, in the order of days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, InvoiceLineTax, InvoiceTax
from invoicing.invoices.rules import ACQUIRED, SALES
from invoicing.journal import JournalEntry
from invoicing.ledger.fec import Sale
from invoicing.ledger.models import LedgerExport, LedgerItem, LedgerState
from invoicing.ledger.rules import FEC_CURRENCY, Asked, NotMade, letters
from invoicing.numbering import Mode
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import today_of
from invoicing.taxes.models import Tax

AT_ONCE: Final = 500  # documents whose rows are read together
_I = Invoice
_COLUMNS: Final = (
    _I.id, _I.number, _I.lettering, _I.kind, _I.issued_on, _I.frozen_at, _I.customer_id, _I.buyer_name, _I.currency,
    _I.net_cents, _I.tax_cents, _I.rounding_cents, _I.total_cents, _I.corrects_id,
)  # fmt: skip


def last_made(session: Session, asked: Asked) -> int | None:
    """The last export of the same seller and kind that was made."""
    same = (LedgerExport.seller_id == asked.seller_id, LedgerExport.kind == asked.kind)
    made = select(LedgerExport.id).where(*same, LedgerExport.state == LedgerState.made)
    return session.scalar(made.order_by(LedgerExport.number.desc()).limit(1))


def position(session: Session) -> int:
    """How far the journal is."""
    return session.scalar(select(func.max(JournalEntry.position))) or 0


def lots(session: Session, asked: Asked) -> Iterator[list[int]]:
    """The documents' ids in the order of their days, some at a time."""
    query = select(Invoice.id).where(*_holds(asked)).order_by(Invoice.listed_on, Invoice.id)
    for some in session.scalars(query.execution_options(yield_per=AT_ONCE)).partitions():
        yield list(some)


def check_currency(session: Session, asked: Asked) -> None:
    """Refuses documents that a FEC can't hold: how many, and one of them."""
    others = (*_holds(asked), Invoice.currency != FEC_CURRENCY)
    first = select(Invoice.number, Invoice.currency).where(*others).order_by(Invoice.listed_on, Invoice.id).limit(1)
    found = session.execute(first).first()
    if found is not None:
        count = session.scalar(select(func.count(Invoice.id)).where(*others)) or 0
        raise NotMade("not_in_euros", {"count": count, "number": found.number, "currency": found.currency.value})


def taxes(session: Session, asked: Asked) -> Sequence[Tax]:
    """The taxes that occur, in the order of their codes."""
    held = select(InvoiceTax.tax_id).join(Invoice, Invoice.id == InvoiceTax.invoice_id).where(*_holds(asked))
    return session.scalars(select(Tax).where(Tax.id.in_(held)).order_by(Tax.code)).all()


def _holds(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    """Sales that stand and are invoices: an order that waits for its money, and has no official invoice, is none."""
    is_invoice = or_(Invoice.mode == Mode.official, Invoice.lettering_folded.is_not(None), Invoice.status.in_(ACQUIRED))
    held = [Invoice.seller_id == asked.seller_id, Invoice.frozen_at.is_not(None), Invoice.status.in_(SALES), is_invoice]
    if asked.first_day:
        held.append(Invoice.listed_on >= asked.first_day)
    if asked.last_day:
        held.append(Invoice.listed_on <= asked.last_day)
    if asked.only_new:
        item, export = aliased(LedgerItem), aliased(LedgerExport)
        had = select(item.invoice_id).join(export, export.id == item.export_id)
        had = had.where(item.invoice_id == Invoice.id, export.kind == asked.kind, export.state == LedgerState.made)
        held.append(~had.exists())
    return tuple(held)


@dataclass(frozen=True)
class _Found:
    """What a lot of documents has: lines by their rates, taxes, and how each is matched with its payments."""

    nets: dict[int, dict[tuple[int, ...], int]]
    taxes: dict[int, list[tuple[str, int, int]]]
    matched: dict[int, date]  # by the invoice that was paid


def sales(session: Session, seller: Seller, ids: Sequence[int]) -> Iterator[Sale]:
    """The documents as a journal has them, in this order."""
    columns: tuple[Any, ...] = _COLUMNS
    rows = {row.id: row for row in session.execute(select(*columns).where(Invoice.id.in_(ids)))}
    roots = {row.corrects_id or row.id for row in rows.values()}
    found = _Found(_nets(session, ids), _taxes(session, ids), _matched(session, roots))
    for number in ids:
        yield _sale(rows[number], seller, found)


def _sale(row: Any, seller: Seller, found: _Found) -> Sale:
    root = row.corrects_id or row.id
    matched = found.matched.get(root)
    return Sale(
        number=row.number or "", reference=row.lettering or "", is_credit=row.kind is InvoiceKind.credit_note,
        day=row.issued_on, validated_on=today_of(seller, row.frozen_at), customer_id=row.customer_id,
        buyer=row.buyer_name, net_cents=row.net_cents, tax_cents=row.tax_cents, rounding_cents=row.rounding_cents,
        total_cents=row.total_cents, nets=tuple(found.nets.get(row.id, {}).items()),
        taxes=tuple(found.taxes.get(row.id, ())), letter=letters(root) if matched else "", lettered_on=matched,
    )  # fmt: skip


def _nets(session: Session, ids: Sequence[int]) -> dict[int, dict[tuple[int, ...], int]]:
    """Document → rates of the taxes that a line bears → cents before tax."""
    borne: dict[int, tuple[int, ...]] = {}
    rates = select(InvoiceLineTax.line_id, InvoiceLineTax.rate_e5)
    rates = rates.join(InvoiceLine, InvoiceLine.id == InvoiceLineTax.line_id).where(InvoiceLine.invoice_id.in_(ids))
    for line, rate in session.execute(rates.order_by(InvoiceLineTax.line_id, InvoiceLineTax.position)):
        borne[line] = (*borne.get(line, ()), rate)
    lines = select(InvoiceLine.invoice_id, InvoiceLine.id, InvoiceLine.net_cents - InvoiceLine.allowance_cents)
    lines = lines.where(InvoiceLine.invoice_id.in_(ids)).order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    found: dict[int, dict[tuple[int, ...], int]] = {}
    for invoice, line, cents in session.execute(lines):
        own, key = found.setdefault(invoice, {}), borne.get(line, ())
        own[key] = own.get(key, 0) + cents
    return found


def _taxes(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[str, int, int]]]:
    """Document → (name, rate, cents) of its taxes."""
    query = select(InvoiceTax.invoice_id, Tax.label_fr, InvoiceTax.rate_e5, InvoiceTax.amount_cents)
    query = query.join(Tax, Tax.id == InvoiceTax.tax_id).where(InvoiceTax.invoice_id.in_(ids))
    found: dict[int, list[tuple[str, int, int]]] = {}
    for invoice, name, rate, cents in session.execute(query.order_by(InvoiceTax.invoice_id, InvoiceTax.position)):
        found.setdefault(invoice, []).append((name, rate, cents))
    return found


def _matched(session: Session, roots: set[int]) -> dict[int, date]:
    """Invoices that money has settled to the cent, with their credit notes → the last day of what is matched.

    What a credit note of another invoice has paid isn't: that entry is no payment, and would leave the group uneven.
    """
    undone = aliased(Payment)
    holds = and_(Payment.undoes_id.is_(None), ~select(undone.id).where(undone.undoes_id == Payment.id).exists())
    settled = Invoice.total_cents - Invoice.credited_cents - Invoice.paid_cents == 0
    query = select(Invoice.id, Invoice.listed_on, Payment.paid_on, Payment.method).join(
        Payment, and_(Payment.invoice_id == Invoice.id, holds)
    )
    days: dict[int, date] = {}
    uneven: set[int] = set()
    for invoice, issued, paid, method in session.execute(query.where(Invoice.id.in_(roots), settled)):
        days[invoice] = max(days.get(invoice, issued), issued, paid)
        if method is PaymentMethod.credit:
            uneven.add(invoice)
    credits = select(Invoice.corrects_id, Invoice.listed_on).where(Invoice.corrects_id.in_(days))
    for corrected, day in session.execute(credits):
        if corrected is not None:
            days[corrected] = max(days[corrected], day)
    return {invoice: day for invoice, day in days.items() if invoice not in uneven}
