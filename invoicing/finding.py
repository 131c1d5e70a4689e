"""What a search finds among all invoices, asked of the index that `search_index` keeps: for a page, and for sums.

docs/decisions/search.md says which plan is whose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    true,
)
from sqlalchemy.orm import Session

from invoicing.database import is_sqlite
from invoicing.expecting import expected
from invoicing.invoices.models import Invoice
from invoicing.search import Every, holding, is_indexed, liked, matches, trigrams, wish
from invoicing.search_index import DAY_ZERO, IDS, TABLE

Days = tuple[date | None, date | None]
Conditions = Iterable[ColumnElement[bool]]
RARE: Final = 1000  # this many documents at most are named by their ids; where there are more, lists are walked
COMMON: Final = 5 * RARE  # where PostgreSQL expects more, it is not asked for a thousand: it would look up all of them
_FTS: Final = table(TABLE, column("rowid", Integer), column("search_text", Text), column(TABLE, Text))
_TEXTS: Final = table(f"{TABLE}_content", column("id", Integer), column("c0", Text))  # what FTS5 keeps of its own
_NUMBER: Final = _FTS.c.rowid.op("&")(literal_column(str(IDS))).label("id")  # the invoice's


@dataclass(frozen=True)
class Found:
    """Two conditions that hold for the same invoices: for a page in some order, and for counts and sums of all.

    `few` says that the first names them one by one: then sort what it finds, else walk the order and look.
    """

    page: ColumnElement[bool]
    whole: ColumnElement[bool]
    few: bool
    hits: int = 0


def narrow(session: Session, query: str, rare: int = RARE) -> Found:
    """What a query finds among all invoices; `rare` is how many hits are looked for before the lists are walked."""
    wished = wish(query)
    sqlite = is_sqlite(session.connection())
    indexed = trigrams(wished) if sqlite else liked(Invoice.search_text, wished)
    each = matches(Invoice.search_text, query)
    if indexed is None:
        return Found(each, Invoice.id.in_(_read_through(wished)) if sqlite else each, few=False)
    hits = _first_hits(session, indexed, wished, rare)
    if hits is None:
        whole = Invoice.id.in_(_hits(indexed, wished)) if isinstance(indexed, str) else and_(indexed, each)
        return Found(each, whole, few=False)
    named = _named(hits, sqlite)
    return Found(named, named, few=True, hits=len(hits))


def hits_up_to(session: Session, query: str, most: int) -> int:
    """How many rows of the index may hold what is asked for, `most` at most; that many too where no index serves.

    PostgreSQL says what its planner expects, however many: counting would cost it what gathering costs.
    """
    wished = wish(query)
    if not is_sqlite(session.connection()):
        condition = liked(Invoice.search_text, wished)
        return most if condition is None else expected(session, select(Invoice.id).where(condition))
    indexed = trigrams(wished)
    if indexed is None:
        return most
    one: ColumnElement[int] = literal_column("1")
    some = select(one).select_from(_FTS).where(_FTS.c[TABLE].op("MATCH")(indexed)).limit(most)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def by_day(
    session: Session, query: str, days: Days, where: Conditions, descending: bool, among: Conditions = ()
) -> Select[int] | None:
    """The ids of what is found and meets the conditions, in the order of day and id; None where no index has that.

    `among` are conditions that few meet: those are listed first, so that no other hit is looked up.
    """
    wished = wish(query)
    indexed = trigrams(wished) if is_sqlite(session.connection()) else None
    if indexed is None:
        return None
    place, (first, last) = _FTS.c.rowid, days
    found = select(Invoice.id).select_from(_FTS).join(Invoice, Invoice.id == _NUMBER.element)
    found = found.where(_FTS.c[TABLE].op("MATCH")(indexed), *_left(wished), *where)
    if among:
        found = found.where(_NUMBER.element.in_(select(Invoice.id).where(*among).correlate(None)))
    if first:
        found = found.where(place >= (first.toordinal() + DAY_ZERO) << 32)
    if last:
        found = found.where(place < (last.toordinal() + DAY_ZERO + 1) << 32)
    return found.order_by(place.desc() if descending else place.asc())


def _first_hits(session: Session, indexed: str | ColumnElement[bool], wished: Every, rare: int) -> list[int] | None:
    """The ids of all that is found; None where it takes more than `rare` hits of the index to know."""
    if isinstance(indexed, str):
        exact = and_(true(), *_left(wished)).label("exact")
        query = select(_NUMBER, exact).where(_FTS.c[TABLE].op("MATCH")(indexed)).limit(rare + 1)
    elif expected(session, select(Invoice.id).where(indexed)) > COMMON:
        return None
    else:
        exact = holding(Invoice.search_text, wished).label("exact")
        hits = select(Invoice.id, exact).where(indexed).cte("hits").prefix_with("MATERIALIZED")
        query = select(hits.c.id, hits.c.exact).limit(rare + 1)
    rows = session.execute(query).all()
    return None if len(rows) > rare else [number for number, exact in rows if exact]


def _named(ids: list[int], sqlite: bool) -> ColumnElement[bool]:
    if sqlite:
        listed = func.json_each(json.dumps(ids)).table_valued(column("value", Integer))
        return Invoice.id.in_(select(listed.c.value))
    return Invoice.id == any_(bindparam(None, ids, type_=ARRAY(Integer)))


def _hits(indexed: str, wished: Every) -> Select[int]:
    return select(_NUMBER).where(_FTS.c[TABLE].op("MATCH")(indexed), *_left(wished))


def _left(wished: Every) -> list[ColumnElement[bool]]:
    """What the index of SQLite leaves open, to be looked for in its own copy of the texts."""
    return [] if is_indexed(wished) else [holding(_FTS.c.search_text, wished)]


def _read_through(wished: Every) -> Select[int]:
    """The texts alone lie closer together than the invoices with all that is frozen in them."""
    return select(_TEXTS.c.id.op("&")(literal_column(str(IDS))).label("id")).where(holding(_TEXTS.c.c0, wished))


def flagged(session: Session, query: str) -> ColumnElement[bool]:
    """What a query finds in SQLite, where it is very much: a byte for each id, so that no list of ids is sorted."""
    wished = wish(query)
    indexed = trigrams(wished)
    hits = _read_through(wished) if indexed is None else _hits(indexed, wished)
    flags = bytearray((session.scalar(select(func.max(Invoice.id))) or 0) + 1)
    told = session.scalar(select(func.json_group_array(hits.subquery().c.id)))  # a million rows would cost a second
    for number in json.loads(told or "[]"):
        flags[number] = 1
    given = bindparam(None, bytes(flags), type_=LargeBinary())
    return func.substr(given, Invoice.id + 1, 1) == literal_column("x'01'")
