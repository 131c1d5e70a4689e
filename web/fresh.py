"""Step-up: before what can't be undone, whoever sits there shows once more that it is them, for a quarter of an hour.

`@fresh` stands below `@needs` (who may), above the view. What was sent isn't sent again by itself: a button does it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from invoicing.accounts import codes, confirming, opening, rules, service
from invoicing.accounts.models import Purpose
from invoicing.accounts.rules import Way, WrongProof
from invoicing.accounts.secrets import new_token
from web import waiting
from web.codes import CODE_MAX, count
from web.database import db, now, transaction
from web.passkeys import answer, browser, site
from web.rights import ask_to_sign_in
from web.security import own_path
from web.services import services
from web.sessions import frame, me
from web.signin import bp, limited, page_asked_for, was_right
from web.words import _

P = ParamSpec("P")
R = TypeVar("R")


def fresh(view: Callable[P, R]) -> Callable[P, R | Response]:
    """For one view whose page stands at the same address; a form that was sent leads to that page again."""
    return _guarded(view, None)


def fresh_from(endpoint: str) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """For one view that only takes a form; `endpoint`, with the same facts in its address, shows that form."""

    def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
        return _guarded(view, endpoint)

    return decorate


def is_fresh() -> bool:
    """Whether whoever sits there has shown so lately; for a form that keeps what was typed where it isn't so."""
    return rules.is_fresh(me().row.proved_at, now())


def _guarded(view: Callable[P, R], endpoint: str | None) -> Callable[P, R | Response]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if is_fresh():
            return view(*args, **kwargs)
        return _ask_again(endpoint)

    return guarded


def _ask_again(endpoint: str | None) -> Response:
    """To the page that asks, which says that a form was not sent, and whether it waits."""
    if endpoint is not None:
        wanted = url_for(endpoint, **(request.view_args or {}))
    else:
        wanted = own_path(request.full_path.rstrip("?")) or url_for("site.home")
    waiting.keep(me().user.id)
    session["next"] = wanted
    session["unsent"] = request.method == "POST"
    return redirect(url_for("signin.confirm"))


@bp.route("/connexion/confirmation", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Asks for a proof; then the page that was wanted."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if request.method != "POST":
        return _page()
    ways = confirming.ways_of(db.session, me().user)
    way = next((way for way in ways if way.value == request.form.get("way")), None)
    if way is None or way not in _DOES:
        return _page("gone"), 422
    try:
        _DOES[way]()
    except WrongProof:
        return _page(way.value), 422
    return _confirmed()


def _by_totp() -> None:
    seat, code = me().row, request.form.get("code", "")[:CODE_MAX]
    counted = limited("second_factor", str(seat.person.id))
    with transaction() as s:
        confirming.by_totp(s, now(), seat, code, services().keys)
    was_right("second_factor", str(seat.person.id), counted)


def _by_password() -> None:
    seat, password = me().row, request.form.get("password", "")[: rules.PASSWORD_MAX + 1]
    counted = limited("confirm", str(seat.person.id))
    service.check_password(db.session, seat.person.email, password)
    with transaction() as s:
        opening.prove(s, now(), seat.person.id, seat.id)
    was_right("confirm", str(seat.person.id), counted)


def _by_mail() -> None:
    seat, code = me().row, request.form.get("code", "")[:CODE_MAX]
    limited("code")
    asked = str(session.get("confirming", ""))
    count(asked, Purpose.confirm)
    with transaction() as s:
        confirming.by_mail(s, now(), seat, asked, code, services().keys)
    session.pop("confirming", None)


_DOES: Final[dict[Way, Callable[[], None]]] = {
    Way.totp: _by_totp, Way.password: _by_password, Way.mail: _by_mail,
}  # fmt: skip


@bp.post("/connexion/confirmation/courriel")
def confirm_mail() -> ResponseReturnValue:
    """Mails a code to whoever is signed in and has no second factor."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    seat = me().row
    if Way.mail not in confirming.ways_of(db.session, seat.person):
        return _page("gone"), 422
    limited("ask_mail", seat.person.email)
    asked = new_token()
    with transaction() as s:
        codes.mail_confirmation(s, now(), seat.person.email, asked, services().post)
    services().nudge()
    session["confirming"] = asked
    return redirect(url_for("signin.confirm"))


@bp.post("/connexion/confirmation/cle")
def confirm_passkey() -> ResponseReturnValue:
    """With a passkey; what the browser is asked comes from `signin.passkey_options`."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    seat = me().row
    limited("passkey")
    try:
        with transaction() as s:
            confirming.by_passkey(s, now(), seat, answer(), browser(), site())
    except WrongProof:
        return _page("passkey"), 422
    return _confirmed()


def _confirmed() -> Response:
    if session.pop("unsent", False) and not waiting.is_kept():
        flash(_("C’est confirmé. Ce que vous aviez demandé n’a pas encore été fait : recommencez."), "info")
    return redirect(page_asked_for())


def _page(error: str | None = None) -> str:
    ways = [way.value for way in confirming.ways_of(db.session, me().user)]
    return render_template(
        "signin/confirm.html", ways=ways, error=error, email=me().user.email,
        mailed=bool(session.get("confirming")), unsent=bool(session.get("unsent")), waits=waiting.is_kept(),
        back=url_for("site.home"),
    )  # fmt: skip


@bp.get("/connexion/formulaire")
def waiting_form() -> ResponseReturnValue:
    """What was typed and not sent, with a button that sends it; once."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    form = waiting.take(me().user.id)
    back = page_asked_for()
    if form is None:
        return redirect(back)
    return render_template("signin/waiting.html", frame=frame(), form=form, back=back)
