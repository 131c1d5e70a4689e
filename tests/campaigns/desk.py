"""A desk for tests of campaigns: a seller, members, and a worker's hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Event
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from invoicing.campaigns import queries, service
from invoicing.campaigns.models import Campaign, CampaignMember, Verdict
from invoicing.campaigns.service import CampaignContent
from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice
from invoicing.invoices.reading import DraftContent
from invoicing.journal import Actor
from lettrine.campaigner import Campaigner
from tests.factories import NOW, actor_of, make_customer, make_line, make_seller, make_user

LABEL = "Cotisation annuelle 2027"


@dataclass
class Desk:
    """What a test works with."""

    sessions: sessionmaker[Session]
    seller_id: int = 0
    user: Actor = field(default_factory=lambda: Actor)  # type: ignore[assignment,return-value]
    people: list[int] = field(default_factory=list)

    def begin(self, **over: Any) -> int:
        """A campaign whose invoice is still to be written."""
        content = CampaignContent(
            **{"name": "Cotisations", "seller_id": self.seller_id, "since": date(2026, 1, 1)} | over
        )
        with transaction(self.sessions) as session:
            token = f"token-{session.query(Campaign).count()}"
            return service.begin(session, self.user, NOW, content, token).id

    def write(self, campaign_id: int, **over: Any) -> None:
        """Its invoice: one line of 180 €."""
        with transaction(self.sessions) as session:
            content = DraftContent(lines=(make_line(session, LABEL),), **over)
            revision = queries.campaign(session, campaign_id).revision
            service.write(session, self.user, NOW, campaign_id, revision, content)

    def judged(self, **over: Any) -> int:
        """A campaign whose members have their verdicts."""
        campaign_id = self.begin(**over)
        self.write(campaign_id)
        assert self.worker().work()
        return campaign_id

    def ask(self, campaign_id: int, email: bool = False) -> bool:
        """Somebody says: make them."""
        with transaction(self.sessions) as session:
            revision = queries.campaign(session, campaign_id).revision
            return service.ask(session, self.user, NOW, campaign_id, revision, email=email)

    def worker(self, clock: Callable[[], datetime] = lambda: NOW, stopping: Event | None = None) -> Campaigner:
        """A worker's hands."""
        return Campaigner(self.sessions, clock, stopping or Event(), "example.org")

    def make(self, campaign_id: int, email: bool = False) -> None:
        """Asked for and made."""
        assert self.ask(campaign_id, email)
        assert self.worker().work()

    def verdicts(self, campaign_id: int) -> list[Verdict]:
        """Of its members, in their order."""
        with self.sessions() as session:
            query = select(CampaignMember.verdict).where(CampaignMember.campaign_id == campaign_id)
            return list(session.scalars(query.order_by(CampaignMember.id)))

    def invoices(self) -> list[tuple[int, str | None]]:
        """Customer and number of every invoice that stands, in the order of the numbers."""
        with self.sessions() as session:
            query = select(Invoice.customer_id, Invoice.number).where(Invoice.frozen_at.is_not(None))
            return [(row[0], row[1]) for row in session.execute(query.order_by(Invoice.number))]

    def mails(self) -> list[str]:
        """To whom an e-mail is promised."""
        with self.sessions() as session:
            return sorted(session.scalars(select(Delivery.recipient)))

    def state(self, campaign_id: int) -> Campaign:
        """The campaign as it is."""
        with self.sessions() as session:
            found = queries.campaign(session, campaign_id)
            session.expunge(found)
            return found


def opened(sessions: sessionmaker[Session], members: int = 3) -> Desk:
    """A seller and some members, named in the order of their ids."""
    desk = Desk(sessions)
    with transaction(sessions) as session:
        desk.seller_id = make_seller(session).id
        desk.user = actor_of(make_user(session))
        people: list[Customer] = [
            make_customer(session, last_name=f"Aubert {n:05}", first_name="Ana", email=f"ana{n}@example.fr")
            for n in range(members)
        ]
        desk.people = [each.id for each in people]
    return desk
