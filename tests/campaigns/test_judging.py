"""What each member of a campaign would get is told before anything is written (SPEC D10)."""

from __future__ import annotations

import json

from sqlalchemy import func, select

from invoicing.campaigns import queries
from invoicing.campaigns.models import CampaignMember, CampaignState, Verdict
from invoicing.campaigns.rules import Chosen
from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from invoicing.sellers.models import Seller
from invoicing.silence import SILENT
from tests.campaigns.desk import LABEL, Desk
from tests.factories import make_customer, make_invoice, make_line

V = Verdict


def _customer(desk: Desk, **over: object) -> int:
    with transaction(desk.sessions) as session:
        return make_customer(session, **over).id  # type: ignore[arg-type]


def _row(desk: Desk, campaign_id: int, customer_id: int | None) -> CampaignMember:
    with desk.sessions() as session:
        query = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id)
        return session.scalars(query.where(CampaignMember.customer_id == customer_id)).one()


def test_everybody_whom_the_filter_leaves_is_judged_by_name_and_nothing_is_written(desk: Desk) -> None:
    contact = _customer(desk, member=False)
    campaign_id = desk.judged()
    assert desk.state(campaign_id).state is CampaignState.judged
    with desk.sessions() as session:
        page = queries.page(session, campaign_id, None)
        assert [row.customer_id for row in page.rows] == desk.people
        assert contact not in [row.customer_id for row in page.rows]
        assert [row.total_cents for row in page.rows] == [21_600] * 3
        assert queries.total_cents(session, campaign_id) == 64_800
        assert not session.scalar(select(func.count(Invoice.id)))
        assert not session.scalar(
            select(func.count(JournalEntry.position)).where(JournalEntry.subject_kind == "invoice")
        )


def test_contacts_are_invoiced_when_they_are_chosen(desk: Desk) -> None:
    contact = _customer(desk, member=False)
    campaign_id = desk.judged(chosen=Chosen(standing=None))
    assert _row(desk, campaign_id, contact).verdict is V.ready


def test_each_anomaly_has_its_verdict(desk: Desk) -> None:
    silent, homeless = _customer(desk, email=""), _customer(desk, street="", postcode="", city="")
    firm = _customer(desk, kind="organisation", organisation_name="Reliure SARL", professional=True, siren="")
    back = _customer(desk, email="retour@example.fr")
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.seller_id)
        other = make_customer(session, email="retour@example.fr", member=False)
        made = make_invoice(session, other, seller, make_line(session, "Atelier"), email=True)
        session.get_one(Delivery, made.delivery_id).state = DeliveryState.bounced
        session.get_one(Delivery, made.delivery_id).reason = "refused"
    campaign_id = desk.judged()
    assert _row(desk, campaign_id, silent).verdict is V.no_email
    assert _row(desk, campaign_id, homeless).verdict is V.no_address
    assert _row(desk, campaign_id, firm).verdict in (V.missing_mention, V.ready)
    assert _row(desk, campaign_id, back).verdict is V.bounced
    assert json.loads(_row(desk, campaign_id, back).facts) == {"reason": "refused"}
    assert set(json.loads(_row(desk, campaign_id, homeless).facts)["missing"][0]) >= {"customer"}


def test_who_has_had_the_same_this_year_is_left_out_unless_it_was_credited(desk: Desk) -> None:
    one, two, _three = desk.people
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.seller_id)
        line = make_line(session, LABEL)
        number = make_invoice(session, session.get_one(Customer, one), seller, line).number
        make_invoice(session, session.get_one(Customer, two), seller, make_line(session, "Autre chose"))
    campaign_id = desk.judged()
    assert desk.verdicts(campaign_id) == [V.already_invoiced, V.ready, V.ready]
    assert json.loads(_row(desk, campaign_id, one).facts) == {"number": number}


def test_a_list_names_members_by_number_or_address_each_once(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        number = session.get_one(Customer, desk.people[1]).member_number
        assert number
    _customer(desk, email="deux@example.fr")
    _customer(desk, email="deux@example.fr")
    listed = f"ANA0@example.fr;Ana\n\n{number}\nana1@example.fr\npersonne@example.fr\ndeux@example.fr\n"
    campaign_id = desk.judged(listed=listed)
    assert desk.verdicts(campaign_id) == [V.ready, V.ready, V.twice, V.unknown, V.several]
    with desk.sessions() as session:
        (row,) = queries.page(session, campaign_id, V.unknown).rows
        assert (row.customer_id, json.loads(row.facts)) == (None, {"typed": "personne@example.fr"})


def test_a_worker_that_dies_while_judging_is_followed_by_one_that_begins_again(desk: Desk) -> None:
    campaign_id = desk.begin()
    desk.write(campaign_id)
    with transaction(desk.sessions) as session:
        from invoicing.campaigns import hands
        from invoicing.campaigns.rules import Judged
        from tests.factories import NOW

        claim = hands.claim(session, NOW)
        assert claim
        hands.keep_verdicts(session, claim, NOW, [Judged(desk.people[2], V.unfit)], 1)
    assert not desk.worker().work()
    later = NOW + SILENT * 2
    assert desk.worker(lambda: later).work()
    assert desk.verdicts(campaign_id) == [V.ready] * 3


def test_pages_go_both_ways(desk: Desk, monkeypatch: object) -> None:
    campaign_id = desk.judged()
    with desk.sessions() as session:
        queries.PAGE, kept = 2, queries.PAGE  # type: ignore[misc]
        try:
            first = queries.page(session, campaign_id, None)
            second = queries.page(session, campaign_id, None, first.after)
            back = queries.page(session, campaign_id, None, second.before, backwards=True)
        finally:
            queries.PAGE = kept  # type: ignore[misc]
        assert [len(first.rows), len(second.rows)] == [2, 1]
        assert (first.before, second.after) == (None, None)
        assert [row.id for row in back.rows] == [row.id for row in first.rows]
        assert [row.id for row in queries.every(session, campaign_id, None)] == [
            row.id for row in (*first.rows, *second.rows)
        ]
