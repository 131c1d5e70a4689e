"""Signing in by e-mail: six figures for the browser that asked, or a link to a page with one button."""

from __future__ import annotations

from typing import Final

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from invoicing.accounts import codes, opening, rules
from invoicing.accounts.models import Purpose
from invoicing.accounts.rules import Proof, WrongProof
from invoicing.accounts.secrets import new_token
from web.database import db, now, transaction
from web.services import services
from web.sessions import sign_in
from web.signin import EMAIL_MAX, bp, limited, onward, speak, was_right

CODE_MAX: Final = 32  # characters that are looked at
BY_MAIL: Final = frozenset({Proof.mail})


@bp.post("/connexion/code")
def ask_code() -> ResponseReturnValue:
    """Mails a code and a link; the answer is the same for an address that nobody has."""
    if current_user.is_authenticated:
        return redirect(url_for("site.home"))
    email = request.form.get("email", "").strip()[:EMAIL_MAX]
    if "@" not in email:
        return render_template("signin/enter.html", email=email, error="incomplete"), 422
    limited("ask_mail", email)
    asked = new_token()
    with transaction() as s:
        codes.mail_sign_in(s, now(), email, asked, services().post)
    services().nudge()
    session.update(asked=asked, asked_for=email, asked_tries=0)
    return redirect(url_for("signin.code"))


@bp.route("/connexion/code/saisie", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """Takes the code, in the browser that asked for it."""
    if current_user.is_authenticated:
        return redirect(url_for("site.home"))
    asked = session.get("asked")
    if not asked:
        return redirect(url_for("signin.enter"))
    if request.method != "POST":
        return render_template("signin/code.html", email=session.get("asked_for", ""), error=None)
    counted = limited("code")
    typed = request.form.get("code", "")[:CODE_MAX]
    try:
        count(asked, Purpose.sign_in)
        opened = sign_in(lambda s, agent, former: opening.open_seat(
            s, now(), codes.use_code(s, now(), asked, typed, Purpose.sign_in, services().keys.code), BY_MAIL, agent,
            former))  # fmt: skip
    except WrongProof:
        left = tries_left()
        return render_template("signin/code.html", email=session.get("asked_for", ""), error="wrong", left=left), 422
    was_right("code", "", counted)
    return onward(opened)


def count(asked: str, purpose: Purpose) -> None:
    """Counts a try, committed before the code is looked at. Raises WrongProof where it can't be right any more."""
    with transaction() as s:
        may_be = codes.count_try(s, now(), asked, purpose)
    if not may_be:
        raise WrongProof


def tries_left() -> int:
    """How many tries this browser has, by its own count: what the database knows would tell who has an account."""
    session["asked_tries"] = session.get("asked_tries", 0) + 1
    return max(0, rules.CODE_TRIES - int(session["asked_tries"]))


@bp.route("/connexion/lien/<token>", methods=["GET", "POST"])
def link(token: str) -> ResponseReturnValue:
    """Where a mailed link leads, in any browser: only its button uses it up, so a scanner that looks does no harm."""
    if request.method == "POST":
        limited("link")
    try:
        found = codes.peek_link(db.session, now(), token)
        speak(found.person.language)
        if request.method != "POST":
            return render_template("signin/link.html", email=found.person.email)
        opened = sign_in(lambda s, agent, former: opening.open_seat(
            s, now(), codes.use_link(s, now(), token), BY_MAIL, agent, former))  # fmt: skip
    except WrongProof:
        return render_template("signin/dead_link.html", again=url_for("signin.enter"), is_code=True), 410
    return onward(opened)
