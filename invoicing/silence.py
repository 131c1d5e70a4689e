"""How long whoever has a piece of work in hand may say nothing before the next takes it up.

It decides only when that happens, never whether something is done twice: each piece says under its own row's lock whose
it is. Moments are of the workers' own clocks, so those of several hosts must agree within some seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

SILENT: Final = timedelta(seconds=30)  # twice what a writer of SQLite waits for another; workers say a word every five
Beat = InstrumentedAttribute[datetime | None]  # when whoever has it in hand last said a word; none: let go


def is_silent(beat_at: Beat, now: datetime) -> ColumnElement[bool]:
    """Whether nobody has it in hand: let go in good order, or not a word for too long."""
    return or_(beat_at.is_(None), beat_at < now - SILENT)


def free_at(session: Session, beat_at: Beat, at_work: Any) -> datetime | None:
    """When the first of what is in hand is anybody's if no more is said; None where nothing is in hand."""
    oldest = session.scalar(select(func.min(beat_at)).where(at_work))
    return None if oldest is None else oldest + SILENT
