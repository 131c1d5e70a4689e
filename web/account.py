"""One's own account: what it says, and every page on which it is changed."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoicing.accounts import addresses, factors, profile
from invoicing.customers import own
from invoicing.errors import FieldFaults
from web import account_address, account_factors, account_mails, account_password, account_postal, account_sessions
from web.account_door import bp as bp
from web.account_door import proving as proving
from web.database import db, now, transaction
from web.faults import by_field
from web.sessions import frame, me
from web.words import LANGUAGES, _

PARTS = (account_address, account_factors, account_mails, account_password, account_postal, account_sessions)


@bp.get("")
def page() -> ResponseReturnValue:
    """Who one is here, how one signs in, what one is told of; each with the page that changes it."""
    user_id = me().user.id
    found = profile.of(db.session, user_id)
    return render_template(
        "account/page.html", frame=frame(), profile=found, factors=factors.factors_of(db.session, user_id),
        others=len(profile.browsers(db.session, user_id, now())) - 1, records=account_postal.shown(user_id),
        asked=addresses.waiting(db.session, user_id, now()), is_linked=account_mails.is_linked(user_id),
        language=LANGUAGES.get(found.language, found.language),
    )  # fmt: skip


@bp.route("/nom", methods=["GET", "POST"])
def name() -> ResponseReturnValue:
    """How pages and mails greet this person."""
    user_id = me().user.id
    if request.method != "POST":
        return _name(profile.of(db.session, user_id).name)
    typed = request.form.get("name", "")[: profile.NAME_MAX * 2]
    try:
        with transaction() as s:
            profile.rename(s, now(), user_id, typed)
    except FieldFaults as refusal:
        return _name(typed, by_field(refusal.faults)), 422
    flash(_("Nom enregistré."), "ok")
    return redirect(url_for("account.page"))


def _name(value: str, errors: dict[str, str] | None = None) -> str:
    records = own.records(db.session, me().user.id)
    return render_template("account/name.html", frame=frame(), value=value, errors=errors or {}, records=records)
