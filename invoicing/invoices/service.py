"""What happens to manual invoices: drafted, deleted, finalised once. The edge commits."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from invoicing import journal
from invoicing.customers.service import get as get_customer
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.service import Outgoing, queue
from invoicing.documents.paper import Facts
from invoicing.documents.service import due as version_due
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.invoices import rules
from invoicing.invoices.composing import Composed, compose
from invoicing.invoices.freezing import (
    freeze,
    locked,
    make_findable,
    receive,
    set_amounts,
    set_lines,
    write_taxes,
)
from invoicing.invoices.heading import heading_of
from invoicing.invoices.models import Invoice, InvoiceKind, MadeOutTo, Origin, Status
from invoicing.invoices.reading import DraftContent
from invoicing.journal import Actor
from invoicing.numbering import Use, steady_series, take_number
from invoicing.sellers.queries import seller as get_seller
from invoicing.sellers.queries import series_of, today_of
from invoicing.sellers.series import follow_in_use
from invoicing.shop.items import known_items
from invoicing.shop.units import sell


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
    customer = get_customer(session, customer_id, steady=True)  # a rename waits, and then finds the draft
    seller = get_seller(session, seller_id)
    steady_series(session)  # else one put in use meanwhile would not find this draft
    series = series_of(session, seller_id, Use.manual)
    draft = Invoice(
        seller=seller, series=series, mode=series.mode, currency=seller.currency, customer=customer,
        transaction_code=secrets.token_urlsafe(18), created_at=now, created_by_id=actor.account_id,
        form_token=form_token,
        kind=InvoiceKind.invoice, status=Status.draft, language=customer.language, listed_on=today_of(seller, now),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(draft)
    except IntegrityError:  # sent twice in the same instant: the other one has just made it
        if (same := session.scalar(select(Invoice).where(Invoice.form_token == form_token))) is None:
            raise
        return same
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
    follow_in_use(session, actor, now, draft)
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
    shown: str | None = None,
) -> Finalised:
    """Numbers, freezes and archives a draft, records what was received, and promises the e-mail if `email`.

    `shown_cents` is the total that the person saw, `shown` the fingerprint of what they saw (None where nobody looked);
    `domain` that of Message-IDs. Refuses, with nothing changed: AlreadyFinalised, Stale, FieldFaults, MentionsMissing,
    PreviewOutdated, ContentOutdated, NoAddress, DateBeforeLast.
    """
    draft = locked_draft(session, invoice_id, finalising=True)
    if draft.revision != revision:
        raise Stale
    follow_in_use(session, actor, now, draft)
    composed = compose(session, draft, today_of(draft.seller, now))
    _check(draft, composed, shown_cents, shown, email)
    write_taxes(session, draft, composed)
    number = take_number(session, draft.series, composed.snapshot.issued_on)
    status = rules.status_at_freezing(composed.snapshot.total_cents, received=draft.paid_on is not None)
    freeze(session, draft, composed, number, now, status, email=email)
    if any(line.item_id is not None for line in draft.lines):
        sell(session, draft, (), now)
    if draft.paid_on:
        receive(session, draft, actor, now)
    named = heading_of(draft.kind, draft.mode, draft.status, lettered=False)
    version = version_due(session, draft.id, Facts(heading=named), now)
    delivery_id = promise(session, draft, now, domain) if email else None
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
    draft = locked_whole(session, invoice_id) if finalising else locked(session, invoice_id)
    if draft.origin is not Origin.manual:  # a shop's order is the shop's to change
        raise NotFound
    if draft.is_frozen:
        raise rules.AlreadyFinalised(draft.number or "") if finalising else rules.NotADraft(draft.number or "")
    return draft


def locked_whole(session: Session, invoice_id: int) -> Invoice:
    """The invoice, locked, and its customer kept as they are: for whoever adds rows that belong to the customer.

    The customer comes first, as for a rename, which goes on to the invoices. Refuses NotFound, and Stale where the
    invoice has passed to another customer meanwhile.
    """
    customer_id = session.scalar(select(Invoice.customer_id).where(Invoice.id == invoice_id))
    if customer_id is None:
        raise NotFound
    get_customer(session, customer_id, steady=True)
    invoice = locked(session, invoice_id)
    if invoice.customer_id != customer_id:
        raise Stale
    return invoice


def _fill(session: Session, draft: Invoice, content: DraftContent, now: datetime) -> None:
    """Sets what the form says and computes what it comes to."""
    for name in ("issued_on", "due_on", "supplied_on", "made_out_to", "subject", "note", "paid_method", "paid_on",
                 "discount_e4", "discount_cents"):  # fmt: skip
        setattr(draft, name, getattr(content, name))
    customer = draft.customer
    draft.language = customer.language
    draft.summary = content.subject or content.lines[0].label
    if content.made_out_to is MadeOutTo.organisation and not customer.organisation_name:
        draft.made_out_to = MadeOutTo.person
    set_lines(session, draft, known_items(session, content.lines, draft.currency))
    composed = compose(session, draft, today_of(draft.seller, now))
    if composed.faults:
        raise FieldFaults(composed.faults)
    set_amounts(draft, composed)
    draft.listed_on = draft.issued_on or today_of(draft.seller, draft.created_at)
    make_findable(draft, customer)
    session.flush()


def fingerprint(session: Session, draft_id: int, now: datetime) -> str:
    """What the draft's preview says at that moment, in brief: what `finalise` compares as `shown`."""
    draft = session.get(Invoice, draft_id)
    if draft is None:
        raise NotFound
    return compose(session, draft, today_of(draft.seller, now)).fingerprint


def _check(draft: Invoice, composed: Composed, shown_cents: int, shown: str | None, email: bool) -> None:
    if composed.faults:
        raise FieldFaults(composed.faults)
    if composed.missing:
        raise composed.missing
    if composed.amounts.total_cents != shown_cents:
        raise rules.PreviewOutdated(shown_cents, composed.amounts.total_cents)
    if shown is not None and shown != composed.fingerprint:
        raise rules.ContentOutdated(shown_cents, composed.amounts.total_cents)
    if email and not draft.customer.email:
        raise rules.NoAddress(draft.customer_id)


def promise(session: Session, invoice: Invoice, now: datetime, domain: str) -> int:
    """The e-mail of a document that has just been finalised, in the same transaction; gives the delivery's id."""
    outgoing = Outgoing(
        kind=DeliveryKind.invoice, recipient=invoice.customer.email, language=invoice.language,
        customer_id=invoice.customer_id, invoice_id=invoice.id,
    )  # fmt: skip
    return queue(session, outgoing, now, domain).id


def refresh_search(session: Session, customer_id: int) -> None:
    """Folds again the invoices of a customer who was renamed: today's name finds them too.

    Waits for whoever is changing one of them, so that it reads the number that is being given just now.
    """
    customer = get_customer(session, customer_id)
    query = select(Invoice).where(Invoice.customer_id == customer_id).order_by(Invoice.id).with_for_update(of=Invoice)
    query = query.options(selectinload(Invoice.lines)).execution_options(populate_existing=True)
    for invoice in session.scalars(query):
        make_findable(invoice, customer)
    session.flush()
