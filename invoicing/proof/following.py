"""The states of very many documents of which only what may change has changed: what is frozen is taken from before.

A frozen document's digests of what is frozen, and of its payments and versions so far, stand in the last state that
the journal has of it. Taking them from there costs a third of reading it all again, and hides nothing: were a row
altered meanwhile, the state would be that of the document before it, and the verification names the document.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from invoicing.database import is_sqlite
from invoicing.proof import states
from invoicing.proof.states import NONE, STATE_FORMAT, Document, Query, Row, Rows, UnknownState, Words

AT_ONCE: Final = 1000
_MAY_CHANGE: Final = states.INVOICE[states.INVOICE.index("status") : states.INVOICE.index("totals_only")]
_BEFORE: Final = ("SELECT subject_id, state FROM journal WHERE subject_kind = 'invoice' AND subject_id",
                  "AND state IS NOT NULL ORDER BY subject_id, position")  # fmt: skip


class Followed:
    """Some documents as they stand when this is made; their states may then be told without the database.

    `versions` is document → its archived versions by position, each in the order of `states.VERSION`.
    """

    def __init__(self, connection: Connection, ids: Sequence[int]) -> None:
        self.versions: Rows = defaultdict(list)
        self._payments: Rows = {}
        self._may_change: dict[int, Row] = {}
        self._before: dict[int, str] = {}
        self._whole: dict[int, Document] = {}  # those whose last state doesn't tell what is frozen
        for start in range(0, len(ids), AT_ONCE):
            self._read(connection, ids[start : start + AT_ONCE])

    def _read(self, connection: Connection, ids: Sequence[int]) -> None:
        sqlite = is_sqlite(connection)
        within = f"IN ({','.join(['?' if sqlite else '%s'] * len(ids))})"
        before, invoices, *others = states.answers(connection, _queries(sqlite), within, tuple(ids))
        payments, versions = map(states.grouped, others)
        self._payments.update(payments)
        self.versions.update(versions)
        self._may_change.update((row[0], row[1:]) for row in invoices)
        last: dict[int, str] = {number: state for number, state in before}  # noqa: C416 - rows, not pairs
        self._before.update(last)
        unknown = [row[0] for row in invoices if _words(last.get(row[0], "")) is None]
        if unknown:
            self._whole.update((document.invoice[0], document) for document in states.some(connection, unknown))

    def letter(self, invoice_id: int, reference: str | None, folded: str | None) -> None:
        """Its reference as it will be once that is written."""
        if (whole := self._whole.get(invoice_id)) is not None:
            invoice = _lettered(whole.invoice, states.INVOICE, reference, folded)
            self._whole[invoice_id] = whole._replace(invoice=invoice)
        else:
            row = self._may_change[invoice_id]
            self._may_change[invoice_id] = _lettered(row, _MAY_CHANGE, reference, folded)

    def state(self, invoice_id: int) -> str:
        """Its state with the versions that stand here now: what `states.states_of` gives once they are written."""
        versions = self.versions.get(invoice_id, [])
        if (whole := self._whole.get(invoice_id)) is not None:
            return whole._replace(versions=versions).state(STATE_FORMAT)
        before = _words(self._before[invoice_id])
        assert before is not None
        return _state(before, self._may_change[invoice_id], self._payments.get(invoice_id, ()), versions)


def _lettered(row: Row, columns: Sequence[str], reference: str | None, folded: str | None) -> Row:
    at = columns.index("lettering")
    return (*row[:at], reference, folded, *row[at + 2 :])


def _words(state: str) -> Words | None:
    """A state's words, if they tell what is frozen; nobody has written any other here, or its entry is named."""
    try:
        words = states.words_of(state)
    except UnknownState:
        return None
    return words if words.format == STATE_FORMAT and words.frozen != NONE else None


def _state(before: Words, may_change: Sequence[object], payments: Sequence[Row], versions: Sequence[Row]) -> str:
    """A state after the one before: the words of `states.Document.state`."""
    whole = states.sha256([STATE_FORMAT, before.frozen, before.added, may_change, payments, versions])
    lasting = [(position, facts, due_at) for position, facts, _withdrawn, due_at in versions]
    kept = _more(before.payments, payments), _more(before.versions, lasting)
    return " ".join((str(STATE_FORMAT), whole, before.frozen, before.added, *kept))


def _more(before: str, rows: Sequence[Row]) -> str:
    """The digests of before, with those of the rows that came since."""
    known = [] if before == NONE else before.split(",")[: len(rows)]
    return ",".join((*known, *states.shorts(rows[len(known) :]))) or NONE


def _queries(sqlite: bool) -> tuple[Query, ...]:
    return (_BEFORE, states.select(sqlite, "invoice", _MAY_CHANGE, "id", "id"),
            states.select(sqlite, "payment", states.PAYMENT, order="id"),
            states.select(sqlite, "document_version", states.VERSION))  # fmt: skip
