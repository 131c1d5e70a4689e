"""« Campagnes de facturation »: the list, one campaign by its state, and the words that make, pause, go on, drop it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from admin import bp
from admin.draft_fields import number
from invoicing.accounts.models import User
from invoicing.campaigns import choosing, judging, queries, rules, service
from invoicing.campaigns.models import Campaign, CampaignState, Verdict
from invoicing.campaigns.rules import Chosen
from invoicing.delivery.models import DeliveryState
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.errors import NotFound, Refused, Stale
from invoicing.journal import Actor
from web import campaigns as words
from web.database import db, now, transaction
from web.errors import sentence
from web.rights import needs
from web.security import text_arg
from web.services import services
from web.sessions import actor
from web.words import N_, _

NAMED: Final = 10  # refused members who are named above the table
OLD_PAGE: Final = N_("Cette campagne a changé entre-temps : la voici telle qu’elle est. Rien n’a été fait.")


@bp.get("/campagnes")
def campaigns() -> ResponseReturnValue:
    """All of them, the newest first."""
    before = number(text_arg("apres"))
    found = queries.latest(db.session, before)
    shown, more = found[: queries.PAGE], len(found) > queries.PAGE
    return render_template(
        "campaigns/campaigns.html", words=words, campaigns=shown, people=people_of(shown),
        totals=queries.totals(db.session, [each.id for each in shown]),
        older=url_for("admin.campaigns", apres=shown[-1].id) if more else None,
        newer=url_for("admin.campaigns") if before is not None else None,
    )  # fmt: skip


@bp.get("/campagnes/<int:campaign_id>")
def campaign(campaign_id: int) -> ResponseReturnValue:
    """How far it is, what is to be decided, and each member with what becomes of them."""
    found = queries.campaign(db.session, campaign_id)
    counts = queries.counts(db.session, campaign_id)
    verdict = Verdict(asked) if (asked := text_arg("verdict", 32)) in list(counts) else None
    after, before = number(text_arg("apres")), number(text_arg("avant"))
    cursor = after if after is not None else before
    page = queries.page(db.session, campaign_id, verdict, cursor, after is None)
    is_judged = found.state is CampaignState.judged
    return render_template(
        "campaigns/campaign.html", words=words, campaign=found, counts=counts, verdict=verdict, page=page,
        people=people_of([found]), expected=_expected(found),
        total_cents=queries.total_cents(db.session, campaign_id), mails=_mails(found),
        unsent=sum(counts.get(each, 0) for each in rules.UNSENT), to_make=_sum(counts, rules.MAKES),
        made=_sum(counts, rules.MADE), left_out=_sum(counts, rules.LEFT_OUT), refused=counts.get(Verdict.refused, 0),
        refused_names=_refused(found, counts), example=_example(found) if is_judged else None,
        faults=words.fault_of(found), label=rules.content_of(found.content).lines[0].label if found.content else "",
    )  # fmt: skip


def _sum(counts: dict[Verdict, int], verdicts: Iterable[Verdict]) -> int:
    return sum(counts.get(each, 0) for each in verdicts)


def _refused(found: Campaign, counts: dict[Verdict, int]) -> list[str]:
    """The names of the first who were refused, where somebody is to decide about them."""
    if not counts.get(Verdict.refused) or found.state not in (CampaignState.made, CampaignState.paused):
        return []
    rows = queries.page(db.session, found.id, Verdict.refused).rows[:NAMED]
    return [row.customer.name for row in rows if row.customer]


def _expected(found: Campaign) -> int:
    """How many will be judged, as far as that can be told beforehand."""
    if found.state not in (CampaignState.waiting, CampaignState.judging):
        return 0
    if found.listed:
        return len(rules.names_of(found.listed))
    return choosing.count(db.session, Chosen.from_json(found.chosen))


def _mails(found: Campaign) -> dict[str, int]:
    """E-mails by state, of one that sends any and makes no more."""
    if not found.emailed or found.state not in (CampaignState.made, CampaignState.paused):
        return {}
    found_by = queries.mails(db.session, found.id)
    return {state.value: found_by[state] for state in DeliveryState if state in found_by}


def _example(found: Campaign) -> tuple[queries.Example, Paper] | None:
    """A member, and the paper that they would get today; None where nobody gets one, or it can't be drawn any more."""
    shown = queries.example(db.session, found.id, number(text_arg("exemple")))
    if shown is None or shown.member.customer is None:
        return None
    try:
        composed = judging.Template(db.session, found, now()).composed(shown.member.customer)
    except Refused:
        return None
    return shown, paper_of(composed.snapshot, Facts(draft=True))


