"""How the documents of one stretch of an order are looked for, without ever counting them all.

First some rows of the order are walked, through each index that has it; what is so rare that they don't fill the page
is gathered whole and sorted, through the index that leaves least. Only where neither does it, the walk goes on.
docs/decisions/search.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, Column, ColumnElement, Row, Select, and_, func, literal_column, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.util import ClauseAdapter

from invoicing.invoices.listing import Filter, under, within
from invoicing.invoices.models import Invoice
from invoicing.invoices.stretches import Stretch
from invoicing.invoices.wanted import Tab
from invoicing.search_index import by_day, hits_up_to

FIRST: Final = 400  # rows of an order that are walked before a search asks its index
WALKED: Final = 2500  # rows of an order that are walked before others are tried
GATHERED: Final = 3000  # rows that are gathered and sorted at most while a page waits
SOUGHT: Final = 12_000  # hits of a search that are
Conditions = Sequence[ColumnElement[bool]]


class Walk:
    """One stretch from a key on, under a tab, through a filter."""

    def __init__(self, session: Session, asked: Filter, tab: Tab, stretch: Stretch, key: Row[Any] | None):
        self.session, self.asked, self.stretch = session, asked, stretch
        self.column: InstrumentedAttribute[Any] = stretch.column if stretch.column is not None else Invoice.id
        bounds, self.after = _tightened(asked, stretch, key)
        name = stretch.column.key if stretch.column is not None else ""
        self.own = list(within({name: bounds[name]})) if name in bounds else []
        self.days = bounds.get("listed_on", (None, None))
        self.bounded = list(within({other: pair for other, pair in bounds.items() if other != name}))
        self.places = [*under(tab), *stretch.where]

    def some(self, most: int) -> list[int]:
        """The first ids, `most` at most."""
        if self.asked.query and self._looks_first():
            ids, whole = self._budgeted((), most, FIRST)
            if whole:
                return ids
        if self.asked.found_few(self.session):
            return self._all(self.gathered(), most)
        ids, whole = self._by_search(most)
        if whole:
            return ids
        for path in self._paths():
            ids, whole = self._budgeted(path, most, WALKED)
            if whole:
                return ids
        return self._all(self.gathered() if self._is_little() else self.plain(), most)

    def _looks_first(self) -> bool:
        return not self.asked.is_selective

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
        inner = select(*_columns(self.column, rest)).where(*self.own, *self.after, *path)
        inner = inner.order_by(*self._by(self.column, Invoice.id)).limit(budget)
        rows = inner.subquery("walked")
        there = ClauseAdapter(rows)
        query = select(rows.c.id).where(*(there.traverse(condition) for condition in rest)).limit(most)
        ids = list(self.session.scalars(query))
        if len(ids) == most:
            return ids, True
        walked = self.session.scalar(select(func.count()).select_from(inner.with_only_columns(Invoice.id).subquery()))
        return ids, (walked or 0) < budget

    def _by_search(self, most: int) -> tuple[list[int], bool]:
        """Through the search's own index where that has this order."""
        if self.stretch.column is not Invoice.listed_on or not self.asked.query:
            return [], False
        rest = map(apart, [*self.bounded, *self.asked.others, *self.after, *self.places])
        query = by_day(self.session, self.asked.query, self.days, rest, self.stretch.descending)
        return ([], False) if query is None else (self._all(query, most), True)

    def plain(self) -> Select[int]:
        """The order, walked to its end if need be."""
        loose = [*self.asked.others, *self.bounded, *self.after, *self.asked.each]
        if not self.stretch.is_indexed:
            loose += self.places
        tight = self.places if self.stretch.is_indexed else []
        query = select(Invoice.id).where(*self.own, *tight, *map(apart, loose))
        return query.order_by(*self._by(self.column, Invoice.id))

    # gathering

    def _is_little(self) -> bool:
        """Whether some index leaves few enough rows to be gathered."""
        if self.asked.query and hits_up_to(self.session, self.asked.query, SOUGHT + 1) <= SOUGHT:
            return True
        ways: list[Conditions] = [self.places, *((each,) for each in (*self.asked.indexed, *self.asked.selective))]
        return any(self._count(way) <= GATHERED for way in (*ways, self.own, self.bounded) if way)

    def _count(self, way: Conditions) -> int:
        some = select(literal_column("1")).select_from(Invoice).where(*way).limit(GATHERED + 1).subquery()
        return self.session.scalar(select(func.count()).select_from(some)) or 0

    def gathered(self) -> Select[int]:
        """All that is found, put together before it is sorted: no engine is tempted to walk the order instead."""
        found_by = self.asked.whole(self.session)
        rest = [*self.own, *self.bounded, *self.asked.others, *self.after]
        places = [apart(place) for place in self.places] if self.asked.is_selective or found_by else self.places
        where = and_(true(), *found_by, *(map(apart, rest) if found_by else rest), *places)
        query = select(Invoice.id.label("id"), self.column.label("place")).where(where)
        found = query.cte("found").prefix_with("MATERIALIZED")
        return select(found.c.id).order_by(*self._by(found.c.place, found.c.id))

    def _by(self, column: Any, number: Any) -> tuple[Any, ...]:
        down = self.stretch.descending
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
    """The bounds with the stretch's and the key's folded into them, and what tells the key's equals apart."""
    bounds = dict(asked.bounds)
    if stretch.days:
        bounds["listed_on"] = _inner(bounds.get("listed_on", (None, None)), *stretch.days)
    if key is None:
        return bounds, []
    own = Invoice.id < key.id if stretch.descending else Invoice.id > key.id
    if stretch.column is None:
        return bounds, [own]
    name, value = stretch.column.key, getattr(key, stretch.column.key)
    known = bounds.get(name, (None, None))
    bounds[name] = _inner(known, None, value) if stretch.descending else _inner(known, value, None)
    return bounds, [or_(stretch.column != value, own)]


def _inner(known: tuple[Any, Any], low: Any, high: Any) -> tuple[Any, Any]:
    lows, highs = ([each for each in pair if each is not None] for pair in ((known[0], low), (known[1], high)))
    return max(lows, default=None), min(highs, default=None)


class apart(FunctionElement[bool]):
    """apart(condition): the same, but looked at row by row: SQLite leaves its index aside, walking the one in order."""

    type = Boolean()
    inherit_cache = True


@compiles(apart)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(apart, "sqlite")
def _unary(element: Any, compiler: Any, **options: Any) -> str:
    return f"+({compiler.process(element.clauses, **options)})"
