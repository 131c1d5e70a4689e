"""A campaign in a worker's hands: claimed, its members judged, their invoices made some at a time. The edge commits.

A worker has it in hand as long as it says so; one that falls silent is followed by the next, which judges anew, or goes
on with the members who have no invoice yet: member and invoice are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from invoicing import journal, silence
from invoicing.campaigns import queries
from invoicing.campaigns.models import Campaign, CampaignMember, CampaignState
from invoicing.campaigns.rules import MADE, MAKES, Judged
from invoicing.campaigns.service import SUBJECT
from invoicing.database import changed_one
from invoicing.journal import COMMAND, Actor, ActorKind

_S = CampaignState
_AT_WORK: Final = Campaign.state.in_((_S.judging, _S.making))
_BEGUN: Final = {_S.waiting: _S.judging, _S.judging: _S.judging, _S.making: _S.making}


class LostCampaign(RuntimeError):
    """Another worker has it in hand now, or a person has paused, changed or dropped it."""


@dataclass(frozen=True)
class Claim:
    """A campaign in a worker's hands, since `started_at`."""

    campaign_id: int
    state: CampaignState
    started_at: datetime
    asked_by_id: int | None

    @property
    def actor(self) -> Actor:
        """Who asked for it: the documents name them."""
        return Actor(ActorKind.user, self.asked_by_id) if self.asked_by_id else COMMAND


def claim(session: Session, now: datetime) -> Claim | None:
    """Takes a campaign that waits, or whose worker has died; None where there is none."""
    free = or_(Campaign.state == _S.waiting, _AT_WORK & silence.is_silent(Campaign.beat_at, now))
    found = session.scalar(select(Campaign).where(free).order_by(Campaign.id).limit(1))
    if found is None:
        return None
    taken = Claim(found.id, _BEGUN[found.state], now, found.asked_by_id)
    values = {"state": taken.state, "started_at": now, "beat_at": now}
    if not changed_one(session, update(Campaign).where(Campaign.id == found.id, free).values(values)):
        return None
    if taken.state is _S.judging:
        session.execute(delete(CampaignMember).where(CampaignMember.campaign_id == found.id))
    return taken


def free_at(session: Session) -> datetime | None:
    """When the first that is in hand is anybody's, if its worker is dead; None where none is."""
    return silence.free_at(session, Campaign.beat_at, _AT_WORK)


def tell(session: Session, claim: Claim, now: datetime, **progress: Any) -> None:
    """Says that the worker is alive, and how far. Raises LostCampaign."""
    _settle(session, claim, {"beat_at": now, **progress})


def let_go(session: Session, claim: Claim) -> None:
    """The worker stops in good order: the campaign is anybody's. Raises LostCampaign."""
    _settle(session, claim, {"beat_at": None})


def keep_verdicts(session: Session, claim: Claim, now: datetime, judged: Sequence[Judged], done: int) -> None:
    """Writes the verdicts of some members; `done` counts those of the campaign by then. Raises LostCampaign."""
    tell(session, claim, now, done=done)
    rows = [
        {"campaign_id": claim.campaign_id, "customer_id": each.customer_id, "verdict": each.verdict,
         "facts": journal.canonical(each.facts), "total_cents": each.total_cents, "invoice_id": None}
        for each in judged
    ]  # fmt: skip
    if rows:
        session.execute(insert(_MEMBERS), rows)


_MEMBERS: Table = CampaignMember.__table__  # type: ignore[assignment]  # rows, and no objects of them


def finish_judging(session: Session, claim: Claim, now: datetime) -> None:
    """Every member has a verdict. Raises LostCampaign."""
    total = sum(queries.counts(session, claim.campaign_id).values())
    _settle(session, claim, {"state": _S.judged, "judged_at": now, "beat_at": now, "done": total, "total": total})


def step_back(session: Session, claim: Claim, now: datetime, code: str, facts: Mapping[str, Any]) -> None:
    """It can't be judged, or gone on with: why is kept for a person. Raises LostCampaign."""
    fault = journal.canonical({"code": code, "facts": facts})
    state = _S.writing if claim.state is _S.judging else _S.paused
    _settle(session, claim, {"state": state, "fault": fault, "beat_at": now})
    if state is _S.paused:
        changes = {"code": (None, code)}
        journal.record(session, COMMAND, now, "campaign.paused", (SUBJECT, claim.campaign_id), changes)


def hold(session: Session, actor: Actor, now: datetime, code: str) -> int:
    """Whatever is being made pauses, with `code` as the reason, until a person goes on; returns how many."""
    fault = journal.canonical({"code": code, "facts": {}})
    held = list(session.scalars(select(Campaign.id).where(Campaign.state == _S.making).order_by(Campaign.id)))
    values = {"state": _S.paused, "fault": fault, "beat_at": None, "started_at": None}
    session.execute(update(Campaign).where(Campaign.id.in_(held)).values(values))
    for campaign_id in held:
        journal.record(session, actor, now, "campaign.paused", (SUBJECT, campaign_id), {"code": (None, code)})
    return len(held)


def next_members(session: Session, claim: Claim, most: int) -> Sequence[CampaignMember]:
    """Some members who are to get an invoice, in their order."""
    query = select(CampaignMember).where(
        CampaignMember.campaign_id == claim.campaign_id, CampaignMember.verdict.in_(MAKES)
    )
    return session.scalars(query.order_by(CampaignMember.id).limit(most)).all()


def finish(session: Session, claim: Claim, now: datetime) -> None:
    """Nobody is left; `done` says how many invoices there are. Raises LostCampaign."""
    counts = queries.counts(session, claim.campaign_id)
    made = sum(counts.get(verdict, 0) for verdict in MADE)
    _settle(session, claim, {"state": _S.made, "finished_at": now, "beat_at": now, "done": made})
    told = {verdict.value: (None, n) for verdict, n in counts.items()}
    journal.record(session, claim.actor, now, "campaign.made", (SUBJECT, claim.campaign_id), told)


def _settle(session: Session, claim: Claim, values: Mapping[str, Any]) -> None:
    if not changed_one(session, update(Campaign).where(_ours(claim)).values(values)):
        raise LostCampaign


def _ours(claim: Claim) -> Any:
    ours = (Campaign.id == claim.campaign_id) & (Campaign.started_at == claim.started_at)
    return ours & (Campaign.state == claim.state)
