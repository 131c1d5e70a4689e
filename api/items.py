"""What the shop may sell, and what it is told of itself."""

from __future__ import annotations

from flask import Response

from api import bp, reading
from api.answers import ItemList, MeAnswer, told
from api.document import spec, told_by
from api.doing import answered
from api.gate import needs, shop
from api.shapes import ItemsQuery
from api.telling import item
from invoicing.documents.paper import MAX_LINES
from invoicing.numbering import Mode, Source
from invoicing.shop.incoming import number_prefix
from invoicing.shop.keys import Scope
from invoicing.shop.order_queries import items_of, shop_of
from invoicing.taxes.queries import sets_for
from web.database import db
from web.services import services
from web.words import language


@bp.get("/items", endpoint="items")
@spec.validate(query=ItemsQuery, resp=told_by(200, ItemList), operation_id="readItems", tags=["shop"],
               skip_validation=True)  # fmt: skip
@needs(Scope.read)
def read_items() -> Response:
    """A page of the shop's catalogue: the items that have a code."""
    asked = reading.query(ItemsQuery)
    page, after = items_of(db.session, shop().shop_id, asked.cursor, asked.limit)
    return answered({"items": [item(row) for row in page], "next": after})


@bp.get("/me", endpoint="me")
@spec.validate(resp=told_by(200, MeAnswer), operation_id="readMe", tags=["shop"], skip_validation=True)
def read_me() -> Response:
    """The shop that the key speaks for, and what it may."""
    reading.no_query()
    me, most = shop_of(db.session, shop().shop_id), services().settings.api_calls_per_minute
    names = "label_en" if language() == "en" else "label_fr"
    return answered(told(MeAnswer, {
        "shop": me.name,
        "scopes": [scope.value for scope in Scope if scope in shop().scopes],
        "currency": me.currency.value,
        "official": me.series.mode is Mode.official,
        "brings_numbers": me.series.source is Source.external,
        "number_prefix": number_prefix(me),
        "payment_methods": [row.label for row in me.payment_methods],
        "taxes": [{"code": row.code, "label": getattr(row, names)} for row in sets_for(db.session, me.seller)],
        "limits": {"calls_per_minute": most, "body_bytes": reading.BODY_MAX, "lines": MAX_LINES},
    }))  # fmt: skip
