"""What happens to a file that came in: kept, its columns said, applied on somebody's word, taken back, or put aside.

Between these a worker has it in hand (`imports.hands`). The edge commits.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounting.plan import Plan
from invoicing.database import changed_one
from invoicing.imports import hands, queries
from invoicing.imports.models import ImportFile, ImportRun, RunKind, RunState
from invoicing.imports.rules import (
    MAX_BYTES,
    FormServed,
    NothingToApply,
    NothingToUndo,
    NotReady,
    StillAsks,
    Unreadable,
)
from invoicing.journal import Actor
from invoicing.lettering import layouts
from invoicing.text import clean

_S = RunState
_GONE_ON: Final = frozenset({_S.asked, _S.applying, _S.applied, _S.undo_asked, _S.undoing, _S.undone})
_BEING_UNDONE: Final = frozenset({_S.undo_asked, _S.undoing, _S.undone})
_DROPPABLE: Final = frozenset({_S.waiting, _S.mapping, _S.judged, _S.unreadable})


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
        "done": 0, "total": queries.waiting_rows(session, run_id), "fault": "",
    }  # fmt: skip
    if not changed_one(session, update(ImportRun).where(_is(run_id, _S.judged)).values(values)):
        session.refresh(run)
        if run.state in _GONE_ON:
            return False
        raise NotReady(run.state)
    journal.record(session, actor, now, "import.asked", ("import", run_id))
    return True


def map_columns(session: Session, actor: Actor, now: datetime, run_id: int, plan: Plan) -> bool:
    """A person says how the file is to be read; it is remembered, and the file judged. False where it was said already.

    Refuses NotFound, NotReady, and StillAsks where the plan asks for more.
    """
    if plan.asks:
        raise StillAsks(plan.asks)
    run = queries.run(session, run_id)
    values = {"state": _S.waiting, "options": plan.to_json(), "done": 0, "total": 0, "fault": ""}
    if not changed_one(session, update(ImportRun).where(_is(run_id, _S.mapping)).values(values)):
        session.refresh(run)
        if run.state in (_S.waiting, _S.judging) and run.options == values["options"]:
            return False
        raise NotReady(run.state)
    layouts.remember(session, actor, now, plan)
    journal.record(session, actor, now, "import.mapped", ("import", run_id), {"columns": (None, list(plan.columns))})
    return True


def map_again(session: Session, actor: Actor, now: datetime, run_id: int) -> bool:
    """Back from the verdicts to the columns; nothing was written. False where that was done already.

    Refuses NotFound and NotReady.
    """
    run = queries.run(session, run_id)
    back = _is(run_id, _S.judged) & (ImportRun.kind == RunKind.letterings)
    values = {"state": _S.mapping, "counts": "{}", "done": 0, "fault": ""}
    if not changed_one(session, update(ImportRun).where(back).values(values)):
        session.refresh(run)
        if run.state is _S.mapping:
            return False
        raise NotReady(run.state)
    hands.forget_rows(session, run_id)
    journal.record(session, actor, now, "import.mapped_again", ("import", run_id))
    return True


def ask_undo(session: Session, actor: Actor, now: datetime, run_id: int) -> bool:
    """Asks that all that a run of letterings has written be taken back; False where somebody has asked already.

    Refuses NotFound, NotReady, and NothingToUndo.
    """
    run = queries.run(session, run_id)
    lettered = queries.lettered_rows(session, run_id)
    if run.state is _S.applied and not lettered:
        raise NothingToUndo(run_id)
    ready = _is(run_id, _S.applied) & (ImportRun.kind == RunKind.letterings)
    values = {"state": _S.undo_asked, "undone_by_id": actor.account_id, "beat_at": None, "done": 0, "fault": ""}
    if not changed_one(session, update(ImportRun).where(ready).values(total=lettered, **values)):
        session.refresh(run)
        if run.state in _BEING_UNDONE:
            return False
        raise NotReady(run.state)
    journal.record(session, actor, now, "import.undo_asked", ("import", run_id))
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
    hands.forget_rows(session, run_id)
    hands.forget_file(session, run_id)
    journal.record(session, actor, now, "import.dropped", ("import", run_id))
    return True


def _is(run_id: int, state: RunState) -> Any:
    return (ImportRun.id == run_id) & (ImportRun.state == state)
