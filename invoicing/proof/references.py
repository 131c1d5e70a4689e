"""The history of references, and today's references against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from invoicing.journal import Actor, ActorKind
from invoicing.lettering import rules as lettering
from invoicing.proof.chain import Chain
from invoicing.proof.rules import UNREADABLE, Tally
from invoicing.proof.states import Row


class References:
    """The history of references against its digests in the journal, and today's references against the history."""

    def __init__(self, chain: Chain, names: Mapping[int, str | None]) -> None:
        self.tally = Tally("lettering")
        self._left, self._imported, self._names = dict(chain.letterings), chain.imported, names
        self._current: dict[int, str | None] = {}

    def take(self, changes: Iterable[Row]) -> None:
        """The next rows of the history, in the order of `queries.CHANGE`."""
        for row in changes:
            self.tally.count += 1
            if not self._is_proven(row):
                self.tally.fault("lettering_forged", **self._name(row[1]))
            self._current[row[1]] = row[6]

    def _is_proven(self, row: Row) -> bool:
        """By its own entry of the journal; what an import wrote by its seal, with the entry of the run."""
        if row[8] is not None:
            return row[0] in self._imported.proven
        return self._left.pop(_digest(row), None) is not None

    def _name(self, invoice_id: int) -> dict[str, str | int | None]:
        return {"number": self._names.get(invoice_id), "invoice_id": invoice_id}

    def finish(self, lettered: Mapping[int, tuple[str | None, str | None]], fold: Callable[[str], str]) -> None:
        """Rows that are gone; references that are not the last of their history, or folded otherwise."""
        for position in sorted(self._left.values()):
            self.tally.fault("lettering_gone", position=position)
        for invoice_id, position in self._imported.gone:
            name = self._name(invoice_id) if invoice_id is not None else {}
            self.tally.fault("lettering_row_gone" if name else "lettering_gone", position=position, **name)
        known = {key: after for key, after in self._current.items() if after is not None}
        for invoice_id in sorted({*known, *lettered}):
            typed, folded = lettered.get(invoice_id, (None, None))
            told = known.get(invoice_id)
            if typed != told or folded != (fold(typed) if typed is not None else None):
                self.tally.fault("lettering_differs", told=told, found=typed, **self._name(invoice_id))
        self.tally.notes["lettered"] = len(lettered)


def _digest(row: Row) -> str:
    """What the journal says of a row of the history, computed anew; empty for one that can't be read."""
    change_id, invoice_id, at, kind, actor_id, before, after, reason, _run_id = row
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        by = Actor(ActorKind(kind), actor_id)
        return lettering.digest(change_id, invoice_id, moment, by, before, after, reason)
    except UNREADABLE:
        return ""
