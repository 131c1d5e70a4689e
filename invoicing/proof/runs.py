"""Runs of the verification: asked for once, done by whichever worker comes first, begun again where one has died."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.orm import Session

from invoicing.database import changed_one, is_sqlite
from invoicing.proof.models import ProofRun
from invoicing.proof.rules import Report

EVERY: Final = timedelta(days=1)
SILENT: Final = timedelta(minutes=2)  # a worker that hasn't said a word for so long is dead
KEPT: Final = 60  # finished runs


def ask(session: Session, user_id: int | None, now: datetime) -> int:
    """Asks for a run; one that is asked for or under way already is the same one. Returns its id."""
    if not is_sqlite(session.connection()):
        session.execute(text("LOCK TABLE proof_run IN SHARE ROW EXCLUSIVE MODE"))  # two at once make one
    waiting = session.scalar(select(ProofRun.id).where(ProofRun.finished_at.is_(None)).limit(1))
    if waiting is not None:
        return waiting
    run = ProofRun(asked_at=now, asked_by_id=user_id)
    session.add(run)
    session.flush()
    return run.id


def is_daily_due(session: Session, now: datetime) -> bool:
    """Whether none has been asked for within a day."""
    return session.scalar(select(ProofRun.id).where(ProofRun.asked_at > now - EVERY).limit(1)) is None


def claim(session: Session, now: datetime) -> int | None:
    """Takes a run that waits, or whose worker has died; None where there is none."""
    is_free = ProofRun.finished_at.is_(None) & or_(ProofRun.beat_at.is_(None), ProofRun.beat_at < now - SILENT)
    run_id = session.scalar(select(ProofRun.id).where(is_free).order_by(ProofRun.id).limit(1))
    if run_id is None:
        return None
    begun = {"started_at": now, "beat_at": now, "done": 0, "total": 0}
    return (
        run_id if changed_one(session, update(ProofRun).where(ProofRun.id == run_id, is_free).values(begun)) else None
    )


def tell(session: Session, run_id: int, started_at: datetime, now: datetime, done: int, total: int) -> bool:
    """Says that the run is alive and how far; False where somebody else has begun it again."""
    ours = (ProofRun.id == run_id) & (ProofRun.started_at == started_at) & ProofRun.finished_at.is_(None)
    return changed_one(session, update(ProofRun).where(ours).values(beat_at=now, done=done, total=total))


def finish(session: Session, run_id: int, started_at: datetime, now: datetime, report: Report) -> bool:
    """Keeps the report, and of the runs before only the last sixty."""
    ours = (ProofRun.id == run_id) & (ProofRun.started_at == started_at) & ProofRun.finished_at.is_(None)
    values = {"finished_at": now, "beat_at": now, "report": report.to_json(), "done": ProofRun.total}
    done = changed_one(session, update(ProofRun).where(ours).values(values))
    kept = select(ProofRun.id).order_by(ProofRun.id.desc()).limit(KEPT)
    session.execute(delete(ProofRun).where(ProofRun.finished_at.is_not(None), ProofRun.id.not_in(kept)))
    return done


def under_way(session: Session) -> ProofRun | None:
    """The run that waits or is being done."""
    return session.scalars(select(ProofRun).where(ProofRun.finished_at.is_(None)).limit(1)).first()


def last_finished(session: Session) -> ProofRun | None:
    """The newest run that has a report."""
    query = select(ProofRun).where(ProofRun.finished_at.is_not(None))
    return session.scalars(query.order_by(ProofRun.id.desc()).limit(1)).first()
