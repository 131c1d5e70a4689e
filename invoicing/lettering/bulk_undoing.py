"""Takes a whole import of letterings back, as long as nothing came after (SPEC C9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import Refused
from invoicing.journal import Actor
from invoicing.lettering.bulk_rules import TAKEN_BACK, Verdict
from invoicing.lettering.bulk_sql import Sql
from invoicing.lettering.bulk_writing import Change, History, Say, beside, by_lots, write
from invoicing.lettering.rules import LetteringBusy

NAMED: Final = 20  # documents that a refusal names
_DEADLOCK: Final = "40P01"  # PostgreSQL
_LOCKED: Final = """
    SELECT count(*) FROM (SELECT i.id FROM lettering_change c JOIN invoice i ON i.id = c.invoice_id
                          WHERE c.run_id = ? ORDER BY i.id FOR UPDATE OF i) AS locked
"""
_COUNT: Final = "SELECT count(*) FROM lettering_change WHERE run_id = ?"
_UNDONE: Final = "SELECT 1 FROM lettering_change WHERE run_id = ? AND after IS NULL LIMIT 1"
_CHANGED: Final = """
    FROM lettering_change c JOIN invoice i ON i.id = c.invoice_id
    WHERE c.run_id = ? AND EXISTS (SELECT 1 FROM lettering_change l WHERE l.invoice_id = c.invoice_id AND l.id > c.id)
"""
_GIVEN: Final = "SELECT invoice_id, after FROM lettering_change WHERE run_id = ? ORDER BY invoice_id"
_SETTLED: Final = """
    UPDATE import_row SET verdict = ?
    WHERE run_id = ? AND line IN (SELECT line FROM planned_lettering WHERE run_id = ?)
"""


@dataclass(eq=False)
class CameAfter(Refused):
    """The reference of these documents was changed since: the first of their numbers, and how many they are."""

    numbers: Sequence[str]
    count: int


def undo_run(
    session: Session, actor: Actor, now: datetime, run_id: int, say: Say = lambda done, total: None
) -> int:  # fmt: skip
    """Takes away every reference that the run gave, in the caller's transaction; gives how many documents.

    A run that is undone already, or gave none, changes nothing. Raises CameAfter where a person has changed one since,
    and LetteringBusy where others stood in the way in that instant.
    """
    sql = Sql(session)
    try:
        return _undo(session, sql, actor, now, run_id, say)
    except Exception as error:
        if getattr(error, "sqlstate", "") != _DEADLOCK:
            raise
        raise LetteringBusy("") from error


def _undo(session: Session, sql: Sql, actor: Actor, now: datetime, run_id: int, say: Say) -> int:
    if not sql.sqlite:
        sql.rows(_LOCKED, run_id)
    if sql.rows(_UNDONE, run_id):
        return 0
    _check_last(sql, run_id)
    given = [Change(invoice_id, reference, None) for invoice_id, reference in sql.rows(_GIVEN, run_id)]
    if not given:
        return 0
    history = History(session.info["journal_key"], actor, now, run_id)
    with beside(session, _COUNT, run_id) as (reading, total):
        digest = write(session, reading, history, by_lots(given), total, say)
    sql.run(_SETTLED, Verdict.taken_back.value, run_id, run_id)
    told = {"taken_back": (None, len(given)), "digest": (None, digest)}
    journal.record(session, actor, now, TAKEN_BACK, ("import", run_id), told)
    return len(given)


def _check_last(sql: Sql, run_id: int) -> None:
    """Refuses where any of the documents has a later change."""
    ((count,),) = sql.rows(f"SELECT count(*) {_CHANGED}", run_id)
    if count:
        first = sql.rows(f"SELECT i.number {_CHANGED} ORDER BY i.id LIMIT {NAMED}", run_id)
        raise CameAfter([row[0] or "" for row in first], count)
