"""The worker's part in imports: judges the files that came in, applies those that somebody asked for.

Rows are judged and applied in small transactions, with a breath between them, so that nobody waits for the writer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from itertools import islice
from threading import Event
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.accounting.plan import Plan
from invoicing.database import transaction
from invoicing.errors import Refused
from invoicing.imports import hands, queries
from invoicing.imports.hands import Claim, LostRun
from invoicing.imports.kinds import PLANNERS, Planner
from invoicing.imports.models import ImportRow, ImportRun, RunState
from invoicing.imports.rules import REFUSED, Judged, Unreadable, refused_row
from invoicing.journal import COMMAND, Actor, ActorKind
from lettrine.rounds import BEAT_SECONDS, beating, go_round, until_free
from lettrine.whole import Whole

log = structlog.get_logger("lettrine.imports")
Progress = Callable[[int, int], object]
JUDGED_AT_ONCE: Final = 1000  # rows whose verdicts are written together
APPLIED_AT_ONCE: Final = 50  # rows of one transaction, at most:
APPLIED_SECONDS: Final = 0.7  # other writers wait no longer than this
BREATH_SECONDS: Final = 0.03


class Importer:
    """For one installation; `clock` gives naive UTC, `progress` is told rows done and rows in all (0: not known)."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        clock: Callable[[], datetime],
        stopping: Event,
        progress: Progress = lambda done, total: None,
    ):
        self.sessions, self.clock, self.stopping, self.progress = sessions, clock, stopping, progress
        self.asked = Event()

    def work(self, only: int | None = None) -> bool:
        """Judges, applies or undoes one run that waits; False where there is none."""
        with transaction(self.sessions) as session:
            claim = hands.claim(session, self.clock(), only)
        if claim is None:
            return False
        try:
            if claim.state is RunState.judging:
                self.judge(claim)
            elif PLANNERS[claim.kind].apply_whole is not None:
                Whole(self, claim).write()
            else:
                self.apply(claim)
        except LostRun:  # somebody else has it in hand now, or it was put aside
            pass
        return True

    def judge(self, claim: Claim) -> None:
        """Every row gets its verdict; a file that can't be read says why. Raises LostRun.

        Where a person must first say how it is to be read, only that is found out.
        """
        try:
            with self.beating(claim):
                self._read(claim)
        except Unreadable as fault:
            self._give_up(claim, fault)
        except (LostRun, OperationalError):  # a busy database: the next look tries again
            raise
        except Exception:  # else it would be begun again for ever, and nobody told
            log.exception("import.not_judged", run_id=claim.run_id)
            self._give_up(claim, Unreadable("not_judged"))

    def _give_up(self, claim: Claim, fault: Unreadable) -> None:
        """Of a table whose columns a person has said, they may be said again."""
        with transaction(self.sessions) as session:
            options = queries.run(session, claim.run_id).options
            again = PLANNERS[claim.kind].prepare is not None and options != "{}" and Plan.from_json(options).is_table
            hands.give_up(session, claim, self.clock(), fault, again)

    def _read(self, claim: Claim) -> None:
        with self.sessions() as reading:
            run = queries.run(reading, claim.run_id)
            content, prepare = hands.content_of(reading, run.id), PLANNERS[run.kind].prepare
            plan = prepare(reading, content, run.file_name) if prepare and run.options == "{}" else None
            reading.expunge(run)
            if plan is None:
                self._judge(claim, reading, run, content)
        with transaction(self.sessions) as session:
            if plan is None:
                hands.finish_judging(session, claim, self.clock())
            else:
                hands.keep_plan(session, claim, self.clock(), plan.to_json(), plan.rows)

    def beating(self, claim: Claim, every: float = BEAT_SECONDS) -> AbstractContextManager[None]:
        """Says now and then that the worker is alive, however long the first verdict takes."""
        return beating(self.sessions, lambda session: hands.tell(session, claim, self.clock()), LostRun, every)

    def _judge(self, claim: Claim, reading: Session, run: ImportRun, content: bytes) -> None:
        judged = PLANNERS[run.kind].judge(reading, run, content, self.clock())
        with ThreadPoolExecutor(1, "verdicts") as beside:  # some are written while the next are judged
            keeping: Future[None] | None = None
            for done, some in _by(judged, JUDGED_AT_ONCE):
                reading.rollback()  # what was read until here is let go
                if keeping is not None:
                    keeping.result()
                self._check_stopping()
                keeping = beside.submit(self._keep, claim, some, done)
            if keeping is not None:
                keeping.result()

    def _keep(self, claim: Claim, judged: Sequence[Judged], done: int) -> None:
        with transaction(self.sessions) as session:
            hands.keep_verdicts(session, claim, self.clock(), judged, done)
        self.progress(done, 0)

    def apply(self, claim: Claim) -> None:
        """Applies every row that isn't yet; after a crash the next goes on with the rest. Raises LostRun."""
        with self.sessions() as reading:
            run = queries.run(reading, claim.run_id)
            actor = Actor(ActorKind.user, run.applied_by_id) if run.applied_by_id else COMMAND
            left, planner = queries.waiting_rows(reading, run.id), PLANNERS[run.kind]
            total = max(run.total, left)
            reading.expunge(run)
        while left:
            self._check_stopping()
            left -= self._apply_some(claim, run, actor, planner, total - left)
            self.progress(total - left, total)
            self.stopping.wait(BREATH_SECONDS)
        with transaction(self.sessions) as session:
            hands.finish_applying(session, actor, claim, self.clock())

    def _apply_some(self, claim: Claim, run: ImportRun, actor: Actor, planner: Planner, done: int) -> int:
        """Some rows in one transaction, each in a savepoint of its own; gives how many."""
        until = time.monotonic() + APPLIED_SECONDS
        with transaction(self.sessions) as session:
            hands.tell(session, claim, self.clock(), done=done)
            rows = queries.next_rows(session, run.id, APPLIED_AT_ONCE)
            many = self._many(session, run, actor, planner, rows)
            settled: list[tuple[int, Judged | None]] = []
            for row in rows:
                if row.id not in many and time.monotonic() > until and settled:
                    continue  # its turn comes next
                settled.append((row.id, many.get(row.id) or self._outcome(session, run, actor, planner, row)))
            hands.settle_rows(session, settled)
            if not settled:
                raise LostRun
            hands.tell(session, claim, self.clock(), done=done + len(settled))
        return len(settled)

    def _many(
        self, session: Session, run: ImportRun, actor: Actor, planner: Planner, rows: Sequence[ImportRow]
    ) -> dict[int, Judged]:
        """Those that can be done together; where that breaks none, and each then says on its own what is wrong."""
        if planner.apply_many is None:
            return {}
        try:
            with session.begin_nested():
                return planner.apply_many(session, actor, self.clock(), run, rows)
        except OperationalError:
            raise
        except Exception:
            log.exception("import.not_together", run_id=run.id)
            return {}

    def _outcome(
        self, session: Session, run: ImportRun, actor: Actor, planner: Planner, row: ImportRow, again: bool = False
    ) -> Judged | None:
        if planner.apply is None:
            return None
        try:
            with session.begin_nested():
                return planner.apply(session, actor, self.clock(), run, row)
        except Refused as refused:
            return refused_row(row.line, row.subject, refused)
        except OperationalError:  # a busy database: the whole lot is tried again
            raise
        except Exception as broken:  # else the run would begin again with this row for ever, and nobody told
            if isinstance(broken, IntegrityError) and not again:  # somebody has just made what it was about to make
                return self._outcome(session, run, actor, planner, row, again=True)
            log.exception("import.row_not_applied", run_id=run.id, line=row.line)
            return Judged(row.line, REFUSED, row.subject, None, {"kind": type(broken).__name__})

    def _check_stopping(self) -> None:
        if self.stopping.is_set():
            raise LostRun

    def run(self, settings: Settings) -> None:
        """Until the worker stops: at once when asked, else now and then."""
        rest = partial(until_free, self.sessions, self.clock, hands.free_at)
        go_round("import", self.work, self.stopping, self.asked, settings.sweep_seconds, rest)


def _by(items: Iterator[Judged], most: int) -> Iterator[tuple[int, list[Judged]]]:
    """Some at a time, each time with how many there have been."""
    done = 0
    while some := list(islice(items, most)):
        done += len(some)
        yield done, some
