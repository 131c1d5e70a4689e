"""The worker's part in exports for the accountant: makes those that were asked for, one after the other.

The books are read in one transaction that only reads; what comes out is kept in small ones beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Event

import structlog
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.database import snapshot, transaction
from invoicing.ledger import hands, reading
from invoicing.ledger.hands import Claim, LostExport, Made
from invoicing.ledger.making import Making
from invoicing.ledger.rules import NotMade
from invoicing.sellers.queries import organisation
from lettrine.rounds import beating, go_round, until_free
from web.ledger import LedgerTable

log = structlog.get_logger("lettrine.ledgers")


class Ledgers:
    """For one installation; `clock` gives naive UTC."""

    def __init__(self, app: Flask, sessions: sessionmaker[Session], clock: Callable[[], datetime], stopping: Event):
        self.app, self.sessions, self.clock, self.stopping = app, sessions, clock, stopping
        self.asked = Event()

    def work(self) -> bool:
        """Makes one export that waits; False where there is none."""
        with transaction(self.sessions) as session:
            claim = hands.claim(session, self.clock())
        if claim is None:
            return False
        try:
            with beating(self.sessions, lambda s: hands.tell(s, claim, self.clock()), LostExport):
                self.make(claim)
        except (LostExport, OperationalError) as error:  # overtaken, stopped, or busy: whoever looks next begins again
            log.info("ledger.let_go", export_id=claim.export_id, error=type(error).__name__)
            with transaction(self.sessions) as session:
                hands.let_go(session, claim)
            return isinstance(error, LostExport)
        return True

    def make(self, claim: Claim) -> None:
        """Reads, keeps, numbers; what can't be made says why. Raises LostExport."""
        try:
            made = self.read(claim)
            with transaction(self.sessions) as session:
                number = hands.finish(session, claim, self.clock(), made)
        except NotMade as fault:
            self._refuse(claim, fault)
        except (LostExport, OperationalError):
            raise
        except Exception:  # else it would be begun again for ever, and nobody told
            log.exception("ledger.not_made", export_id=claim.export_id)
            self._refuse(claim, NotMade("not_made"))
        else:
            log.info("ledger.made", export_id=claim.export_id, number=number)

    def read(self, claim: Claim) -> Made:
        """Keeps all its parts, as the books are at this moment. Raises LostExport, NotMade."""
        digest, size = hashlib.sha256(), 0
        with self.app.app_context(), snapshot(self.sessions) as session:
            own = organisation(session)
            since, position = reading.last_made(session, claim.asked), reading.position(session)
            with force_locale(own.language if own else "fr_FR"):
                making = Making(session, claim.asked, LedgerTable())
                for place, part in enumerate(making.parts()):
                    if self.stopping.is_set():
                        raise LostExport
                    digest.update(part.content)
                    size += len(part.content)
                    with transaction(self.sessions) as writing:
                        hands.keep_part(writing, claim, self.clock(), place, part.content, part.ids, making.tally)
        return Made(size, digest.hexdigest(), making.tally, since, position)

    def _refuse(self, claim: Claim, fault: NotMade) -> None:
        with transaction(self.sessions) as session:
            hands.refuse(session, claim, self.clock(), fault)

    def run(self, settings: Settings) -> None:
        """Until the worker stops: at once when asked, else now and then."""
        rest = partial(until_free, self.sessions, self.clock, hands.free_at)
        go_round("ledger", self.work, self.stopping, self.asked, settings.sweep_seconds, rest)
