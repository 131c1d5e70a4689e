"""Orders: they come in once, and may be read again."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from api import bp, gate, reading
from api.answers import OrderAnswer, OrderOrList
from api.customers import described
from api.document import spec, told_by
from api.doing import answered, do_once
from api.gate import actor, needs, shop
from api.shapes import LineBody, OrderBody, OrdersQuery
from api.telling import brief, entire
from invoicing.invoices.models import Status
from invoicing.shop.incoming import LineSaid, OrderSaid, place
from invoicing.shop.keys import Scope
from invoicing.shop.order_queries import order_of, orders_of
from invoicing.shop.requests import Answer, Asked, key_of
from invoicing.shop.rules import UnitsWanted
from web.database import db, now
from web.services import services


@bp.get("/orders", endpoint="orders")
@spec.validate(query=OrdersQuery, resp=told_by(200, OrderOrList, 404), operation_id="readOrders", tags=["orders"],
               skip_validation=True)  # fmt: skip
@needs(Scope.read)
def read_orders() -> Response:
    """One order by its transaction code, or a page of them."""
    asked = reading.query(OrdersQuery)
    if asked.transaction_code is not None:
        if asked.model_fields_set != {"transaction_code"}:
            raise reading.refused([reading.error("transaction_code", "alone", "parameter")])
        return answered(entire(order_of(db.session, shop().shop_id, asked.transaction_code)))
    status = Status(asked.status) if asked.status else None
    page, after = orders_of(db.session, shop().shop_id, status, asked.since, asked.cursor, asked.limit)
    return answered({"orders": [brief(order) for order in page], "next": after})


@bp.post("/orders", endpoint="order_new")
@spec.validate(json=OrderBody, resp=told_by(201, OrderAnswer, 409), operation_id="placeOrder", tags=["orders"],
               skip_validation=True)  # fmt: skip
@needs(Scope.orders)
def place_order() -> Response:
    """An order comes in, once."""
    reading.no_query()
    body = reading.body(OrderBody)
    said, moment, shop_id = _said(body), now(), shop().shop_id

    def act(session: Session) -> Answer:
        placed = place(session, actor(), moment, shop_id, said)
        return Answer(201, entire(placed.order, placed.warnings))

    response = do_once(Asked.order, key_of(body.transaction_code), body, act)
    if said.wants_mail:
        services().nudge()
    return response


def _said(body: OrderBody) -> OrderSaid:
    """The body as the core takes it; ends the request with 422 where fields contradict each other, 403 for a right."""
    errors = [] if (body.customer is None) != (body.customer_id is None) else [reading.error("", "one_customer")]
    for place_, line in enumerate(body.lines):
        if line.item is None and None in (line.label, line.price, line.tax):
            errors.append(reading.error(f"/lines/{place_}", "item_or_line"))
    if errors:
        raise reading.refused(errors)
    if body.customer is not None:
        gate.check(Scope.customers)
    own_id = body.customer.id if body.customer else body.customer_id
    return OrderSaid(
        transaction_code=body.transaction_code, customer_id=own_id, ordered_at=body.ordered_at,
        lines=tuple(map(_line, body.lines)), customer=described(body.customer) if body.customer else None,
        status=Status(body.status), currency=body.currency or "", payment_label=body.payment_method,
        payment_reference=body.payment_reference, number=body.number, subject=body.subject, note=body.note,
        paid_cents=body.paid, total_cents=body.total, wants_mail=body.send_email,
    )  # fmt: skip


def _line(line: LineBody) -> LineSaid:
    units: Any = line.units and UnitsWanted(line.units.references, line.units.starts_on, line.units.ends_on)
    return LineSaid(
        item=(line.item or "").lower(), label=line.label or "", detail=line.detail, quantity_e3=line.quantity,
        price_e4=line.price, gross=line.tax_included, discount_e4=line.discount, tax=line.tax or "", units=units,
    )  # fmt: skip
