"""One's own second factors: the application of codes, passkeys, recovery codes. All but their names behind `fresh`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from invoicing.accounts import factors as core
from invoicing.accounts import passkeys, profile
from invoicing.accounts.factors import Factors, Key, SetUp
from invoicing.accounts.rules import LastFactor, WrongProof
from invoicing.accounts.secrets import new_token
from invoicing.errors import NotFound
from web.account_door import bp
from web.codes import CODE_MAX
from web.database import db, now, transaction
from web.errors import sentence
from web.fresh import fresh, fresh_from
from web.passkeys import answer, as_json, browser, site
from web.second_factor import qr_of
from web.services import services
from web.sessions import actor, frame, me
from web.signin import limited, was_right
from web.site import organisation
from web.words import _


@bp.get("/second-facteur")
def factors() -> ResponseReturnValue:
    """What one has, and what one may do with it."""
    return render_template("account/factors.html", frame=frame(), factors=_mine(), is_staff=me().user.is_staff)


def _mine() -> Factors:
    return core.factors_of(db.session, me().user.id)


@bp.route("/second-facteur/application", methods=["GET", "POST"])
@fresh
def totp() -> ResponseReturnValue:
    """A secret for an application, in place of a former one, once a code of it is right."""
    person, keys, name = me().user, services().keys, organisation().name
    if request.method != "POST":
        return _totp(core.begin_totp(person, name, keys, now()))
    counted = limited("second_factor", str(person.id))
    try:
        begun = core.resume_totp(person, name, keys, request.form.get("sealed", "")[:1000], now())
    except WrongProof:
        return _totp(core.begin_totp(person, name, keys, now()), "old"), 422
    code = request.form.get("code", "")[:CODE_MAX]
    try:
        made = _added(lambda s, at: core.enrol_totp(s, actor(), at, person.id, begun.secret, code, keys))
    except WrongProof:
        return _totp(begun, "code"), 422
    was_right("second_factor", str(person.id), counted)
    return _done(made, _("L’application est prête : ses codes vous seront demandés à la connexion."))


def _totp(begun: SetUp, error: str | None = None) -> str:
    return render_template(
        "account/totp.html", frame=frame(), setup=begun, qr=qr_of(begun), error=error, replaces=_mine().has_totp
    )  # fmt: skip


@bp.route("/second-facteur/cle", methods=["GET", "POST"])
@fresh
def passkey() -> ResponseReturnValue:
    """A new key, made by the browser; its name helps to know it again."""
    if request.method != "POST":
        return render_template("account/passkey.html", frame=frame(), error=None)
    limited("passkey")
    name, given, asked, whose, user_id = request.form.get("name", ""), answer(), browser(), site(), me().user.id
    try:
        made = _added(lambda s, at: passkeys.add(s, actor(), at, user_id, given, name, asked, whose))
    except WrongProof:
        return render_template("account/passkey.html", frame=frame(), error="passkey"), 422
    return _done(made, _("La clé d’accès est enregistrée : elle ouvre votre compte à elle seule."))


@bp.post("/second-facteur/cle/question")
@fresh_from("account.passkey")
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to make it."""
    limited("passkey")
    with transaction() as s:
        options = passkeys.creation_options(s, now(), me().user.id, browser(), site())
    return as_json(options)


def _added(add: Callable[[Session, datetime], object]) -> list[str]:
    """Keeps the factor; the first one brings recovery codes, in the same transaction. Raises WrongProof.

    All at one moment, by which it is known that one notice tells of both.
    """
    user_id, codes, moment = me().user.id, list[str](), now()
    with transaction() as s:
        add(s, moment)
        if not core.factors_of(s, user_id).codes_left:
            codes = core.make_codes(s, actor(), moment, user_id, services().keys)
    services().nudge()
    return codes


def _done(codes: list[str], said: str) -> ResponseReturnValue:
    """Recovery codes stand in this answer alone."""
    if codes:
        return render_template("account/codes.html", frame=frame(), codes=codes, said=said)
    flash(said, "ok")
    return redirect(url_for("account.factors"))


@bp.route("/second-facteur/codes", methods=["GET", "POST"])
@fresh
def codes() -> ResponseReturnValue:
    """New recovery codes; the earlier ones no longer work."""
    if not _mine().has_second:
        raise NotFound
    if request.method != "POST":
        return render_template("account/codes_new.html", frame=frame(), left=_mine().codes_left, once=new_token())
    once = request.form.get("once", "")[:64]
    if once and session.get("codes_made") == once:
        flash(
            _("Ces codes ont déjà été montrés, et ils servent toujours. S’ils vous manquent, faites-en d’autres."),
            "info",
        )
        return redirect(url_for("account.factors"))
    with transaction() as s:
        made = core.make_codes(s, actor(), now(), me().user.id, services().keys)
    session["codes_made"] = once
    services().nudge()
    return _done(made, _("Vos nouveaux codes sont prêts ; les anciens ne servent plus."))


@bp.route("/second-facteur/cles/<int:passkey_id>", methods=["GET", "POST"])
def passkey_name(passkey_id: int) -> ResponseReturnValue:
    """Another name for a key: only words."""
    key = _key(passkey_id)
    if request.method != "POST":
        return render_template("account/passkey_name.html", frame=frame(), key=key)
    with transaction() as s:
        profile.name_key(s, me().user.id, passkey_id, request.form.get("name", ""))
    flash(_("Nom enregistré."), "ok")
    return redirect(url_for("account.factors"))


def _key(passkey_id: int) -> Key:
    found = next((key for key in _mine().keys if key.id == passkey_id), None)
    if found is None:
        raise NotFound
    return found


@bp.route("/second-facteur/cles/<int:passkey_id>/retirer", methods=["GET", "POST"])
@fresh
def passkey_remove(passkey_id: int) -> ResponseReturnValue:
    """Asks, then forgets it."""
    key = _key(passkey_id)
    if request.method != "POST":
        return _remove(key.name)
    return _removed(lambda s: passkeys.remove(s, actor(), now(), me().user.id, passkey_id), key.name)


@bp.route("/second-facteur/application/retirer", methods=["GET", "POST"])
@fresh
def totp_remove() -> ResponseReturnValue:
    """Asks, then forgets its secret."""
    if not _mine().has_totp:
        raise NotFound
    if request.method != "POST":
        return _remove()
    return _removed(lambda s: core.remove_totp(s, actor(), now(), me().user.id))


def _removed(remove: Callable[[Session], None], name: str = "") -> ResponseReturnValue:
    try:
        with transaction() as s:
            remove(s)
    except LastFactor as refusal:
        return _remove(name, sentence(refusal)), 422
    services().nudge()
    flash(_("Retiré. Un courriel vous le confirme."), "ok")
    return redirect(url_for("account.factors"))


def _remove(name: str = "", refusal: str = "") -> str:
    """The page that asks: of a key, by its name, or of the application."""
    found = _mine()
    is_last = len(found.keys) + found.has_totp == 1
    return render_template("account/factor_remove.html", frame=frame(), name=name, refusal=refusal, is_last=is_last,
                           is_staff=me().user.is_staff)  # fmt: skip
