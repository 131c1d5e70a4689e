"""Applies an import of letterings: every row judged once more, then all of them in one transaction (SPEC C9)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import Refused
from invoicing.imports.rules import Judged
from invoicing.invoices.models import Status
from invoicing.invoices.rules import letterable
from invoicing.journal import Actor
from invoicing.lettering.bulk_rules import IMPORTED, Verdict
from invoicing.lettering.bulk_sql import Sql
from invoicing.lettering.bulk_writing import GIVEN_AT_ONCE, Change, History, Say, beside, write
from invoicing.lettering.rules import LetteringBusy
from invoicing.sellers.queries import letters_unpaid

_READ_AT_ONCE: Final = 5_000
_CONTENDED: Final = ("23505", "40P01")  # PostgreSQL: somebody else has just given the reference; a deadlock
_TOTAL: Final = {
    True: "json_extract(r.content, '$.total_cents')", False: "(nullif(r.content, '')::json->>'total_cents')::bigint"
}  # fmt: skip
_LOCKED: Final = """
    SELECT count(*) FROM (SELECT i.id FROM planned_lettering p JOIN invoice i ON i.id = p.invoice_id
                          WHERE p.run_id = ? ORDER BY i.id FOR UPDATE OF i) AS locked
"""
_COUNT: Final = "SELECT count(*) FROM planned_lettering WHERE run_id = ?"
_TWICE: Final = """
    SELECT 1 FROM planned_lettering WHERE run_id = ? GROUP BY folded HAVING count(*) > 1
    UNION ALL SELECT 1 FROM planned_lettering WHERE run_id = ? GROUP BY invoice_id HAVING count(*) > 1
"""
_APPLIED: Final = "SELECT 1 FROM lettering_change WHERE run_id = ? AND after IS NOT NULL LIMIT 1"
_PLANNED: Final = """
    SELECT p.invoice_id, p.line, p.typed, p.folded, i.number, i.status, i.frozen_at IS NOT NULL,
           CASE i.kind WHEN 'credit_note' THEN -i.total_cents ELSE i.total_cents END, i.currency,
           i.lettering, i.lettering_folded, {total}, h.id, h.number
    FROM planned_lettering p
    JOIN invoice i ON i.id = p.invoice_id
    JOIN import_row r ON r.run_id = p.run_id AND r.line = p.line
    LEFT JOIN invoice h ON h.lettering_folded = p.folded AND h.id <> p.invoice_id
    WHERE p.run_id = ? AND (p.invoice_id > ? OR (p.invoice_id = ? AND p.line > ?))
    ORDER BY p.invoice_id, p.line LIMIT ?
"""
_ROW: Final = "SELECT subject, facts FROM import_row WHERE run_id = ? AND line = ?"
_SETTLED: Final = """
    UPDATE import_row SET verdict = ?, done = {true}, content = ''
    WHERE run_id = ? AND line IN (SELECT line FROM planned_lettering WHERE run_id = ?)
"""
_ALREADY: Final = (
    "UPDATE import_row SET verdict = ?, done = {true}, content = '' WHERE run_id = ? AND line IN ({lines})"
)
_UNPLANNED: Final = "DELETE FROM planned_lettering WHERE run_id = ? AND line IN ({lines})"


@dataclass(eq=False)
class Worse(Refused):
    """Some rows can't be applied any more: line → as it must be judged now. Nothing is written."""

    rows: Mapping[int, Judged]


class _Planned(NamedTuple):
    invoice_id: int
    line: int
    typed: str
    folded: str
    number: str | None
    status: str
    is_frozen: bool
    total_cents: int  # with its sign: a credit note's is negative
    currency: str
    has: str | None
    has_folded: str | None
    expected_cents: int | None
    by_id: int | None
    by: str | None


def apply_run(
    session: Session, actor: Actor, now: datetime, run_id: int, say: Say = lambda done, total: None
) -> int:  # fmt: skip
    """Letters what the run plans, all of it or nothing, in the caller's transaction; gives how many documents.

    A run that is applied already changes nothing. Raises Worse where any row can't be applied as it was judged, and
    LetteringBusy where others stood in the way in that instant: the caller rolls back, and may try again.
    """
    sql = Sql(session)
    return _guarded(session, sql, run_id, lambda: _apply(session, sql, actor, now, run_id, say))


def _guarded(session: Session, sql: Sql, run_id: int, act: Callable[[], int]) -> int:
    """On PostgreSQL others may be giving one of the references: who is second hears of it, or is asked to try again."""
    if sql.sqlite:
        return act()
    try:
        with session.begin_nested():
            session.connection()  # the savepoint is set now, not at the first statement that SQLAlchemy sees
            return act()
    except Exception as error:
        if getattr(error, "sqlstate", "") not in _CONTENDED:
            raise
        # whoever was faster has committed, and stands there now: raises Worse, or somebody was only in the way
        lots = list(_Judging(sql, run_id, letterable(letters_unpaid(session))).lots())
        raise LetteringBusy(lots[0][0].after or "" if lots else "") from error


