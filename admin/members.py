"""A customer's member zone: who becomes a member, who is invited. Who may see what: `admin.access`."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin.access_box import Asked
from admin.customers import record
from invoicing.accounts.rules import UserDisabled, UserExists
from invoicing.customers import inviting, queries, rules, service
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

UNINVITED = (rules.NoEmail, rules.AddressTaken, rules.OtherAddresses, BadAddress, UserDisabled, UserExists)

register(rules.NotAMember, 409, lambda r: _("Un contact n’a pas de zone membre : faites-en d’abord un membre."))
register(rules.AlreadyMember, 409, lambda r: _("C’est déjà un membre. Rien n’a été changé."))
register(rules.NoEmail, 422, lambda r: _(
    "Sans adresse e-mail, pas d’invitation : ajoutez d’abord l’adresse à la fiche."))  # fmt: skip
register(rules.AddressTaken, 409, lambda r: _(
    "Le compte %(email)s existe déjà, sans accès à ces factures. Aucune invitation n’est partie. "
    "Si c’est la bonne personne, donnez-lui accès, puis invitez-la ; sinon, corrigez l’adresse de la fiche.",
    email=r.email))  # fmt: skip
register(rules.OtherAddresses, 409, lambda r: _(
    "Ceux qui voient ces factures ont une autre adresse que %(email)s, et aucun compte n’a celle-ci. "
    "Aucune invitation n’est partie. Si c’est la bonne personne, donnez-lui accès ; sinon, corrigez la fiche.",
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
                inviting.invite_member(session, actor(), now(), customer_id, services().post)
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
            user, mails = inviting.invite_member(session, actor(), now(), customer_id, services().post)
            email = user.email
    except rules.AddressTaken as refusal:
        return record(customer_id, status_of(refusal), sentence(refusal), Asked(refusal.email))
    except rules.OtherAddresses as refusal:
        language = queries.customer(db.session, customer_id).language
        asked = Asked(refusal.email, language=language, offers=True)
        return record(customer_id, status_of(refusal), sentence(refusal), asked)
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


def _back(customer_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.customer", customer_id=customer_id))
