"""Two records of one customer become one while a campaign is under way: one invoice, no more and no less."""

from __future__ import annotations

from sqlalchemy import select

from invoicing.campaigns.models import CampaignMember, Verdict
from invoicing.customers import merging
from invoicing.customers.merging_rules import MergeWish, fingerprint
from invoicing.customers.models import Customer
from invoicing.database import transaction
from tests.campaigns.desk import Desk
from tests.factories import NOW, make_customer

V = Verdict


def _merge(desk: Desk, survivor: int, duplicate: int) -> None:
    with transaction(desk.sessions) as session:
        rows = session.get_one(Customer, survivor), session.get_one(Customer, duplicate)
        wish = MergeWish(fingerprint(*rows), member_number=rows[0].member_number or rows[1].member_number or "")
        merging.merge(session, desk.user, NOW, survivor, duplicate, wish)


def _places(desk: Desk, campaign_id: int) -> list[tuple[int | None, Verdict]]:
    with desk.sessions() as session:
        query = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id).order_by(CampaignMember.id)
        return [(row.customer_id, row.verdict) for row in session.scalars(query)]


def test_the_place_of_a_duplicate_goes_to_the_record_that_stays(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        contact = make_customer(session, member=False).id
    campaign_id = desk.judged()
    _merge(desk, contact, desk.people[1])
    assert [who for who, _verdict in _places(desk, campaign_id)] == [desk.people[0], contact, desk.people[2]]
    desk.make(campaign_id)
    assert sorted(who for who, _number in desk.invoices()) == sorted([desk.people[0], desk.people[2], contact])


def test_two_members_that_are_one_get_one_invoice(desk: Desk) -> None:
    campaign_id = desk.judged()
    first, second, third = desk.people
    _merge(desk, first, second)
    assert _places(desk, campaign_id) == [(first, V.ready), (second, V.unfit), (third, V.ready)]
    desk.make(campaign_id)
    assert [who for who, _number in desk.invoices()] == [first, third]


def test_what_was_made_stays_as_it_is_told(desk: Desk) -> None:
    campaign_id = desk.judged()
    desk.make(campaign_id)
    first, second, _third = desk.people
    _merge(desk, first, second)
    assert desk.verdicts(campaign_id) == [V.made] * 3
    assert [who for who, _number in desk.invoices()][:2] == [first, first]


def test_an_address_that_went_since_the_dry_run_is_no_obstacle(desk: Desk) -> None:
    campaign_id = desk.judged()
    with transaction(desk.sessions) as session:
        session.get_one(Customer, desk.people[0]).email = ""
    desk.make(campaign_id, email=True)
    assert desk.verdicts(campaign_id) == [V.made_unsent, V.made, V.made]
    assert len(desk.mails()) == 2
