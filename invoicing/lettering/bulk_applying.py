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
from invoicing.lettering.bulk_writing import Change, Say, write
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


class _Found(NamedTuple):
    """What is to be written, what stands already (lines), and what has become worse with its facts."""

    changes: list[Change]
    already: list[int]
    worse: list[tuple[_Planned, Verdict, Mapping[str, Any]]]


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
        found = _judged(session, sql, run_id)  # whoever was faster has committed, and stands there now
        _refuse_worse(sql, run_id, found)
        raise LetteringBusy(next((change.after or "" for change in found.changes), "")) from error


def _apply(session: Session, sql: Sql, actor: Actor, now: datetime, run_id: int, say: Say) -> int:
    if not sql.sqlite:
        sql.rows(_LOCKED, run_id)  # by id, as everybody who locks several
    if sql.rows(_APPLIED, run_id):
        return 0
    found = _judged(session, sql, run_id)
    _refuse_worse(sql, run_id, found)
    _set_aside(sql, run_id, found.already)
    if not found.changes:
        return 0
    digest = write(session, actor, now, run_id, found.changes, say)
    sql.run(_for(sql, _SETTLED), Verdict.lettered.value, run_id, run_id)
    count, already = len(found.changes), len(found.already)
    told = {"lettered": (None, count), "already": (None, already), "digest": (None, digest)}
    journal.record(session, actor, now, IMPORTED, ("import", run_id), told)
    return count


def _judged(session: Session, sql: Sql, run_id: int) -> _Found:
    """Every planned row as things stand now."""
    may_letter = letterable(letters_unpaid(session))
    found, lines = _Found([], [], []), _Lines()
    for row in _planned(sql, run_id):
        lines.add(row)
        verdict, facts = _verdict(row, may_letter)
        if verdict is Verdict.will_letter:
            found.changes.append(Change(row.invoice_id, None, row.typed, row.folded))
        elif verdict is Verdict.already:
            found.already.append(row.line)
        else:
            found.worse.append((row, verdict, facts))
    if lines.twice:
        twice = [row for row in _planned(sql, run_id) if lines.others(row)]
        found.worse.extend((row, Verdict.duplicate_in_file, {"lines": lines.others(row)}) for row in twice)
    return found


class _Lines:
    """Which lines give one reference twice, or two to one document: the plan holds none, unless it was altered."""

    def __init__(self) -> None:
        self._first: dict[str | int, int] = {}
        self.twice: defaultdict[str | int, set[int]] = defaultdict(set)

    def add(self, row: _Planned) -> None:
        for key in (row.folded, row.invoice_id):
            first = self._first.setdefault(key, row.line)
            if first != row.line:
                self.twice[key] |= {first, row.line}

    def others(self, row: _Planned) -> list[int]:
        return sorted((self.twice.get(row.folded, set()) | self.twice.get(row.invoice_id, set())) - {row.line})


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


def _refuse_worse(sql: Sql, run_id: int, found: _Found) -> None:
    """Raises Worse where any is."""
    worse: dict[int, Judged] = {}
    for row, verdict, facts in found.worse:
        ((subject, known),) = sql.rows(_ROW, run_id, row.line)
        told = {**json.loads(known), "number": row.number or "", **facts}
        worse[row.line] = Judged(row.line, verdict, subject, None, told, row.invoice_id)
    if worse:
        raise Worse(worse)


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
