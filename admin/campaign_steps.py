"""The two forms of a campaign: who is in it, and the invoice that each of them gets."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from admin import bp, draft_form
from admin import campaign_forms as forms
from admin.campaign_forms import MembersForm
from admin.campaigns import back
from admin.customers_list import choices
from admin.draft_form import DraftForm, NoSeller
from invoicing.campaigns import choosing, judging, queries, rules, service
from invoicing.campaigns.models import Campaign
from invoicing.campaigns.rules import LISTED_MAX, CampaignNotReady
from invoicing.errors import FieldFaults, Stale
from invoicing.invoices.models import MadeOutTo
from invoicing.numbering import NoSeries
from invoicing.taxes.rules import NoRate
from web.database import db, now, transaction
from web.errors import sentence
from web.faults import by_field
from web.faults import sentence as fault_sentence
from web.rights import needs
from web.security import LARGE, LARGE_TEXT
from web.services import services
from web.sessions import actor
from web.words import _

LISTS = ("admin.campaign_new", "admin.campaign_members")  # pasted, not sent as a file
LARGE.update(dict.fromkeys(LISTS, 2 * LISTED_MAX))
LARGE_TEXT.update(LISTS)


@bp.route("/campagnes/nouvelle", methods=["GET", "POST"])
@needs("invoices")
def campaign_new() -> ResponseReturnValue:
    """Who gets an invoice: the first step of a new campaign."""
    try:
        form = forms.blank(db.session, now())
    except NoSeller:
        return render_template("campaigns/members.html", form=None, campaign=None), 409
    if request.method != "POST":
        return _members(form.counted(db.session), None)
    form = forms.typed(form, request.form)
    if request.form.get("do") == "count":
        return _members(form.counted(db.session), None)
    try:
        content = form.content()
        form.check_anybody(db.session)
        with transaction() as session:
            campaign_id = service.begin(session, actor(), now(), content, form.token).id
    except FieldFaults as refusal:
        return _members(replace(form, faults=refusal.faults), None), 422
    return redirect(url_for("admin.campaign_invoice", campaign_id=campaign_id), 303)


@bp.route("/campagnes/<int:campaign_id>/membres", methods=["GET", "POST"])
@needs("invoices")
def campaign_members(campaign_id: int) -> ResponseReturnValue:
    """The same form, for a campaign that is begun."""
    campaign = queries.campaign(db.session, campaign_id)
    if campaign.state not in rules.OPEN:
        return _closed(campaign)
    form = forms.of(db.session, campaign)
    if request.method != "POST":
        return _members(form.counted(db.session), campaign)
    form = forms.typed(form, request.form)
    if request.form.get("do") == "count":
        return _members(form.counted(db.session), campaign)
    return _change_members(form, campaign_id)


def _change_members(form: MembersForm, campaign_id: int) -> ResponseReturnValue:
    try:
        content = form.content()
        form.check_anybody(db.session)
        with transaction() as session:
            service.change(session, actor(), now(), campaign_id, form.revision, content)
    except FieldFaults as refusal:
        return _members(replace(form, faults=refusal.faults), queries.campaign(db.session, campaign_id)), 422
    except CampaignNotReady:
        return _closed(queries.campaign(db.session, campaign_id))
    except Stale:
        current = queries.campaign(db.session, campaign_id)
        if not forms.is_kept(current, content):
            return _members(replace(form, revision=current.revision, stale=True), current), 409
    return _next(campaign_id)


def _next(campaign_id: int) -> BaseResponse:
    """To what is still to be written, or to the page that tells how far the judging is."""
    services().nudge(imports=True)
    campaign = queries.campaign(db.session, campaign_id)
    page = "admin.campaign_invoice" if rules.needs_invoice(campaign) else "admin.campaign"
    return redirect(url_for(page, campaign_id=campaign_id), 303)


def _closed(campaign: Campaign) -> BaseResponse:
    """To the page of a campaign that is no longer to be changed, which says so."""
    flash(sentence(CampaignNotReady(campaign.state)), "warn")
    return back(campaign.id)


def _members(form: MembersForm, campaign: Campaign | None) -> str:
    return render_template(
        "campaigns/members.html", form=form, campaign=campaign, errors=by_field(form.faults), choices=choices()
    )  # fmt: skip


@bp.route("/campagnes/<int:campaign_id>/facture", methods=["GET", "POST"])
@needs("invoices")
def campaign_invoice(campaign_id: int) -> ResponseReturnValue:
    """The invoice that each member gets: the lines of a draft; « Vérifier » saves."""
    campaign = queries.campaign(db.session, campaign_id)
    if campaign.state not in rules.OPEN:
        return _closed(campaign)
    example = choosing.first(db.session, campaign)
    if example is None:
        flash(_("Cette campagne ne désigne plus personne : choisissez d’abord ses membres."), "warn")
        return redirect(url_for("admin.campaign_members", campaign_id=campaign_id), 303)
    form = draft_form.of_campaign(db.session, example, campaign, now())
    if request.method != "POST":
        return _invoice(form, campaign)
    form = draft_form.typed(form, request.form)
    if (do := request.form.get("do", "total")) != "total":
        return _invoice(draft_form.redrawn(form, do, request.form.get("item", "")), campaign)
    return _write(form, campaign_id)


def _write(form: DraftForm, campaign_id: int) -> ResponseReturnValue:
    """Saves, and has everybody judged; or shows every mistake with what was typed kept."""
    faults: list[tuple[str, str]] = []
    try:
        content = form.content()
        with transaction() as session:
            service.write(session, actor(), now(), campaign_id, form.revision, content)
            if common := judging.common_faults(session, campaign_id, now()):
                raise FieldFaults(common)
    except FieldFaults as refusal:
        faults = [(fault.field, fault_sentence(fault)) for fault in refusal.faults]
    except NoRate as refusal:
        faults = [("issued_on", sentence(refusal))]
    except NoSeries as refusal:
        faults = [("", sentence(refusal))]
    except CampaignNotReady:
        return _closed(queries.campaign(db.session, campaign_id))
    except Stale:
        current = queries.campaign(db.session, campaign_id)
        if current.content != rules.content_json(content):
            return _invoice(replace(form, revision=current.revision), current, stale=True), 409
    if faults:
        return _invoice(form, queries.campaign(db.session, campaign_id), faults), 422
    services().nudge(imports=True)
    return back(campaign_id)


def _invoice(
    form: DraftForm, campaign: Campaign, faults: list[tuple[str, str]] | None = None, stale: bool = False
) -> str:  # fmt: skip
    errors: dict[str, str] = {}
    for name, text in faults or ():
        errors.setdefault(name, text)
    names = [(MadeOutTo.person, _("la personne")), (MadeOutTo.organisation, _("l’organisation, quand il y en a une"))]
    return render_template(
        "campaigns/invoice.html", form=form, customer=form.customer, campaign=campaign, errors=errors, stale=stale,
        names=names,
    )  # fmt: skip
