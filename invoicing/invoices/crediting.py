"""Credit notes: what may still be credited, what one would say, and the one way to make it (SPEC B9)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.customers.rules import text_faults
from invoicing.delivery.models import Delivery
from invoicing.documents.service import due as version_due
from invoicing.documents.service import latest
from invoicing.documents.snapshot import Bank, Line, Snapshot, TaxTotal
from invoicing.errors import Fault, FieldFaults
from invoicing.invoices import crediting_rules as rules
from invoicing.invoices import heading
from invoicing.invoices.composing import Composed, content_of
from invoicing.invoices.crediting_rules import Corrected, CorrectedLine, CreditContent, Credited
from invoicing.invoices.freezing import freeze, set_lines, write_taxes
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, InvoiceTax, Origin, Status
from invoicing.invoices.rules import ContentOutdated, NoAddress, PreviewOutdated
from invoicing.invoices.service import Finalised, locked_whole, promise
from invoicing.journal import Actor
from invoicing.legal.supplies import category_of, told_again
from invoicing.numbering import take_number
from invoicing.payments.served import Did, FormUsed
from invoicing.payments.service import settle
from invoicing.sellers.models import Supplies
from invoicing.sellers.queries import today_of
from invoicing.sellers.series import credit_series
from invoicing.shop.units import take_back
from invoicing.taxes.rules import Borne, TaxSum
from invoicing.text import clean

__all__ = ["CreditContent", "compose_credit", "corrected_of", "credit"]


def corrected_of(session: Session, invoice: Invoice) -> Corrected:
    """The invoice as a credit note sees it: its lines, taxes and total, and what earlier ones took of them."""
    by = select(Invoice.id).where(Invoice.corrects_id == invoice.id).scalar_subquery()
    base = func.sum(InvoiceLine.net_cents - InvoiceLine.allowance_cents)
    of_lines = select(InvoiceLine.corrects_line_id, base).where(InvoiceLine.invoice_id.in_(by))
    taken = {row[0]: int(row[1]) for row in session.execute(of_lines.group_by(InvoiceLine.corrects_line_id))}
    tax = (InvoiceTax.tax_id, InvoiceTax.rate_e5)
    of_taxes = select(*tax, func.sum(InvoiceTax.base_cents), func.sum(InvoiceTax.amount_cents))
    rows = session.execute(of_taxes.where(InvoiceTax.invoice_id.in_(by)).group_by(*tax))
    return Corrected(
        lines=tuple(_corrected_line(line, taken.get(line.id)) for line in invoice.lines),
        taxes=tuple(TaxSum(t.tax_id, t.rate_e5, t.base_cents, t.amount_cents) for t in invoice.taxes),
        taken={Borne(tax_id, rate): (int(base), int(amount)) for tax_id, rate, base, amount in rows},
        total_cents=invoice.total_cents, taken_total_cents=invoice.credited_cents, currency=invoice.currency,
        totals_only=(invoice.net_cents, invoice.tax_cents) if invoice.totals_only else None,
    )  # fmt: skip


def _corrected_line(line: InvoiceLine, taken: int | None) -> CorrectedLine:
    borne = tuple(Borne(tax.tax_id, tax.rate_e5) for tax in line.taxes)
    return CorrectedLine(line.id, content_of(line), borne, line.net_cents, line.allowance_cents, taken)


def compose_credit(
    session: Session, invoice: Invoice, content: CreditContent, today: date
) -> tuple[Composed, Credited]:
    """What the credit note would say on `today`, the seller's day, without its number.

    Seller, buyer, taxes and rates are those of the invoice's own snapshot: this document corrects that one.
    Refuses NotCreditable, NothingToCredit, FieldFaults.
    """
    corrected = corrected_of(session, invoice)
    rules.check_creditable(invoice.number or "", invoice.kind, invoice.status, invoice.is_frozen, corrected)
    reason, faults = clean(content.reason), []
    if not reason:
        faults.append(Fault("reason", "required"))
    faults += text_faults("reason", reason, rules.REASON_MAX)
    try:
        found = rules.credited(corrected, content.lines)
    except FieldFaults as refused:
        raise FieldFaults([*refused.faults, *faults]) from None
    if faults:
        raise FieldFaults(faults)
    was = Snapshot.from_json(invoice.snapshot or "")
    borne = tuple(line.taxes for line, _ in found.lines)
    snapshot = _snapshot(was, invoice, found, today, reason)
    return Composed(snapshot, found.amounts, borne, (), None, invoice.customer.email), found


def _snapshot(was: Snapshot, invoice: Invoice, found: Credited, today: date, reason: str) -> Snapshot:
    amounts, places = found.amounts, {line.id: n for n, line in enumerate(invoice.lines)}
    kept = [was.lines[places[line.id]] for line, _ in found.lines]
    category = category_of(was.sells or was.supplies, (line.exemption for line in kept))
    taxes = {(t.tax_id, t.rate_e5): printed for t, printed in zip(invoice.taxes, was.taxes, strict=True)}
    return replace(
        was, kind=InvoiceKind.credit_note, number="", issued_on=today, due_on=None, supplied_on=None, paid_on=None,
        paid_by="", note="", bank=Bank(), terms=(), coded_terms=(), corrects=was.number, corrects_on=was.issued_on,
        reason=reason, mentions=_mentions(was, kept, category), supplies=was.supplies and str(category),
        transaction_code="", discount_e4=was.discount_e4 if found.is_whole else 0,
        net_cents=amounts.net_cents, tax_cents=amounts.tax_cents, total_cents=amounts.total_cents,
        allowance_cents=amounts.allowance_cents, rounding_cents=amounts.rounding_cents,
        lines=tuple(
            Line(
                label=content.label, detail=content.detail, quantity_e3=content.quantity_e3, price_e4=content.price_e4,
                discount_e4=content.discount_e4, net_cents=net, gross=content.gross, allowance_cents=off,
                taxes=line.taxes, why_untaxed=line.why_untaxed, exemption=line.exemption,
            )
            for line, (_, content), net, off in zip(kept, found.lines, amounts.nets, amounts.allowances, strict=True)
        ),
        taxes=tuple(_tax_total(taxes[t.tax_id, t.rate_e5], t) for t in amounts.taxes),
    )  # fmt: skip


def _mentions(was: Snapshot, kept: list[Line], category: Supplies) -> tuple[str, ...]:
    """The invoice's, for the lines that it credits: without what only others ask for, with their own category."""
    wanted = {line.why_untaxed for line in kept}
    left = {line.why_untaxed for line in was.lines} - wanted
    said = told_again(was.mentions, category) if was.supplies else was.mentions
    return tuple(text for text in said if text not in left)


