"""Where one is signed in: each browser in words, ended one by one, or all but this one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from invoicing.accounts import addresses, profile
from web.account_door import bp, seat
from web.database import db, now, transaction
from web.devices import described, is_hand_held
from web.sessions import frame, me
from web.words import _


@dataclass(frozen=True)
class Shown:
    """One browser as the page lists it."""

    id: int
    words: str
    icon: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


@bp.get("/appareils")
def sessions() -> ResponseReturnValue:
    """This browser first, then the others, the last seen first."""
    found = [_shown(each) for each in profile.browsers(db.session, me().user.id, now())]
    found.sort(key=lambda each: not each.is_this)
    return render_template("account/sessions.html", frame=frame(), browsers=found)


def _shown(browser: profile.Browser) -> Shown:
    picture = "phone" if is_hand_held(browser.agent) else "device-desktop"
    this = browser.id == me().row.id
    return Shown(browser.id, described(browser.agent), picture, browser.created_at, browser.last_seen_at, this)


@bp.post("/appareils/<int:session_id>/deconnecter")
def session_end(session_id: int) -> ResponseReturnValue:
    """One of one's own; a foreign number is a page that doesn't exist."""
    waited = _waits()
    with transaction() as s:
        profile.end_browser(s, now(), me().user.id, session_id)
    return _ended(_("L’appareil choisi est déconnecté."), waited)


@bp.post("/appareils/deconnecter")
def sessions_end() -> ResponseReturnValue:
    """Every one but this."""
    waited = _waits()
    with transaction() as s:
        profile.end_others(s, now(), seat())
    return _ended(_("Tous les autres appareils sont déconnectés."), waited)


def _waits() -> bool:
    """Whether a change of address waits for its link: it is given up with the browsers."""
    return addresses.waiting(db.session, me().user.id, now()) is not None


def _ended(said: str, waited: bool) -> ResponseReturnValue:
    flash(said, "ok")
    if waited:
        flash(_("L’adresse reste la même. Le lien envoyé ne sert plus."), "info")
    return redirect(url_for("account.sessions"))
