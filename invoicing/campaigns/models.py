"""Rows of campaigns: one per campaign, one per member of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.customers.models import Customer
from invoicing.database import Base, enum
from invoicing.invoices.models import Invoice
from invoicing.sellers.models import Seller


class CampaignState(StrEnum):
    """How far a campaign is."""

    writing = "writing"  # who is chosen; the invoice itself is still to be written
    waiting = "waiting"  # written: its members are to be judged
    judging = "judging"
    judged = "judged"  # every member has a verdict; nothing is made yet
    making = "making"
    paused = "paused"  # by a person, or by `fault`
    made = "made"
    dropped = "dropped"


class Verdict(StrEnum):
    """What becomes of one member; each is a filter of the page, in this order."""

    ready = "ready"
    no_email = "no_email"  # an invoice all the same, but none can be e-mailed
    bounced = "bounced"  # likewise: the last e-mail to this address didn't arrive
    already_invoiced = "already_invoiced"
    no_address = "no_address"
    missing_mention = "missing_mention"  # something else that the buyer's block must name
    unfit = "unfit"  # a fault of the invoice itself as it would be for them
    unknown = "unknown"  # a line of the list that names nobody
    several = "several"  # a line of the list that names several
    twice = "twice"  # a line of the list that names whom an earlier one names
    made = "made"
    made_unsent = "made_unsent"  # made while the box was ticked, but nothing could be e-mailed
    refused = "refused"  # judged ready, and refused when it was to be made


class Campaign(Base):
    """One campaign. `chosen` (JSON: a filter) or `listed` (a list, as typed) say who; `content` (JSON) the invoice."""

    __tablename__ = "campaign"
    __table_args__ = (Index("ix_campaign_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[CampaignState] = mapped_column(enum(CampaignState), default=CampaignState.writing)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    seller: Mapped[Seller] = relationship()
    chosen: Mapped[str] = mapped_column(Text, default="{}")
    listed: Mapped[str] = mapped_column(Text, default="", deferred=True)  # may be megabytes: read where it is needed
    content: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[date]  # whoever has had such an invoice since that day is left out
    emailed: Mapped[bool] = mapped_column(default=False)  # the box was ticked
    revision: Mapped[int] = mapped_column(default=1)
    form_token: Mapped[str | None] = mapped_column(String(43), unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    judged_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    finished_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]  # of the worker that has it in hand
    beat_at: Mapped[datetime | None]  # when it last said that it is alive
    done: Mapped[int] = mapped_column(default=0)  # members
    total: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(Text, default="")  # JSON: why it pauses by itself


class CampaignMember(Base):
    """One member of a campaign, at most once, or one line of its list that names nobody alone."""

    __tablename__ = "campaign_member"
    __table_args__ = (
        UniqueConstraint("campaign_id", "customer_id"),
        Index("ix_campaign_member_verdict", "campaign_id", "verdict", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    customer: Mapped[Customer | None] = relationship()
    verdict: Mapped[Verdict] = mapped_column(enum(Verdict))
    facts: Mapped[str] = mapped_column(Text, default="{}")  # JSON: what the verdict's sentence needs
    total_cents: Mapped[int | None] = mapped_column(BigInteger)  # of the invoice that they would get
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    invoice: Mapped[Invoice | None] = relationship()
