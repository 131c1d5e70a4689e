"""The states of very many documents of which only what may change has changed: what is frozen is taken from before.

A frozen document's digests of what is frozen, and of its payments and versions so far, stand in the last state that
the journal has of it. Taking them from there costs a third of reading it all again, and hides nothing: were a row
altered meanwhile, the state would be that of the document before it, and the verification names the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from invoicing.database import is_sqlite
from invoicing.proof import states
from invoicing.proof.states import NONE, STATE_FORMAT, Query, Row, UnknownState, Words

AT_ONCE: Final = 1000
_MAY_CHANGE: Final = states.INVOICE[states.INVOICE.index("status") : states.INVOICE.index("totals_only")]
_BEFORE: Final = ("SELECT subject_id, state FROM journal WHERE subject_kind = 'invoice' AND subject_id",
                  "AND state IS NOT NULL ORDER BY subject_id, position")  # fmt: skip


def states_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Document → its state now, of those that are there; the same as `states.states_of` gives."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        found.update(_followed(connection, ids[start : start + AT_ONCE]))
    return found | states.states_of(connection, [number for number in ids if number not in found])


def _followed(connection: Connection, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Of those whose last state tells what is frozen."""
    within = f"IN ({','.join(['?' if is_sqlite(connection) else '%s'] * len(ids))})"
    before, invoices, *others = states.answers(connection, _queries(is_sqlite(connection)), within, tuple(ids))
    payments, versions = map(states.grouped, others)
    last: dict[int, str] = {number: state for number, state in before}  # noqa: C416 - rows, not pairs
    for number, *may_change in invoices:
        words = _words(last.get(number, ""))
        if words and words.format == STATE_FORMAT and words.frozen != NONE:
            yield number, _state(words, may_change, payments.get(number, ()), versions.get(number, ()))


def _words(state: str) -> Words | None:
    try:
        return states.words_of(state)
    except UnknownState:  # nobody wrote that here: the verification names its entry
        return None


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