def _tax_total(printed: TaxTotal, tax: TaxSum) -> TaxTotal:
    return replace(printed, base_cents=tax.base_cents, amount_cents=tax.amount_cents)


def credit(
    session: Session,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    content: CreditContent,
    shown_cents: int,
    *,
    email: bool,
    domain: str,
    form_token: str,
    shown: str | None = None,
) -> Finalised:
    """Makes the credit note: numbered, frozen, complete; what remains of its invoice follows, and its status.

    `shown_cents` is the total that the person saw, `shown` the fingerprint of what they saw (None where nobody looked);
    the same form twice makes one. Refuses, with nothing changed: NotFound, FormUsed (other content),
    NotCreditable, NothingToCredit, FieldFaults, PreviewOutdated, ContentOutdated, NoAddress, DateBeforeLast.
    """
    invoice = locked_whole(session, invoice_id)
    if (same := session.scalar(select(Invoice).where(Invoice.form_token == form_token))) is not None:
        return _again(session, same, invoice, content, email)
    composed, found = compose_credit(session, invoice, content, today_of(invoice.seller, now))
    if composed.amounts.total_cents != shown_cents:
        raise PreviewOutdated(shown_cents, composed.amounts.total_cents)
    if shown is not None and shown != composed.fingerprint:
        raise ContentOutdated(shown_cents, composed.amounts.total_cents)
    if email and not invoice.customer.email:
        raise NoAddress(invoice.customer_id)
    note = _write(session, actor, now, invoice, composed, found, form_token, email)
    version = version_due(session, note.id, heading.facts_of(note), now)
    delivery_id = promise(session, note, now, domain) if email else None
    _tell(session, actor, now, note)
    _settle(session, actor, now, invoice, note)
    return Finalised(note.id, note.number or "", version.id, delivery_id)


