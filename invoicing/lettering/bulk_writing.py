"""Very many references given or taken away in one transaction: documents, search, versions, states, history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from invoicing.invoices.freezing import found_by
from invoicing.journal import Actor
from invoicing.lettering import bulk_versions
from invoicing.lettering.bulk_rules import BulkRow, digest_of, seal_of
from invoicing.lettering.bulk_sql import Row, Sql
from invoicing.proof import following

GIVEN_AT_ONCE: Final = 25_000  # by one statement: SQLite writes its search index after each of them
NOTED_AT_ONCE: Final = 2_000
Say = Callable[[int, int], object]  # rows done, of how many
_ROW: Final = ("id", "invoice_id", "at", "actor_kind", "actor_id", "before", "after", "reason", "run_id", "state",
               "seal")  # fmt: skip
_GIVE: Final = """
    UPDATE invoice SET lettering = l.typed, lettering_folded = l.folded, revision = revision + 1,
           search_text = search_text || l.found
    FROM {listed} l WHERE l.id = invoice.id
"""
_TAKE: Final = """
    UPDATE invoice SET lettering = NULL, lettering_folded = NULL, revision = revision + 1,
           search_text = substr(search_text, 1, length(search_text) - length(l.found))
    FROM {listed} l WHERE l.id = invoice.id
"""


class Change(NamedTuple):
    """A document's reference before and after; one of them is None. `folded` is of the one that it gets."""

    invoice_id: int
    before: str | None
    after: str | None
    folded: str | None = None


def write(
    session: Session, actor: Actor, now: datetime, run_id: int, changes: Sequence[Change], say: Say
) -> str:  # fmt: skip
    """Writes them all and gives the digest of their rows; the documents are locked, judged, and in the order of ids.

    Either all are given or all taken away. Everybody's references stand before the first version is looked at: a credit
    note's paper bears the reference of what it corrects.
    """
    sql = Sql(session)
    total = len(changes)
    for done, some in _by(changes, GIVEN_AT_ONCE):
        _set(sql, some)
        say(done // 2, total)
    seals: list[str] = []
    for done, some in _by(changes, NOTED_AT_ONCE):
        bulk_versions.follow(sql, [change.invoice_id for change in some], now)
        seals += _note(session, sql, actor, now, run_id, some)
        say((total + done) // 2, total)
    session.expire_all()
    return digest_of(seals)


def _set(sql: Sql, changes: Sequence[Change]) -> None:
    """The references and what they are found by: the last words of the text, by lettering in bulk itself."""
    if changes[0].after is not None:
        given = [(c.invoice_id, c.after, c.folded, found_by(c.after)) for c in changes]
        listed, facts = sql.listed("id:n typed:t folded:t found:t", given)
        sql.run(_GIVE.format(listed=listed), *facts)
        return
    listed, facts = sql.listed("id:n found:t", [(c.invoice_id, found_by(c.before)) for c in changes])
    sql.run(_TAKE.format(listed=listed), *facts)


def _note(
    session: Session, sql: Sql, actor: Actor, now: datetime, run_id: int, changes: Sequence[Change]
) -> list[str]:  # fmt: skip
    """The rows of the history, each with the state of its document and its seal; gives the seals."""
    key: bytes = session.info["journal_key"]
    found = following.states_of(session.connection(), [change.invoice_id for change in changes])
    at, moment = now.isoformat(timespec="microseconds"), sql.moment(now)
    rows: list[Row] = []
    for number, change in zip(sql.next_ids("lettering_change", len(changes)), changes, strict=True):
        row = BulkRow(number, change.invoice_id, at, actor.kind.value, actor.user_id, change.before, change.after, "",
                      run_id, found[change.invoice_id])  # fmt: skip
        rows.append((*row[:2], moment, *row[3:], seal_of(key, row)))
    sql.add("lettering_change", _ROW, rows)
    return [row[-1] for row in rows]


def _by(changes: Sequence[Change], most: int) -> Iterator[tuple[int, Sequence[Change]]]:
    """Some at a time, each time with how many there have been."""
    for start in range(0, len(changes), most):
        some = changes[start : start + most]
        yield start + len(some), some
