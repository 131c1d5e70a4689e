"""A campaign makes exactly one invoice for each member, whatever happens meanwhile (SPEC D10)."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select

from invoicing.campaigns import hands, queries, service
from invoicing.campaigns.models import CampaignMember, CampaignState, Verdict
from invoicing.campaigns.rules import CampaignNotReady, NobodyToInvoice
from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.errors import FieldFaults, Stale
from invoicing.invoices.models import Invoice, MadeOutTo
from invoicing.journal import JournalEntry
from invoicing.payments.models import PaymentMethod
from invoicing.proof import service as proof
from invoicing.sellers.models import Seller
from invoicing.silence import SILENT
from lettrine import campaigner
from tests.campaigns.desk import LABEL, Desk
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_line

V = Verdict


def test_each_member_gets_one_numbered_in_their_order_and_its_version_is_due(desk: Desk) -> None:
    campaign_id = desk.judged()
    desk.make(campaign_id)
    assert desk.verdicts(campaign_id) == [V.made] * 3
    assert desk.invoices() == [(n, f"F2026-{place:05}") for place, n in enumerate(desk.people, start=1)]
    assert desk.mails() == []
    found = desk.state(campaign_id)
    assert (found.state, found.done, found.total) == (CampaignState.made, 3, 3)
    with desk.sessions() as session:
        assert list(session.scalars(select(DocumentVersion.state))) == [VersionState.due] * 3
        actions = set(session.scalars(select(JournalEntry.action).where(JournalEntry.subject_kind == "campaign")))
        assert actions == {"campaign.begun", "campaign.written", "campaign.asked", "campaign.made"}


def test_the_box_promises_one_email_each_but_to_nobody_without_an_address(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        session.get_one(Customer, desk.people[1]).email = ""
    campaign_id = desk.judged()
    desk.make(campaign_id, email=True)
    assert desk.verdicts(campaign_id) == [V.made, V.made_unsent, V.made]
    assert desk.mails() == ["ana0@example.fr", "ana2@example.fr"]


def test_a_second_run_creates_nothing(desk: Desk) -> None:
    campaign_id = desk.judged()
    desk.make(campaign_id)
    assert not desk.ask(campaign_id) and not desk.worker().work()
    again = desk.judged()
    assert desk.verdicts(again) == [V.already_invoiced] * 3
    with pytest.raises(NobodyToInvoice):
        desk.ask(again)
    assert len(desk.invoices()) == 3


def test_who_got_one_by_hand_since_the_dry_run_gets_no_second(desk: Desk) -> None:
    campaign_id = desk.judged()
    with transaction(desk.sessions) as session:
        line, seller = make_line(session, LABEL), session.get_one(Seller, desk.seller_id)
        make_invoice(session, session.get_one(Customer, desk.people[0]), seller, line)
    desk.make(campaign_id)
    assert desk.verdicts(campaign_id) == [V.already_invoiced, V.made, V.made]
    assert len(desk.invoices()) == 3


def test_what_changed_since_the_dry_run_is_refused_for_that_member_and_may_be_tried_again(desk: Desk) -> None:
    campaign_id = desk.judged()
    with transaction(desk.sessions) as session:
        row = session.scalars(select(CampaignMember).where(CampaignMember.customer_id == desk.people[1])).one()
        row.total_cents = 1
    desk.make(campaign_id)
    assert desk.verdicts(campaign_id) == [V.made, V.refused, V.made]
    with desk.sessions() as session:
        (row,) = queries.page(session, campaign_id, V.refused).rows
        assert json.loads(row.facts) == {"kind": "PreviewOutdated"}
    with transaction(desk.sessions) as session:
        assert service.go_on(session, desk.user, NOW, campaign_id)
    assert desk.state(campaign_id).total == 3
    assert desk.worker().work()
    assert desk.verdicts(campaign_id) == [V.made] * 3


def test_it_pauses_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigner, "MADE_AT_ONCE", 1)
    campaign_id = desk.judged()
    desk.ask(campaign_id)
    worker = desk.worker()
    with transaction(desk.sessions) as session:
        claim = hands.claim(session, NOW)
    assert claim and worker._make_some(claim) == 1
    with transaction(desk.sessions) as session:
        assert service.pause(session, desk.user, NOW, campaign_id)
        assert not service.pause(session, desk.user, NOW, campaign_id)
    with pytest.raises(hands.LostCampaign):
        worker._make_some(claim)
    assert not worker.work() and len(desk.invoices()) == 1
    with transaction(desk.sessions) as session:
        assert service.go_on(session, desk.user, NOW, campaign_id)
    assert worker.work() and len(desk.invoices()) == 3


def test_a_worker_that_falls_silent_is_followed_by_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigner, "MADE_AT_ONCE", 1)
    campaign_id = desk.judged()
    desk.ask(campaign_id)
    with transaction(desk.sessions) as session:
        claim = hands.claim(session, NOW)
    assert claim
    first = desk.worker()
    first._make_some(claim)
    assert not desk.worker().work()
    later = NOW + SILENT + timedelta(seconds=1)
    assert desk.worker(lambda: later).work()
    assert desk.verdicts(campaign_id) == [V.made] * 3
    with pytest.raises(hands.LostCampaign):
        first._make_some(claim)
    assert len(desk.invoices()) == 3


def test_what_is_wrong_for_everybody_pauses_it_and_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigner, "REFUSALS", 2)
    campaign_id = desk.judged()
    desk.ask(campaign_id)
    with transaction(desk.sessions) as session:
        session.get_one(Seller, desk.seller_id).siret = ""
        session.get_one(Seller, desk.seller_id).street = ""
    desk.worker().work()
    found = desk.state(campaign_id)
    assert (found.state, json.loads(found.fault)["code"]) == (CampaignState.paused, "MentionsMissing")
    assert not desk.invoices()
    with transaction(desk.sessions) as session:
        session.get_one(Seller, desk.seller_id).siret = "99900001100018"
        session.get_one(Seller, desk.seller_id).street = "12 rue des Imprimeurs"
    with transaction(desk.sessions) as session:
        service.go_on(session, desk.user, NOW, campaign_id)
    desk.worker().work()
    assert desk.verdicts(campaign_id) == [V.made] * 3


def test_a_worker_that_is_asked_to_stop_lets_go(desk: Desk) -> None:
    campaign_id = desk.judged()
    desk.ask(campaign_id)
    stopping = Event()
    stopping.set()
    desk.worker(stopping=stopping).work()
    assert not desk.invoices() and desk.state(campaign_id).state is CampaignState.making
    assert desk.worker().work() and len(desk.invoices()) == 3  # at once: it said so


def test_the_organisation_is_the_buyer_where_there_is_one(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        firm = make_customer(session, organisation_name="Reliure & Fils", last_name="Aubert 9").id
    campaign_id = desk.begin()
    desk.write(campaign_id, made_out_to=MadeOutTo.organisation)
    desk.worker().work()
    desk.make(campaign_id)
    with desk.sessions() as session:
        to = dict(session.execute(select(Invoice.customer_id, Invoice.made_out_to)).all())
    assert to.pop(firm) is MadeOutTo.organisation and set(to.values()) == {MadeOutTo.person}


def test_only_what_was_seen_is_made(desk: Desk) -> None:
    campaign_id = desk.judged()
    with pytest.raises(Stale), transaction(desk.sessions) as session:
        service.ask(session, desk.user, NOW, campaign_id, 99, email=False)
    desk.write(campaign_id)
    with pytest.raises(CampaignNotReady):
        desk.ask(campaign_id)
    assert not desk.invoices()


def test_nobody_has_paid_what_is_invoiced_to_many(desk: Desk) -> None:
    campaign_id = desk.begin()
    with pytest.raises(FieldFaults):
        desk.write(campaign_id, paid_on=TODAY, paid_method=PaymentMethod.cheque)


def test_what_is_dropped_is_gone_and_what_is_made_cannot_be(desk: Desk) -> None:
    one, two = desk.judged(), desk.judged()
    with transaction(desk.sessions) as session:
        assert service.drop(session, desk.user, NOW, one)
        assert not service.drop(session, desk.user, NOW, one)
    assert desk.verdicts(one) == [] and desk.state(one).state is CampaignState.dropped
    desk.make(two)
    with pytest.raises(CampaignNotReady), transaction(desk.sessions) as session:
        service.drop(session, desk.user, NOW, two)


def test_the_proof_holds_what_it_made(desk: Desk) -> None:
    campaign_id = desk.judged()
    desk.make(campaign_id, email=True)
    assert proof  # the whole verification is the life's: tests/proof
    with desk.sessions() as session:
        states = session.scalars(select(JournalEntry.state).where(JournalEntry.action == "invoice.finalised"))
        assert all(states)
