"""The worker's part in what is written as a whole: letterings applied, or taken back, in one transaction.

Other connections say meanwhile that the worker is alive, and on PostgreSQL how far it is. SQLite has one writer: there
nothing can be said before the end, and nobody else can begin.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from invoicing.database import is_sqlite, transaction
from invoicing.imports import hands, queries
from invoicing.imports.hands import Claim, LostRun
from invoicing.imports.kinds import PLANNERS
from invoicing.imports.models import RunState
from invoicing.imports.rules import Unreadable
from invoicing.journal import COMMAND, Actor, ActorKind
from invoicing.lettering.bulk_applying import Worse
from invoicing.lettering.bulk_undoing import CameAfter
from invoicing.lettering.rules import LetteringBusy

if TYPE_CHECKING:
    from lettrine.importer import Importer

log = structlog.get_logger("lettrine.imports")
SAID_SECONDS: Final = 1.0  # how often the run's row says how far it is
TRIES: Final = 3  # where others stand in the way


class Whole:
    """Writes one claimed run as a whole, with the importer's sessions and clock."""

    def __init__(self, importer: Importer, claim: Claim):
        self.importer, self.claim = importer, claim
        self.is_undoing = claim.state is RunState.undoing
        self._next_said = 0.0

    def write(self) -> None:
        """All of it, or nothing and why. Raises LostRun, and what stood in the way where it stands there for long."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._write_or_tell()
            except (LetteringBusy, OperationalError):
                if attempt == TRIES:
                    raise
        return None

    def _write_or_tell(self) -> None:
        try:
            self._write()
        except Worse as worse:
            rows = worse.rows
            self._note(lambda session: hands.turn_worse(session, self.claim, self.importer.clock(), rows))
        except CameAfter as after:
            self._step_back(Unreadable("came_after", {"numbers": list(after.numbers), "count": after.count}))
        except (LostRun, LetteringBusy, OperationalError):
            raise
        except Exception:  # else it would be begun again for ever, and nobody told
            log.exception("import.not_written", run_id=self.claim.run_id)
            self._step_back(Unreadable("not_written"))

    def _write(self) -> None:
        actor = self._actor()
        act = self._act()
        with self.importer.beating(self.claim), transaction(self.importer.sessions) as session:
            hands.hold(session, self.claim)
            act(session, actor, self.importer.clock(), self.claim.run_id, self._say)
            if self.is_undoing:
                hands.finish_undoing(session, self.claim, self.importer.clock())
            else:
                hands.finish_applying(session, actor, self.claim, self.importer.clock())

    def _actor(self) -> Actor:
        """Whoever asked."""
        with self.importer.sessions() as reading:
            run = queries.run(reading, self.claim.run_id)
            user_id = run.undone_by_id if self.is_undoing else run.applied_by_id
            return Actor(ActorKind.user, user_id) if user_id else COMMAND

    def _act(self) -> Callable[..., int]:
        planner = PLANNERS[self.claim.kind]
        act = planner.undo if self.is_undoing else planner.apply_whole
        if act is None:
            raise LostRun
        return act

    def _say(self, done: int, total: int) -> None:
        """How far it is, told to whoever waits; a worker that is stopped lets go, and nothing is written."""
        if self.importer.stopping.is_set():
            raise LostRun
        self.importer.progress(done, total)
        if time.monotonic() < self._next_said:
            return
        self._next_said = time.monotonic() + SAID_SECONDS
        with self.importer.sessions() as other:
            if is_sqlite(other.connection()):
                self._next_said = float("inf")
                return
        with suppress(OperationalError), transaction(self.importer.sessions) as session:
            hands.tell(session, self.claim, self.importer.clock(), done=done, total=total)

    def _step_back(self, fault: Unreadable) -> None:
        back = RunState.applied if self.is_undoing else RunState.judged
        self._note(lambda session: hands.step_back(session, self.claim, self.importer.clock(), back, fault))

    def _note(self, note: Callable[[Session], None]) -> None:
        with transaction(self.importer.sessions) as session:
            note(session)
