"""The series that a shop takes its numbers from: one of its seller's that is there, or a new one (SPEC N1, A5)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import Fault, FieldFaults
from invoicing.journal import Actor
from invoicing.numbering import Mode, Series, Source, Use, begins_like
from invoicing.sellers.models import Seller
from invoicing.sellers.series import add_series, one_at_a_time
from invoicing.sellers.series_rules import SeriesContent
from invoicing.shop.shop_content import NEW, ShopContent
from invoicing.text import clean

_PREFIX: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,11}\Z")


def series_for(session: Session, actor: Actor, now: datetime, seller: Seller, content: ShopContent) -> Series:
    """The series that the form chooses, made if it is new; refuses with every fault, named as the form's fields."""
    if content.series != NEW:
        return _existing(session, seller, content.series)
    if content.source == Source.external:
        return _external(session, actor, now, seller, content)
    if content.source != Source.generated:
        raise FieldFaults([Fault("source", "choose")])
    wanted = SeriesContent(
        str(seller.id), Use.shop, content.mode, content.prefix, content.calendar, content.digits
    )  # fmt: skip
    return add_series(session, actor, now, wanted)


def series_of_shops(session: Session, seller_id: int) -> list[Series]:
    """The series in use of a seller that shops may have, oldest first."""
    query = select(Series).where(Series.seller_id == seller_id, Series.use == Use.shop, Series.active)
    return list(session.scalars(query.order_by(Series.id)))


def is_series_of(series: Series, content: ShopContent) -> bool:
    """Whether the form chooses this series, or describes it as a new one."""
    if content.series != NEW:
        return content.series == str(series.id)
    prefix = clean(content.prefix).lower()
    same = series.format.lower() == prefix if series.source is Source.external else (
        series.format.lower().startswith(prefix + "{")
    )  # fmt: skip
    return same and (series.source.value, series.mode.value) == (content.source, content.mode)


def _existing(session: Session, seller: Seller, text: str) -> Series:
    one_at_a_time(session)  # nobody retires it meanwhile
    found = next((row for row in series_of_shops(session, seller.id) if str(row.id) == text), None)
    if found is None:
        raise FieldFaults([Fault("series", "series_of_other")])
    return found


def _external(session: Session, actor: Actor, now: datetime, seller: Seller, content: ShopContent) -> Series:
    """A series whose numbers come with the orders: its prefix names it, and no generated one may begin like it."""
    one_at_a_time(session)
    prefix, faults = clean(content.prefix), []
    if not _PREFIX.match(prefix):
        faults.append(Fault("prefix", "bad_external_prefix", {"value": prefix[:40]}))
    if content.mode not in tuple(Mode):
        faults.append(Fault("mode", "choose"))
    if faults:
        raise FieldFaults(faults)
    for other in session.scalars(select(Series).order_by(Series.id)):
        same = other.source is Source.external and other.format.lower() == prefix.lower()
        if same or (other.source is Source.generated and begins_like(other.format, prefix)):
            raise FieldFaults([Fault("prefix", "format_meets", {"value": prefix, "other": other.format})])
    made = Series(
        seller_id=seller.id, use=Use.shop, source=Source.external, mode=Mode(content.mode), format=prefix, active=True
    )  # fmt: skip
    session.add(made)
    session.flush()
    changes = {"seller_id": (None, seller.id), "use": (None, Use.shop), "mode": (None, made.mode),
               "format": (None, prefix), "source": (None, Source.external), "active": (None, True)}  # fmt: skip
    journal.record(session, actor, now, "series.added", ("series", made.id), changes)
    return made
