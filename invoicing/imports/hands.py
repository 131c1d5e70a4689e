"""A run in a worker's hands: claimed, its verdicts kept, its rows settled, given up. The edge commits.

A worker has a run in hand as long as it says so; one that falls silent is followed by the next, which begins the
judging again, or goes on with the rows that aren't applied yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.orm import Session

from invoicing import journal, silence
from invoicing.database import changed_one, is_sqlite
from invoicing.errors import NotFound
from invoicing.imports import queries
from invoicing.imports.models import ImportFile, ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import COLUMNS, Judged, Unreadable
from invoicing.journal import Actor
from invoicing.lettering import proposals
from invoicing.lettering.bulk_sql import Sql
from invoicing.lettering.models import PlannedLettering

_S = RunState
_BEGUN: Final = {
    _S.waiting: _S.judging, _S.judging: _S.judging, _S.asked: _S.applying, _S.applying: _S.applying,
    _S.undo_asked: _S.undoing, _S.undoing: _S.undoing,
}  # fmt: skip
_AT_WORK: Final = ImportRun.state.in_((_S.judging, _S.applying, _S.undoing))
_WHOLE: Final = frozenset({_S.applying, _S.undoing})
_WHOLE_LOCK: Final = 7_204_581  # PostgreSQL advisory lock, with the run: who writes all of it in one transaction


class LostRun(RuntimeError):
    """Another worker has the run in hand now, or a person has put it aside."""


@dataclass(frozen=True)
class Claim:
    """A run in a worker's hands, since `started_at`, to be judged, applied or undone."""

    run_id: int
    state: RunState
    started_at: datetime
    kind: RunKind


def claim(session: Session, now: datetime, only: int | None = None) -> Claim | None:
    """Takes a run that waits, or whose worker has died (or just this one, if it does); None where there is none."""
    free = or_(
        ImportRun.state.in_((_S.waiting, _S.asked, _S.undo_asked)),
        _AT_WORK & silence.is_silent(ImportRun.beat_at, now),
    )  # fmt: skip
    query = select(ImportRun.id, ImportRun.state, ImportRun.kind).where(free).order_by(ImportRun.id)
    every = session.execute(query if only is None else query.where(ImportRun.id == only)).all()
    found = next((each for each in every if each.state not in _WHOLE or _is_let_go(session, each.id)), None)
    if found is None:
        return None
    state = _BEGUN[found.state]
    values: dict[str, Any] = {"state": state, "started_at": now, "beat_at": now}
    if state is _S.judging:
        values["done"] = 0
    taken = update(ImportRun).where(ImportRun.id == found.id, ImportRun.state == found.state, free).values(values)
    if not changed_one(session, taken):
        return None
    if state is _S.judging:  # what a dead worker left of it is judged again
        forget_rows(session, found.id)
    return Claim(found.id, state, now, found.kind)


def free_at(session: Session) -> datetime | None:
    """When the first that is in hand is anybody's, if its worker is dead; None where none is."""
    return silence.free_at(session, ImportRun.beat_at, _AT_WORK)


def _is_let_go(session: Session, run_id: int) -> bool:
    """Whether nobody is inside the transaction that writes a whole run; SQLite lets no second writer in anyway."""
    if is_sqlite(session.connection()):
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:lock, :run)")
    return bool(session.scalar(lock, {"lock": _WHOLE_LOCK, "run": run_id}))


def hold(session: Session, claim: Claim) -> None:
    """Begins the transaction that writes the whole run: nobody else claims it before its end. Raises LostRun.

    The run's own row isn't locked, so that another connection can say how far it is.
    """
    if not is_sqlite(session.connection()):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock, :run)"), {"lock": _WHOLE_LOCK, "run": claim.run_id})
    if session.scalar(select(ImportRun.id).where(_ours(claim))) is None:
        raise LostRun


def tell(session: Session, claim: Claim, now: datetime, **progress: int) -> None:
    """Says that the worker is alive, and how far (`done`, `total`). Raises LostRun."""
    _settle(session, claim, {"beat_at": now, **progress})


def _settle(session: Session, claim: Claim, values: Mapping[str, Any]) -> None:
    if not changed_one(session, update(ImportRun).where(_ours(claim)).values(values)):
        raise LostRun


def _ours(claim: Claim) -> Any:
    ours = (ImportRun.id == claim.run_id) & (ImportRun.started_at == claim.started_at)
    return ours & (ImportRun.state == claim.state)


_ROW: Final = ("run_id", *COLUMNS, "done")  # beside SQLAlchemy: a file has very many
_PLAN: Final = ("run_id", "line", "invoice_id", "typed", "folded")


def keep_verdicts(session: Session, claim: Claim, now: datetime, judged: Sequence[Judged], done: int) -> None:
    """Writes the verdicts of some rows; `done` counts those of the run by then. Raises LostRun."""
    tell(session, claim, now, done=done)
    if judged:
        sql = Sql(session)
        sql.add("import_row", _ROW, [(claim.run_id, *row.columns(), sql.truth(False)) for row in judged])
    if claim.kind is RunKind.letterings:
        plan = [(claim.run_id, row.line, *map(row.content.get, _PLAN[2:])) for row in judged if row.content is not None]
        if plan:
            Sql(session).add("planned_lettering", _PLAN, plan)
        proposals.keep(session, claim.run_id, judged)


def keep_plan(session: Session, claim: Claim, now: datetime, options: str, rows: int) -> None:
    """How the file is to be read is known, as far as it can be: a person confirms or changes it. Raises LostRun."""
    known = {"beat_at": now, "done": 0, "total": rows, "options": options, "fault": ""}
    _settle(session, claim, {**known, "state": _S.mapping})


