"""The worker's part in campaigns: judges who was chosen, and makes their invoices, some at a time.

Each lot is a short transaction, with a breath after it, so that nobody waits for the writer. The papers are drawn and
the e-mails sent by whoever does that for every invoice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from functools import partial
from threading import Event
from typing import Any, Final

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.campaigns import hands, judging
from invoicing.campaigns.hands import Claim, LostCampaign
from invoicing.campaigns.making import Making, told
from invoicing.campaigns.models import Campaign, CampaignMember, CampaignState, Verdict
from invoicing.campaigns.rules import BROKEN, REFUSALS
from invoicing.database import transaction
from invoicing.errors import Refused
from lettrine.rounds import beating, go_round, until_free

log = structlog.get_logger("lettrine.campaigns")
MADE_AT_ONCE: Final = 25  # invoices of one transaction, at most:
MADE_SECONDS: Final = 0.2  # other writers wait no longer than this
BREATH_SECONDS: Final = 0.02


class Campaigner:
    """For one installation; `clock` gives naive UTC, `domain` is that of Message-IDs."""

    def __init__(
        self, sessions: sessionmaker[Session], clock: Callable[[], datetime], stopping: Event, domain: str
    ) -> None:  # fmt: skip
        self.sessions, self.clock, self.stopping, self.domain = sessions, clock, stopping, domain
        self.asked = Event()
        self._in_a_row: list[dict[str, Any]] = []  # refusals without a success between them, as they are told

    def work(self) -> bool:
        """Judges or makes one campaign that waits; False where there is none."""
        with transaction(self.sessions) as session:
            claim = hands.claim(session, self.clock())
        if claim is None:
            return False
        try:
            if claim.state is CampaignState.judging:
                self.judge(claim)
            else:
                self.make(claim)
        except LostCampaign:  # somebody else has it in hand now, or a person has paused or changed it
            log.info("campaign.let_go", campaign_id=claim.campaign_id)
            if self.stopping.is_set():
                self._hand_over(claim)
        except OperationalError:  # a busy database: whoever looks next goes on
            self._hand_over(claim)
            raise
        except Exception:  # else it would be begun again for ever, and nobody told
            log.exception("campaign.broken", campaign_id=claim.campaign_id)
            self._put_down(claim, BROKEN, {})
        return True

    def judge(self, claim: Claim) -> None:
        """Every member gets a verdict; what stands in everybody's way is told. Raises LostCampaign."""
        done = 0
        try:
            with self._beating(claim), self.sessions() as reading:
                for some in judging.judge(reading, claim.campaign_id, self.clock()):
                    self._check_stopping()
                    done += len(some)
                    with transaction(self.sessions) as session:
                        hands.keep_verdicts(session, claim, self.clock(), some, done)
            with transaction(self.sessions) as session:
                hands.finish_judging(session, claim, self.clock())
        except Refused as refused:
            self._step_back(claim, told(refused))

    def make(self, claim: Claim) -> None:
        """The invoices of all who have none yet; after a crash the next goes on with the rest. Raises LostCampaign."""
        self._in_a_row.clear()
        while True:
            self._check_stopping()
            try:
                if not self._make_some(claim):
                    break
            except Refused as refused:  # what is wrong is wrong for everybody
                return self._step_back(claim, told(refused))
            if len(self._in_a_row) >= REFUSALS:  # perhaps for everybody: a person looks, and sets them aside or not
                return self._step_back(claim, self._in_a_row[-1])
            self.stopping.wait(BREATH_SECONDS)
        with transaction(self.sessions) as session:
            hands.finish(session, claim, self.clock())
        log.info("campaign.made", campaign_id=claim.campaign_id)
        return None

    def _make_some(self, claim: Claim) -> int:
        """Some invoices in one transaction, each in a savepoint of its own; gives how many members were dealt with."""
        until = time.monotonic() + MADE_SECONDS
        with transaction(self.sessions) as session:
            hands.tell(session, claim, self.clock())  # also locks it: nobody pauses in between
            campaign = session.get_one(Campaign, claim.campaign_id)
            members = hands.next_members(session, claim, MADE_AT_ONCE)
            if not members:
                return 0
            making = Making(session, campaign, claim.actor, self.clock(), self.domain)
            invoiced, done = making.invoiced(members), 0
            for member in members:
                if len(self._in_a_row) >= REFUSALS or (done and time.monotonic() > until):
                    break
                self._one(session, making, member, invoiced)
                done += 1
            hands.tell(session, claim, self.clock(), done=Campaign.done + done)
        return done

    def _one(self, session: Session, making: Making, member: CampaignMember, invoiced: dict[int, str]) -> None:
        try:
            with session.begin_nested():
                making.make(member, invoiced)
        except OperationalError:
            raise
        except Refused as refused:
            facts = told(refused)  # and not the refusal: it would keep alive what the savepoint has thrown away
            self._in_a_row.append(facts)
            session.refresh(member)
            making.settle(member, Verdict.refused, facts)
        else:
            self._in_a_row.clear()

    def _step_back(self, claim: Claim, facts: dict[str, Any]) -> None:
        self._put_down(claim, facts["kind"], {name: fact for name, fact in facts.items() if name != "kind"})

    def _put_down(self, claim: Claim, code: str, facts: dict[str, Any]) -> None:
        """A person is told why, and goes on with it; nothing to tell where it is in other hands already."""
        with suppress(LostCampaign), transaction(self.sessions) as session:
            hands.step_back(session, claim, self.clock(), code, facts)

    def _hand_over(self, claim: Claim) -> None:
        """Whoever looks next goes on at once, instead of waiting for a silence."""
        with suppress(LostCampaign, OperationalError), transaction(self.sessions) as session:
            hands.let_go(session, claim)

    def _beating(self, claim: Claim) -> AbstractContextManager[None]:
        return beating(self.sessions, lambda session: hands.tell(session, claim, self.clock()), LostCampaign)

    def _check_stopping(self) -> None:
        if self.stopping.is_set():
            raise LostCampaign

    def run(self, settings: Settings) -> None:
        """Until the worker stops: at once when asked, else now and then."""
        rest = partial(until_free, self.sessions, self.clock, hands.free_at)
        go_round("campaign", self.work, self.stopping, self.asked, settings.sweep_seconds, rest)
