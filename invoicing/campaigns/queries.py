"""Reads about campaigns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from invoicing.campaigns.models import Campaign, CampaignMember, Verdict
from invoicing.campaigns.rules import MAKES
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice

PAGE: Final = 50
AT_ONCE: Final = 500
_SHOWN: Final = (joinedload(CampaignMember.customer), joinedload(CampaignMember.invoice).load_only(Invoice.number))


def campaign(session: Session, campaign_id: int) -> Campaign:
    """One campaign, as it is now; NotFound otherwise."""
    found = session.get(Campaign, campaign_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def latest(session: Session, before: int | None = None) -> Sequence[Campaign]:
    """Some campaigns, newest first, one more than a page holds."""
    query = select(Campaign).options(joinedload(Campaign.seller)).order_by(Campaign.id.desc()).limit(PAGE + 1)
    return session.scalars(query if before is None else query.where(Campaign.id < before)).all()


def counts(session: Session, campaign_id: int) -> dict[Verdict, int]:
    """How many members have each verdict, in the order of the verdicts."""
    query = select(CampaignMember.verdict, func.count()).where(CampaignMember.campaign_id == campaign_id)
    found: dict[Verdict, int] = dict(session.execute(query.group_by(CampaignMember.verdict)).all())
    return {verdict: found[verdict] for verdict in Verdict if verdict in found}


def to_make(session: Session, campaign_id: int) -> int:
    """How many invoices are still to be made."""
    return sum(n for verdict, n in counts(session, campaign_id).items() if verdict in MAKES)


def total_cents(session: Session, campaign_id: int) -> int:
    """What the invoices that are made, or to be made, come to."""
    return totals(session, [campaign_id]).get(campaign_id, 0)


def totals(session: Session, campaign_ids: Collection[int]) -> dict[int, int]:
    """The same of several campaigns, in cents."""
    query = select(CampaignMember.campaign_id, func.sum(CampaignMember.total_cents))
    query = query.where(CampaignMember.campaign_id.in_(campaign_ids)).group_by(CampaignMember.campaign_id)
    return {number: int(cents or 0) for number, cents in session.execute(query)}


def mails(session: Session, campaign_id: int) -> dict[DeliveryState, int]:
    """What became of the e-mails of its invoices; one that was sent anew counts as the newer one."""
    query = select(Delivery.state, func.count()).join(CampaignMember, CampaignMember.invoice_id == Delivery.invoice_id)
    query = query.where(CampaignMember.campaign_id == campaign_id, Delivery.replaced_by_id.is_(None))
    return dict(session.execute(query.group_by(Delivery.state)).all())


@dataclass(frozen=True)
class MemberPage:
    """Some members of a campaign, and the ids before and after which there are more."""

    rows: Sequence[CampaignMember]
    before: int | None
    after: int | None


def page(
    session: Session, campaign_id: int, verdict: Verdict | None, cursor: int | None = None, backwards: bool = False
) -> MemberPage:
    """The page after, or before, the member with this id; the first without one."""
    query = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id)
    query = query.options(*_SHOWN)
    if verdict is not None:
        query = query.where(CampaignMember.verdict == verdict)
    backwards = backwards and cursor is not None
    if cursor is not None:
        query = query.where(CampaignMember.id < cursor if backwards else CampaignMember.id > cursor)
    order = CampaignMember.id.desc() if backwards else CampaignMember.id
    found = list(session.scalars(query.order_by(order).limit(PAGE + 1)))
    rows, more = found[:PAGE], len(found) > PAGE
    if backwards:
        rows.reverse()
    if not rows:
        return MemberPage((), None, None)
    has_before = more if backwards else cursor is not None
    has_after = True if backwards else more
    return MemberPage(rows, rows[0].id if has_before else None, rows[-1].id if has_after else None)


@dataclass(frozen=True)
class Example:
    """A member who would get an invoice, and the ids of those before and after them."""

    member: CampaignMember
    before: int | None
    after: int | None


def example(session: Session, campaign_id: int, wanted: int | None = None) -> Example | None:
    """The member with this id if they would get an invoice, else the first who would; None where nobody would."""
    ours = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id, CampaignMember.verdict.in_(MAKES))
    found = session.scalar(ours.where(CampaignMember.id == wanted)) if wanted is not None else None
    found = found or session.scalar(ours.order_by(CampaignMember.id).limit(1))
    if found is None:
        return None
    others = ours.with_only_columns(CampaignMember.id)
    before = others.where(CampaignMember.id < found.id).order_by(CampaignMember.id.desc()).limit(1)
    after = others.where(CampaignMember.id > found.id).order_by(CampaignMember.id).limit(1)
    return Example(found, session.scalar(before), session.scalar(after))


def every(session: Session, campaign_id: int, verdict: Verdict | None) -> Iterator[CampaignMember]:
    """All of them, or those with one verdict, however many."""
    last = 0
    while True:
        query = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id, CampaignMember.id > last)
        query = query if verdict is None else query.where(CampaignMember.verdict == verdict)
        query = query.options(*_SHOWN).order_by(CampaignMember.id).limit(AT_ONCE)
        some = session.scalars(query).all()
        if not some:
            return
        yield from some
        last = some[-1].id
        session.expunge_all()
