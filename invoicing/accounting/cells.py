"""Reads the cells of a table's rows as its plan says; a row that may be broken refuses the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from invoicing.accounting.amounts import currency_of, scaled_of, sign_of
from invoicing.accounting.calendar import NotADay, day_of, told
from invoicing.accounting.plan import Column, Days, Plan
from invoicing.accounting.words import is_total
from invoicing.imports.reading import Row, Unreadable
from invoicing.money import NotANumber

_C = Column
_FIGURE: Final = re.compile(r"\d")
_SUMS: Final = (_C.amount, _C.debit, _C.credit, _C.line_amount)
UNREAD_MAX: Final = 60  # characters of what can't be read


class Reader:
    """The columns of one plan by what they hold. What a row has no cell for is ""."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._at: dict[Column, tuple[int, ...]] = {
            role: tuple(at for at, column in enumerate(plan.columns) if column is role) for role in _C
        }
        self._there = frozenset(plan.columns)

    def has(self, *roles: Column) -> bool:
        """Whether there is a column of one of these roles."""
        return not self._there.isdisjoint(roles)

    def places(self, role: Column) -> tuple[int, ...]:
        """The places of its columns."""
        return self._at[role]

    def text(self, row: Row, role: Column) -> str:
        """The first cell of this role that holds anything."""
        for at in self._at[role]:
            if at < len(row.cells) and row.cells[at]:
                return row.cells[at]
        return ""

    def texts(self, row: Row, role: Column) -> tuple[str, ...]:
        """All cells of this role, as long as the row is."""
        places = self._at[role]
        return tuple([row.cells[at] for at in places if at < len(row.cells)]) if places else ()

    def cents(self, text: str, role: Column) -> int | None:
        """An amount; raises NotANumber."""
        return self.scaled(text, role, 2)

    def scaled(self, text: str, role: Column, places: int) -> int | None:
        """A number of so many decimals. The mark is its column's, else that of all columns of amounts."""
        place = self._at[role][0] if self._at[role] else -1
        marks = self.plan.marks
        mark = marks[place] if 0 <= place < len(marks) else ""
        return scaled_of(text, mark or self.plan.decimal, places)

    def day(self, row: Row) -> date | None:
        """The day; raises NotADay."""
        return day_of(self.text(row, _C.day), self.plan.days, self.plan.mac_days)

    def currency(self, row: Row) -> str:
        """As a column, the amounts themselves or the plan says."""
        if told := currency_of(self.text(row, _C.currency)):
            return told
        signs = (sign_of(text) for role in _SUMS for text in self.texts(row, role))
        return next(filter(None, signs), self.plan.currency)

    def is_sum(self, row: Row) -> bool:
        """Whether the row sums others up: it says so, and has no day, or no reference of its own."""
        reference = self.text(row, _C.reference)
        if not reference:
            return any(is_total(cell) for cell in row.cells if cell)
        if self.has(_C.day) and not _is_day(self.text(row, _C.day)):  # a customer may be called « Total Énergies »
            named = self._at[_C.customer]
            return any(is_total(cell) for at, cell in enumerate(row.cells) if cell and at not in named)
        has_figure = _FIGURE.search(reference, 1) if self.has(_C.day) else _FIGURE.match(reference)
        return has_figure is None and is_total(reference)


def _is_day(text: str) -> bool:
    return _FIGURE.search(text) is not None


def tried(row: Row, reader: Reader, amount: int | NotANumber | None) -> tuple[date | None, str, str]:
    """The day, and what can't be read of it or of the amount: its name and its text."""
    unread = ("amount", str(amount)[:UNREAD_MAX]) if isinstance(amount, NotANumber) else ("", "")
    try:
        return (reader.day(row) if reader.plan.days is not Days.unknown else None, *unread)
    except NotADay as error:
        return (None, "day", str(error)[:UNREAD_MAX]) if not unread[0] else (None, *unread)


def whole(rows: Iterable[Row], reader: Reader) -> Iterator[Row]:
    """The rows of a text that has as many cells as its headings; raises Unreadable for one that is broken.

    A cell too many: a separator within a cell, or a decimal comma, parts it. A cell too few: a line break parts it;
    short rows without a day at the end of a file are what programs print below their tables.
    """
    plan = reader.plan
    if not plan.separator or not plan.headings:
        yield from rows
        return
    width, short = len(plan.headings), None
    least = max((at for at, column in enumerate(plan.columns) if column in _NEEDED), default=0)
    for row in rows:
        if len(row.cells) > width and any(row.cells[width:]):
            raise Unreadable("ragged_row", {"line": row.line, "expected": width, "found": len(row.cells)})
        if len(row.cells) <= least and not reader.is_sum(row):
            short = short or row
            continue
        if short is not None:
            raise Unreadable("ragged_row", {"line": short.line, "expected": width, "found": len(short.cells)})
        if any("\n" in cell and cell.count(plan.separator) >= width - 1 for cell in row.cells):
            raise Unreadable("unclosed_quote", {"line": row.line})  # it has swallowed a row
        yield row
    if short is not None and told(reader.text(short, _C.day)) is not None:
        raise Unreadable("ragged_row", {"line": short.line, "expected": width, "found": len(short.cells)})


_NEEDED: Final = frozenset({_C.reference, _C.amount, _C.debit, _C.credit, _C.account})
