"""Two records of one customer become one: nobody is left out of a campaign for it, and nobody is in it twice."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.campaigns.models import CampaignMember, Verdict
from invoicing.campaigns.rules import MAKES, kept_faults
from invoicing.errors import Fault


def follow(session: Session, survivor_id: int, duplicate_id: int) -> None:
    """The duplicate's places go to the survivor; where they have one already, no invoice is made for the duplicate.

    What was made stays as it is told: the duplicate's record leads to the survivor's.
    """
    own = select(CampaignMember.campaign_id).where(CampaignMember.customer_id == survivor_id)
    theirs = update(CampaignMember).where(CampaignMember.customer_id == duplicate_id)
    theirs = theirs.execution_options(synchronize_session=False)
    session.execute(theirs.where(CampaignMember.campaign_id.not_in(own)).values(customer_id=survivor_id))
    facts = journal.canonical({"faults": kept_faults([Fault("", "merged")])})
    gone = {"verdict": Verdict.unfit, "facts": facts, "total_cents": None}
    session.execute(theirs.where(CampaignMember.verdict.in_((*MAKES, Verdict.refused))).values(gone))
