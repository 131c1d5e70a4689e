"""One user, for administrators: role, sessions, shut out and let in again, asked in once more; and the history."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, users_words
from invoicing.accounts import factors, listing, service, users
from invoicing.accounts.models import Role
from invoicing.customers import managing
from invoicing.customers import queries as customers
from invoicing.errors import NotFound, Refused
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.fresh import fresh, fresh_from
from web.people import role_choices, role_name
from web.rights import needs
from web.services import services
from web.sessions import actor, me
from web.words import LANGUAGES, _, ngettext


@bp.get("/utilisateurs/<int:user_id>")
@needs("users")
def user(user_id: int) -> ResponseReturnValue:
    """The account, what it allows, what was done to it."""
    return _page(user_id)


def _page(user_id: int, refusal: Refused | None = None) -> ResponseReturnValue:
    row = listing.row(db.session, user_id, now())
    drawn = render_template(
        "admin/user.html", row=row, roles=role_choices(), role=role_name(row.user.role),
        language=LANGUAGES.get(row.user.language, row.user.language), mine=user_id == me().user.id,
        wants_digest=users_words.wants_digest(row), seen=customers.rights_of_user(db.session, user_id),
        history=users_words.steps(listing.history(db.session, user_id), named=False),
        refusal=sentence(refusal) if refusal else "",
    )  # fmt: skip
    return drawn, status_of(refusal) if refusal else 200


@bp.post("/utilisateurs/<int:user_id>/role")
@needs("users")
@fresh_from("admin.user")
def user_role(user_id: int) -> ResponseReturnValue:
    """Another role: at their next request they sign in anew."""
    wanted = request.form.get("role", "")
    if wanted not in tuple(Role):
        listing.row(db.session, user_id, now())
        flash(_("Choisissez un rôle. Rien n’a été changé."), "warn")
        return _back(user_id)
    try:
        with transaction() as session:
            users.change_role(session, actor(), now(), user_id, Role(wanted))
    except NotFound:
        raise
    except Refused as refusal:
        return _page(user_id, refusal)
    flash(_("Rôle enregistré : %(role)s.", role=role_name(wanted)), "ok")
    return _back(user_id)


@bp.route("/utilisateurs/<int:user_id>/desactiver", methods=["GET", "POST"])
@needs("users")
@fresh
def user_disable(user_id: int) -> ResponseReturnValue:
    """Asks first, then shuts them out: every session ends, every link dies, nothing of theirs is removed."""
    row = listing.row(db.session, user_id, now())
    if not row.user.active:
        flash(_("Ce compte est déjà désactivé."), "info")
        return _back(user_id)
    if request.method != "POST":
        alone = managing.managed_alone(db.session, user_id)
        return render_template("admin/user_disable.html", user=row.user, alone=alone, refused="")
    try:
        with transaction() as session:
            users.set_active(session, actor(), now(), user_id, False)
    except (users.OwnAccount, users.LastAdmin) as refusal:
        return _page(user_id, refusal)
    flash(_("Compte désactivé : il n’ouvre plus rien."), "ok")
    return _back(user_id)


@bp.post("/utilisateurs/<int:user_id>/reactiver")
@needs("users")
@fresh_from("admin.user")
def user_enable(user_id: int) -> ResponseReturnValue:
    """Lets them sign in again, with what they saw before."""
    with transaction() as session:
        users.set_active(session, actor(), now(), user_id, True)
    flash(_("Compte réactivé."), "ok")
    return _back(user_id)


@bp.post("/utilisateurs/<int:user_id>/sessions")
@needs("users")
@fresh_from("admin.user")
def user_sessions(user_id: int) -> ResponseReturnValue:
    """Signs them out everywhere; whoever does it to themselves stays signed in here."""
    but = me().row.id if user_id == me().user.id else None
    with transaction() as session:
        ended = users.sign_out(session, actor(), now(), user_id, but)
    said = ngettext("%(num)s session terminée.", "%(num)s sessions terminées.", ended)
    flash(said if ended else _("Aucune session n’était ouverte."), "ok" if ended else "info")
    return _back(user_id)


@bp.post("/utilisateurs/<int:user_id>/inviter")
@needs("users")
@fresh_from("admin.user")
def user_invite(user_id: int) -> ResponseReturnValue:
    """Another invitation; those before no longer work."""
    with transaction() as session:
        service.invite(session, actor(), now(), user_id, services().post)
    services().nudge()
    flash(_("L’invitation part. Elle vaut 14 jours ; les précédentes ne servent plus."), "ok")
    return _back(user_id)


@bp.route("/utilisateurs/<int:user_id>/second-facteur", methods=["GET", "POST"])
@needs("users")
@fresh
def user_factors(user_id: int) -> ResponseReturnValue:
    """Asks first, then takes the second factor away: whoever works here chooses another at the next sign-in."""
    row = listing.row(db.session, user_id, now())
    if user_id == me().user.id:
        raise users.OwnAccount
    if request.method != "POST":
        return render_template("admin/user_factors.html", user=row.user, refused="")
    with transaction() as session:
        factors.reset(session, actor(), now(), user_id)
    flash(_("Second facteur retiré, sessions terminées."), "ok")
    return _back(user_id)


def _back(user_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.user", user_id=user_id), 303)
