"""What happens to manual invoices: drafted, deleted, finalised once. The edge commits."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, joinedload, selectinload

from invoicing import journal
from invoicing.customers.models import Customer
from invoicing.customers.service import get as get_customer
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.service import Outgoing, queue
from invoicing.documents.paper import Facts, Heading
from invoicing.documents.service import due as version_due
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.invoices import rules
from invoicing.invoices.composing import Composed, compose
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, InvoiceLineTax, InvoiceTax, MadeOutTo, Status
from invoicing.invoices.reading import DraftContent
from invoicing.journal import Actor
from invoicing.numbering import Use, take_number
from invoicing.payments.models import Payment
from invoicing.search import fold
from invoicing.sellers.queries import seller as get_seller
from invoicing.sellers.queries import series_of, today_of
from invoicing.taxes.models import Tax, TaxSet, TaxSetMember


@dataclass(frozen=True)
class Finalised:
    """What finalising made: the invoice's number, and the delivery and version that wait for a worker."""

    invoice_id: int
    number: str
    version_id: int
    delivery_id: int | None


def save_draft(
    session: Session,
    actor: Actor,
    now: datetime,
    customer_id: int,
    seller_id: int,
    content: DraftContent,
    form_token: str,
) -> Invoice:
    """A new draft for a customer; the same form sent twice gives the same draft."""
    same = session.scalar(select(Invoice).where(Invoice.form_token == form_token))
    if same is not None:
        return same
    customer, seller = get_customer(session, customer_id), get_seller(session, seller_id)
    series = series_of(session, seller_id, Use.manual)
    draft = Invoice(
        seller=seller, series=series, mode=series.mode, currency=seller.currency, customer=customer,
        transaction_code=secrets.token_urlsafe(18), created_at=now, created_by_id=actor.user_id, form_token=form_token,
        kind=InvoiceKind.invoice, status=Status.draft,
    )  # fmt: skip
    session.add(draft)
    _fill(session, draft, content, now)
    journal.record(
        session, actor, now, "invoice.drafted", ("invoice", draft.id), {"total_cents": (None, draft.total_cents)}
    )
    return draft


def change_draft(
    session: Session, actor: Actor, now: datetime, invoice_id: int, revision: int, content: DraftContent
) -> Invoice:
    """Replaces a draft's content; refuses one that stands, and a form drawn before somebody else's change."""
    draft = locked_draft(session, invoice_id)
    if draft.revision != revision:
        raise Stale
    before = draft.total_cents
    draft.lines.clear()
    session.flush()
    draft.revision += 1
    _fill(session, draft, content, now)
    changes = {"total_cents": (before, draft.total_cents)}
    journal.record(session, actor, now, "invoice.draft_changed", ("invoice", draft.id), changes)
    return draft


def delete_draft(session: Session, actor: Actor, now: datetime, invoice_id: int) -> None:
    """Removes a draft; what stands can't be."""
    draft = locked_draft(session, invoice_id)
    session.delete(draft)
    session.flush()
    journal.record(session, actor, now, "invoice.draft_deleted", ("invoice", invoice_id))


def finalise(
    session: Session,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    revision: int,
    shown_cents: int,
    *,
    email: bool,
    domain: str,
) -> Finalised:
    """Numbers, freezes and archives a draft, records what was received, and promises the e-mail if `email`.

    `shown_cents` is the total that the person saw; `domain` that of Message-IDs. Refuses, with nothing changed:
    AlreadyFinalised, Stale, FieldFaults, MentionsMissing, PreviewOutdated, NoAddress, DateBeforeLast.
    """
    draft = locked_draft(session, invoice_id, finalising=True)
    if draft.revision != revision:
        raise Stale
    composed = compose(session, draft, today_of(draft.seller, now))
    _check(draft, composed, shown_cents, email)
    _write_taxes(session, draft, composed)
    number = take_number(session, draft.series, composed.snapshot.issued_on)
    _freeze(session, draft, composed, number, now, email)
    if draft.paid_on:
        _receive(session, draft, actor, now)
    version = version_due(session, draft.id, Facts(heading=Heading.invoice), now)
    delivery_id = _promise(session, draft, now, domain) if email else None
    changes = {
        "number": (None, number),
        "status": (Status.draft, draft.status),
        "total_cents": (None, draft.total_cents),
        "emailed": (False, email),
    }
    journal.record(session, actor, now, "invoice.finalised", ("invoice", draft.id), changes)
    return Finalised(draft.id, number, version.id, delivery_id)


