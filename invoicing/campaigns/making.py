"""Makes the invoices of a campaign, each with its member's row in one transaction: never two for one (SPEC D10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.campaigns.judging import Template, already_invoiced, made_out_to
from invoicing.campaigns.models import Campaign, CampaignMember, Verdict
from invoicing.campaigns.rules import UNSENT, kept_faults
from invoicing.customers.models import Customer
from invoicing.customers.service import get as get_customer
from invoicing.errors import FieldFaults, Refused
from invoicing.invoices import service as invoices
from invoicing.invoices.reading import DraftContent
from invoicing.invoices.service import Finalised
from invoicing.journal import Actor
from invoicing.numbering import DateBeforeLast
from invoicing.sellers.rules import MentionsMissing
from invoicing.taxes.rules import NoRate


def form_token(campaign_id: int, customer_id: int) -> str:
    """What the invoice itself bears: the database keeps a second one out. No form can send it."""
    return f"campaign:{campaign_id}:{customer_id}"


class Making:
    """Makes some members' invoices in the caller's transaction. Raises NoSeries."""

    def __init__(self, session: Session, campaign: Campaign, actor: Actor, now: datetime, domain: str) -> None:
        self.session, self.campaign, self.actor, self.now, self.domain = session, campaign, actor, now, domain
        self._template = Template(session, campaign, now)

    def invoiced(self, members: Sequence[CampaignMember]) -> dict[int, str]:
        """Those who have been given such an invoice since they were judged: customer → its number.

        Locks them first: of two campaigns at work for the same members, the second sees what the first has made.
        """
        ids = [member.customer_id for member in members if member.customer_id]
        locked = select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id)
        self.session.execute(locked.with_for_update(key_share=True))
        return already_invoiced(self.session, self._template, ids)

    def make(self, member: CampaignMember, invoiced: dict[int, str]) -> Finalised | None:
        """One member's invoice; None where they turn out to have one. Refuses what finalising refuses."""
        assert member.customer_id is not None
        if number := invoiced.get(member.customer_id):
            self.settle(member, Verdict.already_invoiced, {"number": number})
            return None
        customer = get_customer(self.session, member.customer_id)
        email = self.campaign.emailed and member.verdict not in UNSENT and bool(customer.email)
        draft = invoices.save_draft(
            self.session, self.actor, self.now, customer.id, self.campaign.seller_id, self._content(customer),
            form_token(self.campaign.id, customer.id),
        )  # fmt: skip
        shown = member.total_cents if member.total_cents is not None else draft.total_cents
        made = invoices.finalise(
            self.session, self.actor, self.now, draft.id, draft.revision, shown, email=email, domain=self.domain
        )
        member.invoice_id, member.total_cents = made.invoice_id, shown
        unsent = self.campaign.emailed and not email
        member.verdict = Verdict.made_unsent if unsent else Verdict.made
        self.session.flush()
        return made

    def settle(self, member: CampaignMember, verdict: Verdict, facts: dict[str, Any]) -> None:
        """Another verdict, without an invoice; what they were judged to get counts no more."""
        member.verdict, member.facts, member.total_cents = verdict, journal.canonical(facts), None
        self.session.flush()

    def _content(self, customer: Customer) -> DraftContent:
        content = self._template.content
        return replace(content, made_out_to=made_out_to(content, customer))


def told(refused: Refused) -> dict[str, Any]:
    """What the sentence of a refusal needs."""
    facts: dict[str, Any] = {"kind": type(refused).__name__}
    if isinstance(refused, FieldFaults):
        facts["faults"] = kept_faults(refused.faults)
    if isinstance(refused, MentionsMissing):
        facts["missing"] = [(each.whose, each.field) for each in refused.missing]
    if isinstance(refused, NoRate):
        facts |= {"code": refused.code, "day": refused.day}
    if isinstance(refused, DateBeforeLast):
        facts["last"] = refused.last
    return facts