def people_of(campaigns: Iterable[Campaign]) -> dict[int, str]:
    """What whoever began or asked for them is called, by id."""
    ids = {n for each in campaigns for n in (each.created_by_id, each.asked_by_id) if n}
    return {user.id: user.name or user.email for user in db.session.scalars(select(User).where(User.id.in_(ids)))}


@bp.post("/campagnes/<int:campaign_id>/produire")
@needs("invoices")
def campaign_make(campaign_id: int) -> ResponseReturnValue:
    """Asks that the invoices be made; e-mailed each if the box is ticked."""
    email, revision = request.form.get("send") == "1", number(request.form.get("revision", "")) or 0

    def ask(session: Session, who: Actor, moment: datetime, number: int) -> bool:
        return service.ask(session, who, moment, number, revision, email=email)

    return _done(campaign_id, ask, again=_("Cette campagne a déjà été lancée : chaque facture ne se fait qu’une fois."))


@bp.post("/campagnes/<int:campaign_id>/pause")
@needs("invoices")
def campaign_pause(campaign_id: int) -> ResponseReturnValue:
    """No more are made until somebody goes on."""
    return _done(campaign_id, service.pause)


@bp.post("/campagnes/<int:campaign_id>/reprendre")
@needs("invoices")
def campaign_go_on(campaign_id: int) -> ResponseReturnValue:
    """Goes on where it paused; those who were refused are tried again, or set aside."""
    return _done(campaign_id, partial(service.go_on, aside=request.form.get("refused") == "aside"))


@bp.post("/campagnes/<int:campaign_id>/verifier")
@needs("invoices")
def campaign_judge(campaign_id: int) -> ResponseReturnValue:
    """Everybody is judged anew."""
    revision = number(request.form.get("revision", "")) or 0

    def judge(session: Session, who: Actor, moment: datetime, number: int) -> bool:
        service.judge_again(session, who, moment, number, revision)
        return True

    return _done(campaign_id, judge)


@bp.route("/campagnes/<int:campaign_id>/abandonner", methods=["GET", "POST"])
@needs("invoices")
def campaign_drop(campaign_id: int) -> ResponseReturnValue:
    """Puts a campaign aside before anything is made, after a word of warning."""
    found = queries.campaign(db.session, campaign_id)
    if found.state not in rules.OPEN and request.method != "POST":
        return back(campaign_id)
    if request.method != "POST":
        return render_template("campaigns/drop.html", campaign=found)
    return _done(campaign_id, service.drop)


def _done(campaign_id: int, act: Callable[[Session, Actor, datetime, int], Any], again: str = "") -> BaseResponse:
    """Does it once, wakes the worker and shows the campaign; a refusal is said there."""
    try:
        with transaction() as session:
            is_first = act(session, actor(), now(), campaign_id)
    except NotFound:
        raise
    except Refused as refusal:
        flash(_(OLD_PAGE) if isinstance(refusal, Stale) else sentence(refusal), "warn")
        return back(campaign_id)
    services().nudge(imports=True)
    if again and not is_first:
        flash(again, "info")
    return back(campaign_id)


def back(campaign_id: int) -> BaseResponse:
    """To the page of the campaign."""
    return redirect(url_for("admin.campaign", campaign_id=campaign_id), 303)
