"""How the documents of one stretch of an order are looked for, without ever counting them all.

First some rows of the order are walked, through each index that has it; what is so rare that they don't fill the page
is gathered whole and sorted, through the index that leaves least. Only where neither does it, the walk goes on.
docs/decisions/search.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Row, Select, and_, func, literal_column, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.util import ClauseAdapter

from invoicing.finding import by_day, hits_up_to
from invoicing.invoices.listing import Filter, under, within
from invoicing.invoices.models import Invoice
from invoicing.invoices.stretches import Stretch
from invoicing.invoices.wanted import Tab
from invoicing.keyset import beyond
from invoicing.search import apart

FIRST: Final = 400  # rows of an order that are walked before a search asks its index
PROMISING: Final = 4  # so many found among these, and it walks on
WALKED: Final = 2500  # rows of an order that are walked before others are tried
FAR: Final = 10_000  # rows that it walks then
GATHERED: Final = 3000  # rows that are gathered and sorted at most while a page waits
LISTED: Final = 30_000  # documents of a tab that are named at most while a search's hits are walked
SOUGHT: Final = 12_000  # hits of a search that are
Conditions = Sequence[ColumnElement[bool]]


class Walk:
    """One stretch from a key on, under a tab, through a filter."""

    def __init__(self, session: Session, asked: Filter, tab: Tab, stretch: Stretch, key: Row[Any] | None):
        self.session, self.asked, self.tab, self.stretch = session, asked, tab, stretch
        self.column: InstrumentedAttribute[Any] = stretch.column if stretch.column is not None else Invoice.id
        bounds, self.after = _tightened(asked, stretch, key)
        name = stretch.column.key if stretch.column is not None else ""
        self.own = [*(within({name: bounds[name]}) if name in bounds else ()), *self.after]
        if stretch.is_unique:  # as none of it may be NULL, no walk begins with what has none
            self.own.append(self.column.is_not(None))
        self.days = bounds.get("listed_on", (None, None))
        self.bounded = list(within({other: pair for other, pair in bounds.items() if other != name}))
        self.places = [*under(tab), *stretch.where]
        self.is_sought = False  # whether all that a search may find is known to be no more than can be gathered

    def some(self, most: int) -> list[int]:
        """The first ids, `most` at most."""
        if not self.asked.may_hold(self.tab):
            return []
        paths = list(self._paths())
        if self.asked.query and not self.asked.is_selective and not self.asked.is_known_few:
            ids, whole = self._looked(paths.pop(0), most)
            if whole:
                return ids
        if self.asked.found_few(self.session):
            return self._all(self.gathered(), most)
        ids, whole = self._by_search(most)
        if whole:
            return ids
        for path in paths:
            ids, whole = self._budgeted(path, most, WALKED)
            if whole:
                return ids
        ids, whole = self._paid_for(most)
        return ids if whole else self._all(self.gathered() if self._is_little() else self.plain(), most)

    def _looked(self, path: Conditions, most: int) -> tuple[list[int], bool]:
        """A few rows of the order; where they promise a page not much further on, those too."""
        ids, whole = self._budgeted(path, most, FIRST)
        return self._budgeted(path, most, FAR) if not whole and len(ids) >= PROMISING else (ids, whole)

    def _all(self, query: Select[int], most: int) -> list[int]:
        return list(self.session.scalars(query.limit(most)))

    # walking

    def _paths(self) -> Iterator[Conditions]:
        """Conditions that have an index in this order, the tab's first."""
        yield self.places if self.stretch.is_indexed else ()
        if self.stretch.column is Invoice.listed_on:
            for condition in self.asked.indexed:
                yield (condition,)

    def _budgeted(self, path: Conditions, most: int, budget: int) -> tuple[list[int], bool]:
        """What some rows of the order hold, and whether that is all that was asked for."""
        rest = [*self.bounded, *self.asked.others, *self.asked.each, *self.places]
        rest = [condition for condition in rest if not any(condition is each for each in path)]
        inner = select(*_columns(self.column, rest)).where(*self.own, *path)
        inner = inner.order_by(*self._by(self.column, Invoice.id)).limit(budget)
        rows = inner.subquery("walked")
        there = ClauseAdapter(rows)
        query = select(rows.c.id).where(*(there.traverse(condition) for condition in rest)).limit(most)
        ids = list(self.session.scalars(query))
        if len(ids) == most:
            return ids, True
        walked = self.session.scalar(select(func.count()).select_from(inner.with_only_columns(Invoice.id).subquery()))
        return ids, (walked or 0) < budget

    def _paid_for(self, most: int) -> tuple[list[int], bool]:
        """As many rows of the order as cost what gathering all hits would: at worst it takes twice as long."""
        hits = hits_up_to(self.session, self.asked.query, SOUGHT + 1) if self.asked.query else 0
        self.is_sought = bool(self.asked.query) and hits != SOUGHT + 1
        return self._budgeted(next(self._paths()), most, hits // 2) if hits > SOUGHT + 1 else ([], False)

    def _by_search(self, most: int) -> tuple[list[int], bool]:
        """Through the search's own index where that has this order."""
        if self.stretch.column is not Invoice.listed_on or not self.asked.query:
            return [], False
        rest = [*self.bounded, *self.asked.others, *self.after]
        among = self.places if self.places and self._count(self.places, LISTED) <= LISTED else ()
        rest += () if among else self.places
        query = by_day(self.session, self.asked.query, self.days, [*map(apart, rest)], self.stretch.descending, among)
        return ([], False) if query is None else (self._all(query, most), True)

    def plain(self) -> Select[int]:
        """The order, walked to its end if need be."""
        loose = [*self.asked.others, *self.bounded, *self.asked.each]
        if not self.stretch.is_indexed:
            loose += self.places
        tight = self.places if self.stretch.is_indexed else []
        query = select(Invoice.id).where(*self.own, *tight, *map(apart, loose))
        return query.order_by(*self._by(self.column, Invoice.id))

    # gathering

    def _is_little(self) -> bool:
        """Whether some index leaves few enough rows to be gathered."""
        if self.is_sought:
            return True
        counted = under(self.tab) if self.stretch.is_unique else self.places  # that it has a value, no index says
        ways: list[Conditions] = [counted, *((each,) for each in (*self.asked.indexed, *self.asked.selective))]
        return any(self._count(way) <= GATHERED for way in (*ways, self.own, self.bounded) if way)

    def _count(self, way: Conditions, most: int = GATHERED) -> int:
        some = select(literal_column("1")).select_from(Invoice).where(*way).limit(most + 1).subquery()
        return self.session.scalar(select(func.count()).select_from(some)) or 0

    def gathered(self) -> Select[int]:
        """All that is found, put together before it is sorted: no engine is tempted to walk the order instead."""
        found_by = self.asked.whole(self.session)
        rest = [*self.own, *self.bounded, *self.asked.others]
        places = [apart(place) for place in self.places] if self.asked.is_selective or found_by else self.places
        where = and_(true(), *found_by, *(map(apart, rest) if found_by else rest), *places)
        query = select(Invoice.id.label("id"), self.column.label("place")).where(where)
        found = query.cte("found").prefix_with("MATERIALIZED")
        return select(found.c.id).order_by(*self._by(found.c.place, found.c.id))

    def _by(self, column: Any, number: Any) -> tuple[Any, ...]:
        down = self.stretch.descending
        if self.stretch.is_unique:
            return (column.desc() if down else column.asc(),)
        if column is number:
            return (number.desc() if down else number.asc(),)
        return (column.desc(), number.desc()) if down else (column.asc(), number.asc())


def _columns(first: InstrumentedAttribute[Any], conditions: Conditions) -> list[Any]:
    """The id, a column, and those of the invoice's that the conditions are about, each once."""
    about = [
        part.key
        for condition in conditions
        for part in visitors.iterate(condition)
        if isinstance(part, Column) and part.table.name == Invoice.__tablename__
    ]
    return [getattr(Invoice, name) for name in dict.fromkeys(("id", first.key, *about))]


def _tightened(
    asked: Filter, stretch: Stretch, key: Row[Any] | None
) -> tuple[dict[str, tuple[Any, Any]], list[ColumnElement[bool]]]:  # fmt: skip
    """The bounds with the stretch's folded into them, and what lies beyond the key.

    A bound that the key makes needless is left out: SQLite takes one for its index, and it must be the key's.
    """
    bounds = dict(asked.bounds)
    if stretch.days:
        bounds["listed_on"] = _inner(bounds.get("listed_on", (None, None)), *stretch.days)
    if key is None:
        return bounds, []
    down = stretch.descending
    if stretch.column is None:
        return bounds, [beyond((Invoice.id,), (key.id,), down)]
    name, value = stretch.column.key, getattr(key, stretch.column.key)
    low, high = bounds.get(name, (None, None))
    if down and (high is None or value <= high):
        bounds[name] = (low, None)
    if not down and (low is None or value >= low):
        bounds[name] = (None, high)
    unique = stretch.is_unique
    return bounds, [beyond((stretch.column,) if unique else (stretch.column, Invoice.id), (value, key.id), down)]


def _inner(known: tuple[Any, Any], low: Any, high: Any) -> tuple[Any, Any]:
    lows, highs = ([each for each in pair if each is not None] for pair in ((known[0], low), (known[1], high)))
    return max(lows, default=None), min(highs, default=None)
