"""Very many references given or taken away in one transaction: documents, search, versions, states, history.

While the database writes some of them, what is to be noted of the next is read by a connection of its own and told on
the other processor. That connection sees our documents as they were before this transaction: they are locked, so that
nobody else changes them, and what they become is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from invoicing.invoices.freezing import found_by
from invoicing.journal import Actor
from invoicing.lettering import bulk_versions
from invoicing.lettering.bulk_rules import BulkRow, digest_of, seal_of
from invoicing.lettering.bulk_sql import Sql
from invoicing.lettering.bulk_versions import Due, Printed
from invoicing.lettering.rules import LetteringBusy
from invoicing.proof.following import Followed

GIVEN_AT_ONCE: Final = 10_000  # by one statement: SQLite writes its search index after each of them
Say = Callable[[int, int], object]  # rows done, of how many
_ROW: Final = ("id", "invoice_id", "at", "actor_kind", "actor_id", "before", "after", "reason", "run_id", "state",
               "seal")  # fmt: skip
_GIVE: Final = """
    UPDATE invoice SET lettering = l.typed, lettering_folded = l.folded, revision = revision + 1,
           search_text = search_text || l.found
    FROM {listed} l WHERE l.id = invoice.id AND invoice.lettering_folded IS NULL
"""
_TAKE: Final = """
    UPDATE invoice SET lettering = NULL, lettering_folded = NULL, revision = revision + 1,
           search_text = substr(search_text, 1, length(search_text) - length(l.found))
    FROM {listed} l WHERE l.id = invoice.id AND invoice.lettering_folded IS NOT NULL
"""


class Change(NamedTuple):
    """A document's reference before and after; one of them is None. `folded` is of the one that it gets."""

    invoice_id: int
    before: str | None
    after: str | None
    folded: str | None = None


Lots = Iterable[Sequence[Change]]


@contextmanager
def beside(session: Session, count: str, run_id: int) -> Iterator[tuple[Session, int]]:
    """Reads with another connection of the same database, which sees nothing that this transaction has written.

    `count` tells how many rows of the run there are, which is given too; RuntimeError where the caller has written some
    of them itself, unseen by that connection.
    """
    with Session(session.get_bind()) as reading:
        ((seen,),), ((total,),) = Sql(reading).rows(count, run_id), Sql(session).rows(count, run_id)
        if seen != total:
            raise RuntimeError("a run is written by the transaction that planned it")
        yield reading, total


def by_lots(changes: Sequence[Change]) -> Lots:
    """As many at a time as are written together."""
    return (changes[start : start + GIVEN_AT_ONCE] for start in range(0, len(changes), GIVEN_AT_ONCE))


def write(
    session: Session, reading: Session, history: History, lots: Lots, total: int, say: Say
) -> str:  # fmt: skip
    """Writes them all and gives the digest of their rows; the documents are locked, and in the order of ids.

    Either all are given or all taken away. A credit note's paper bears the reference of what it corrects,
    which is older, so that its reference stands by then. The lots are read and noted beside, through `reading` alone;
    what they raise is raised here. Raises LetteringBusy where a document isn't as it was read.
    """
    sql, told = Sql(session), _Progress(say, total)
    with ThreadPoolExecutor(1, "states") as other:
        noting = history.noted(Sql(reading), lots)
        coming = other.submit(next, noting, None)
        while (noted := coming.result()) is not None:
            coming = other.submit(next, noting, None)
            _set(sql, noted.changes)
            told.go_on(len(noted.changes))
            history.keep(sql, noted)
            told.go_on(len(noted.changes))
    session.expire_all()
    return digest_of(history.seals)


def _set(sql: Sql, changes: Sequence[Change]) -> None:
    """The references and what they are found by: the last words of the text, by lettering in bulk itself."""
    if changes[0].after is not None:
        given = [(c.invoice_id, c.after, c.folded, found_by(c.after)) for c in changes]
        listed, facts = sql.listed("id:n typed:t folded:t found:t", given)
        done = sql.run(_GIVE.format(listed=listed), *facts)
    else:
        listed, facts = sql.listed("id:n found:t", [(c.invoice_id, found_by(c.before)) for c in changes])
        done = sql.run(_TAKE.format(listed=listed), *facts)
    if done != len(changes):
        raise LetteringBusy("")


class _Noted(NamedTuple):
    """Some changes, and what is to be written of them."""

    changes: Sequence[Change]
    due: Due
    rows: Sequence[tuple[BulkRow, str]]  # with their seals


class History:
    """What one run writes beside its references: versions, and a row of history each with its state and seal."""

    def __init__(self, key: bytes, actor: Actor, now: datetime, run_id: int) -> None:
        self.seals, self.count = list[str](), 0
        self._key, self._now, self._run_id = key, now, run_id
        self._told = now.isoformat(timespec="microseconds"), actor.kind.value, actor.user_id
        self._references: dict[int, str | None] = {}  # as they will be, of every document so far
        self._last_id = 0

    def noted(self, sql: Sql, lots: Lots) -> Iterator[_Noted]:
        """The same lots with the versions that fall due, the states and the seals, as the documents will be."""
        for changes in lots:
            yield self._note(sql, changes)

    def _note(self, sql: Sql, changes: Sequence[Change]) -> _Noted:
        ids = [change.invoice_id for change in changes]
        followed, printed = Followed(sql.connection, ids), Printed(sql, ids)
        for change in changes:
            followed.letter(change.invoice_id, change.after, change.folded)
            self._references[change.invoice_id] = change.after
        due = printed.follow(self._references, followed.versions, sql.moment(self._now))
        numbers = sql.next_ids("lettering_change", len(changes), self._last_id)
        self._last_id = numbers[-1]
        rows = [
            BulkRow(number, each.invoice_id, *self._told, each.before, each.after, "", self._run_id,
                    followed.state(each.invoice_id))
            for number, each in zip(numbers, changes, strict=True)
        ]  # fmt: skip
        return _Noted(changes, due, [(row, seal_of(self._key, row)) for row in rows])

    def keep(self, sql: Sql, noted: _Noted) -> None:
        """Writes it."""
        moment = sql.moment(self._now)
        bulk_versions.keep(sql, noted.due, moment)
        sql.add("lettering_change", _ROW, ((*row[:2], moment, *row[3:], seal) for row, seal in noted.rows))
        self.seals += [seal for _row, seal in noted.rows]
        self.count += len(noted.rows)


class _Progress:
    """Each document is two steps: its reference, and what is noted of it."""

    def __init__(self, say: Say, total: int) -> None:
        self._say, self._total, self._steps = say, total, 0

    def go_on(self, steps: int) -> None:
        """So many more."""
        self._steps += steps
        self._say(self._steps // 2, self._total)
