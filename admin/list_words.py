"""A list's filter, order and page as its address says them: read, and written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from admin.draft_fields import number
from invoicing.days import NotADate, read_date
from invoicing.errors import Fault
from invoicing.search import QUERY_MAX


@dataclass(frozen=True)
class Words:
    """What the address asks for; `place` are the arguments of its path, `usual` the order that it needn't name.

    `faults` are of what can't be read; such a word leaves nothing out.
    """

    endpoint: str
    place: Mapping[str, Any]
    typed: Mapping[str, str]
    sort: str
    descending: bool
    usual: str
    cursor: int | None
    backwards: bool
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return any(self.typed.values())

    @property
    def order_word(self) -> str:
        """« date » upwards, « -date » downwards; empty for the usual order."""
        word = ("-" if self.descending else "") + self.sort
        return "" if word == self.usual else word

    @property
    def filter(self) -> dict[str, str]:
        """The words that aren't empty, the order among them: for links to files."""
        words = {**self.place, **self.typed, "tri": self.order_word}
        return {name: value for name, value in words.items() if value}

    def address(self, **changes: str | int | None) -> str:
        """The same list with other words in its address; None takes one out. It begins at the first page."""
        words = {**self.typed, "tri": self.order_word, **changes}
        return url_for(self.endpoint, **{**self.place, **{name: value or None for name, value in words.items()}})

    def sorted_by(self, word: str, first: str = "") -> str:
        """The address of another order: the same column turns round; `first` "-" begins downwards."""
        turned = "" if self.descending else "-"
        wanted = (turned if word == self.sort else first) + word
        return self.address(tri=None if wanted == self.usual else wanted)

    def aria(self, word: str) -> str:
        """What a screen reader is told of a column."""
        return "none" if word != self.sort else "descending" if self.descending else "ascending"

    def number(self, name: str) -> int | None:
        """A whole number."""
        text = self.typed[name]
        found = number(text)
        if text and found is None:
            self.faults.append(Fault(name, "choose"))
        return found

    def one_of(self, name: str, words: Mapping[str, Any]) -> Any:
        """What one of the words means; None for an empty one."""
        text = self.typed[name]
        if text and text not in words:
            self.faults.append(Fault(name, "choose"))
        return words.get(text)

    def days(self, since: str, until: str) -> tuple[date | None, date | None]:
        """Two days, the first not after the second."""
        begin, end = self._day(since), self._day(until)
        if begin and end and begin > end:
            self.faults.append(Fault(until, "ends_before", {"day": begin}))
            return begin, None
        return begin, end

    def _day(self, name: str) -> date | None:
        text = self.typed[name]
        try:
            found = read_date(text)
        except NotADate:
            found = None
        if text and (found is None or not 1900 <= found.year <= 2100):
            self.faults.append(Fault(name, "bad_date", {"value": text[:40]}))
            return None
        return found


def read(
    args: MultiDict[str, str], endpoint: str, fields: Sequence[str], sorts: Sequence[str], usual: str, **place: Any
) -> Words:
    """Reads the address of a list: `fields` are its filters, `sorts` its columns, `usual` its order."""
    typed = {name: args.get(name, "").strip()[:QUERY_MAX] for name in fields}
    asked = args.get("tri", "")
    order = asked if asked.removeprefix("-") in sorts else usual
    cursor, backwards = number(args.get("apres", "")), False
    if cursor is None and (cursor := number(args.get("avant", ""))) is not None:
        backwards = True
    return Words(endpoint, place, typed, order.removeprefix("-"), order.startswith("-"), usual, cursor, backwards)
