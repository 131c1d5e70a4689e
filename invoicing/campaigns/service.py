"""What people do with a campaign: begun, its invoice written, made, paused, gone on with, put aside. The edge commits.

Between these a worker has it in hand (`campaigns.hands`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.campaigns import queries, rules
from invoicing.campaigns.models import Campaign, CampaignMember, CampaignState, Verdict
from invoicing.campaigns.rules import LISTED_MAX, MOST, NAME_MAX, CampaignNotReady, Chosen, NobodyToInvoice
from invoicing.customers.rules import text_faults
from invoicing.database import changed_one
from invoicing.errors import Fault, FieldFaults, Stale
from invoicing.invoices.reading import DraftContent
from invoicing.journal import Actor
from invoicing.sellers.queries import seller as get_seller
from invoicing.text import clean

_S = CampaignState
SUBJECT: Final = "campaign"
_MADE_ALREADY: Final = frozenset({_S.making, _S.paused, _S.made})


@dataclass(frozen=True)
class CampaignContent:
    """Who is meant, and what the campaign is called. A `listed` text, if there is one, stands before the filter."""

    name: str
    seller_id: int
    since: date
    chosen: Chosen = field(default_factory=Chosen)
    listed: str = ""


def begin(session: Session, actor: Actor, now: datetime, content: CampaignContent, form_token: str) -> Campaign:
    """A new campaign; the same form sent twice gives the same one. Refuses FieldFaults and NotFound."""
    same = select(Campaign).where(Campaign.form_token == form_token)
    if (made := session.scalar(same)) is not None:
        return made
    campaign = Campaign(
        state=_S.writing, form_token=form_token, created_at=now, created_by_id=actor.account_id, revision=1,
        **_columns(session, content),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(campaign)
    except IntegrityError:  # sent twice in the same instant: the other one has just made it
        if (made := session.scalar(same)) is None:
            raise
        return made
    journal.record(session, actor, now, "campaign.begun", (SUBJECT, campaign.id), {"name": (None, campaign.name)})
    return campaign


def change(
    session: Session, actor: Actor, now: datetime, campaign_id: int, revision: int, content: CampaignContent
) -> None:
    """Others are meant: what was judged is judged again. Refuses NotFound, Stale, FieldFaults, CampaignNotReady."""
    campaign = _open(session, campaign_id, revision)
    values = _columns(session, content)
    before = {name: getattr(campaign, name) for name in ("name", "seller_id", "since")}
    again = campaign.content and values["seller_id"] == campaign.seller_id  # else its taxes are to be chosen again
    _to(session, campaign, {**values, "state": _S.waiting if again else _S.writing})
    changes = {name: (old, values[name]) for name, old in before.items() if old != values[name]}
    journal.record(session, actor, now, "campaign.changed", (SUBJECT, campaign_id), changes)


def write(
    session: Session, actor: Actor, now: datetime, campaign_id: int, revision: int, content: DraftContent
) -> None:
    """The invoice that each gets; they are judged now. Refuses NotFound, Stale, FieldFaults, CampaignNotReady."""
    campaign = _open(session, campaign_id, revision)
    if faults := rules.template_faults(content):
        raise FieldFaults(faults)
    _to(session, campaign, {"content": rules.content_json(content), "state": _S.waiting})
    journal.record(
        session, actor, now, "campaign.written", (SUBJECT, campaign_id), {"lines": (None, len(content.lines))}
    )


def ask(session: Session, actor: Actor, now: datetime, campaign_id: int, revision: int, *, email: bool) -> bool:
    """Asks that the invoices be made, each e-mailed if `email`; False where somebody has asked already.

    Refuses NotFound, Stale, CampaignNotReady, NobodyToInvoice.
    """
    campaign = queries.campaign(session, campaign_id)
    if campaign.state in _MADE_ALREADY:
        return False
    if campaign.state is not _S.judged:
        raise CampaignNotReady(campaign.state)
    if campaign.revision != revision:
        raise Stale
    total = queries.to_make(session, campaign_id)
    if not total:
        raise NobodyToInvoice
    values = {"state": _S.making, "asked_at": now, "asked_by_id": actor.account_id, "emailed": email, "done": 0,
              "total": total, "beat_at": None, "started_at": None, "fault": ""}  # fmt: skip
    judged = (Campaign.id == campaign_id) & (Campaign.state == _S.judged) & (Campaign.revision == revision)
    if not changed_one(session, update(Campaign).where(judged).values(values)):
        raise Stale
    changes = {"members": (None, total), "emailed": (False, email)}
    journal.record(session, actor, now, "campaign.asked", (SUBJECT, campaign_id), changes)
    return True


def pause(session: Session, actor: Actor, now: datetime, campaign_id: int) -> bool:
    """No more are made until somebody goes on; False where it pauses, or is done, already. Refuses NotFound."""
    return _turn(session, actor, now, campaign_id, (_S.making,), _S.paused, {})


def go_on(session: Session, actor: Actor, now: datetime, campaign_id: int, *, aside: bool = False) -> bool:
    """Goes on where it paused; False where it does, or nobody is left. Refuses NotFound and CampaignNotReady.

    Those who were refused are tried again, or left `aside`: they stay refused, are named at the end, and may be tried
    again then.
    """
    counts = queries.counts(session, campaign_id)
    refused = counts.get(Verdict.refused, 0)
    again_too = 0 if aside else refused
    again = update(CampaignMember).where(CampaignMember.campaign_id == campaign_id)
    again = again.where(CampaignMember.verdict == Verdict.refused).values(verdict=Verdict.ready, facts="{}")
    if not again_too and queries.campaign(session, campaign_id).state is _S.made:
        return False
    made = sum(counts.get(verdict, 0) for verdict in rules.MADE)
    left = again_too + sum(counts.get(verdict, 0) for verdict in rules.MAKES)
    progress = {"done": made, "total": made + left}
    told = {"set_aside": (None, refused)} if aside and refused else {}
    if not _turn(session, actor, now, campaign_id, (_S.paused, _S.made), _S.making, progress, told):
        return False
    if again_too:
        session.execute(again)
    return True


_TURNS: Final = {_S.paused: "campaign.paused", _S.making: "campaign.resumed"}


def _turn(
    session: Session,
    actor: Actor,
    now: datetime,
    campaign_id: int,
    old: tuple[CampaignState, ...],
    new: CampaignState,
    more: Mapping[str, Any],
    told: Mapping[str, tuple[Any, Any]] | None = None,
) -> bool:
    campaign = queries.campaign(session, campaign_id)
    values = {"state": new, "beat_at": None, "started_at": None, "finished_at": None, "fault": "", **more}
    one = (Campaign.id == campaign_id) & Campaign.state.in_(old)
    if not changed_one(session, update(Campaign).where(one).values(values)):
        session.refresh(campaign)
        if campaign.state in (new, _S.made):
            return False
        raise CampaignNotReady(campaign.state)
    journal.record(session, actor, now, _TURNS[new], (SUBJECT, campaign_id), told or {})
    return True


def drop(session: Session, actor: Actor, now: datetime, campaign_id: int) -> bool:
    """Puts it aside before anything was made; False where that was done already. Refuses NotFound, CampaignNotReady."""
    campaign = queries.campaign(session, campaign_id)
    is_open = (Campaign.id == campaign_id) & Campaign.state.in_(rules.OPEN)
    if not changed_one(session, update(Campaign).where(is_open).values(state=_S.dropped, listed="")):
        session.refresh(campaign)
        if campaign.state is _S.dropped:
            return False
        raise CampaignNotReady(campaign.state)
    _forget(session, campaign_id)
    journal.record(session, actor, now, "campaign.dropped", (SUBJECT, campaign_id))
    return True


def judge_again(session: Session, actor: Actor, now: datetime, campaign_id: int, revision: int) -> None:
    """What stood in the way was put right: everybody is judged anew. Refuses NotFound, Stale, CampaignNotReady."""
    campaign = _open(session, campaign_id, revision)
    if rules.needs_invoice(campaign):
        raise CampaignNotReady(campaign.state)
    _to(session, campaign, {"state": _S.waiting})
    journal.record(session, actor, now, "campaign.judged_again", (SUBJECT, campaign_id))


def _open(session: Session, campaign_id: int, revision: int) -> Campaign:
    """The campaign, of which nothing is made yet."""
    campaign = queries.campaign(session, campaign_id)
    if campaign.state not in rules.OPEN:
        raise CampaignNotReady(campaign.state)
    if campaign.revision != revision:
        raise Stale
    return campaign


def _to(session: Session, campaign: Campaign, values: dict[str, Any]) -> None:
    """As things stand from now on; whoever judges it meanwhile is told. Refuses Stale."""
    same = (Campaign.id == campaign.id) & (Campaign.revision == campaign.revision) & Campaign.state.in_(rules.OPEN)
    fresh = {"revision": campaign.revision + 1, "done": 0, "total": 0, "beat_at": None, "started_at": None, "fault": ""}
    if not changed_one(session, update(Campaign).where(same).values({**fresh, **values})):
        raise Stale
    _forget(session, campaign.id)
    session.expire(campaign)


def _columns(session: Session, content: CampaignContent) -> dict[str, Any]:
    """What is kept of it; refuses every fault at once."""
    name, listed = clean(content.name), content.listed.strip()
    faults = text_faults("name", name, NAME_MAX)
    if not name:
        faults.append(Fault("name", "required"))
    if len(listed) > LISTED_MAX or len(rules.names_of(listed)) > MOST:
        faults.append(Fault("listed", "too_many_members", {"most": MOST}))
    if faults:
        raise FieldFaults(faults)
    get_seller(session, content.seller_id)
    return {"name": name, "seller_id": content.seller_id, "since": content.since,
            "chosen": content.chosen.to_json(), "listed": listed}  # fmt: skip


def _forget(session: Session, campaign_id: int) -> None:
    session.execute(delete(CampaignMember).where(CampaignMember.campaign_id == campaign_id))
