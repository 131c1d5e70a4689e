"""A customer's member zone: who becomes a member, who is invited, who may see what."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin.customers import record
from invoicing.accounts.queries import user_by_email
from invoicing.accounts.rules import UserDisabled, UserExists
from invoicing.customers import queries, rules, service
from invoicing.delivery.service import BadAddress
from invoicing.errors import FieldFaults
from invoicing.invoices import queries as invoices
from invoicing.invoices.service import refresh_search
from web.database import db, now, transaction
from web.errors import register, sentence, status_of
from web.faults import by_field
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import _

EMAIL_MAX = 254
UNINVITED = (rules.NoEmail, rules.AddressTaken, BadAddress, UserDisabled, UserExists)

register(rules.NotAMember, 409, lambda r: _("Un contact n’a pas de zone membre : faites-en d’abord un membre."))
register(rules.AlreadyMember, 409, lambda r: _("C’est déjà un membre. Rien n’a été changé."))
register(rules.OwnAccess, 422, lambda r: _(
    "On ne se donne pas accès à soi-même : demandez-le à un collègue. Rien n’a été changé."))  # fmt: skip
register(rules.NoEmail, 422, lambda r: _(
    "Sans adresse e-mail, pas d’invitation : ajoutez d’abord l’adresse à la fiche."))  # fmt: skip
register(rules.AddressTaken, 409, lambda r: _(
    "Le compte %(email)s existe déjà, sans accès à ces factures. Aucune invitation n’est partie. "
    "Si c’est la bonne personne, donnez-lui accès, puis invitez-la ; sinon, corrigez l’adresse de la fiche.",
    email=r.email))  # fmt: skip
register(rules.MemberNumberTaken, 409, lambda r: _(
    "Le numéro %(number)s est déjà celui d’un autre membre. Écrivez-en un autre, ou laissez vide.",
    number=r.number))  # fmt: skip


@bp.route("/clients/<int:customer_id>/membre", methods=["GET", "POST"])
@needs("customers")
def customer_member(customer_id: int) -> ResponseReturnValue:
    """Asks, then makes a contact a member: the invoices made before are in the zone at once."""
    if request.method != "POST":
        member = queries.customer(db.session, customer_id).is_member
        return _back(customer_id) if member else _confirm(customer_id, {})
    number, wants = request.form.get("member_number", ""), bool(request.form.get("invite"))
    try:
        with transaction() as session:
            made = service.make_member(session, actor(), now(), customer_id, number).member_number or ""
            refresh_search(session, customer_id)
            if wants:
                service.invite_member(session, actor(), now(), customer_id, services().post)
    except rules.AlreadyMember as refusal:
        flash(sentence(refusal), "info")
        return _back(customer_id)
    except FieldFaults as refusal:
        return _confirm(customer_id, by_field(refusal.faults)), 422
    except rules.MemberNumberTaken as refusal:
        return _confirm(customer_id, {"member_number": sentence(refusal)}), status_of(refusal)
    except UNINVITED as refusal:
        return _confirm(customer_id, {"invite": sentence(refusal)}), status_of(refusal)
    if wants:
        services().nudge()
    flash(_("Membre n° %(number)s. L’invitation part.", number=made) if wants
          else _("Membre n° %(number)s. Aucune invitation n’est partie.", number=made), "ok")  # fmt: skip
    return _back(customer_id)


def _confirm(customer_id: int, errors: dict[str, str]) -> str:
    found = queries.customer(db.session, customer_id)
    return render_template(
        "admin/customer_member.html", customer=found, errors=errors, number=request.form.get("member_number", ""),
        invite=bool(request.form.get("invite")), proposed=service.next_member_number(db.session),
        older=len(invoices.of_customer(db.session, customer_id)),
    )  # fmt: skip


@bp.post("/clients/<int:customer_id>/inviter")
@needs("customers")
def customer_invite(customer_id: int) -> ResponseReturnValue:
    """Mails an invitation to the member's own address; the user and the right are made where there is none yet."""
    try:
        with transaction() as session:
            user, mails = service.invite_member(session, actor(), now(), customer_id, services().post)
            email = user.email
    except rules.AddressTaken as refusal:
        return record(customer_id, status_of(refusal), sentence(refusal), email=refusal.email)
    except (rules.NotAMember, *UNINVITED) as refusal:
        return record(customer_id, status_of(refusal), sentence(refusal))
    if not mails:
        flash(_("Une invitation vient de partir pour %(email)s, il y a moins d’une minute : pas de seconde.",
                email=email), "info")  # fmt: skip
        return _back(customer_id)
    services().nudge()
    said = _("L’invitation part pour %(email)s. Elle vaut 14 jours ; les précédentes ne servent plus.", email=email)
    flash(said, "ok")
    return _back(customer_id)


@bp.post("/clients/<int:customer_id>/acces")
@needs("customers")
def customer_link(customer_id: int) -> ResponseReturnValue:
    """Gives an existing user the right to this member's invoices."""
    email = request.form.get("email", "").strip()[:EMAIL_MAX]
    queries.customer(db.session, customer_id)
    user = user_by_email(db.session, email)
    if user is None:
        return record(customer_id, 422, email=email, fault=_no_account(email))
    user_id, email = user.id, user.email
    try:
        with transaction() as session:
            service.link_user(session, actor(), now(), customer_id, user_id)
    except (rules.OwnAccess, rules.NotAMember) as refusal:
        return record(customer_id, status_of(refusal), email=email, fault=sentence(refusal))
    flash(_("%(email)s a accès à ces factures.", email=email), "ok")
    return _back(customer_id)


def _no_account(email: str) -> str:
    if not email:
        return _("Écrivez l’adresse e-mail d’un compte qui existe.")
    return _("Aucun compte n’a l’adresse « %(email)s ». Vérifiez-la.", email=email)


@bp.post("/clients/<int:customer_id>/acces/<int:access_id>/retirer")
@needs("customers")
def customer_unlink(customer_id: int, access_id: int) -> ResponseReturnValue:
    """Withdraws a right: at their next request the invoices are gone for them."""
    with transaction() as session:
        service.unlink_user(session, actor(), now(), customer_id, access_id)
    flash(_("Accès retiré. Le compte reste, sans ces factures."), "ok")
    return _back(customer_id)


def _back(customer_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.customer", customer_id=customer_id))
