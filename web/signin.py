"""The door before every door: sign in with a password, forgotten password, invitation, sign out."""

from __future__ import annotations

from datetime import datetime

import flask_babel
from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from invoicing.accounts import limits, rules, service
from invoicing.accounts.models import Stage
from invoicing.accounts.opening import Opened
from invoicing.accounts.queries import OpenLink
from invoicing.accounts.rules import PasswordUnfit, TooMany, WrongProof
from web import cookies, waiting
from web.database import db, now, transaction
from web.security import own_path
from web.services import services
from web.sessions import sign_in, sign_out
from web.site import organisation
from web.words import COOKIE, _

EMAIL_MAX = 254

bp = Blueprint("signin", __name__)


def limited(action: str, account: str = "", times: int = 1) -> datetime:
    """Counts a try, or several, in a transaction of its own, so that a refusal doesn't undo it. Raises TooMany.

    Returns the moment at which it was counted.
    """
    moment = now()
    with transaction() as s:
        most = services().settings.tries_per_address
        seconds = limits.count_try(s, action, _who(account), most, moment, times)
    if seconds:
        raise TooMany(seconds)
    return moment


def _who(account: str) -> dict[str, str]:
    return {"account": account, "address": request.remote_addr or ""}


def was_right(action: str, account: str, counted: datetime) -> None:
    """Takes back the try that was counted at that moment."""
    with transaction() as s:
        limits.give_back(s, action, _who(account), counted)


def onward(opened: Opened) -> ResponseReturnValue:
    """Where a sign-in goes from here: to its next step, or to the page that was asked for."""
    if opened.stage is Stage.second_factor:
        return redirect(url_for("signin.second_factor"))
    if opened.stage is Stage.enrolment:
        return redirect(url_for("signin.enrol"))
    return redirect(page_asked_for())


def page_asked_for() -> str:
    """What somebody wanted before they were asked who they are, forgotten once told; first of all a form that waits."""
    if waiting.is_kept():
        return url_for("signin.waiting_form")
    return own_path(session.pop("next", None)) or url_for("site.home")


@bp.route("/connexion", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    """One field, the address; whoever wants their password gets its field next, then the page that was asked for."""
    if current_user.is_authenticated:
        return redirect(url_for("site.home"))
    if request.method != "POST":
        return render_template("signin/enter.html", email="", error=None)
    email = request.form.get("email", "").strip()[:EMAIL_MAX]
    if "password" not in request.form:
        return render_template("signin/password.html", email=email, error=None)
    counted = limited("password", email)
    try:
        password = request.form.get("password", "")[: rules.PASSWORD_MAX + 1]
        checked = service.check_password(db.session, email, password)
        opened = sign_in(lambda s, agent, former: service.open_session(s, now(), checked, agent, former))
    except WrongProof:
        return render_template("signin/password.html", email=email, error="wrong"), 422
    was_right("password", email, counted)
    return onward(opened)


@bp.route("/connexion/oubli", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    """Mails a link; the answer is the same for an address that nobody has."""
    if request.method != "POST":
        return render_template("signin/forgotten.html", email="", sent=False, error=None)
    email = request.form.get("email", "").strip()[:EMAIL_MAX]
    if "@" not in email:
        return render_template("signin/forgotten.html", email=email, sent=False, error="incomplete"), 422
    limited("ask_mail", email)
    with transaction() as s:
        service.mail_reset(s, now(), email, services().post)
    services().nudge()
    return render_template("signin/forgotten.html", email=email, sent=True, error=None)


@bp.route("/connexion/mot-de-passe/<token>", methods=["GET", "POST"])
def new_password(token: str) -> ResponseReturnValue:
    """Where invitations and resets lead; a refused password leaves the link as it was, and nobody is signed in."""
    if request.method == "POST":
        limited("link")
    try:
        link = service.peek_link(db.session, token, now())
        speak(link.person.language)
        if request.method != "POST":
            return _page(link)
        return _set(token, link)
    except WrongProof:
        return render_template("signin/dead_link.html", again=url_for("signin.forgotten")), 410


def _set(token: str, link: OpenLink) -> ResponseReturnValue:
    password = request.form.get("password", "")[: rules.PASSWORD_MAX + 1]
    try:
        hashed = service.fit_hash(password, link.person.email, organisation().name)
    except PasswordUnfit as refusal:
        return _page(link, refusal.fault), 422
    with transaction() as s:
        service.use_link(s, now(), token, hashed)
    flash(_("Mot de passe enregistré. Connectez-vous avec lui."), "ok")
    return redirect(url_for("signin.enter"))


def _page(link: OpenLink, error: str | None = None) -> str:
    return render_template("signin/new_password.html", purpose=link.purpose.value, email=link.person.email, error=error,
                           is_staff=link.person.is_staff)  # fmt: skip


def speak(language: str) -> None:
    """The page is in its owner's language, unless this browser has chosen one."""
    if not cookies.read(COOKIE):
        g.language = language
        flask_babel.refresh()


@bp.post("/deconnexion")
def out() -> ResponseReturnValue:
    """Ends this browser's session."""
    sign_out()
    return redirect(url_for("signin.enter"))
