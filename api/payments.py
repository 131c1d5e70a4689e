"""Money that came in, and what else has happened to an order."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from api import bp, reading
from api.answers import EventAnswer, PaymentAnswer, told
from api.document import spec, told_by
from api.doing import do_once
from api.gate import actor, needs, shop
from api.shapes import EventBody, PaymentBody
from api.telling import brief
from invoicing.invoices.models import Status
from invoicing.shop.keys import Scope
from invoicing.shop.order_queries import order_of
from invoicing.shop.orders import apply_event
from invoicing.shop.receipts import Receipt, take_payment
from invoicing.shop.requests import Answer, Asked, key_of
from invoicing.shop.rules import OrderEvent
from web.database import now


@bp.post("/payments", endpoint="payment_new")
@spec.validate(json=PaymentBody, resp=told_by(201, PaymentAnswer, 404, 409), operation_id="recordPayment",
               tags=["payments"], skip_validation=True)  # fmt: skip
@needs(Scope.payments)
def record_payment() -> Response:
    """Money came in."""
    reading.no_query()
    body = reading.body(PaymentBody)
    moment, shop_id = now(), shop().shop_id

    def act(session: Session) -> Answer:
        order = order_of(session, shop_id, body.transaction_code)
        said = Receipt(body.amount, body.at, body.method, body.reference)
        order = take_payment(session, actor(), moment, order.id, said)
        return Answer(201, told(PaymentAnswer, {"payment_id": body.payment_id, "order": brief(order)}))

    return do_once(Asked.payment, key_of(body.transaction_code, body.payment_id), body, act)


@bp.post("/events", endpoint="event_new")
@spec.validate(json=EventBody, resp=told_by(200, EventAnswer, 404, 409), operation_id="reportEvent",
               tags=["payments"], skip_validation=True)  # fmt: skip
@needs(Scope.payments)
def report_event() -> Response:
    """The status has changed in the shop."""
    reading.no_query()
    body = reading.body(EventBody)
    moment, shop_id = now(), shop().shop_id

    def act(session: Session) -> Answer:
        order = order_of(session, shop_id, body.transaction_code)
        event = OrderEvent(Status(body.status), body.at, body.amount, body.method, body.reference)
        applied = apply_event(session, actor(), moment, order.id, event)
        session.refresh(order)
        is_older = order.last_event_at is not None and body.at < order.last_event_at
        why = "applied" if applied else "older" if is_older else "known"
        values = {"event_id": body.event_id, "applied": applied, "why": why, "order": brief(order)}
        return Answer(200, told(EventAnswer, values))

    return do_once(Asked.event, key_of(body.transaction_code, body.event_id), body, act)