def _write(
    session: Session,
    actor: Actor,
    now: datetime,
    invoice: Invoice,
    composed: Composed,
    found: Credited,
    form_token: str,
    email: bool,
) -> Invoice:
    """The rows, and last of all the number."""
    snapshot = composed.snapshot
    series = credit_series(session, invoice.seller, invoice.mode, actor=actor, now=now)
    note = Invoice(
        kind=InvoiceKind.credit_note, origin=Origin.manual, mode=invoice.mode, seller=invoice.seller, series=series,
        currency=invoice.currency, language=snapshot.language, shop=invoice.shop, customer=invoice.customer,
        transaction_code=secrets.token_urlsafe(18), made_out_to=invoice.made_out_to, subject=snapshot.subject,
        summary=invoice.summary, corrects=invoice, reason=snapshot.reason, discount_e4=snapshot.discount_e4,
        created_at=now, created_by_id=actor.account_id, form_token=form_token, status=Status.draft,
        listed_on=snapshot.issued_on, totals_only=invoice.totals_only,
    )  # fmt: skip
    session.add(note)
    session.flush()
    set_lines(session, note, [content for _, content in found.lines])
    for row, (line, _) in zip(note.lines, found.lines, strict=True):
        row.corrects_line_id = line.id
    write_taxes(session, note, composed)
    coded = replace(composed, snapshot=replace(snapshot, transaction_code=note.transaction_code))
    number = take_number(session, series, snapshot.issued_on)
    freeze(session, note, coded, number, now, Status.complete, email=email)
    take_back(session, note)
    return note


def _settle(session: Session, actor: Actor, now: datetime, invoice: Invoice, note: Invoice) -> None:
    """What it takes off the invoice: paid, or complete, once nothing remains (« soldée par avoir », SPEC B7)."""
    before, credited_before = invoice.status, invoice.credited_cents
    invoice.credited_cents += note.total_cents
    settle(invoice)
    invoice.revision += 1
    session.flush()
    changes: dict[str, tuple[object, object]] = {
        "credited_cents": (credited_before, invoice.credited_cents),
        "credit_note_id": (None, note.id),
    }
    if invoice.status is not before:
        changes["status"] = (before, invoice.status)
    journal.record(session, actor, now, "invoice.credited", ("invoice", invoice.id), changes)
    heading.follow(session, invoice, now)


def _tell(session: Session, actor: Actor, now: datetime, note: Invoice) -> None:
    changes = {
        "number": (None, note.number),
        "status": (Status.draft, note.status),
        "total_cents": (None, note.total_cents),
        "emailed": (False, note.emailed),
        "corrects_id": (None, note.corrects_id),
    }
    journal.record(session, actor, now, "invoice.finalised", ("invoice", note.id), changes)


def _again(session: Session, note: Invoice, invoice: Invoice, content: CreditContent, email: bool) -> Finalised:
    """What the same form has made already; refuses FormUsed where it says something else now."""
    if note.kind is not InvoiceKind.credit_note:
        raise FormUsed(Did.other, "", 0, note.currency)
    lines = sorted((line.corrects_line_id or 0, line.net_cents - line.allowance_cents) for line in note.lines)
    made = (note.corrects_id, lines, note.reason, note.emailed)
    if made != (invoice.id, sorted(content.lines), clean(content.reason), email):
        raise FormUsed(Did.credit_note, note.number or "", note.total_cents, note.currency)
    sent = session.scalar(select(func.max(Delivery.id)).where(Delivery.invoice_id == note.id))
    return Finalised(note.id, note.number or "", latest(session, note.id).id, sent)
