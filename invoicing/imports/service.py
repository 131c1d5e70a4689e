"""What happens to a file that came in: kept, judged row by row, applied on somebody's word, or put aside.

A worker has a run in hand as long as it says so; one that falls silent is followed by the next, which begins the
judging again, or goes on with the rows that aren't applied yet. The edge commits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.database import changed_one
from invoicing.errors import NotFound
from invoicing.imports import queries
from invoicing.imports.models import ImportFile, ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import MAX_BYTES, FormServed, Judged, NothingToApply, NotReady, Unreadable
from invoicing.journal import Actor
from invoicing.text import clean

SILENT: Final = timedelta(minutes=2)  # a worker that hasn't said a word for so long is dead
_S = RunState
_BEGUN: Final = {_S.waiting: _S.judging, _S.judging: _S.judging, _S.asked: _S.applying, _S.applying: _S.applying}
_GONE_ON: Final = frozenset({_S.asked, _S.applying, _S.applied})
_DROPPABLE: Final = frozenset({_S.waiting, _S.judged, _S.unreadable})


class LostRun(RuntimeError):
    """Another worker has the run in hand now, or a person has put it aside."""


@dataclass(frozen=True)
class Claim:
    """A run in a worker's hands, since `started_at`, to be judged or applied."""

    run_id: int
    state: RunState
    started_at: datetime


