"""One page of the list of invoices in any order, forwards and backwards, each document exactly once.

An order is a row of stretches: the documents that have a number, then those that have none; one status after another.
Within a stretch one column decides, then the id, and a page goes on where the one before it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Row, Select, and_, func, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement

from invoicing.invoices.listing import Filter, under, within
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.wanted import By, Cursor, Order, Tab

PAGE: Final = 25
STREAMED: Final = 2000  # ids that the database hands over at a time where all are read
_COLUMNS: Final[dict[By, InstrumentedAttribute[Any]]] = {
    By.number: Invoice.number,
    By.customer: Invoice.customer_sort,
    By.code: Invoice.transaction_code,
    By.day: Invoice.listed_on,
    By.lettering: Invoice.lettering_folded,
    By.net: Invoice.net_cents,
    By.total: Invoice.total_cents,
}
_KEYS: Final = (Invoice.id, Invoice.kind, Invoice.status, *_COLUMNS.values())


@dataclass(frozen=True)
class Stretch:
    """Documents that stand together: by which conditions, sorted by a column (None: by the id alone) and the id.

    `is_indexed` says that the conditions and the column are those of one index.
    """

    where: tuple[ColumnElement[bool], ...]
    holds: Callable[[Row[Any]], bool]
    column: InstrumentedAttribute[Any] | None
    descending: bool
    is_indexed: bool = False


@dataclass(frozen=True)
class Page:
    """The ids of one page, and whether there are documents before and after it."""

    ids: tuple[int, ...]
    before: bool
    after: bool


def page(session: Session, asked: Filter, tab: Tab, order: Order, count: int, cursor: Cursor | None) -> Page:
    """The page that the cursor begins; the first one where there is none, or nothing before it.

    `count` is how many documents the filter finds under the tab: it decides how they are looked for.
    """
    key = session.execute(select(*_KEYS).where(Invoice.id == cursor.invoice_id)).first() if cursor else None
    backwards = key is not None and cursor is not None and cursor.backwards
    ids = _walk(session, asked, tab, _turned(stretches(tab, order), backwards), key, _is_few(session, asked, count))
    more = len(ids) > PAGE
    if not backwards:
        return Page(tuple(ids[:PAGE]), before=key is not None, after=more)
    if not more:
        return page(session, asked, tab, order, count, None)
    return Page(tuple(reversed(ids[:PAGE])), before=True, after=True)


def every(session: Session, asked: Filter, tab: Tab, order: Order, count: int) -> Iterator[int]:
    """The ids of all pages, one after the other, as they are read."""
    few = _is_few(session, asked, count)
    for stretch in stretches(tab, order):
        query = _ordered(asked, tab, stretch, None, few)
        yield from session.scalars(query.execution_options(yield_per=STREAMED))


def stretches(tab: Tab, order: Order) -> list[Stretch]:
    """The order as a row of stretches, forwards."""
    column, down = _COLUMNS.get(order.by), order.descending
    if column is None:
        if tab not in (Tab.everything, Tab.credit_note):
            return [_by_day(tab)]
        singles = [each for each in Tab if each is not Tab.everything]
        return [_by_day(each) for each in (reversed(singles) if down else singles)]
    if order.by in (By.number, By.lettering):
        rest = Stretch((column.is_(None),), lambda row: getattr(row, column.key) is None, None, True)
        there = Stretch((column.is_not(None),), lambda row: getattr(row, column.key) is not None, column, down)
        return [there, rest]
    if order.by in (By.net, By.total) and tab is not Tab.everything:
        return [Stretch((), lambda row: True, column, down is not (tab is Tab.credit_note))]
    if order.by in (By.net, By.total):
        invoices = Stretch((Invoice.kind == InvoiceKind.invoice,), _is_invoice, column, down)
        credit = Stretch((Invoice.kind == InvoiceKind.credit_note,), lambda row: not _is_invoice(row), column, not down)
        return [invoices, credit] if down else [credit, invoices]
    status = order.by is By.day and tab not in (Tab.everything, Tab.credit_note)
    return [Stretch((), lambda row: True, column, down, is_indexed=status)]


def _is_invoice(row: Row[Any]) -> bool:
    return bool(row.kind is InvoiceKind.invoice)


def _by_day(tab: Tab) -> Stretch:
    """The documents of one tab, the latest first: a credit note's sign turns no day around."""
    indexed = tab is not Tab.credit_note
    return Stretch(tuple(under(tab)), lambda row: tab.holds(row.kind, row.status), Invoice.listed_on, True, indexed)


