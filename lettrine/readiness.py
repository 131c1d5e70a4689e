"""What an installation needs to be ready, for /readyz."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask import Flask
from sqlalchemy import text

from invoicing.migrations import is_current
from lettrine.jobs import Nudge
from web.database import db, now
from web.documents import archive
from web.health import Readiness

SILENT: Final = timedelta(seconds=45)  # a worker says a word every ten


class NotCurrent(RuntimeError):
    """The schema is not of this version."""


def readiness(app: Flask, nudge: Nudge) -> Readiness:
    """The checks of one application."""

    def database() -> None:
        with app.app_context(), db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def schema() -> None:
        with app.app_context():
            if not is_current(db.engine):
                raise NotCurrent

    def stored() -> None:
        with app.app_context():
            archive().check()

    return Readiness(
        {"database": database, "schema": schema, "archive": stored},
        {"worker": lambda: word_of(nudge.last_beat(), now())},
    )


def word_of(beat: datetime | None, moment: datetime) -> str:
    """ok: a worker is alive; silent: none has said a word for a while; unknown: none ever has, or none can be heard."""
    if beat is None:
        return "unknown"
    return "ok" if beat > moment - SILENT else "silent"
