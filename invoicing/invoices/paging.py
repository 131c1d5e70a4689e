"""One page of the list of invoices in any order, forwards and backwards, each document exactly once.

An order is a row of stretches (`stretches`), and a page goes on where the one before it ended. How the documents of a
stretch are looked for (`walking`) depends on how many the filter leaves, of which only bounded looks are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from invoicing.invoices.listing import Filter
from invoicing.invoices.models import Invoice
from invoicing.invoices.stretches import KEYS, Stretch, stretches, turned
from invoicing.invoices.walking import Walk
from invoicing.invoices.wanted import Cursor, Order, Tab

PAGE: Final = 25
STREAMED: Final = 2000  # ids that the database hands over at a time where all are read


@dataclass(frozen=True)
class Page:
    """The ids of one page, and whether there are documents before and after it."""

    ids: tuple[int, ...]
    before: bool
    after: bool


def page(session: Session, asked: Filter, tab: Tab, order: Order, cursor: Cursor | None) -> Page:
    """The page that the cursor begins; the first one where there is none, or nothing before it."""
    key = session.execute(select(*KEYS).where(Invoice.id == cursor.invoice_id)).first() if cursor else None
    backwards = key is not None and cursor is not None and cursor.backwards
    ids = _walk(session, asked, tab, turned(stretches(tab, order, asked.months), backwards), key)
    more = len(ids) > PAGE
    if not backwards:
        return Page(tuple(ids[:PAGE]), before=key is not None, after=more)
    if not more:
        return page(session, asked, tab, order, None)
    return Page(tuple(reversed(ids[:PAGE])), before=True, after=True)


def every(session: Session, asked: Filter, tab: Tab, order: Order, count: int) -> Iterator[int]:
    """The ids of all pages, one after the other, as they are read; `count` is how many there are."""
    few = asked.found_few(session) or _is_few(session, count)
    for stretch in stretches(tab, order, asked.months):
        walk = Walk(session, asked, tab, stretch, None)
        query = walk.gathered() if few else walk.plain()
        yield from session.scalars(query.execution_options(yield_per=STREAMED))


def _is_few(session: Session, count: int) -> bool:
    """Whether to gather all that is found and sort it, rather than to walk the order to its end.

    Gathering reads as many rows as there are; walking some PAGE × all ÷ found.
    """
    everything = session.scalar(select(func.max(Invoice.id))) or 0
    return count * count <= PAGE * everything


def _walk(session: Session, asked: Filter, tab: Tab, row: list[Stretch], key: Row[Any] | None) -> list[int]:
    """The ids from the key on, one more than a page holds."""
    at = next((n for n, stretch in enumerate(row) if stretch.holds(key)), 0) if key is not None else 0
    ids: list[int] = []
    for n, stretch in enumerate(row[at:]):
        ids += Walk(session, asked, tab, stretch, key if n == 0 else None).some(PAGE + 1 - len(ids))
        if len(ids) > PAGE:
            break
    return ids
