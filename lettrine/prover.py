"""The worker's part in the proof: seals what is archived, anchors the journal's head, verifies when asked."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final, cast

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing import journal
from invoicing.database import transaction
from invoicing.documents.archive import Archive
from invoicing.journal import SYSTEM
from invoicing.proof import anchors, runs
from invoicing.proof.rules import unfinished
from invoicing.proof.sealing import ANCHORED, JOURNAL, SEALED_AT_ONCE, is_marked, seal_versions
from invoicing.proof.service import verify

log = structlog.get_logger("lettrine.proof")
TOLD_EVERY: Final = 1.0  # seconds between two words about progress


class LostRun(RuntimeError):
    """Another worker has begun the run again."""


class Prover:
    """For one installation; `clock` gives naive UTC."""

    def __init__(
        self,
        settings: Settings,
        sessions: sessionmaker[Session],
        archive: Archive,
        clock: Callable[[], datetime],
        stopping: Event,
    ):
        self.settings, self.sessions, self.archive, self.clock = settings, sessions, archive, clock
        self.stopping, self.asked = stopping, Event()
        self.key = settings.journal_key.get_secret_value().encode()

    def seal(self) -> int:
        """Seals every archived version that isn't; returns how many."""
        sealed, more = 0, SEALED_AT_ONCE
        while more == SEALED_AT_ONCE and not self.stopping.is_set():
            with transaction(self.sessions) as session:
                more = seal_versions(session, self.clock())
            sealed += more
        return sealed

    def anchor(self) -> bool:
        """Notes the head outside the database if it has changed; a folder that can't be written is logged."""
        return anchor(self.sessions, self.key, self.settings.anchor_dir, self.clock())

    def prove(self) -> bool:
        """Does the run that waits, or asks for the daily one first; False where there is none."""
        with transaction(self.sessions) as session:
            now = self.clock()
            if runs.is_daily_due(session, now):
                runs.ask(session, None, now)
            run_id = runs.claim(session, now)
        if run_id is None:
            return False
        self.seal()
        self.anchor()
        try:
            self._run(run_id, now)
        except LostRun:
            log.info("proof.lost", run_id=run_id)
        except OperationalError:  # a busy database: another look tries again
            raise
        except Exception:  # else it would be begun again for ever, and nobody told
            log.exception("proof.unfinished", run_id=run_id)
            with transaction(self.sessions) as session:
                runs.finish(session, run_id, now, self.clock(), unfinished())
        return True

    def _run(self, run_id: int, started: datetime) -> None:
        engine = cast("Engine", self.sessions.kw["bind"])
        report = verify(engine, self.key, self.archive, self.settings.anchor_dir, self._teller(run_id, started))
        with transaction(self.sessions) as session:
            runs.finish(session, run_id, started, self.clock(), report)
        log.info("proof.done", run_id=run_id, intact=report.is_intact, wrong=report.wrong)

    def _teller(self, run_id: int, started: datetime) -> Callable[[int, int], None]:
        said = [0.0]

        def tell(done: int, total: int) -> None:
            if self.stopping.is_set():
                raise LostRun
            if time.monotonic() - said[0] < TOLD_EVERY:
                return
            said[0] = time.monotonic()
            try:
                with transaction(self.sessions) as session:
                    held = runs.tell(session, run_id, started, self.clock(), done, total)
            except OperationalError:  # a busy database: next time
                return
            if not held:
                raise LostRun

        return tell

    def run(self) -> None:
        """Until the worker stops: at once when asked, else now and then."""
        while not self.stopping.is_set():
            try:
                self.prove()
            except Exception:  # the next look tries again
                log.exception("proof.failed")
            self.asked.wait(self.settings.sweep_seconds)
            self.asked.clear()


def anchor(sessions: sessionmaker[Session], key: bytes, folder: Path, now: datetime) -> bool:
    """Notes the journal's head in the folder; False where it stands there, or can't be written."""
    with sessions() as session:
        head, marked = anchors.head_of(session), is_marked(session, ANCHORED)
    if head is None:
        return False
    try:
        if not marked:  # first the journal says so, and only where a line can be written: lost anchors are then a fault
            head = _marked(sessions, folder, now) or head
        return anchors.append(folder, key, head, now)
    except OSError as error:
        facts: dict[str, Any] = {"error": type(error).__name__, "errno": error.errno}
        log.warning("anchor.not_written", **facts)
        return False


def _marked(sessions: sessionmaker[Session], folder: Path, now: datetime) -> anchors.Head | None:
    """The journal's head with the entry that anchors are kept; raises OSError where the folder takes none."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "the folder of anchors can't be written")
    with transaction(sessions) as session:
        journal.record(session, SYSTEM, now, ANCHORED, (JOURNAL, None))
    with sessions() as session:
        return anchors.head_of(session)
