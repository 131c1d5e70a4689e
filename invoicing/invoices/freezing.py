"""The moment in which a draft becomes a document: its rows, its snapshot, what had been received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, joinedload, selectinload

from invoicing.customers.models import Customer
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.composing import Composed, compose
from invoicing.invoices.models import Invoice, InvoiceLine, InvoiceLineTax, InvoiceTax, Status
from invoicing.invoices.reading import LineContent
from invoicing.journal import Actor
from invoicing.numbering import take_number
from invoicing.payments.models import Payment
from invoicing.search import amount_tokens, fold
from invoicing.sellers.queries import today_of
from invoicing.taxes.models import Tax, TaxSet, TaxSetMember


def locked(session: Session, invoice_id: int) -> Invoice:
    """The whole invoice, locked until the transaction ends; NotFound otherwise."""
    # Locked first, read afterwards: what was waited for, a new name say, is then seen.
    session.execute(select(Invoice.id).where(Invoice.id == invoice_id).with_for_update())
    query = select(Invoice).where(Invoice.id == invoice_id)
    found = session.scalars(query.options(*_WHOLE).execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound
    return found


_WHOLE = (
    *(joinedload(name, innerjoin=True) for name in (Invoice.seller, Invoice.customer, Invoice.series)),
    selectinload(Invoice.lines)
    .selectinload(InvoiceLine.tax_set)
    .joinedload(TaxSet.members)
    .joinedload(TaxSetMember.tax)
    .joinedload(Tax.rates),
)  # what composing needs, in few queries


def set_lines(session: Session, draft: Invoice, lines: Sequence[LineContent]) -> None:
    """The draft's lines, in this order, their amounts still to be computed."""
    draft.lines = [
        InvoiceLine(
            position=n, label=line.label, detail=line.detail, quantity_e3=line.quantity_e3, price_e4=line.price_e4,
            discount_e4=line.discount_e4, tax_set_id=line.tax_set_id, net_cents=0, gross=line.gross,
            item_id=line.item_id,
        )
        for n, line in enumerate(lines, start=1)
    ]  # fmt: skip
    session.flush()
    session.expire(draft, ["lines"])


def set_amounts(draft: Invoice, composed: Composed) -> None:
    """What lines and taxes come to, on the draft and its lines."""
    found = composed.amounts
    for line, net, off in zip(draft.lines, found.nets, found.allowances, strict=True):
        line.net_cents, line.allowance_cents = net, off
    for name in ("net_cents", "tax_cents", "total_cents", "allowance_cents", "rounding_cents"):
        setattr(draft, name, getattr(found, name))


def write_taxes(session: Session, draft: Invoice, composed: Composed) -> None:
    """The rows that freeze with the invoice: they must be there before it does."""
    set_amounts(draft, composed)
    session.flush()  # also where no line bears a tax, and nothing below would
    of_lines = [
        {"line_id": line.id, "position": n, "tax_id": t.tax_id, "rate_e5": t.rate_e5}
        for line, borne in zip(draft.lines, composed.borne, strict=True)
        for n, t in enumerate(borne)
    ]
    of_invoice = [{"invoice_id": draft.id, "position": n, **asdict(t)} for n, t in enumerate(composed.amounts.taxes)]
    for table, rows in ((InvoiceLineTax, of_lines), (InvoiceTax, of_invoice)):
        if rows:
            session.execute(insert(table), rows)
    session.expire(draft, ["taxes"])


def stand(session: Session, order: Invoice, composed: Composed, now: datetime, status: Status) -> None:
    """Freezes an order; a generated number is taken last. Promises the e-mail that its shop has asked for.

    Refuses MentionsMissing and what `take_number` refuses.
    """
    from invoicing.invoices.service import promise  # manual invoices freeze here too

    if composed.missing:
        raise composed.missing
    write_taxes(session, order, composed)
    number = order.number or take_number(session, order.series, composed.snapshot.issued_on)
    email = order.wants_mail and bool(order.customer.email)
    freeze(session, order, composed, number, now, status, email=email)
    if email:
        promise(session, order, now, order.seller.mail_from.rpartition("@")[2] or "lettrine.invalid")


def composed_for(session: Session, order: Invoice, now: datetime) -> Composed:
    """What an order says at that moment; refuses with every fault."""
    composed = compose(session, order, today_of(order.seller, now))
    if composed.faults:
        raise FieldFaults(composed.faults)
    return composed


def freeze(
    session: Session,
    draft: Invoice,
    composed: Composed,
    number: str,
    now: datetime,
    status: Status,
    *,
    email: bool = False,
) -> None:
    """Number, snapshot, status and moment, in one change of the row: from then on the database refuses others."""
    fill_frozen(draft, composed, number, now, status, email=email)
    session.flush()


def fill_frozen(
    draft: Invoice, composed: Composed, number: str, now: datetime, status: Status, *, email: bool = False
) -> None:
    """What `freeze` writes, for whoever writes many together."""
    snapshot = composed.numbered(number)
    draft.number, draft.snapshot = number, snapshot.to_json()
    draft.issued_on, draft.due_on, draft.language = snapshot.issued_on, snapshot.due_on, snapshot.language
    draft.buyer_name = snapshot.buyer.name
    draft.status, draft.emailed, draft.frozen_at = status, email, now
    draft.revision += 1
    draft.listed_on = snapshot.issued_on
    make_findable(draft, draft.customer)


def receive(session: Session, invoice: Invoice, actor: Actor, now: datetime) -> None:
    """The money that had come in before the invoice was made."""
    if invoice.paid_method is None or invoice.paid_on is None or not invoice.total_cents:
        return
    session.add(
        Payment(
            invoice_id=invoice.id,
            method=invoice.paid_method,
            amount_cents=invoice.total_cents,
            paid_on=invoice.paid_on,
            recorded_at=now,
            recorded_by_id=actor.account_id,
        )
    )
    invoice.paid_cents = invoice.total_cents
    session.flush()


def make_findable(invoice: Invoice, customer: Customer) -> None:
    """What lists find it by and sort it by: folded again whenever one of its parts changes."""
    invoice.search_text = search_text(invoice, customer)
    invoice.customer_sort = customer.sort_name


def search_text(invoice: Invoice, customer: Customer) -> str:
    """Everything that an invoice is found by, folded: the buyer's name as printed and the customer's today; amounts.

    Its reference stands last: lettering in bulk appends it to the text of an unlettered document.
    """
    labels = [line.label for line in invoice.lines]
    corrected = invoice.corrects.number if invoice.corrects else ""
    words = fold(invoice.number, invoice.transaction_code, invoice.subject, invoice.buyer_name, customer.name,
                customer.organisation_name, customer.email, corrected, invoice.reason, *labels)  # fmt: skip
    return f"{words} {amount_tokens(invoice.total_cents, invoice.net_cents)}{found_by(invoice.lettering)}"


def found_by(reference: str | None) -> str:
    """What a reference adds to the end of the text that its document is found by."""
    folded = fold(reference)
    return f" {folded}" if folded else ""
