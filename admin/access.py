"""Who sees a customer's invoices, by staff: given, made greater or smaller, withdrawn, asked in once more."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin.access_box import Asked
from admin.customers import record
from invoicing.accounts.queries import user_by_email
from invoicing.accounts.rules import UserDisabled
from invoicing.customers import access, inviting, queries, rules
from invoicing.customers.access_rules import Invitation, OnlyOrganisations, is_last_manager
from invoicing.customers.models import AccessRight
from invoicing.errors import FieldFaults
from web.database import db, now, transaction
from web.errors import register, sentence, status_of
from web.faults import by_field
from web.fresh import fresh_from
from web.people import right_name, why_choices, why_typed
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import _

EMAIL_MAX = 254

register(rules.OwnAccess, 422, lambda r: _(
    "On ne se donne pas accès à soi-même : demandez-le à un collègue. Rien n’a été changé."))  # fmt: skip


@bp.post("/clients/<int:customer_id>/acces")
@needs("customers")
@fresh_from("admin.customer")
def customer_link(customer_id: int) -> ResponseReturnValue:
    """Gives somebody a right to this member's invoices; an account is made only where that is said."""
    asked = _typed()
    queries.customer(db.session, customer_id)
    if user_by_email(db.session, asked.email) is None and not asked.creates:
        return _again(customer_id, asked, {"email": _no_account(asked.email)}, offers="@" in asked.email)
    try:
        with transaction() as session:
            typed = Invitation(asked.email, asked.language, asked.right)
            email = inviting.invite_somebody(session, actor(), now(), customer_id, typed, services().post).email
    except FieldFaults as refusal:
        return _again(customer_id, asked, by_field(refusal.faults), offers=asked.creates)
    except (rules.OwnAccess, rules.NotAMember, OnlyOrganisations) as refusal:
        return record(customer_id, status_of(refusal), asked=_with(asked, {"email": sentence(refusal)}, False))
    services().nudge()
    flash(_("%(email)s a accès à ces factures. Un courriel le lui dit.", email=email), "ok")
    return _back(customer_id)


def _typed() -> Asked:
    sent = request.form
    return Asked(
        email=sent.get("email", "").strip()[:EMAIL_MAX], right=sent.get("right", AccessRight.sees),
        language=sent.get("language", "fr_FR"), creates=bool(sent.get("create")),
    )  # fmt: skip


def _with(asked: Asked, errors: dict[str, str], offers: bool) -> Asked:
    return Asked(asked.email, asked.right, asked.language, offers, asked.creates, errors)


def _again(customer_id: int, asked: Asked, errors: dict[str, str], offers: bool) -> ResponseReturnValue:
    return record(customer_id, 422, asked=_with(asked, errors, offers))


def _no_account(email: str) -> str:
    if not email:
        return _("Écrivez l’adresse e-mail de la personne.")
    return _("Aucun compte n’a l’adresse « %(email)s ». Vérifiez-la.", email=email)


@bp.route("/clients/<int:customer_id>/acces/<int:access_id>/retirer", methods=["GET", "POST"])
@needs("customers")
def customer_unlink(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Asks why, then withdraws: at their next request the invoices are gone for them."""
    if request.method != "POST":
        found, given = queries.customer(db.session, customer_id), access.of_customer(db.session, customer_id, access_id)
        last = is_last_manager(given, access.everybody(db.session, customer_id))
        return render_template("admin/customer_unlink.html", customer=found, given=given, last=last, whys=why_choices())
    with transaction() as session:
        access.unlink_user(session, actor(), now(), customer_id, access_id, why_typed(request.form.get("why", "")))
    flash(_("Accès retiré. Le compte reste, sans ces factures."), "ok")
    return _back(customer_id)


@bp.post("/clients/<int:customer_id>/acces/<int:access_id>/droit")
@needs("customers")
@fresh_from("admin.customer")
def customer_right(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Another right for somebody who has one; never a greater one for oneself."""
    wanted = request.form.get("right", "")
    if wanted not in tuple(AccessRight):
        access.of_customer(db.session, customer_id, access_id)
        return record(customer_id, 422, _("Choisissez un droit. Rien n’a été changé."))
    try:
        with transaction() as session:
            given = access.set_right(session, actor(), now(), customer_id, access_id, AccessRight(wanted))
            who = given.user.name or given.user.email
    except (rules.OwnAccess, OnlyOrganisations) as refusal:
        return record(customer_id, status_of(refusal), sentence(refusal))
    right = right_name(wanted)
    flash(_("%(who)s : %(right)s.", who=who, right=right[0].lower() + right[1:]), "ok")
    return _back(customer_id)


@bp.post("/clients/<int:customer_id>/acces/<int:access_id>/inviter")
@needs("customers")
def customer_remind(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Writes once more to somebody who sees the invoices: an invitation, or a word that they are there."""
    with transaction() as session:
        queries.customer(session, customer_id)
        given = access.of_customer(session, customer_id, access_id)
        if not given.user.active:
            raise UserDisabled(given.user_id)
        mails, email = inviting.write_to(session, actor(), now(), given, services().post), given.user.email
    if not mails:
        flash(_("Un courriel vient déjà de partir pour %(email)s, ou trois en un jour : pas un de plus.",
                email=email), "info")  # fmt: skip
        return _back(customer_id)
    services().nudge()
    flash(_("Le courriel part pour %(email)s.", email=email), "ok")
    return _back(customer_id)


def _back(customer_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.customer", customer_id=customer_id))
