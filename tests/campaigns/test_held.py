"""What keeps a campaign from making a second invoice for somebody: a restore, and another campaign beside it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import OperationalError

from invoicing.campaigns import hands, queries
from invoicing.campaigns.making import Making
from invoicing.campaigns.models import Campaign, CampaignState, Verdict
from invoicing.database import is_sqlite, transaction
from invoicing.journal import COMMAND, JournalEntry
from invoicing.restoring import HELD, settle
from lettrine import campaigner
from tests.campaigns.desk import Desk
from tests.factories import NOW
from web.campaigns import _REASONS

V = Verdict


def test_a_restored_campaign_waits_for_a_person(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigner, "MADE_AT_ONCE", 1)
    campaign_id, judged = desk.judged(), desk.judged()
    desk.ask(campaign_id, email=True)
    with transaction(desk.sessions) as session:
        claim = hands.claim(session, NOW)
    assert claim and desk.worker()._make_some(claim) == 1
    with transaction(desk.sessions) as session:
        assert settle(session, COMMAND, NOW, "2026-05-01T06:00:00", 1, 1) == 1
    found = desk.state(campaign_id)
    assert (found.state, json.loads(found.fault)["code"]) == (CampaignState.paused, HELD)
    assert HELD in _REASONS and desk.state(judged).state is CampaignState.judged
    assert not desk.worker().work() and len(desk.invoices()) == 1
    with desk.sessions() as session:
        told = select(JournalEntry.subject_id).where(JournalEntry.action == "campaign.paused")
        assert session.scalars(told).all() == [campaign_id]


def test_two_campaigns_at_once_make_one_invoice_each(desk: Desk) -> None:
    one, two = desk.judged(), desk.judged()
    assert desk.ask(one) and desk.ask(two)
    with transaction(desk.sessions) as session:
        claim, other = hands.claim(session, NOW), hands.claim(session, NOW)
    assert claim and other and (claim.campaign_id, other.campaign_id) == (one, two)
    with transaction(desk.sessions) as first:
        making = Making(first, first.get_one(Campaign, one), desk.user, NOW, "example.org")
        members = hands.next_members(first, claim, 25)
        invoiced = making.invoiced(members)
        for member in members:
            making.make(member, invoiced)
        if not is_sqlite(first.connection()):  # SQLite has one writer at a time
            with desk.sessions() as second:
                second.execute(text("SET LOCAL lock_timeout = '100ms'"))
                beside = Making(second, second.get_one(Campaign, two), desk.user, NOW, "example.org")
                theirs = hands.next_members(second, other, 25)
                with pytest.raises(OperationalError, match="lock timeout"):
                    beside.invoiced(theirs)
    desk.worker().make(other)
    assert desk.verdicts(two) == [V.already_invoiced] * 3 and len(desk.invoices()) == 3


def test_a_long_list_is_read_only_where_it_is_needed(desk: Desk) -> None:
    campaign_id = desk.begin(listed="ana0@example.fr")
    with desk.sessions() as session:
        (found,) = queries.latest(session)
        assert "listed" in inspect(found).unloaded
        assert queries.campaign(session, campaign_id).listed == "ana0@example.fr"
