"""What comes in from a shop: its orders, and what happens to them. The one way in; the edge commits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from invoicing import journal
from invoicing.customers.models import Customer
from invoicing.customers.service import get as get_customer
from invoicing.errors import NotFound
from invoicing.invoices import rules as invoice_rules
from invoicing.invoices.freezing import composed_for, make_findable, set_amounts, set_lines, stand
from invoicing.invoices.heading import follow
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.moving_rules import check_giving_up, standing_of
from invoicing.invoices.service import locked_whole
from invoicing.journal import Actor
from invoicing.numbering import NumberTaken, Source, claim_number, is_taken
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.sellers.queries import today_of
from invoicing.shop import rules
from invoicing.shop.models import Shop
from invoicing.shop.rules import OrderContent, OrderEvent
from invoicing.shop.units import sell
from invoicing.taxes.queries import all_set_ids


def take_order(session: Session, actor: Actor, now: datetime, shop_id: int, content: OrderContent) -> Invoice:
    """An order of a shop becomes an invoice, which stands at once where its status says so; the same one comes in once.

    Refuses, with nothing changed: NotFound, ShopClosed, FieldFaults, NumberWanted, what `claim_number` refuses,
    MentionsMissing, NoRate, DateBeforeLast.
    """
    shop = session.get(Shop, shop_id, options=[selectinload(Shop.payment_methods)])
    if shop is None:
        raise NotFound
    if (same := of_code(session, shop_id, content.transaction_code)) is not None:
        return same
    if not shop.active:
        raise rules.ShopClosed(shop_id)
    content = rules.check_order(content, all_set_ids(session, shop.seller), now)
    order = _new(session, actor, now, shop, content)
    try:
        with session.begin_nested():
            order.number = _number(session, shop, content)
            session.add(order)
    except (IntegrityError, NumberTaken):  # it may have come in twice in the same instant
        if (same := of_code(session, shop_id, content.transaction_code)) is not None:
            return same
        if content.number and is_taken(session, content.number):
            raise NumberTaken(content.number) from None
        raise
    _arrive(session, actor, now, order, content)
    return order


def of_code(session: Session, shop_id: int, transaction_code: str) -> Invoice | None:
    """The shop's order with this transaction code."""
    where = (Invoice.shop_id == shop_id, Invoice.transaction_code == transaction_code)
    return session.scalars(select(Invoice).where(*where)).first()


def _new(session: Session, actor: Actor, now: datetime, shop: Shop, content: OrderContent) -> Invoice:
    # A rename waits, and then finds the order; a duplicate that was merged just now is followed.
    customer = get_customer(session, content.customer_id, steady=True, follow=True)
    with session.no_autoflush:
        return new_order(actor, now, shop, customer, content)


def new_order(actor: Actor, now: datetime, shop: Shop, customer: Customer, content: OrderContent) -> Invoice:
    """The row of an order, without lines yet."""
    return Invoice(
        kind=InvoiceKind.invoice, origin=Origin.online, shop=shop, seller=shop.seller, series=shop.series,
        mode=shop.series.mode, currency=shop.currency, language=customer.language, customer=customer,
        transaction_code=content.transaction_code, ordered_at=content.ordered_at, status=Status.draft,
        payment_label=content.payment_label, subject=content.subject, note=content.note,
        summary=content.subject or content.lines[0].label, last_event_at=content.moved_at or content.ordered_at,
        listed_on=today_of(shop.seller, content.ordered_at), created_at=now, created_by_id=actor.account_id,
        wants_mail=content.wants_mail, totals_only=content.totals is not None, **_totals(content),
    )  # fmt: skip


def _totals(content: OrderContent) -> dict[str, int]:
    """Totals that come alone are there before the lines are composed: nothing else tells them."""
    return asdict(content.totals) if content.totals else {}


def _number(session: Session, shop: Shop, content: OrderContent) -> str | None:
    """The number that an external series' order brings along; a generated one is given later, or never."""
    if content.number is None:
        if shop.series.source is Source.external:
            raise rules.NumberWanted(content.transaction_code)
        return None
    return claim_number(session, shop.series, content.number)


