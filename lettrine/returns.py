"""The worker's part in bounces: reads the mailbox of returned notices now and then (docs/decisions/bounces.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.database import transaction
from invoicing.delivery import notices, returns
from invoicing.delivery.returns import Outcome
from lettrine.mailboxes import Unreadable, open_mailbox

log = structlog.get_logger("lettrine.returns")


class Returns:
    """For one installation; `clock` gives naive UTC."""

    def __init__(
        self, settings: Settings, sessions: sessionmaker[Session], clock: Callable[[], datetime], stopping: Event
    ):
        self.settings, self.sessions, self.clock, self.stopping = settings, sessions, clock, stopping

    def read(self) -> None:
        """Applies whatever is new in the mailbox, marks it there, and adds it up."""
        understood = left = 0
        fault = ""
        password = self.settings.returns_password.get_secret_value()
        try:
            with open_mailbox(self.settings.returns_url, password, self.clock()) as found:
                for message in found:
                    if self.stopping.is_set():
                        break
                    outcome = self.take(message.raw)
                    if outcome is Outcome.early:
                        continue
                    message.put_away(outcome.is_understood)  # after the commit: what is read twice changes nothing
                    understood, left = understood + outcome.is_understood, left + (not outcome.is_understood)
        except Unreadable as error:
            fault = error.reason
        with transaction(self.sessions) as session:
            returns.note_reading(session, self.clock(), understood, left, fault)
        if understood or left or fault:
            log.info("returns.read", understood=understood, left=left, fault=fault)

    def take(self, raw: bytes) -> Outcome:
        """Applies one message in a transaction of its own."""
        notice = notices.read(raw)
        if notice is None:
            return Outcome.unknown
        try:
            with transaction(self.sessions) as session:
                return returns.take(session, notice, self.clock())
        except OperationalError:  # busy: the next reading finds it again
            return Outcome.early

    def run(self) -> None:
        """Until the worker stops; at once where no mailbox is set."""
        while self.settings.returns_url and not self.stopping.is_set():
            try:
                self.read()
            except Exception:  # the next reading tries again
                log.exception("returns.failed")
            self.stopping.wait(self.settings.returns_seconds)
