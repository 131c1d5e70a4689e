"""Recognises columns by their headings, whatever their order, their language and their accents. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from invoicing.imports.reading import Row
from invoicing.imports.rules import Unreadable
from invoicing.search import fold

SEARCHED: Final = 20  # rows in which the headings may stand
_ODD: Final = re.compile(r"[^a-z0-9]+")
_DEGREE: Final = re.compile("[°º]")  # folding spells it out


@dataclass(frozen=True)
class Record:
    """One row under its headings; what has no column is ""."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def plain(heading: str) -> str:
    """A heading in the form in which it is compared: « N° de membre » is "n de membre"."""
    return _ODD.sub(" ", fold(_DEGREE.sub(" ", heading))).strip()


def records(rows: Iterator[Row], names: Mapping[str, Sequence[str]], essential: Sequence[str]) -> Iterator[Record]:
    """The rows below the headings. `names` gives each column its possible headings, as `plain` writes them.

    The headings are the first row that names two columns at least, all essential ones among them; Unreadable otherwise,
    with the essential columns that the likeliest row lacks, by their first heading.
    """
    known = {heading: name for name, headings in names.items() for heading in headings}
    likeliest: dict[str, int] = {}
    for seen, row in enumerate(rows):
        found = _columns(row, known)
        if len(found) > 1 and all(name in found for name in essential):
            return _below(rows, found)
        likeliest = max(likeliest, found, key=len)
        if seen >= SEARCHED:
            break
    lacking = [names[name][0] for name in essential if name not in likeliest]
    raise Unreadable("no_columns", {"missing": lacking})


def _columns(row: Row, known: Mapping[str, str]) -> dict[str, int]:
    """Column → place, the first one where two cells say the same."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row.cells):
        name = known.get(plain(cell)) if cell and len(cell) < 80 else None
        if name is not None:
            found.setdefault(name, place)
    return found


def _below(rows: Iterator[Row], columns: Mapping[str, int]) -> Iterator[Record]:
    for row in chain(rows):
        values = {name: row.cells[place] for name, place in columns.items() if place < len(row.cells)}
        if any(values.values()):
            yield Record(row.line, values)
