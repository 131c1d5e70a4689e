"""The accountant's exports: each row against the journal's entries about it, its bytes against their digest (SPEC C12).

What is new since the last hangs on the documents that an export is said to hold: they are proven with it. Entries of an
older version tell less of an export; what they don't tell isn't compared.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple

from invoicing.ledger.rules import items_digest
from invoicing.proof.rules import Entry, Tally
from invoicing.proof.states import Row

EXPORT: Final = (
    "id", "number", "state", "kind", "seller_id", "first_day", "last_day", "only_new", "asked_at", "asked_by_id",
    "made_at", "since_id", "until_position", "documents", "rows", "totals", "size", "sha256", "file_name",
)  # fmt: skip
ASKED, MADE = "ledger.asked", "ledger.made"
_ASKED: Final = ("kind", "seller_id", "first_day", "last_day", "only_new")
_MADE: Final = ("number", "since_id", "until_position", "documents", "rows", "totals", "size", "sha256", "file_name")


class Source(NamedTuple):
    """What is read: every export in the order of EXPORT; the parts of one, deflated, and its documents by id."""

    rows: Callable[[], Iterable[Row]]
    parts: Callable[[int], Iterable[bytes]]
    items: Callable[[int], Iterable[int]]


class Exports:
    """Compares what is kept with `entries`: export → action → what the journal's entry says."""

    def __init__(self, entries: Mapping[int, Mapping[str, Entry]], source: Source) -> None:
        self.tally = Tally("exports")
        self._entries, self._source = entries, source
        self._numbers: set[int] = set()

    def check(self, done: Callable[[int], None]) -> None:
        """All of them, then those that are gone, and numbers that nobody knows of; says how many parts it has read."""
        made = {export_id: entry for export_id, told in self._entries.items() if (entry := told.get(MADE))}
        for values in self._source.rows():
            row = dict(zip(EXPORT, values, strict=True))
            entry = made.pop(row["id"], None)
            if entry is not None or row["state"] == "made" or row["number"] is not None:
                self.tally.count += 1
                self._check(row, entry, done)
        for entry in made.values():
            self._numbers.add(entry.facts.get("number") or 0)
            self.tally.fault("export_gone", export=entry.facts.get("number"))
        self._check_numbers()

    def _check(self, row: Mapping[str, Any], entry: Entry | None, done: Callable[[int], None]) -> None:
        number = entry.facts.get("number") if entry else row["number"]
        self._numbers.add(number or 0)
        if entry is None:
            self.tally.fault("export_unknown", export=number)
            return
        if not entry.is_genuine:
            self.tally.fault("export_unproven", export=number)
            return
        if what := ", ".join(self._altered(row, entry)):
            self.tally.fault("export_altered", export=number, what=what)
        size, sha256 = self._read(row["id"], done)
        if (size, sha256) != (entry.facts.get("size"), entry.facts.get("sha256")):
            self.tally.fault("export_bytes", export=number, expected=entry.facts.get("sha256"), found=sha256)
        count, digest = items_digest(self._source.items(row["id"]))
        if count != entry.facts.get("documents") or digest != entry.facts.get("items", digest):
            self.tally.fault("export_items", export=number)

    def _altered(self, row: Mapping[str, Any], entry: Entry) -> Iterator[str]:
        """The columns that don't say what the journal says."""
        if row["state"] != "made":
            yield "state"
        if row["made_at"] != entry.at:
            yield "made_at"
        yield from (name for name in _MADE if name in entry.facts and row[name] != entry.facts[name])
        asked = self._entries[row["id"]].get(ASKED)
        if asked is None or not asked.is_genuine:
            return
        if (row["asked_at"], row["asked_by_id"]) != (asked.at, asked.user_id):
            yield "asked"
        yield from (name for name in _ASKED if name in asked.facts and _plain(row[name]) != asked.facts[name])

    def _read(self, export_id: int, done: Callable[[int], None]) -> tuple[int, str]:
        """Size and digest of its bytes, as they would be given out; no digest where they can't be."""
        size, whole, readable = 0, hashlib.sha256(), True
        for part in self._source.parts(export_id):
            done(1)
            try:
                some = zlib.decompress(part)
            except zlib.error:
                readable = False
                continue
            size += len(some)
            whole.update(some)
        return size, whole.hexdigest() if readable else ""

    def _check_numbers(self) -> None:
        """From 1 on, without a gap."""
        numbers = sorted({0, *self._numbers})
        for before, number in pairwise(numbers):
            if number > before + 1:
                self.tally.fault("export_gap", first=before + 1, last=number - 1)


def _plain(value: object) -> object:
    """A day as text; true and false as SQLite keeps them are equal to themselves."""
    return value.isoformat() if hasattr(value, "isoformat") else value