def locked_draft(session: Session, invoice_id: int, finalising: bool = False) -> Invoice:
    """The draft, locked until the transaction ends; says so when it stands already."""
    query = select(Invoice).where(Invoice.id == invoice_id).with_for_update(of=Invoice)
    draft = session.scalars(query.options(*_WHOLE).execution_options(populate_existing=True)).first()
    if draft is None:
        raise NotFound
    if draft.is_frozen:
        raise rules.AlreadyFinalised(draft.number or "") if finalising else rules.NotADraft(draft.number or "")
    return draft


_WHOLE = (
    *(joinedload(name, innerjoin=True) for name in (Invoice.seller, Invoice.customer, Invoice.series)),
    selectinload(Invoice.lines)
    .selectinload(InvoiceLine.tax_set)
    .joinedload(TaxSet.members)
    .joinedload(TaxSetMember.tax)
    .joinedload(Tax.rates),
)  # what composing needs, in few queries


def _fill(session: Session, draft: Invoice, content: DraftContent, now: datetime) -> None:
    """Sets what the form says and computes what it comes to."""
    for name in ("issued_on", "due_on", "supplied_on", "made_out_to", "subject", "note", "paid_method", "paid_on"):
        setattr(draft, name, getattr(content, name))
    customer = draft.customer
    draft.language = customer.language
    draft.summary = content.subject or content.lines[0].label
    if content.made_out_to is MadeOutTo.organisation and not customer.organisation_name:
        draft.made_out_to = MadeOutTo.person
    draft.lines = [
        InvoiceLine(
            position=n, label=line.label, detail=line.detail, quantity_e3=line.quantity_e3, price_e4=line.price_e4,
            discount_e4=line.discount_e4, tax_set_id=line.tax_set_id, net_cents=0,
        )
        for n, line in enumerate(content.lines, start=1)
    ]  # fmt: skip
    session.flush()
    session.expire(draft, ["lines"])
    composed = compose(session, draft, today_of(draft.seller, now))
    if composed.faults:
        raise FieldFaults(composed.faults)
    _set_amounts(draft, composed)
    draft.search_text = _search_text(draft, customer)
    session.flush()


def _set_amounts(draft: Invoice, composed: Composed) -> None:
    for line, net in zip(draft.lines, composed.amounts.nets, strict=True):
        line.net_cents = net
    draft.net_cents, draft.tax_cents = composed.amounts.net_cents, composed.amounts.tax_cents
    draft.total_cents = composed.amounts.total_cents


def _check(draft: Invoice, composed: Composed, shown_cents: int, email: bool) -> None:
    if composed.faults:
        raise FieldFaults(composed.faults)
    if composed.missing:
        raise composed.missing
    if composed.amounts.total_cents != shown_cents:
        raise rules.PreviewOutdated(shown_cents, composed.amounts.total_cents)
    if email and not draft.customer.email:
        raise rules.NoAddress(draft.customer_id)


def _write_taxes(session: Session, draft: Invoice, composed: Composed) -> None:
    """The rows that freeze with the invoice: they must be there before it does."""
    _set_amounts(draft, composed)
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


def _freeze(session: Session, draft: Invoice, composed: Composed, number: str, now: datetime, email: bool) -> None:
    snapshot = composed.numbered(number)
    draft.number, draft.snapshot = number, snapshot.to_json()
    draft.issued_on, draft.due_on, draft.language = snapshot.issued_on, snapshot.due_on, snapshot.language
    draft.buyer_name = snapshot.buyer.name
    draft.status = rules.status_at_freezing(snapshot.total_cents, received=draft.paid_on is not None)
    draft.paid_cents = snapshot.total_cents if draft.paid_on else 0
    draft.emailed, draft.frozen_at = email, now
    draft.revision += 1
    draft.search_text = _search_text(draft, draft.customer)
    session.flush()


def _receive(session: Session, invoice: Invoice, actor: Actor, now: datetime) -> None:
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
            recorded_by_id=actor.user_id,
        )
    )


def _promise(session: Session, invoice: Invoice, now: datetime, domain: str) -> int:
    outgoing = Outgoing(
        kind=DeliveryKind.invoice, recipient=invoice.customer.email, language=invoice.language,
        customer_id=invoice.customer_id, invoice_id=invoice.id,
    )  # fmt: skip
    return queue(session, outgoing, now, domain).id


def _search_text(invoice: Invoice, customer: Customer) -> str:
    labels = [line.label for line in invoice.lines]
    return fold(invoice.number, invoice.transaction_code, invoice.lettering, invoice.subject, invoice.buyer_name,
                customer.name, customer.organisation_name, customer.email, *labels)  # fmt: skip


def refresh_search(session: Session, customer_id: int) -> None:
    """Folds again the invoices of a customer who was renamed: today's name finds them too."""
    customer = get_customer(session, customer_id)
    for invoice in session.scalars(select(Invoice).where(Invoice.customer_id == customer_id)):
        invoice.search_text = _search_text(invoice, customer)
    session.flush()
