"""The worker: sends what is to be sent, renders and seals what is due, brings files in and out, verifies when asked.

It makes campaigns' invoices, too. Rows are the truth; the queue only nudges.

No transaction is open while the mail server talks or a document is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Final

import structlog
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.accounts import devices
from invoicing.accounts.service import purge
from invoicing.database import is_sqlite, transaction
from invoicing.delivery import service as deliveries
from invoicing.documents.archive import Archive, open_archive
from invoicing.documents.making import Press
from invoicing.invoices import tallies
from lettrine.campaigner import Campaigner
from lettrine.drawing import Drawing
from lettrine.importer import Importer
from lettrine.jobs import beat, open_consumer, open_queue
from lettrine.ledgers import Ledgers
from lettrine.limits import Limited
from lettrine.mails import Composer
from lettrine.postman import Postman
from lettrine.prover import Prover
from lettrine.returns import Returns
from web.database import db, now

log = structlog.get_logger("lettrine.worker")
CHORES_EVERY: Final = timedelta(minutes=10)
CHORES: Final[tuple[Callable[[Session, datetime], object], ...]] = (purge, devices.purge, deliveries.wipe_expired)


class Worker:
    """Everything that happens after the commit, for one installation."""

    def __init__(
        self, app: Flask, settings: Settings, archive: Archive, press: Press, clock: Callable[[], datetime] = now
    ):
        self.app, self.settings, self.archive, self.press, self.clock = app, settings, archive, press, clock
        with app.app_context():
            key = settings.journal_key.get_secret_value().encode()
            self.sessions = sessionmaker(db.engine, info={"journal_key": key})
        self.composer = Composer(app, settings, self.sessions, archive, press)
        self.stopping = Event()
        self.postman = Postman(app, settings, self.sessions, self.composer, lambda: self.clock(), self.stopping)
        self.drawing = Drawing(settings, self.sessions, archive, press, lambda: self.clock(), self.stopping)
        self.prover = Prover(settings, self.sessions, archive, clock, self.stopping)
        self.importer = Importer(self.sessions, clock, self.stopping)
        self.ledgers = Ledgers(app, self.sessions, clock, self.stopping)
        self.campaigner = Campaigner(self.sessions, clock, self.stopping, settings.host)
        self.returns = Returns(settings, self.sessions, clock, self.stopping)
        self._chores_at: datetime | None = None

    def sweep(self) -> None:
        """Does everything that is due."""
        self.postman.work()
        self.tend()

    def tend(self) -> None:
        """Seals and tidies up; however many e-mails there are, it doesn't wait for them."""
        self.prover.seal()
        self.chores()
        self.compact()
        self.prover.anchor()

    def deliver(self, only: int | None = None) -> int:
        """Sends what is due, or one delivery if it is; returns how many were tried."""
        return self.postman.deliver(only)

    def mail(self, only: int | None = None) -> None:
        """Sends one delivery; else wakes whoever sends all that are due: the queue has other things to do meanwhile."""
        if only is None:
            self.postman.asked.set()
        else:
            self.deliver(only)

    def render(self, version_id: int) -> bool:
        """Draws and archives one version if it is due; False, and a line in the log, if that fails."""
        return self.drawing.one(version_id)

    def render_due(self) -> int:
        """Draws what was left behind; returns how many."""
        return self.drawing.work()

    def prove(self) -> None:
        """Wakes whoever verifies; the queue has other things to do meanwhile."""
        self.prover.asked.set()

    def bring_in(self) -> None:
        """Wakes whoever judges and applies files, makes the accountant's, and makes campaigns' invoices."""
        for each in (self.importer, self.ledgers, self.campaigner):
            each.asked.set()

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
        queue = open_queue(self.settings, self)
        consumer: Any = open_consumer(queue)
        threads = [Thread(target=self._sweeping, name="sweeper"), Thread(target=self.prover.run, name="prover"),
                   Thread(target=self.postman.run, name="postman"),
                   Thread(target=self.importer.run, args=(self.settings,), name="importer"),
                   Thread(target=self.ledgers.run, args=(self.settings,), name="ledgers"),
                   Thread(target=self.campaigner.run, args=(self.settings,), name="campaigner"),
                   Thread(target=self.drawing.run, name="drawing"),
                   Thread(target=self.returns.run, name="returns")]  # fmt: skip
        consumer.start()
        for thread in threads:
            thread.start()
        log.info("worker.started")
        beat(queue, self.clock())
        while not stop.wait(10):
            consumer.check_worker_health()
            beat(queue, self.clock())
        self.stopping.set()
        for each in (self.prover, self.drawing, self.postman):
            each.asked.set()
        self.bring_in()
        log.info("worker.stopping")
        consumer.stop(graceful=True)
        for thread in threads:
            thread.join()
        if isinstance(self.press.render, Limited):
            self.press.render.close()
        log.info("worker.stopped")

    def _sweeping(self) -> None:
        while not self.stopping.is_set():
            try:
                self.tend()
            except Exception:  # the next sweep tries again
                log.exception("sweep.failed")
            self.stopping.wait(self.settings.sweep_seconds)


def make_worker(app: Flask, settings: Settings) -> Worker:
    """The worker of an installation."""
    from invoicing.documents.press import press  # loads the PDF library: only who renders pays for it

    archive = open_archive(settings.archive, settings.archive_access)
    made = press(schematron=settings.checks_schematron)
    if settings.drawing_processes:
        made = replace(made, render=Limited(made.render))
    return Worker(app, settings, archive, made)
