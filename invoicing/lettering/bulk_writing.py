"""Very many references given or taken away in one transaction: documents, search, versions, states, history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from invoicing.invoices.freezing import found_by
from invoicing.journal import Actor
from invoicing.lettering import bulk_versions
from invoicing.lettering.bulk_rules import BulkRow, digest_of, seal_of
from invoicing.lettering.bulk_sql import Sql
from invoicing.lettering.bulk_versions import Due, Printed
from invoicing.proof.following import Followed

GIVEN_AT_ONCE: Final = 10_000  # by one statement: SQLite writes its search index after each of them
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

    Either all are given or all taken away. A credit note's paper bears the reference of what it corrects,
    which is older, so that its reference stands by then.
    """
    history = _History(session, Sql(session), actor, now, run_id)
    told = _Progress(say, len(changes))
    with ThreadPoolExecutor(1, "states") as beside:
        composing: Future[_Noted] | None = None
        for some in _by(changes, GIVEN_AT_ONCE):
            _set(history.sql, some)  # which leaves the other processor to what was read before
            told.go_on(len(some))
            if composing is not None:
                told.go_on(history.keep(composing.result()))
            composing = beside.submit(_noted, history.read(some))
        if composing is not None:
            told.go_on(history.keep(composing.result()))
    session.expire_all()
    return digest_of(history.seals)


def _set(sql: Sql, changes: Sequence[Change]) -> None:
    """The references and what they are found by: the last words of the text, by lettering in bulk itself."""
    if changes[0].after is not None:
        given = [(c.invoice_id, c.after, c.folded, found_by(c.after)) for c in changes]
        listed, facts = sql.listed("id:n typed:t folded:t found:t", given)
        sql.run(_GIVE.format(listed=listed), *facts)
        return
    listed, facts = sql.listed("id:n found:t", [(c.invoice_id, found_by(c.before)) for c in changes])
    sql.run(_TAKE.format(listed=listed), *facts)


class _Standing(NamedTuple):
    """Some documents as they stand with their references, and all that is needed to note it."""

    key: bytes
    rows: Sequence[BulkRow]  # without states
    followed: Followed
    printed: Printed
    moment: object


class _Noted(NamedTuple):
    """What is to be written of them."""

    due: Due
    rows: Sequence[tuple[BulkRow, str]]  # with their seals


def _noted(standing: _Standing) -> _Noted:
    """The versions that fall due, and the states and seals of the history: without the database."""
    due = standing.printed.follow(standing.followed.versions, standing.moment)
    rows = [row._replace(state=standing.followed.state(row.invoice_id)) for row in standing.rows]
    return _Noted(due, [(row, seal_of(standing.key, row)) for row in rows])


class _History:
    """What one run writes beside its references: versions, and a row of history each with its state and seal."""

    def __init__(self, session: Session, sql: Sql, actor: Actor, now: datetime, run_id: int) -> None:
        self.sql, self.seals = sql, list[str]()
        self._session, self._moment = session, sql.moment(now)
        self._told = now.isoformat(timespec="microseconds"), actor.kind.value, actor.user_id
        self._run_id = run_id

    def read(self, changes: Sequence[Change]) -> _Standing:
        """As these documents stand now."""
        ids = [change.invoice_id for change in changes]
        numbers = self.sql.next_ids("lettering_change", len(changes))
        rows = [
            BulkRow(number, change.invoice_id, *self._told, change.before, change.after, "", self._run_id, "")
            for number, change in zip(numbers, changes, strict=True)
        ]
        followed, printed = Followed(self._session.connection(), ids), Printed(self.sql, ids)
        return _Standing(self._session.info["journal_key"], rows, followed, printed, self._moment)

    def keep(self, noted: _Noted) -> int:
        """Writes it; gives how many rows."""
        bulk_versions.keep(self.sql, noted.due, self._moment)
        rows = ((*row[:2], self._moment, *row[3:], seal) for row, seal in noted.rows)
        self.sql.add("lettering_change", _ROW, rows)
        self.seals += [seal for _row, seal in noted.rows]
        return len(noted.rows)


class _Progress:
    """Each document is two steps: its reference, and what is noted of it."""

    def __init__(self, say: Say, total: int) -> None:
        self._say, self._total, self._steps = say, total, 0

    def go_on(self, steps: int) -> None:
        """So many more."""
        self._steps += steps
        self._say(self._steps // 2, self._total)


def _by(changes: Sequence[Change], most: int) -> Iterator[Sequence[Change]]:
    """Some at a time."""
    return (changes[start : start + most] for start in range(0, len(changes), most))
