"""The rows of the lettering history that imports wrote: each by its own seal, a run's rows together by its entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from invoicing.lettering.bulk_rules import BulkRow, digest_of, seal_of
from invoicing.proof.rules import UNREADABLE
from invoicing.proof.states import Row


class Source(NamedTuple):
    """What is read of a run: its rows that gave (True) or took away a reference, by id; the documents of its plan."""

    rows: Callable[[int, bool], Iterable[Sequence[Row]]]  # in the order of `queries.BULK`
    planned: Callable[[int], Iterable[int]]


class Imported:
    """Reads a run's rows where the journal's entry about it stands."""

    def __init__(self, key: bytes, source: Source) -> None:
        self.proven: set[int] = set()  # ids of rows that are as they were written
        self.gone: list[tuple[int | None, int]] = []  # document, where it is known, and the position of the run's entry
        self._key, self._source = key, source

    def take(
        self, run_id: int, gave: bool, told: dict[str, Any], position: int, genuine: bool
    ) -> Iterator[tuple[int, str | None, bool]]:
        """Each row's document, its state then, and whether all of that is proven; what is gone is noted."""
        seals: list[str] = []
        seen: set[int] = set()
        forged = False
        for rows in self._source.rows(run_id, gave):
            for *columns, seal in rows:
                found = _seal(self._key, columns)
                is_ours = bool(found) and found == seal and genuine
                if is_ours:
                    self.proven.add(columns[0])
                forged = forged or found != seal
                seals.append(found)
                seen.add(columns[1])
                yield columns[1], columns[9], is_ours
        if genuine and digest_of(seals) != told.get("digest"):
            missing = sorted(set(self._source.planned(run_id)) - seen)
            self.gone += [(invoice_id, position) for invoice_id in missing]
            if not missing and not forged:  # what is forged is named by itself
                self.gone.append((None, position))


def _seal(key: bytes, columns: Sequence[Any]) -> str:
    """The row's seal computed anew; empty for one that can't have any."""
    try:
        number, invoice_id, at, *others = columns
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return seal_of(key, BulkRow(number, invoice_id, moment.isoformat(timespec="microseconds"), *others))
    except UNREADABLE:
        return ""
