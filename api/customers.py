"""Customers, by the shop's own ids."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from api import bp, reading
from api.answers import CustomerAnswer
from api.document import spec, told_by
from api.doing import answered, write
from api.gate import actor, needs, shop
from api.shapes import CustomerBody, CustomerQuery
from api.telling import content_of, customer
from invoicing.customers.rules import CustomerContent
from invoicing.sellers.models import Region
from invoicing.shop.keys import Scope
from invoicing.shop.order_queries import shop_of
from invoicing.shop.own_customers import Put, customer_of, is_own, put_customer
from web.database import db, now


@bp.get("/customers", endpoint="customer")
@spec.validate(query=CustomerQuery, resp=told_by(200, CustomerAnswer, 404), operation_id="readCustomer",
               tags=["customers"], skip_validation=True)  # fmt: skip
@needs(Scope.read)
def read_customer() -> Response:
    """A customer whom the shop has sent."""
    asked = reading.query(CustomerQuery)
    found = customer_of(db.session, shop().shop_id, asked.id)
    return answered(customer(asked.id, found, False, is_own(db.session, shop().shop_id, found)))


@bp.put("/customers", endpoint="customer_put")
@spec.validate(json=CustomerBody, resp=told_by(200, CustomerAnswer, 201, 409), operation_id="putCustomer",
               tags=["customers"], skip_validation=True)  # fmt: skip
@needs(Scope.customers)
def put_one() -> Response:
    """A customer is made, or changed."""
    return _put()


@bp.post("/customers", endpoint="customer_post")
@spec.validate(json=CustomerBody, resp=told_by(200, CustomerAnswer, 201, 409), operation_id="postCustomer",
               tags=["customers"], skip_validation=True)  # fmt: skip
@needs(Scope.customers)
def post_one() -> Response:
    """The same, for programs that can't PUT."""
    return _put()


def _put() -> Response:
    reading.no_query()
    said = reading.body(CustomerBody)
    content, shop_id, moment = described(said), shop().shop_id, now()

    def act(session: Session) -> Put:
        return put_customer(session, actor(), moment, shop_id, said.id, content)

    put = write(act)
    found = customer_of(db.session, shop_id, said.id)
    content_told = customer(said.id, found, put.is_changed, put.is_new or is_own(db.session, shop_id, found))
    return answered(content_told, 201 if put.is_new else 200)


def described(said: CustomerBody) -> CustomerContent:
    """What the body says, with the seller's country and language where it says none."""
    seller = shop_of(db.session, shop().shop_id).seller
    language = "fr_CA" if seller.region is Region.QC else "fr_FR"
    return content_of(said, seller.country, language)
