"""Members who are refused one after the other pause a campaign; a person tries them again, or sets them aside."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from invoicing.campaigns import service
from invoicing.campaigns.models import CampaignMember, CampaignState, Verdict
from invoicing.database import transaction
from invoicing.journal import JournalEntry
from lettrine import campaigner
from tests.campaigns.desk import Desk, opened
from tests.conftest import Database
from tests.factories import NOW

V = Verdict
HEAD, REST = 3, 4


@pytest.fixture
def long_desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Seven members; three refusals in a row pause."""
    monkeypatch.setattr(campaigner, "REFUSALS", HEAD)
    return opened(database.sessions, HEAD + REST)


def _paused(desk: Desk, wrong: int = HEAD) -> int:
    """A campaign that pauses, since the total of the first so many is no longer what was checked."""
    campaign_id = desk.judged()
    with transaction(desk.sessions) as session:
        first = select(CampaignMember.id).order_by(CampaignMember.id).limit(wrong)
        session.execute(update(CampaignMember).where(CampaignMember.id.in_(first)).values(total_cents=1))
    desk.make(campaign_id)
    assert desk.state(campaign_id).state is CampaignState.paused
    return campaign_id


def _go_on(desk: Desk, campaign_id: int, *, aside: bool) -> bool:
    with transaction(desk.sessions) as session:
        return service.go_on(session, desk.user, NOW, campaign_id, aside=aside)


def test_it_pauses_and_each_of_them_says_why(long_desk: Desk) -> None:
    campaign_id = _paused(long_desk)
    assert json.loads(long_desk.state(campaign_id).fault)["code"] == "PreviewOutdated"
    assert long_desk.verdicts(campaign_id) == [V.refused] * HEAD + [V.ready] * REST
    assert not long_desk.invoices()


def test_set_aside_the_others_get_theirs_and_they_stay_refused(long_desk: Desk) -> None:
    campaign_id = _paused(long_desk)
    assert _go_on(long_desk, campaign_id, aside=True)
    assert (long_desk.state(campaign_id).done, long_desk.state(campaign_id).total) == (0, REST)
    assert long_desk.worker().work()
    assert long_desk.state(campaign_id).state is CampaignState.made
    assert long_desk.verdicts(campaign_id) == [V.refused] * HEAD + [V.made] * REST
    with long_desk.sessions() as session:
        told = select(JournalEntry.changes).where(JournalEntry.action == "campaign.resumed")
        assert [json.loads(each) for each in session.scalars(told)] == [{"set_aside": [None, HEAD]}]


def test_at_the_end_they_may_still_be_tried_again(long_desk: Desk) -> None:
    campaign_id = _paused(long_desk)
    _go_on(long_desk, campaign_id, aside=True)
    long_desk.worker().work()
    assert not _go_on(long_desk, campaign_id, aside=True)  # nobody else is left
    assert long_desk.state(campaign_id).done == REST
    assert _go_on(long_desk, campaign_id, aside=False) and long_desk.worker().work()
    assert long_desk.verdicts(campaign_id) == [V.made] * (HEAD + REST)


def test_where_everybody_is_refused_it_pauses_again_and_again(long_desk: Desk) -> None:
    campaign_id = _paused(long_desk, wrong=HEAD + REST)
    _go_on(long_desk, campaign_id, aside=True)
    long_desk.worker().work()
    assert long_desk.state(campaign_id).state is CampaignState.paused
    assert long_desk.verdicts(campaign_id) == [V.refused] * 2 * HEAD + [V.ready]
    assert not long_desk.invoices()
