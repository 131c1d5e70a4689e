"""One's own password: changed with the old one, or chosen where there is none."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoicing.accounts import profile, rules, service
from invoicing.accounts.rules import PasswordUnfit, WrongProof
from web.account_door import bp, seat
from web.database import db, now, transaction
from web.fresh import fresh
from web.services import services
from web.sessions import frame, me
from web.signin import limited, was_right
from web.site import organisation
from web.words import _


@bp.route("/mot-de-passe", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Every other browser is signed out, every mailed link dies, and a mail tells of it."""
    return _change() if profile.of(db.session, me().user.id).has_password else _choose()


def _change() -> ResponseReturnValue:
    """The old one shows who it is."""
    if request.method != "POST":
        return _page(True)
    counted = limited("password", me().user.email)
    try:
        checked = service.check_password(db.session, me().user.email, _typed("current"))
    except WrongProof:
        return _page(True, "wrong"), 422
    was_right("password", me().user.email, counted)
    return _set(checked.seen_hash)


@fresh
def _choose() -> ResponseReturnValue:
    """There is none yet, so that something else must show it."""
    return _set(None) if request.method == "POST" else _page(False)


def _set(seen_hash: str | None) -> ResponseReturnValue:
    has_one = seen_hash is not None
    try:
        hashed = service.fit_hash(_typed("password"), me().user.email, organisation().name)
    except PasswordUnfit as refusal:
        return _page(has_one, refusal.fault), 422
    try:
        with transaction() as s:
            profile.change_password(s, now(), seat(), seen_hash, hashed)
    except WrongProof:
        return _page(True, "overtaken"), 409
    services().nudge()
    flash(_("Mot de passe enregistré. Les autres appareils sont déconnectés."), "ok")
    return redirect(url_for("account.page"))


def _typed(name: str) -> str:
    return request.form.get(name, "")[: rules.PASSWORD_MAX + 1]


def _page(has_one: bool, error: str | None = None) -> str:
    return render_template(
        "account/password.html", frame=frame(), has_one=has_one, email=me().user.email, error=error
    )  # fmt: skip
