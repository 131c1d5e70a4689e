"""Writes what a row of a shop's export changes: the order, its moves, what was given back, its reference (SPEC Q2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts.secrets import digest
from invoicing.invoices.crediting import CreditContent, corrected_of, credit
from invoicing.invoices.freezing import composed_for, make_findable, set_amounts, set_lines
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import LineContent
from invoicing.invoices.service import locked_whole
from invoicing.journal import Actor, JournalEntry
from invoicing.lettering import rules as lettering
from invoicing.lettering.service import letter
from invoicing.sellers.models import Seller
from invoicing.shop.importing_customers import customer_id, customer_ids
from invoicing.shop.importing_known import Target
from invoicing.shop.importing_rules import Said, Unfit, Verdict, moment_of
from invoicing.shop.importing_verdicts import Plan
from invoicing.shop.models import Shop
from invoicing.shop.orders import apply_event, take_order
from invoicing.shop.orders_at_once import take_orders
from invoicing.shop.rules import OrderContent, OrderEvent
from invoicing.taxes.queries import all_set_ids, sets_for

TO_CHECK: Final = "payback"  # of `Invoice.to_check`
REASONS: Final = {"fr": "Remboursement dans la boutique", "en": "Paid back in the shop"}
Written = tuple[int, int | None, Plan | None]  # invoice, new order's customer, what had to be said instead


def write(session: Session, actor: Actor, now: datetime, target: Target, said: Said, planned: Plan) -> Written:
    """Does what was planned; gives the invoice, and what had to be said otherwise at the last moment.

    Refuses what `take_order`, `apply_event` and `credit` refuse; raises Unfit.
    """
    customer = None
    if planned.order is None:
        customer = customer_id(session, actor, now, target, said.customer)
        content = _content(target, said, customer, _tax_set(session, target))
        invoice_id = take_order(session, actor, now, target.shop_id, content).id
    else:
        invoice_id = planned.order.id
    if planned.refills:
        _refill(session, actor, now, target, said, invoice_id)
    if planned.status or planned.is_ignored:
        _move(session, actor, now, said, invoice_id, moment_of(said.moved, target.timezone), planned.is_ignored)
    if planned.pays_back:
        _pay_back(session, actor, now, said, invoice_id)
    trouble = _letter(session, actor, now, said, planned, invoice_id) if planned.letters else None
    return invoice_id, customer, trouble


def write_new(
    session: Session, actor: Actor, now: datetime, target: Target, rows: Sequence[tuple[Said, Plan]]
) -> list[Written]:
    """The same for many orders that aren't there yet, none of them paid back; refuses for the first that can't come in.

    Whoever is faster makes it an IntegrityError: then each is written on its own.
    """
    customers = customer_ids(session, actor, now, target, [said.customer for said, _planned in rows])
    lines_of = _tax_set(session, target)
    contents = [_content(target, said, customer, lines_of) for (said, _), customer in zip(rows, customers, strict=True)]
    orders = take_orders(session, actor, now, target.shop_id, contents)
    ids = [order.id for order in orders]
    return [
        (number, customer, _letter(session, actor, now, said, planned, number) if planned.letters else None)
        for number, customer, (said, planned) in zip(ids, customers, rows, strict=True)
    ]


def _content(target: Target, said: Said, customer: int, tax_set: int) -> OrderContent:
    return OrderContent(
        customer_id=customer, transaction_code=said.code, ordered_at=moment_of(said.created, target.timezone),
        status=said.status, lines=_lines(said, tax_set), number=said.number, totals=said.totals,
        moved_at=moment_of(said.moved, target.timezone),
    )  # fmt: skip


def _lines(said: Said, tax_set: int) -> tuple[LineContent, ...]:
    """Labels; each line must name a choice of taxes, though none is computed for it."""
    return tuple(LineContent(label, code, 0, 0, 0, tax_set) for label, code in said.lines)


def _tax_set(session: Session, target: Target) -> int:
    """A choice that is offered, else a retired one: an order is never lost for want of one. Raises Unfit."""
    seller = session.scalars(select(Seller).join(Shop).where(Shop.id == target.shop_id)).one()
    found = [row.id for row in sets_for(session, seller)] or sorted(all_set_ids(session, seller))
    if not found:
        raise Unfit(Verdict.refused)
    return found[0]


def _refill(session: Session, actor: Actor, now: datetime, target: Target, said: Said, invoice_id: int) -> None:
    """A basket that has changed before it was placed: nothing of it stands yet."""
    order = locked_whole(session, invoice_id)
    before = order.total_cents
    order.lines.clear()
    session.flush()
    order.net_cents, order.tax_cents = said.totals.net_cents, said.totals.tax_cents
    set_lines(session, order, _lines(said, _tax_set(session, target)))
    order.summary = order.lines[0].label
    set_amounts(order, composed_for(session, order, now))
    make_findable(order, order.customer)
    order.revision += 1
    session.flush()
    changes = {"total_cents": (before, order.total_cents)}
    journal.record(session, actor, now, "invoice.draft_changed", ("invoice", order.id), changes)


def _move(
    session: Session, actor: Actor, now: datetime, said: Said, invoice_id: int, at: datetime, is_ignored: bool
) -> None:
    """The event that the row tells; of a day before the last one, only its trace, and that once."""
    last = session.scalar(select(Invoice.last_event_at).where(Invoice.id == invoice_id))
    if is_ignored and _is_traced(session, invoice_id, said.status, at):
        return
    if last is not None and not is_ignored:
        at = max(at, last)  # of two events on one day nobody knows the hour
    apply_event(session, actor, now, invoice_id, OrderEvent(said.status, at, part_unknown=True))


def _is_traced(session: Session, invoice_id: int, status: Status, at: datetime) -> bool:
    """Whether the same old news was noted before."""
    ending = f'"{at.isoformat()}"]'
    where = (JournalEntry.subject_kind == "invoice", JournalEntry.subject_id == invoice_id,
             JournalEntry.action == "invoice.event_ignored", JournalEntry.changes.contains(ending, autoescape=True),
             JournalEntry.changes.contains(f'"{status}"]', autoescape=True))  # fmt: skip
    return bool(session.scalar(select(exists().where(*where))))


def _pay_back(session: Session, actor: Actor, now: datetime, said: Said, invoice_id: int) -> None:
    """The credit note over all of it, once; whether the money went back is for a person to check."""
    invoice = session.get_one(Invoice, invoice_id)
    everything = corrected_of(session, invoice).everything()
    reason = REASONS["en" if invoice.language.startswith("en") else "fr"]
    token = digest(f"payback {invoice.shop_id} {said.code}")[:43]
    credit(
        session, actor, now, invoice_id, CreditContent(everything, reason), invoice.total_cents, email=False,
        domain="", form_token=token,
    )  # fmt: skip
    invoice = session.get_one(Invoice, invoice_id)
    invoice.to_check = TO_CHECK
    session.flush()
    changes = {"to_check": ("", TO_CHECK)}
    journal.record(session, actor, now, "invoice.to_check", ("invoice", invoice_id), changes)


def _letter(session: Session, actor: Actor, now: datetime, said: Said, planned: Plan, invoice_id: int) -> Plan | None:
    """Gives the reference in the one way there is; what it refuses is said, and the order stays."""
    try:
        with session.begin_nested():
            letter(session, actor, now, invoice_id, said.lettering, seen=0)
    except lettering.LetteringTaken as taken:
        return _instead(said, planned, "taken", by=taken.holder_number)
    except lettering.NotLetterable as refused:
        return _instead(said, planned, "status", status=refused.status)
    except lettering.LetteringStale as stale:
        return _instead(said, planned, "other", has=stale.after or "")
    except lettering.LetteringBusy:
        return _instead(said, planned, "busy")
    return None


def _instead(said: Said, planned: Plan, why: str, **facts: object) -> Plan:
    told = {**planned.facts, **facts, "why": why, "reference": said.lettering, "also": planned.verdict.value}
    return Plan(Verdict.lettering, told, planned.order)
