"""The demo's campaigns: one that is made, one that is checked and waits for a word."""

from __future__ import annotations

import secrets
from threading import Event
from typing import Final

from invoicing.campaigns import queries, service
from invoicing.campaigns.rules import Chosen
from invoicing.campaigns.service import CampaignContent
from invoicing.database import transaction
from invoicing.invoices.models import MadeOutTo
from invoicing.invoices.reading import DraftContent, LineContent
from invoicing.journal import Actor
from lettrine.campaigner import Campaigner
from lettrine.demo_cases import DOMAIN
from lettrine.demo_desk import Desk

FRENCH: Final = Chosen(country="FR")


def campaigns(desk: Desk, seller_id: int, staff: Actor, review: LineContent, dues: LineContent) -> None:
    """The review for everybody, made without an e-mail; next year's dues, judged."""
    worker = Campaigner(desk.sessions, lambda: desk.now, Event(), DOMAIN)
    made = _written(desk, seller_id, staff, f"Revue « Caractères » {desk.now.year + 1}", review)
    worker.work()
    with transaction(desk.sessions) as session:
        service.ask(session, staff, desk.now, made, queries.campaign(session, made).revision, email=False)
    worker.work()
    _written(desk, seller_id, staff, f"Cotisations {desk.now.year + 1}", dues)
    worker.work()


def _written(desk: Desk, seller_id: int, staff: Actor, name: str, line: LineContent) -> int:
    """A campaign for every French member, with an invoice of one line."""
    content = CampaignContent(name, seller_id, desk.now.date().replace(month=1, day=1), FRENCH)
    invoice = DraftContent(lines=(line,), made_out_to=MadeOutTo.organisation, subject=name)
    with transaction(desk.sessions) as session:
        campaign = service.begin(session, staff, desk.now, content, secrets.token_urlsafe(24))
        service.write(session, staff, desk.now, campaign.id, campaign.revision, invoice)
        return campaign.id