def _apply(session: Session, sql: Sql, actor: Actor, now: datetime, run_id: int, say: Say) -> int:
    if not sql.sqlite:
        sql.rows(_LOCKED, run_id)  # by id, as everybody who locks several
    if sql.rows(_APPLIED, run_id):
        return 0
    history = History(session.info["journal_key"], actor, now, run_id)
    with beside(session, _COUNT, run_id) as (reading, total):
        judging = _Judging(Sql(reading), run_id, letterable(letters_unpaid(session)))
        digest = write(session, reading, history, judging.lots(), total, say)
    _set_aside(sql, run_id, judging.already)
    if not history.count:
        return 0
    sql.run(_for(sql, _SETTLED), Verdict.lettered.value, run_id, run_id)
    told = {"lettered": (None, history.count), "already": (None, len(judging.already)), "digest": (None, digest)}
    journal.record(session, actor, now, IMPORTED, ("import", run_id), told)
    return history.count


class _Judging:
    """Every planned row as things stand now, some at a time; `already` are the lines that are so."""

    def __init__(self, sql: Sql, run_id: int, may_letter: frozenset[Status]) -> None:
        self.already: list[int] = []
        self._sql, self._run_id, self._may_letter = sql, run_id, may_letter
        self._worse: list[tuple[_Planned, Verdict, Mapping[str, Any]]] = []

    def lots(self) -> Iterator[Sequence[Change]]:
        """What is to be written. Raises Worse, once all are judged, where any has become worse."""
        good: list[Change] = []
        for row in _planned(self._sql, self._run_id):
            self._judge(row, good)
            if len(good) == GIVEN_AT_ONCE:
                yield good
                good = []
        self._refuse_worse()
        if good:
            yield good

    def _judge(self, row: _Planned, good: list[Change]) -> None:
        verdict, facts = _verdict(row, self._may_letter)
        if verdict is Verdict.already:
            self.already.append(row.line)
        elif verdict is not Verdict.will_letter:
            self._worse.append((row, verdict, facts))
            good.clear()  # nothing is written any more
        elif not self._worse:
            good.append(Change(row.invoice_id, None, row.typed, row.folded))

    def _refuse_worse(self) -> None:
        for row, lines in self._twice():
            self._worse.append((row, Verdict.duplicate_in_file, {"lines": lines}))
        worse: dict[int, Judged] = {}
        for row, verdict, facts in self._worse:
            ((subject, known),) = self._sql.rows(_ROW, self._run_id, row.line)
            told = {**json.loads(known), "number": row.number or "", **facts}
            worse[row.line] = Judged(row.line, verdict, subject, None, told, row.invoice_id)
        if worse:
            raise Worse(worse)

    def _twice(self) -> Iterator[tuple[_Planned, list[int]]]:
        """Rows that give one reference twice, or two to one document, with the others' lines.

        The plan holds none, unless it was altered.
        """
        if not self._sql.rows(_TWICE, self._run_id, self._run_id):
            return
        lines: defaultdict[str | int, set[int]] = defaultdict(set)
        for row in _planned(self._sql, self._run_id):
            lines[row.folded].add(row.line)
            lines[row.invoice_id].add(row.line)
        for row in _planned(self._sql, self._run_id):
            if others := (lines[row.folded] | lines[row.invoice_id]) - {row.line}:
                yield row, sorted(others)


def _planned(sql: Sql, run_id: int) -> Iterator[_Planned]:
    """The rows of the plan by document, some thousands at a time."""
    query, invoice_id, line = _PLANNED.format(total=_TOTAL[sql.sqlite]), 0, 0
    while rows := sql.rows(query, run_id, invoice_id, invoice_id, line, _READ_AT_ONCE):
        yield from map(_Planned._make, rows)
        invoice_id, line = rows[-1][:2]


def _verdict(row: _Planned, may_letter: frozenset[Status]) -> tuple[Verdict, Mapping[str, Any]]:
    """What becomes of a row now, and what its sentence needs beside what the file said."""
    if row.has_folded == row.folded:
        return Verdict.already, {}
    if row.has is not None:
        return Verdict.already_lettered_otherwise, {"has": row.has}
    if not row.is_frozen or Status(row.status) not in may_letter:
        return Verdict.wrong_status, {"status": row.status}
    if row.by_id is not None:
        return Verdict.taken, {"by": row.by or "", "by_id": row.by_id}
    if row.total_cents != row.expected_cents:
        return Verdict.amount_differs, {"total_cents": row.total_cents, "invoice_currency": row.currency}
    return Verdict.will_letter, {}


def _set_aside(sql: Sql, run_id: int, lines: Sequence[int]) -> None:
    """What bears its reference already is done, and no part of what is written."""
    if not lines:
        return
    listed, facts = sql.listed("line:n", [(line,) for line in lines])
    within = f"SELECT l.line FROM {listed} l"  # noqa: S608 - our own names
    already = _for(sql, _ALREADY).replace("{lines}", within)
    sql.run(already, Verdict.already.value, run_id, *facts)
    sql.run(_UNPLANNED.replace("{lines}", within), run_id, *facts)


def _for(sql: Sql, statement: str) -> str:
    return statement.replace("{true}", "1" if sql.sqlite else "true")
