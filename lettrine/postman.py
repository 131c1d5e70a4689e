"""The worker's part in e-mails: claims what is due, writes it, sends it, and notes what became of it.

No transaction is open while the mail server talks (docs/decisions/deliveries.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Final

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.database import transaction
from invoicing.delivery import daily
from invoicing.delivery import service as deliveries
from invoicing.delivery.daily import Daily
from invoicing.delivery.digest import DIGEST
from invoicing.delivery.news import NEWS
from invoicing.delivery.service import Claim
from lettrine.mailer import Mailer
from lettrine.mails import Composer, Unsendable
from lettrine.smtp import Permanent, Temporary

log = structlog.get_logger("lettrine.worker")
DOWN_SECONDS: Final = 30.0  # how long nudges, whatever they name, leave a mail server alone that can't be reached


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt; `note` writes it, and is False where the lease was lost."""

    what: str
    reason: str
    note: Callable[[Session, Claim, datetime], bool]
    is_down: bool = False  # the mail server can't be reached


def sent(answer: str) -> Outcome:
    """The mail server has accepted it."""
    return Outcome("sent", "", lambda s, claim, now: deliveries.settle_sent(s, claim, answer, now))


def failed(reason: str, answer: str = "") -> Outcome:
    """Refused for good, or never to be written."""
    return Outcome("failed", reason, lambda s, claim, now: deliveries.settle_failed(s, claim, answer, reason, now))


def deferred(reason: str, answer: str = "", is_down: bool = False) -> Outcome:
    """It will be tried again."""

    def note(session: Session, claim: Claim, now: datetime) -> bool:
        return deliveries.settle_deferred(session, claim, answer, reason, now)

    return Outcome("deferred", reason, note, is_down)


class Postman:
    """For one installation; `clock` gives naive UTC."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        sessions: sessionmaker[Session],
        composer: Composer,
        clock: Callable[[], datetime],
        stopping: Event,
    ):
        self.app, self.settings, self.sessions, self.composer = app, settings, sessions, composer
        self.clock, self.stopping = clock, stopping
        self.asked = Event()
        self._down_until = 0.0

    def run(self) -> None:
        """Until the worker stops: at once when asked, else now and then."""
        while not self.stopping.is_set():
            self.work()
            self._rest()

    def _rest(self) -> None:
        """Until the next sweep, or until asked; a mail server that can't be reached is left alone all the same."""
        if self.asked.wait(self.settings.sweep_seconds):
            alone = min(self.settings.sweep_seconds, self._down_until - time.monotonic())
            self.stopping.wait(max(0.0, alone))
        self.asked.clear()

    def work(self) -> None:
        """The morning's mails, and all that is due, which may take hours. One that fails doesn't stop the other."""
        for act in (self.promise_digests, self.deliver):
            try:
                act()
            except Exception:  # the next look tries again
                log.exception("post.failed")

    def deliver(self, only: int | None = None) -> int:
        """Sends what is due, or one delivery if it is; returns how many were tried. Many share one connection.

        A server that can't be reached twice in a row is left alone until the next sweep.
        """
        if only is not None and time.monotonic() < self._down_until:
            return 0
        tried = unreachable = 0
        with Mailer(self.app, self.settings).batch() as mailer:
            claim = self._claim(only)
            while claim is not None:
                tried += 1
                begun = time.monotonic()
                outcome = self._attempt(mailer, claim)
                unreachable = unreachable + 1 if outcome.is_down else 0
                goes_on = only is None and unreachable < 2
                claim = self._settle(claim, outcome, goes_on and not self.settings.mails_per_minute)
                if claim is None and goes_on:
                    self._pace(begun)
                    claim = self._claim(only)
        self._down_until = time.monotonic() + DOWN_SECONDS if unreachable else 0.0
        return tried

    def _pace(self, begun: float) -> None:
        """No more in a minute than the mail server bears; what somebody waits for goes before the others."""
        if most := self.settings.mails_per_minute:
            self.stopping.wait(max(0.0, begun + 60 / most - time.monotonic()))

    def promise_digests(self) -> None:
        """Queues the morning's mails: to staff what needs a person, to members that there are new documents."""
        for each in (DIGEST, NEWS):
            while not self.stopping.is_set() and self._waits(each):
                with transaction(self.sessions) as session:
                    daily.promise(session, self.clock(), self.settings.host, each)

    def _waits(self, each: Daily) -> bool:
        with self.sessions() as session:
            return daily.is_due(session, self.clock(), each)

    def _claim(self, only: int | None) -> Claim | None:
        if self.stopping.is_set():
            return None
        with transaction(self.sessions) as session:
            return deliveries.claim(session, self.clock(), self.settings.lease_seconds, only)

    def _attempt(self, mailer: Mailer, claim: Claim) -> Outcome:
        """Writes and sends one message, and what became of it."""
        try:
            mail = self.composer.compose(claim, self.clock())
        except Unsendable as error:
            return failed(error.reason)
        except Exception:  # a document that can't be drawn or read must not stop the others
            log.exception("delivery.not_written", delivery_id=claim.delivery_id)
            return deferred("not_written")
        if self.clock() >= claim.lease_until - timedelta(seconds=mailer.limit):
            return deferred("slow")  # sending might outlast the lease, and another worker would send too
        try:
            return sent(mailer.send(mail))
        except Permanent as refusal:
            return failed(refusal.reason, refusal.answer)
        except Temporary as refusal:
            return deferred(refusal.reason, refusal.answer, refusal.is_down)
        except Exception:  # whatever is wrong with this message, the others must leave
            mailer.close()
            log.exception("delivery.not_sent", delivery_id=claim.delivery_id)
            return deferred("not_written")

    def _settle(self, claim: Claim, outcome: Outcome, takes_next: bool) -> Claim | None:
        """Notes it, again and again while the database is busy: a sent message must not be sent twice.

        In the same transaction the next delivery is taken, if there is one and it is wanted.
        """
        while True:
            try:
                with transaction(self.sessions) as session:
                    held = outcome.note(session, claim, self.clock())
                    following = self._next(session) if takes_next and not self.stopping.is_set() else None
                break
            except OperationalError as error:
                log.warning("delivery.not_noted", delivery_id=claim.delivery_id, error=type(error).__name__)
                if self.clock() >= claim.lease_until:
                    return None
                time.sleep(0.5)
        log.info(f"delivery.{outcome.what}" if held else "delivery.lease_lost", delivery_id=claim.delivery_id,
                 tries=claim.tries, reason=outcome.reason)  # fmt: skip
        return following

    def _next(self, session: Session) -> Claim | None:
        return deliveries.claim(session, self.clock(), self.settings.lease_seconds)
