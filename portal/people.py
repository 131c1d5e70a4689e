"""« Personnes »: who sees an organisation's invoices, for those of its own people who say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from invoicing.customers import access, managing
from invoicing.customers.access_rules import Invitation, LastManager, is_last_manager
from invoicing.customers.models import AccessRight, CustomerAccess
from invoicing.errors import FieldFaults, NotFound
from portal import bp
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.faults import by_field
from web.fresh import fresh, fresh_from
from web.people import RIGHTS, right_choices, why_choices, why_typed
from web.services import services
from web.sessions import actor, me
from web.signin import limited
from web.words import LANGUAGES, _

EMAIL_MAX = 254


class Managed:
    """`managed` in the frame of members: whether there is a page of people; asked only where it is shown."""

    @cached_property
    def any(self) -> bool:
        """Whether whoever is signed in manages an organisation's people."""
        try:
            return bool(current_user.is_authenticated) and managing.manages_any(db.session, me().user.id)
        except SQLAlchemyError:
            return False  # the page that says so still needs its frame


@bp.app_context_processor
def _frame() -> dict[str, Any]:
    return {"managed": Managed()}


@dataclass(frozen=True)
class Asked:
    """The form that asks somebody in, as typed."""

    email: str = ""
    language: str = ""
    right: str = AccessRight.sees
    errors: dict[str, str] = field(default_factory=dict)


@bp.get("/personnes")
def people() -> ResponseReturnValue:
    """The organisations whose people one manages; straight to the only one."""
    found = managing.managed(db.session, me().user.id)
    if not found:
        raise NotFound
    if len(found) == 1:
        return redirect(url_for("portal.people_of", customer_id=found[0].id))
    return render_template("portal/people.html", organisations=found)


@bp.get("/personnes/<int:customer_id>")
def people_of(customer_id: int) -> ResponseReturnValue:
    """Who sees one organisation's invoices, and the form that asks somebody in."""
    return _page(customer_id, Asked(language=me().user.language))


def _again(customer_id: int, refusal: str) -> str:
    return _page(customer_id, Asked(language=me().user.language), refusal)


def _page(customer_id: int, asked: Asked, refusal: str = "") -> str:
    organisation = managing.of_manager(db.session, me().user.id, customer_id)
    there = access.everybody(db.session, customer_id)
    return render_template(
        "portal/people_of.html", organisation=organisation, people=there, asked=asked, refusal=refusal,
        rights=right_choices(), languages=list(LANGUAGES.items()), others=managing.managed(db.session, me().user.id),
    )  # fmt: skip


@bp.post("/personnes/<int:customer_id>/inviter")
@fresh_from("portal.people_of")
def person_invite(customer_id: int) -> ResponseReturnValue:
    """Asks somebody in by their address: the answer is the same whether they have an account or not."""
    managing.of_manager(db.session, me().user.id, customer_id)
    limited("ask_in", me().user.email)
    sent = request.form
    asked = Asked(sent.get("email", "").strip()[:EMAIL_MAX], sent.get("language", ""), sent.get("right", ""))
    try:
        with transaction() as session:
            typed = Invitation(asked.email, asked.language, asked.right)
            email, is_new = managing.invite_person(session, actor(), now(), customer_id, typed, services().post)
    except FieldFaults as refusal:
        faults = by_field(refusal.faults)
        return _page(customer_id, Asked(asked.email, asked.language, asked.right, faults)), 422
    services().nudge()
    if is_new:
        flash(_("C’est fait : %(email)s verra ces factures en se connectant. Un courriel le lui dit.",
                email=email), "ok")  # fmt: skip
    else:
        flash(_("%(email)s était déjà dans la liste : vérifiez son droit ci-dessous.", email=email), "info")
    return _back(customer_id)


@bp.post("/personnes/<int:customer_id>/<int:access_id>/relancer")
def person_again(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Writes once more to somebody who has not signed in yet."""
    managing.of_manager(db.session, me().user.id, customer_id)
    limited("ask_in", me().user.email)
    with transaction() as session:
        email = managing.remind(session, actor(), now(), customer_id, access_id, services().post)
    services().nudge()
    flash(_("Un courriel repart pour %(email)s, trois par jour au plus.", email=email), "ok")
    return _back(customer_id)


@bp.route("/personnes/<int:customer_id>/<int:access_id>/droit", methods=["GET", "POST"])
@fresh
def person_right(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Asks first, then makes somebody a manager, or one no longer."""
    if request.method != "POST":
        return _question("portal/person_right.html", customer_id, access_id)
    wanted = request.form.get("right", "")
    if wanted not in tuple(AccessRight):
        access.of_customer(db.session, customer_id, access_id)
        return _again(customer_id, _("Choisissez un droit. Rien n’a été changé.")), 422
    try:
        with transaction() as session:
            given = managing.set_right(session, actor(), now(), customer_id, access_id, AccessRight(wanted))
            name, mine = name_of(given), given.user_id == me().user.id
    except LastManager as refusal:
        return _again(customer_id, sentence(refusal)), status_of(refusal)
    said = _(RIGHTS[AccessRight(wanted)][0])
    flash(_("%(who)s : %(right)s.", who=name, right=said[0].lower() + said[1:]), "ok")
    return _home() if mine and wanted == AccessRight.sees else _back(customer_id)


@bp.route("/personnes/<int:customer_id>/<int:access_id>/retirer", methods=["GET", "POST"])
def person_withdraw(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Asks first, then withdraws: at their next request the invoices are gone for them."""
    if request.method != "POST":
        return _question("portal/person_withdraw.html", customer_id, access_id)
    try:
        with transaction() as session:
            given = access.of_customer(session, customer_id, access_id)
            name, mine = name_of(given), given.user_id == me().user.id
            managing.withdraw(session, actor(), now(), customer_id, access_id, why_typed(request.form.get("why", "")))
    except LastManager as refusal:
        return _again(customer_id, sentence(refusal)), status_of(refusal)
    flash(_("Accès retiré : %(who)s ne voit plus ces factures.", who=name), "ok")
    return _home() if mine else _back(customer_id)


def _question(template: str, customer_id: int, access_id: int) -> str:
    organisation = managing.of_manager(db.session, me().user.id, customer_id)
    given = access.of_customer(db.session, customer_id, access_id)
    return render_template(
        template, organisation=organisation, given=given, who=name_of(given), mine=given.user_id == me().user.id,
        last=is_last_manager(given, access.everybody(db.session, customer_id)), whys=why_choices(),
    )  # fmt: skip


def name_of(given: CustomerAccess) -> str:
    """The name of somebody who has come; before that only the address that was written."""
    known = given.has_come or given.user_id == me().user.id
    return (given.user.name if known else "") or given.user.email


def _back(customer_id: int) -> ResponseReturnValue:
    return redirect(url_for("portal.people_of", customer_id=customer_id), 303)


def _home() -> ResponseReturnValue:
    return redirect(url_for("portal.invoices"), 303)
