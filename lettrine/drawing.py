"""Draws and archives the papers that are due: a few one by one, many at once in processes of their own.

A process of its own draws one paper within limits of time and memory, so that none can stop or starve the rest. Several
workers begin at different places of what is due; a paper that two of them draw is stored once.
"""

from __future__ import annotations

import os
import random
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from threading import Event
from typing import Any, Final, NamedTuple

import structlog
from obstore.exceptions import BaseError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.database import UNWRITTEN, make_engine
from invoicing.documents import service as documents
from invoicing.documents.archive import Archive, open_archive
from invoicing.documents.making import Press
from lettrine.children import follow
from web.troubles import of_archive

log = structlog.get_logger("lettrine.drawing")
LEFT_ALONE: Final = timedelta(seconds=5)  # what a request draws itself is left to it
FEW: Final = 20  # are drawn one by one, by `limits.Limited`: starting these processes costs more
AT_ONCE: Final = 500
IN_HAND: Final = 10  # papers that a process is given together
PAPER_SECONDS: Final = 60.0  # for one paper
PAPER_BYTES: Final = 1 << 30  # of memory to write to, for all of the process; saxonche reserves far more addresses
PAPERS_MAX: Final = 2_000  # of one process, which then makes room for a fresh one
AGAIN_AFTER: Final = timedelta(hours=1)  # what can't be drawn isn't tried by every sweep


class Drawn(NamedTuple):
    """What came of some papers; `is_away`: the rest was left, for neither paper nor process can help it."""

    done: int
    failed: list[int]
    is_away: bool


class Drawing:
    """For one worker; `clock` gives naive UTC."""

    def __init__(
        self,
        settings: Settings,
        sessions: sessionmaker[Session],
        archive: Archive,
        press: Press,
        clock: Callable[[], datetime],
        stopping: Event,
    ):
        self.settings, self.sessions, self.archive, self.press = settings, sessions, archive, press
        self.clock, self.stopping = clock, stopping
        self.asked = Event()
        self._failed: dict[int, datetime] = {}
        self._from = 0
        self._away = False

    def one(self, version_id: int) -> bool:
        """Draws and archives one version if it is due; False, and a line in the log, if that fails."""
        try:
            documents.ensure_rendered(self.sessions, self.archive, self.press, version_id, self.clock())
        except Exception as error:
            log.exception("version.not_rendered", version_id=version_id)
            if _is_away(error):
                self._away = True
            else:
                self._failed[version_id] = self.clock()
            return False
        return True

    def work(self) -> int:
        """Draws what was left behind; returns how many. The next look goes on where database or archive were away."""
        done, self._away = 0, False
        try:
            while not self._is_over() and (ids := self._due()):
                if len(ids) <= FEW or not self.settings.drawing_processes:
                    done += sum(self.one(number) for number in ids if not self._is_over())
                else:
                    done += self._many(ids)
        except BrokenProcessPool:  # killed, by whoever: the next look begins again with those that are still due
            log.warning("drawing.broken")
        return done

    def _many(self, ids: list[int]) -> int:
        """Draws these and those that follow in processes of their own, which end after their share of papers.

        The pool isn't told that share: one that replaces its processes by itself may stop for ever, until Python 3.13.
        """
        done, left = 0, PAPERS_MAX * self.settings.drawing_processes
        pool = self._pool()
        try:
            while ids:
                done, left = done + self._together(pool, ids), left - len(ids)
                ids = self._due() if left > 0 and not self._is_over() else []
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return done

    def _is_over(self) -> bool:
        return self.stopping.is_set() or self._away

    def _due(self) -> list[int]:
        """Some that are due, from where this worker is; what has just failed isn't among them."""
        moment = self.clock()
        self._failed = {number: at for number, at in self._failed.items() if at > moment - AGAIN_AFTER}
        with self.sessions() as session:
            found = self._above(session, moment, self._from)
            if not found and self._from:
                found = self._above(session, moment, 0)
        self._from = found[-1] if found else 0
        return found

    def _above(self, session: Session, moment: datetime, above: int) -> list[int]:
        found = documents.unrendered(session, moment - LEFT_ALONE, AT_ONCE + len(self._failed), above)
        return [number for number in found if number not in self._failed][:AT_ONCE]

    def _together(self, pool: ProcessPoolExecutor, ids: Sequence[int]) -> int:
        """Draws them in other processes. Raises BrokenProcessPool."""
        now = self.clock()
        lots = [ids[start : start + IN_HAND] for start in range(0, len(ids), IN_HAND)]
        waiting = [pool.submit(_draw, lot, now) for lot in lots]
        return sum(self._result(lot, waiting, now) for lot in as_completed(waiting))

    def _result(self, lot: Future[Drawn], waiting: list[Future[Drawn]], now: datetime) -> int:
        drawn = Drawn(0, [], False) if lot.cancelled() else lot.result()
        self._failed.update(dict.fromkeys(drawn.failed, now))
        self._away = self._away or drawn.is_away
        if self._is_over():
            for each in waiting:
                each.cancel()
        return drawn.done

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.settings.drawing_processes, mp_context=get_context("spawn"), initializer=_begin,
            initargs=(self.settings, os.getpid()),
        )  # fmt: skip

    def run(self) -> None:
        """Until the worker stops: at once when asked, else now and then."""
        with self.sessions() as session:  # another worker begins elsewhere
            self._from = random.randrange(1 + documents.last_version(session))  # noqa: S311 - no secret
        while not self.stopping.is_set():
            try:
                if done := self.work():
                    log.info("drawing.done", papers=done)
            except Exception:  # the next look tries again
                log.exception("drawing.failed")
            self.asked.wait(self.settings.sweep_seconds)
            self.asked.clear()


# in a process of its own -----------------------------------------------------------------------------------------


_own: tuple[sessionmaker[Session], Archive, Press] | None = None


class TooLong(Exception):
    """A paper took more time than any should."""


def _begin(settings: Settings, parent: int) -> None:
    """Opens what a process needs; a signal to the terminal is its parent's matter."""
    global _own
    from invoicing.documents.press import press

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    follow(parent)
    resource.setrlimit(resource.RLIMIT_DATA, (PAPER_BYTES, PAPER_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    key = settings.journal_key.get_secret_value().encode()
    sessions = sessionmaker(make_engine(settings.database), info={"journal_key": key})
    archive = open_archive(settings.archive, settings.archive_access)
    _own = sessions, archive, press(schematron=settings.checks_schematron)


def _too_long(_number: int, _frame: Any) -> None:
    raise TooLong


def _draw(ids: Sequence[int], now: datetime) -> Drawn:
    """Draws and archives these versions; gives those that can't be."""
    assert _own is not None
    sessions, archive, press = _own
    done = 0
    failed: list[int] = []
    for number in ids:
        try:
            with _limited():
                documents.ensure_rendered(sessions, archive, press, number, now)
            done += 1
        except Exception as error:
            log.error("version.not_rendered", version_id=number, error=type(error).__name__)
            if _is_away(error):
                return Drawn(done, failed, True)
            failed.append(number)
    return Drawn(done, failed, False)


def _is_away(error: Exception) -> bool:
    """Whether the database or the archive can't do it now, whatever the paper."""
    if isinstance(error, OSError | BaseError):
        return of_archive(error) is not None
    return isinstance(error, UNWRITTEN)


@contextmanager
def _limited() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, PAPER_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
