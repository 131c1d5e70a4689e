"""Which column of a table holds what: by its headings in French and English, else by its values. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from invoicing.accounting import words
from invoicing.accounting.amounts import is_amount
from invoicing.accounting.calendar import told
from invoicing.accounting.plan import Column
from invoicing.imports.headings import plain
from invoicing.imports.reading import Row

SEARCHED: Final = 60  # rows among which the headings are looked for
HEADING_MAX: Final = 80  # characters
_C = Column
UNIQUE: Final = frozenset(_C) - {_C.kind, _C.label, _C.number, _C.line_amount, _C.ignored}
_SPARE: Final = {_C.reference: _C.number, _C.customer: _C.ignored}  # what a second one is
_ESSENTIAL: Final = frozenset({_C.reference, _C.amount, _C.day, _C.debit, _C.number, _C.customer, _C.account})
_WITH_UNIT: Final = re.compile(r" (?:eur|cad|e|en euros|en dollars)\Z")
_OURS: Final = re.compile(r"[A-Z]{1,5}-(?:19|20)\d{6}-\d+\Z")
_CODE: Final = re.compile(r"[DCdc]\Z|[-+]\Z")


@dataclass(frozen=True)
class Found:
    """The headings of a table: the line on which they end, their texts, and what each column holds."""

    line: int
    headings: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def known(self) -> frozenset[Column]:
        """The columns that were recognised."""
        return frozenset(self.columns) - {_C.ignored}

    @property
    def places(self) -> tuple[int, ...]:
        """Their places."""
        return tuple(place for place, column in enumerate(self.columns) if column is not _C.ignored)


def find(sample: Sequence[Row]) -> Found | None:
    """The row, or two rows one above the other, that name most columns; None where none names two of weight."""
    best: Found | None = None
    for place, row in enumerate(sample[:SEARCHED]):
        above = sample[place - 1] if place else None
        found = [headed(row.line, row.cells)]
        if above is not None and above.line == row.line - 1 and _may_head(above):
            found.append(_two_lines(above, row))
        for one in found:
            if len(one.known & _ESSENTIAL) > 1 and (best is None or len(one.known) > len(best.known)):
                best = one
    return best


def headed(line: int, headings: Sequence[str], lower: Sequence[str] = ()) -> Found:
    """What columns under these headings hold; `lower` are their second lines alone."""
    ranked = []
    for place, heading in enumerate(headings):
        for text in dict.fromkeys((heading, lower[place] if place < len(lower) else heading)):
            if role := _role(text):
                ranked.append((role[1], place, role[0]))
                break
    return Found(line, tuple(headings), _shared_out(sorted(ranked, key=lambda one: one[:2]), len(headings)))


def _role(heading: str) -> tuple[Column, int] | None:
    if not heading or len(heading) > HEADING_MAX:
        return None
    name = plain(heading)
    return words.RANKS.get(name) or words.RANKS.get(_WITH_UNIT.sub("", name))


def _shared_out(ranked: Iterable[tuple[int, int, Column]], width: int) -> tuple[Column, ...]:
    """The likeliest heading has each role; « Reference » beside « Number » is rather where our number stands."""
    columns = [_C.ignored] * width
    taken: set[Column] = set()
    for _rank, place, role in ranked:
        if role in taken and role in UNIQUE:
            role = _SPARE.get(role, _C.ignored)
        columns[place] = role
        taken.add(role)
    if taken & {_C.debit, _C.credit} and _C.amount in taken and _C.sense not in taken:
        columns = [_C.ignored if column is _C.amount else column for column in columns]
    if taken & {_C.amount, _C.debit} and _C.line_amount in taken:
        columns = [_C.ignored if column in (_C.line_amount, _C.quantity) else column for column in columns]
    return tuple(columns)


def _may_head(row: Row) -> bool:
    """Whether it may be the upper of two lines of headings: some short words, and room between them."""
    filled = [cell for cell in row.cells if cell]
    return 1 < len(filled) < len(row.cells) and not any(char.isdigit() for cell in filled for char in cell)


def _two_lines(above: Row, row: Row) -> Found:
    upper, texts = "", []
    width = max(len(above.cells), len(row.cells))
    lower = [*row.cells, *[""] * (width - len(row.cells))]
    for place in range(width):
        upper = (above.cells[place] if place < len(above.cells) else "") or upper
        texts.append(f"{upper} {lower[place]}".strip() if lower[place] else upper)
    return headed(row.line, texts, lower)


def doubted(rows: Sequence[Row], found: Found, is_known: bool) -> Found:
    """The same; a column that only counts the rows, or holds numbers of our shape, is not the official reference.

    Another column of references takes its place; where there is none, a person must say. A known program's column
    is no count.
    """
    if _C.reference not in found.columns:
        return found
    place = found.columns.index(_C.reference)
    cells = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]]
    ours = len(cells) > 0 and all(_OURS.match(cell) for cell in cells)
    if not ours and (is_known or not _counts_rows(cells)):
        return found
    columns = list(found.columns)
    columns[place] = _C.number if ours else _C.ignored
    roles = [_role(heading) for heading in found.headings]
    others = [(role[1], at) for at, role in enumerate(roles) if role and role[0] is _C.reference and at != place]
    if others:
        columns[min(others)[1]] = _C.reference
    return replace(found, columns=tuple(columns))


def _counts_rows(cells: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in cells if cell.isdecimal() and len(cell) < 9]
    if len(numbers) < max(2, len(cells)) or numbers[0] > 1:
        return False
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def by_values(rows: Sequence[Row], columns: Sequence[Column]) -> dict[int, Column]:
    """Columns that nothing names but whose values leave no doubt: one of days, one of amounts, one of D and C."""
    guesses: dict[int, Column] = {}
    missing = set(_C) - set(columns)
    for role, looks in _LOOKS.items():
        if role not in missing or (role is _C.amount and not {_C.debit, _C.line_amount} <= missing):
            continue
        places = [at for at, column in enumerate(columns) if column is _C.ignored and at not in guesses]
        fits = [at for at in places if _all_look(rows, at, looks)]
        if len(fits) == 1:
            guesses[fits[0]] = role
    return guesses


def _is_day(cell: str) -> bool:
    return told(cell) is not None and not cell.isdigit()


_LOOKS: Final[Mapping[Column, Callable[[str], object]]] = {_C.day: _is_day, _C.sense: _CODE.match, _C.amount: is_amount}


def _all_look(rows: Sequence[Row], place: int, looks: Callable[[str], object]) -> bool:
    cells = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]]
    return len(cells) >= max(2, len(rows) // 2) and all(looks(cell) for cell in cells)