def _turned(forwards: list[Stretch], backwards: bool) -> list[Stretch]:
    if not backwards:
        return forwards
    return [replace(stretch, descending=not stretch.descending) for stretch in reversed(forwards)]


def _is_few(session: Session, asked: Filter, count: int) -> bool:
    """Whether to gather all that is found and sort it, rather than to walk the order until the page is full.

    Gathering reads as many rows as there are; walking some PAGE × all ÷ found.
    """
    if asked.found and asked.found.few:
        return True
    everything = session.scalar(select(func.max(Invoice.id))) or 0
    return count * count <= PAGE * everything


def _walk(
    session: Session, asked: Filter, tab: Tab, row: list[Stretch], key: Row[Any] | None, few: bool
) -> list[int]:  # fmt: skip
    """The ids from the key on, one more than a page holds."""
    at = next((n for n, stretch in enumerate(row) if stretch.holds(key)), 0) if key is not None else 0
    ids: list[int] = []
    for n, stretch in enumerate(row[at:]):
        ids += _some(session, asked, tab, stretch, key if n == 0 else None, few, PAGE + 1 - len(ids))
        if len(ids) > PAGE:
            break
    return ids


def _some(
    session: Session, asked: Filter, tab: Tab, stretch: Stretch, key: Row[Any] | None, few: bool, most: int
) -> list[int]:  # fmt: skip
    """The first of one stretch, or those that follow the key in it."""
    return list(session.scalars(_ordered(asked, tab, stretch, key, few).limit(most)))


def _ordered(
    asked: Filter, tab: Tab, stretch: Stretch, key: Row[Any] | None, few: bool
) -> Select[int]:  # fmt: skip
    """The ids of one stretch in its order, from the key on."""
    bounds, after = _tightened(asked, stretch, key)
    name = stretch.column.key if stretch.column is not None else ""
    own = tuple(within({name: bounds[name]})) if name in bounds else ()
    others = [*asked.others, *within({other: pair for other, pair in bounds.items() if other != name}), *after]
    if asked.found:
        others.append(asked.found.page)
    places = [*under(tab), *stretch.where]
    column = stretch.column if stretch.column is not None else Invoice.id
    if few:
        kept = [apart(place) for place in places] if asked.is_selective else places
        return _gathered(and_(true(), *own, *others, *kept), column, stretch.descending)
    loose = others if stretch.is_indexed else [*others, *places]
    tight = places if stretch.is_indexed else []
    query = select(Invoice.id).where(*own, *tight, *(apart(condition) for condition in loose))
    return query.order_by(*_by(column, Invoice.id, stretch.descending))


def _tightened(
    asked: Filter, stretch: Stretch, key: Row[Any] | None
) -> tuple[dict[str, tuple[Any, Any]], list[ColumnElement[bool]]]:  # fmt: skip
    """The bounds with the key's folded into them, and what tells the key's equals apart."""
    bounds = dict(asked.bounds)
    if key is None:
        return bounds, []
    own = Invoice.id < key.id if stretch.descending else Invoice.id > key.id
    if stretch.column is None:
        return bounds, [own]
    name, value = stretch.column.key, getattr(key, stretch.column.key)
    low, high = bounds.get(name, (None, None))
    if stretch.descending:
        high = value if high is None else min(high, value)
    else:
        low = value if low is None else max(low, value)
    bounds[name] = (low, high)
    return bounds, [or_(stretch.column != value, own)]


def _by(column: Any, number: Any, descending: bool) -> tuple[Any, ...]:
    return (column.desc(), number.desc()) if descending else (column.asc(), number.asc())


def _gathered(
    where: ColumnElement[bool], column: InstrumentedAttribute[Any], descending: bool
) -> Select[int]:  # fmt: skip
    """All that is found, put together before it is sorted: no engine is tempted to walk the order instead."""
    found = select(Invoice.id.label("id"), column.label("place")).where(where).cte("found").prefix_with("MATERIALIZED")
    return select(found.c.id).order_by(*_by(found.c.place, found.c.id, descending))


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
