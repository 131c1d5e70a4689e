"""« Utilisateurs », for administrators: who may sign in, and somebody new."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, users_words
from invoicing.accounts import listing, users
from invoicing.accounts.models import Role
from invoicing.accounts.rules import UserExists
from invoicing.delivery.service import BadAddress
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.exports import send_sheet
from web.faults import by_field
from web.fresh import fresh
from web.people import role_choices, role_name
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import LANGUAGES, _

EMAIL_MAX, NAME_MAX = 254, 120
LATEST = 15  # changes that the list tells


@dataclass(frozen=True)
class Asked:
    """The form of a new user, as typed; `known` is the user who has the address already."""

    email: str = ""
    name: str = ""
    role: str = ""
    language: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    known: int | None = None


@bp.get("/utilisateurs", endpoint="users")
@needs("users")
def users_list() -> ResponseReturnValue:
    """Who works here, members, whoever is shut out: role, last sign-in, open sessions, and what was changed lately."""
    words = users_words.words()
    wanted = users_words.wanted(words)
    page = listing.page(db.session, wanted, now(), words.cursor, words.backwards)
    return render_template(
        "admin/users.html", words=words, page=page, counts=listing.counts(db.session, wanted), which=wanted.which,
        roles=users_words.role_filter(), role_name=role_name, wants_digest=users_words.wants_digest,
        faults=by_field(words.faults), history=users_words.steps(listing.history(db.session, most=LATEST), named=True),
        newer=words.address(avant=page.rows[0].user.id) if page.before and page.rows else None,
        older=words.address(apres=page.rows[-1].user.id) if page.after else None,
    )  # fmt: skip


@bp.get("/utilisateurs/export.<kind>")
@needs("users")
def users_export(kind: str) -> ResponseReturnValue:
    """The users that the filter shows, as a file."""
    wanted = users_words.wanted(users_words.words())
    return send_sheet(_("Utilisateurs"), users_words.columns(), lambda s: users_words.rows(s, wanted), kind)


@bp.route("/utilisateurs/nouveau", methods=["GET", "POST"])
@needs("users")
@fresh
def user_new() -> ResponseReturnValue:
    """Somebody new: an account without a password, and the invitation to it."""
    if request.method != "POST":
        return _form(Asked(role=Role.reader))
    asked = _typed()
    if asked.errors:
        return _form(asked, 422)
    try:
        with transaction() as session:
            made = users.invite_user(
                session, actor(), now(), asked.email, Role(asked.role), asked.name, asked.language, services().post
            )
            user_id, email = made.id, made.email
    except (BadAddress, UserExists) as refusal:
        known = refusal.user_id if isinstance(refusal, UserExists) else None
        return _form(_typed({"email": sentence(refusal)}, known), status_of(refusal))
    services().nudge()
    flash(_("Compte créé. L’invitation part pour %(email)s ; elle vaut 14 jours.", email=email), "ok")
    return redirect(url_for("admin.user", user_id=user_id), 303)


def _typed(errors: dict[str, str] | None = None, known: int | None = None) -> Asked:
    sent = request.form
    role, language = sent.get("role", ""), sent.get("language", "")
    found = dict(errors or {})
    if not sent.get("email", "").strip():
        found["email"] = _("Ce champ est nécessaire.")
    if role not in tuple(Role):
        found["role"] = _("Choisissez une valeur de la liste.")
    if language not in LANGUAGES:
        found["language"] = _("Choisissez une valeur de la liste.")
    return Asked(
        sent.get("email", "").strip()[:EMAIL_MAX], sent.get("name", "").strip()[:NAME_MAX], role, language, found, known
    )  # fmt: skip


def _form(asked: Asked, status: int = 200) -> ResponseReturnValue:
    drawn = render_template(
        "admin/user_new.html", asked=asked, roles=role_choices(), languages=list(LANGUAGES.items())
    )  # fmt: skip
    return drawn, status