def start(
    session: Session,
    actor: Actor,
    now: datetime,
    kind: RunKind,
    file_name: str,
    content: bytes,
    shop_id: int | None,
    form_token: str,
) -> ImportRun:
    """Keeps a file to be judged; the same form twice makes one run, another form with the same file another.

    Refuses Unreadable (empty, too big) and FormServed.
    """
    if not content:
        raise Unreadable("empty")
    if len(content) > MAX_BYTES:
        raise Unreadable("too_big", {"most": MAX_BYTES})
    sha256 = hashlib.sha256(content).hexdigest()
    made = select(ImportRun).where(ImportRun.form_token == form_token)
    if (same := session.scalar(made)) is not None:
        return _same(same, kind, sha256, shop_id)
    run = ImportRun(
        kind=kind, shop_id=shop_id, file_name=_named(file_name), sha256=sha256, size=len(content), asked_at=now,
        asked_by_id=actor.account_id, form_token=form_token,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:  # sent twice in the same instant: the other one has just made it
        if (same := session.scalar(made)) is None:
            raise
        return _same(same, kind, sha256, shop_id)
    session.execute(insert(ImportFile).values(run_id=run.id, content=content))
    changes = {"kind": (None, kind), "sha256": (None, sha256), "shop_id": (None, shop_id)}
    journal.record(session, actor, now, "import.started", ("import", run.id), changes)
    return run


def _same(run: ImportRun, kind: RunKind, sha256: str, shop_id: int | None) -> ImportRun:
    if (run.kind, run.sha256, run.shop_id) != (kind, sha256, shop_id):
        raise FormServed(run.id)
    return run


def _named(file_name: str) -> str:
    """The name without folders, whichever slashes they have."""
    return clean(file_name.replace("\\", "/").rpartition("/")[2])[-200:] or "?"


# in a worker's hands ---------------------------------------------------------------------------------------------


def claim(session: Session, now: datetime, only: int | None = None) -> Claim | None:
    """Takes a run that waits, or whose worker has died (or just this one, if it does); None where there is none."""
    silent = or_(ImportRun.beat_at.is_(None), ImportRun.beat_at < now - SILENT)
    free = or_(
        ImportRun.state.in_((_S.waiting, _S.asked)), ImportRun.state.in_((_S.judging, _S.applying)) & silent
    )  # fmt: skip
    query = select(ImportRun.id, ImportRun.state).where(free).order_by(ImportRun.id).limit(1)
    found = session.execute(query if only is None else query.where(ImportRun.id == only)).first()
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
        session.execute(delete(ImportRow).where(ImportRow.run_id == found.id))
    return Claim(found.id, state, now)


def tell(session: Session, claim: Claim, now: datetime, **progress: int) -> None:
    """Says that the worker is alive, and how far (`done`, `total`). Raises LostRun."""
    ours = (ImportRun.id == claim.run_id) & (ImportRun.started_at == claim.started_at)
    ours &= ImportRun.state == claim.state
    values = {"beat_at": now, **progress}
    if not changed_one(session, update(ImportRun).where(ours).values(values)):
        raise LostRun


def keep_verdicts(session: Session, claim: Claim, now: datetime, judged: Sequence[Judged], done: int) -> None:
    """Writes the verdicts of some rows; `done` counts those of the run by then. Raises LostRun."""
    tell(session, claim, now, done=done)
    if judged:
        session.execute(insert(ImportRow), [{"run_id": claim.run_id, "done": False, **row.columns()} for row in judged])


def finish_judging(session: Session, claim: Claim, now: datetime) -> None:
    """Every row has its verdict: the file itself is no longer needed. Raises LostRun."""
    counts = queries.counts(session, claim.run_id)
    tell(session, claim, now, total=sum(counts.values()), done=sum(counts.values()))
    values = {"state": _S.judged, "judged_at": now, "counts": json.dumps(counts, sort_keys=True)}
    session.execute(update(ImportRun).where(ImportRun.id == claim.run_id).values(values))
    _forget_file(session, claim.run_id)


def give_up(session: Session, claim: Claim, now: datetime, fault: Unreadable) -> None:
    """The file can't be read: why is kept, rows and file are not. Raises LostRun."""
    tell(session, claim, now, done=0, total=0)
    values = {"state": _S.unreadable, "judged_at": now, "fault": fault.to_json(), "counts": "{}"}
    session.execute(update(ImportRun).where(ImportRun.id == claim.run_id).values(values))
    session.execute(delete(ImportRow).where(ImportRow.run_id == claim.run_id))
    _forget_file(session, claim.run_id)


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
    tell(session, claim, now)
    values = {"state": _S.applied, "applied_at": now, "counts": json.dumps(counts, sort_keys=True)}
    values["done"] = ImportRun.total
    session.execute(update(ImportRun).where(ImportRun.id == claim.run_id).values(values))
    changes: Mapping[str, tuple[Any, Any]] = {"counts": (None, counts)}
    journal.record(session, actor, now, "import.applied", ("import", claim.run_id), changes)


def _forget_file(session: Session, run_id: int) -> None:
    session.execute(delete(ImportFile).where(ImportFile.run_id == run_id))


# on somebody's word ----------------------------------------------------------------------------------------------


def ask(session: Session, actor: Actor, now: datetime, run_id: int) -> bool:
    """Asks that the run be applied; False where somebody has asked already. Refuses NotFound, NotReady, NothingToApply.

    Applying is theirs: the documents name whoever asked.
    """
    run = queries.run(session, run_id)
    if run.state is _S.judged and not queries.waiting_rows(session, run_id):
        raise NothingToApply(run_id)
    values = {
        "state": _S.asked, "applied_by_id": actor.account_id, "beat_at": None,
        "done": 0, "total": queries.waiting_rows(session, run_id),
    }  # fmt: skip
    if not changed_one(session, update(ImportRun).where(_is(run_id, _S.judged)).values(values)):
        session.refresh(run)
        if run.state in _GONE_ON:
            return False
        raise NotReady(run.state)
    journal.record(session, actor, now, "import.asked", ("import", run_id))
    return True


def drop(session: Session, actor: Actor, now: datetime, run_id: int) -> bool:
    """Puts a run aside before it is applied: its rows and its file go. False where that was done already.

    Refuses NotFound and NotReady.
    """
    run = queries.run(session, run_id)
    allowed = ImportRun.state.in_(_DROPPABLE) & (ImportRun.id == run_id)
    if not changed_one(session, update(ImportRun).where(allowed).values(state=_S.dropped)):
        session.refresh(run)
        if run.state is _S.dropped:
            return False
        raise NotReady(run.state)
    session.execute(delete(ImportRow).where(ImportRow.run_id == run_id))
    _forget_file(session, run_id)
    journal.record(session, actor, now, "import.dropped", ("import", run_id))
    return True


def _is(run_id: int, state: RunState) -> Any:
    return (ImportRun.id == run_id) & (ImportRun.state == state)


def content_of(session: Session, run_id: int) -> bytes:
    """The file's bytes; NotFound once they are gone."""
    found = session.scalar(select(ImportFile.content).where(ImportFile.run_id == run_id))
    if found is None:
        raise NotFound
    return found
