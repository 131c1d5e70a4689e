"""The worker: sends what is to be sent, renders and seals what is due, brings files in and out, verifies when asked.

Rows are the truth; the queue only nudges.

No transaction is open while the mail server talks or a document is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Final

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.accounts.service import purge
from invoicing.database import is_sqlite, transaction
from invoicing.delivery import service as deliveries
from invoicing.delivery.service import Claim
from invoicing.documents import service as documents
from invoicing.documents.archive import Archive, open_archive
from invoicing.documents.service import Renderer
from invoicing.invoices import tallies
from lettrine.importer import Importer
from lettrine.jobs import open_consumer, open_queue
from lettrine.ledgers import Ledgers
from lettrine.mailer import Mail, Mailer
from lettrine.mails import Composer, Unsendable
from lettrine.prover import Prover
from lettrine.smtp import Permanent, Temporary
from web.database import db, now

log = structlog.get_logger("lettrine.worker")
RENDER_AFTER: Final = timedelta(seconds=5)  # what a request renders itself is left to it
RENDER_AT_ONCE: Final = 500
CHORES_EVERY: Final = timedelta(minutes=10)
DOWN_SECONDS: Final = 30.0  # how long nudges leave a mail server alone that can't be reached
CHORES: Final[tuple[Callable[[Session, datetime], object], ...]] = (purge, deliveries.wipe_expired)


class Worker:
    """Everything that happens after the commit, for one installation."""

    def __init__(
        self, app: Flask, settings: Settings, archive: Archive, renderer: Renderer, clock: Callable[[], datetime] = now
    ):
        self.app, self.settings, self.archive, self.renderer, self.clock = app, settings, archive, renderer, clock
        with app.app_context():
            key = settings.journal_key.get_secret_value().encode()
            self.sessions = sessionmaker(db.engine, info={"journal_key": key})
        self.composer = Composer(app, settings, self.sessions, archive, renderer)
        self.stopping = Event()
        self.prover = Prover(settings, self.sessions, archive, clock, self.stopping)
        self.importer = Importer(self.sessions, clock, self.stopping)
        self.ledgers = Ledgers(app, self.sessions, clock, self.stopping)
        self._down_until = 0.0
        self._chores_at: datetime | None = None

    def sweep(self) -> None:
        """Does everything that is due."""
        self.deliver()
        self.render_due()
        self.prover.seal()
        self.chores()
        self.compact()
        self.prover.anchor()

    # e-mails

    def deliver(self, only: int | None = None) -> int:
        """Sends what is due, or one delivery if it is; returns how many were tried. Many share one connection.

        A server that can't be reached twice in a row is left alone until the next sweep.
        """
        if only is not None and time.monotonic() < self._down_until:
            return 0
        tried = unreachable = 0
        with Mailer(self.app, self.settings).batch() as mailer:
            while unreachable < 2 and not self.stopping.is_set():
                claim = self._claim(only)
                if claim is None:
                    break
                tried += 1
                unreachable = 0 if self._attempt(mailer, claim) else unreachable + 1
        self._down_until = time.monotonic() + DOWN_SECONDS if unreachable else 0.0
        return tried

    def _claim(self, only: int | None) -> Claim | None:
        with transaction(self.sessions) as session:
            return deliveries.claim(session, self.clock(), self.settings.lease_seconds, only)

    def _attempt(self, mailer: Mailer, claim: Claim) -> bool:
        """Writes and sends one message and notes what became of it; False when the mail server can't be reached."""
        mail = self._written(claim)
        if mail is None:
            return True
        if self.clock() >= claim.lease_until - timedelta(seconds=mailer.limit):
            self._defer(claim, "", "slow")  # sending might outlast the lease, and another worker would send too
            return True
        try:
            answer = mailer.send(mail)
        except Permanent as refusal:
            self._fail(claim, refusal.answer, refusal.reason)
        except Temporary as refusal:
            self._defer(claim, refusal.answer, refusal.reason)
            return not refusal.is_down
        except Exception:  # whatever is wrong with this message, the others must leave
            mailer.close()
            log.exception("delivery.not_sent", delivery_id=claim.delivery_id)
            self._defer(claim, "", "not_written")
        else:
            self._settle(claim, "sent", "", lambda s: deliveries.settle_sent(s, claim, answer, self.clock()))
        return True

    def _written(self, claim: Claim) -> Mail | None:
        """The message; None when it can't be written, which is noted."""
        try:
            return self.composer.compose(claim, self.clock())
        except Unsendable as error:
            self._fail(claim, "", error.reason)
        except Exception:  # a document that can't be drawn or read must not stop the others
            log.exception("delivery.not_written", delivery_id=claim.delivery_id)
            self._defer(claim, "", "not_written")
        return None

    def _fail(self, claim: Claim, answer: str, reason: str) -> None:
        self._settle(
            claim, "failed", reason, lambda s: deliveries.settle_failed(s, claim, answer, reason, self.clock())
        )

    def _defer(self, claim: Claim, answer: str, reason: str) -> None:
        self._settle(
            claim, "deferred", reason, lambda s: deliveries.settle_deferred(s, claim, answer, reason, self.clock())
        )

    def _settle(self, claim: Claim, what: str, reason: str, settle: Callable[[Session], bool]) -> None:
        """Notes the outcome, again and again while the database is busy: a sent message must not be sent twice."""
        while True:
            try:
                with transaction(self.sessions) as session:
                    held = settle(session)
                break
            except OperationalError as error:
                log.warning("delivery.not_noted", delivery_id=claim.delivery_id, error=type(error).__name__)
                if self.clock() >= claim.lease_until:
                    return
                time.sleep(0.5)
        log.info(f"delivery.{what}" if held else "delivery.lease_lost", delivery_id=claim.delivery_id,
                 tries=claim.tries, reason=reason)  # fmt: skip

    # documents

    def render(self, version_id: int) -> bool:
        """Renders and archives one version if it is due; False, and a line in the log, if that fails."""
        try:
            documents.ensure_rendered(self.sessions, self.archive, self.renderer, version_id, self.clock())
        except Exception:
            log.exception("version.not_rendered", version_id=version_id)
            return False
        return True

    def render_due(self) -> int:
        """Renders what was left behind; returns how many."""
        with self.sessions() as session:
            ids = documents.unrendered(session, self.clock() - RENDER_AFTER, RENDER_AT_ONCE)
        return sum(self.render(version_id) for version_id in ids if not self.stopping.is_set())

    def prove(self) -> None:
        """Wakes whoever verifies; the queue has other things to do meanwhile."""
        self.prover.asked.set()

    def bring_in(self) -> None:
        """Wakes whoever judges and applies files, and whoever makes the accountant's."""
        self.importer.asked.set()
        self.ledgers.asked.set()

    # chores

    def chores(self) -> None:
        """Removes dead links, sessions and counters, now and then."""
        moment = self.clock()
        if self.stopping.is_set() or (self._chores_at and moment < self._chores_at):
            return
        self._chores_at = moment + CHORES_EVERY
        for chore in CHORES:
            with transaction(self.sessions) as session:
                chore(session, moment)

    def compact(self) -> None:
        """Puts the lists' counters together, where a database appends to them."""
        if not is_sqlite(self.sessions.kw["bind"]):
            with transaction(self.sessions) as session:
                tallies.compact(session)

    # running

    def run(self, stop: Event) -> None:
        """Works until `stop` is set, and then finishes the message in hand."""
        consumer: Any = open_consumer(open_queue(self.settings, self))
        threads = [Thread(target=self._sweeping, name="sweeper"), Thread(target=self.prover.run, name="prover"),
                   Thread(target=self.importer.run, args=(self.settings,), name="importer"),
                   Thread(target=self.ledgers.run, args=(self.settings,), name="ledgers")]  # fmt: skip
        consumer.start()
        for thread in threads:
            thread.start()
        log.info("worker.started")
        while not stop.wait(10):
            consumer.check_worker_health()
        self.stopping.set()
        self.prover.asked.set()
        self.bring_in()
        log.info("worker.stopping")
        consumer.stop(graceful=True)
        for thread in threads:
            thread.join()
        log.info("worker.stopped")

    def _sweeping(self) -> None:
        while not self.stopping.is_set():
            try:
                self.sweep()
            except Exception:  # the next sweep tries again
                log.exception("sweep.failed")
            self.stopping.wait(self.settings.sweep_seconds)


def make_worker(app: Flask, settings: Settings) -> Worker:
    """The worker of an installation."""
    from invoicing.documents.pdf import render  # loads the PDF library: only who renders pays for it

    return Worker(app, settings, open_archive(settings.archive), render)