def _arrive(session: Session, actor: Actor, now: datetime, order: Invoice, content: OrderContent) -> None:
    """Lines, amounts, then what its status asks for: to stand, and to be paid."""
    set_lines(session, order, content.lines)
    sell(session, order, content.units, now)
    composed = composed_for(session, order, now)
    set_amounts(order, composed)
    paid_cents = rules.paid_at_once(content.status, content.paid_cents, order.total_cents, order.totals_only)
    status = rules.status_on_arrival(content.status, order.total_cents)
    if invoice_rules.freezes(order.mode, status):
        stand(session, order, composed, now, status)
    order.status = status
    make_findable(order, order.customer)
    session.flush()
    _receive(session, actor, now, order, paid_cents, content.ordered_at, content.payment_reference)
    follow(session, order, now)
    tell_order(session, actor, now, order)


def tell_order(session: Session, actor: Actor, now: datetime, order: Invoice) -> None:
    """The journal's word that it came in."""
    changes = {
        "number": (None, order.number),
        "status": (None, order.status),
        "total_cents": (None, order.total_cents),
        "shop_id": (None, order.shop_id),
    }
    journal.record(session, actor, now, "invoice.ordered", ("invoice", order.id), changes)


def apply_event(session: Session, actor: Actor, now: datetime, invoice_id: int, event: OrderEvent) -> bool:
    """Moves an order as its shop says; False where that changes nothing: known already, or older than the last event.

    Refuses, with nothing changed: NotFound, FieldFaults, MoveRefused, AmountDiffers, StandsForGood, LetteredStands,
    CreditedStands, Stale, and what freezing refuses.
    """
    order = locked_whole(session, invoice_id)  # it may stand now, and promise an e-mail to its customer
    if order.origin is not Origin.online:
        raise NotFound
    event = rules.check_event(event, order.total_cents, now)
    if order.last_event_at and event.at < order.last_event_at:
        changes = {"status": (order.status, event.status), "at": (order.last_event_at, event.at)}
        journal.record(session, actor, now, "invoice.event_ignored", ("invoice", order.id), changes)
        return False
    if rules.is_repeated(order.status, order.paid_cents, order.last_event_at, event):
        return False
    steps = rules.path(order.status, event.status)
    check_giving_up(standing_of(order), event.status)
    unknown = event.part_unknown and event.status is Status.partial
    paid_cents = 0 if unknown else rules.paid_by_event(
        order.number or "", event.status, order.remaining_cents, order.total_cents, event.paid_cents
    )  # fmt: skip
    order.last_event_at = event.at
    order.payment_label = event.payment_label or order.payment_label
    for step in steps:
        make_move(session, actor, now, order, step, event, paid_cents)
        paid_cents = 0
        if order.status is not step:
            break
    order.revision += 1
    follow(session, order, now)
    return True


def make_move(
    session: Session, actor: Actor, now: datetime, order: Invoice, step: Status, event: OrderEvent, paid_cents: int
) -> None:
    """One move; the first that accepts the order makes it stand, at the rates of that day.

    Where they were lower when it was ordered and paid for, it is partial: the rest is still due.
    """
    before, number, paid_before = order.status, order.number, order.paid_cents
    if not order.is_frozen and invoice_rules.freezes(order.mode, step):
        stand(session, order, composed_for(session, order, now), now, step)
    order.status = step
    session.flush()
    _receive(session, actor, now, order, paid_cents, event.at, event.reference)
    if step in invoice_rules.ACQUIRED and order.remaining_cents > 0:
        order.status = step = Status.partial
        session.flush()
    changes: dict[str, tuple[object, object]] = {} if step is before else {"status": (before, step)}
    if order.number != number:
        changes["number"] = (number, order.number)
    if paid_cents:
        changes["paid_cents"] = (paid_before, order.paid_cents)
    action = "invoice.paid" if paid_cents else "invoice.moved"
    journal.record(session, actor, now, action, ("invoice", order.id), changes)


def _receive(
    session: Session, actor: Actor, now: datetime, order: Invoice, amount_cents: int, at: datetime, reference: str
) -> None:
    """The money that came in, by the means that the shop's words stand for."""
    if not amount_cents:
        return
    session.add(payment_of(actor, now, order, amount_cents, at, reference))
    order.paid_cents += amount_cents
    session.flush()


def payment_of(actor: Actor, now: datetime, order: Invoice, amount_cents: int, at: datetime, reference: str) -> Payment:
    """The row of a payment."""
    return Payment(
        invoice_id=order.id, method=_method(order), amount_cents=amount_cents, paid_on=today_of(order.seller, at),
        reference=reference, recorded_at=now, recorded_by_id=actor.account_id,
    )  # fmt: skip


def _method(order: Invoice) -> PaymentMethod:
    known = {row.label: row.method for row in order.shop.payment_methods} if order.shop else {}
    return known.get(order.payment_label, PaymentMethod.other)