def finish_judging(session: Session, claim: Claim, now: datetime) -> None:
    """Every row has its verdict: the file itself is no longer needed, but for letterings. Raises LostRun."""
    counts = queries.counts(session, claim.run_id)
    values = {"state": _S.judged, "judged_at": now, "counts": json.dumps(counts, sort_keys=True), "fault": ""}
    _settle(session, claim, {**values, "beat_at": now, "total": sum(counts.values()), "done": sum(counts.values())})
    if claim.kind is not RunKind.letterings:
        forget_file(session, claim.run_id)


def give_up(session: Session, claim: Claim, now: datetime, fault: Unreadable, again: bool = False) -> None:
    """The file can't be read: why is kept, rows and file are not. Raises LostRun.

    `again`: as its columns were said it can't be; the file stays, and a person may say them otherwise.
    """
    values: dict[str, Any] = {"beat_at": now, "done": 0, "total": 0, "fault": fault.to_json(), "counts": "{}"}
    if again:
        _settle(session, claim, {**values, "state": _S.mapping})
    else:
        _settle(session, claim, {**values, "state": _S.unreadable, "judged_at": now})
        forget_file(session, claim.run_id)
    forget_rows(session, claim.run_id)


def settle_rows(session: Session, outcomes: Sequence[tuple[int, Judged | None]]) -> None:
    """Rows, by id, are dealt with: as they were judged, or as they had to be judged now."""
    values: list[dict[str, Any]] = []
    for row_id, outcome in outcomes:
        row: dict[str, Any] = {"id": row_id, "done": True, "content": ""}
        if outcome is not None:
            row |= {"verdict": outcome.verdict, "facts": journal.canonical(outcome.facts)}
            row |= {name: known for name in ("invoice_id", "customer_id") if (known := getattr(outcome, name))}
        values.append(row)
    for _names, alike in groupby(sorted(values, key=_names_of), key=_names_of):
        session.execute(update(ImportRow), list(alike))


def _names_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(row))


def finish_applying(session: Session, actor: Actor, claim: Claim, now: datetime) -> None:
    """Every row that was to be applied is. Raises LostRun."""
    counts = queries.counts(session, claim.run_id)
    values = {"state": _S.applied, "applied_at": now, "counts": json.dumps(counts, sort_keys=True)}
    _settle(session, claim, {**values, "beat_at": now, "done": ImportRun.total, "fault": ""})
    if claim.kind is RunKind.letterings:  # whose one entry in the journal holds their digest
        forget_file(session, claim.run_id)
        return
    changes: Mapping[str, tuple[Any, Any]] = {"counts": (None, counts)}
    journal.record(session, actor, now, "import.applied", ("import", claim.run_id), changes)


def turn_worse(session: Session, claim: Claim, now: datetime, rows: Mapping[int, Judged]) -> None:
    """Nothing was applied, since these rows, by line, can't be any more: they are shown as they are now.

    Raises LostRun.
    """
    for lot in _lots(sorted(rows)):
        known = select(ImportRow.id, ImportRow.line).where(ImportRow.run_id == claim.run_id, ImportRow.line.in_(lot))
        values = [
            {"id": id_, **dict(zip(COLUMNS, rows[line].columns(), strict=True))} for id_, line in session.execute(known)
        ]
        session.execute(update(ImportRow), values)
        plan = PlannedLettering
        session.execute(delete(plan).where(plan.run_id == claim.run_id, plan.line.in_(lot)))
    step_back(session, claim, now, _S.judged, Unreadable("changed_meanwhile", {"rows": len(rows)}))


def _lots(lines: Sequence[int]) -> list[Sequence[int]]:
    return [lines[at : at + 1000] for at in range(0, len(lines), 1000)]


def step_back(session: Session, claim: Claim, now: datetime, state: RunState, fault: Unreadable) -> None:
    """Nothing was written, and `fault` says why: the run is where it was before somebody asked. Raises LostRun."""
    counts = queries.counts(session, claim.run_id)
    values = {"state": state, "counts": json.dumps(counts, sort_keys=True), "fault": fault.to_json()}
    _settle(session, claim, {**values, "beat_at": now})


def finish_undoing(session: Session, claim: Claim, now: datetime) -> None:
    """All that the run has written is taken back. Raises LostRun."""
    counts = queries.counts(session, claim.run_id)
    values = {"state": _S.undone, "undone_at": now, "counts": json.dumps(counts, sort_keys=True)}
    _settle(session, claim, {**values, "beat_at": now, "done": ImportRun.total, "fault": ""})
    proposals.forget(session, claim.run_id)


# what a run leaves -----------------------------------------------------------------------------------------------


def forget_file(session: Session, run_id: int) -> None:
    """The file's bytes go."""
    session.execute(delete(ImportFile).where(ImportFile.run_id == run_id))


def forget_rows(session: Session, run_id: int) -> None:
    """Its rows go, with what they would write and what they suggest."""
    session.execute(delete(PlannedLettering).where(PlannedLettering.run_id == run_id))
    proposals.forget(session, run_id)
    session.execute(delete(ImportRow).where(ImportRow.run_id == run_id))


def content_of(session: Session, run_id: int) -> bytes:
    """The file's bytes; NotFound once they are gone."""
    found = session.scalar(select(ImportFile.content).where(ImportFile.run_id == run_id))
    if found is None:
        raise NotFound
    return found
