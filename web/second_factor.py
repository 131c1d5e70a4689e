"""The second factor at sign-in: asked of whoever has one, chosen by staff who have none yet; passkeys are both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import segno
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from invoicing.accounts import factors, opening, passkeys
from invoicing.accounts.factors import SetUp
from invoicing.accounts.models import Stage
from invoicing.accounts.opening import Opened
from invoicing.accounts.queries import Seat
from invoicing.accounts.rules import Proof, WrongProof
from invoicing.journal import Actor, ActorKind
from web.codes import CODE_MAX
from web.database import db, now, transaction
from web.passkeys import answer, as_json, browser, site
from web.services import services
from web.sessions import half_open, sign_in
from web.signin import bp, limited, onward, page_asked_for, was_right
from web.site import organisation
from web.words import _

SECOND, PASSKEY = frozenset({Proof.second}), frozenset({Proof.passkey})


@bp.route("/connexion/second-facteur", methods=["GET", "POST"])
def second_factor() -> ResponseReturnValue:
    """A code of the application, or a recovery code; a passkey goes its own way."""
    half = half_open(Stage.second_factor)
    if half is None:
        return redirect(url_for("signin.enter"))
    if request.method != "POST":
        return ask()
    person, half_id = half.person, half.id
    counted = limited("second_factor", str(person.id))
    recovery = request.form.get("recovery", "").strip()[:CODE_MAX]
    code, keys = request.form.get("code", "")[:CODE_MAX], services().keys
    try:
        with_code = factors.use_recovery_code if recovery else factors.use_totp

        def prove(s: Session, agent: str, former: int | None) -> Opened:
            with_code(s, now(), person.id, recovery or code, keys)
            return opening.advance(s, now(), person.id, half_id, SECOND, agent)

        opened = sign_in(prove)
    except WrongProof:
        return ask("recovery" if recovery else "code"), 422
    was_right("second_factor", str(person.id), counted)
    return onward(opened)


def ask(error: str | None = None) -> str:
    """The page that asks for it; `error` is what was wrong: code, recovery or passkey."""
    half = half_open(Stage.second_factor)
    found = factors.factors_of(db.session, half.person.id) if half else None
    return render_template("signin/second_factor.html", factors=found, error=error)


@bp.post("/connexion/cle")
def passkey() -> ResponseReturnValue:
    """Signs in with a key, from the sign-in page or instead of a second factor: it is two factors by itself."""
    counted = limited("passkey")
    is_second = half_open(Stage.second_factor) is not None
    try:
        opened = sign_in(lambda s, agent, former: opening.open_seat(
            s, now(), passkeys.use(s, now(), answer(), browser(), site()), PASSKEY, agent, former))  # fmt: skip
    except WrongProof:
        page = ask("passkey") if is_second else render_template("signin/enter.html", email="", error="passkey")
        return page, 422
    was_right("passkey", "", counted)
    return onward(opened)


@bp.route("/connexion/second-facteur/choix", methods=["GET", "POST"])
def enrol() -> ResponseReturnValue:
    """Staff without a second factor choose one, and can go nowhere else; recovery codes are in the answer alone."""
    half = half_open(Stage.enrolment)
    if half is None:
        return redirect(url_for("signin.enter"))
    if request.method != "POST":
        return set_up_page(factors.begin_totp(half.person, organisation().name, services().keys, now()))
    counted = limited("second_factor", str(half.person.id))
    try:
        sealed = request.form.get("sealed", "")[:1000]
        begun = factors.resume_totp(half.person, organisation().name, services().keys, sealed, now())
    except WrongProof:  # too old: another secret, and the page says so
        return set_up_page(factors.begin_totp(half.person, organisation().name, services().keys, now()), "old"), 422
    code = request.form.get("code", "")[:CODE_MAX]
    try:
        page = _enrolled(half, lambda s, actor, at: factors.enrol_totp(
            s, actor, at, actor.user_id or 0, begun.secret, code, services().keys, first=True), SECOND)  # fmt: skip
    except WrongProof:
        return set_up_page(begun, "code"), 422
    was_right("second_factor", str(half.person.id), counted)
    return page


@bp.post("/connexion/second-facteur/cle/question")
def enrol_passkey_options() -> ResponseReturnValue:
    """What a browser needs to make the first key."""
    half = half_open(Stage.enrolment)
    if half is None:
        return redirect(url_for("signin.enter"))
    limited("passkey_question")
    with transaction() as s:
        options = passkeys.creation_options(s, now(), half.person.id, browser(), site())
    return as_json(options)


@bp.post("/connexion/second-facteur/cle")
def enrol_passkey() -> ResponseReturnValue:
    """Keeps the first key."""
    half = half_open(Stage.enrolment)
    if half is None:
        return redirect(url_for("signin.enter"))
    limited("passkey")
    name, given, asked, whose = _("Première clé d’accès"), answer(), browser(), site()
    try:
        return _enrolled(half, lambda s, actor, at: passkeys.add(
            s, actor, at, actor.user_id or 0, given, name, asked, whose, first=True),
            PASSKEY)  # fmt: skip
    except WrongProof:
        begun = factors.begin_totp(half.person, organisation().name, services().keys, now())
        return set_up_page(begun, "passkey"), 422


def _enrolled(half: Seat, enrol_it: Callable[[Session, Actor, datetime], object], proofs: frozenset[Proof]) -> str:
    """Keeps the factor, makes recovery codes and lets the person in, in one transaction. Raises WrongProof.

    All at one moment, by which it is known that one notice tells of factor and codes.
    """
    actor, codes, moment = Actor(ActorKind.user, half.person.id), list[str](), now()

    def keep(s: Session, agent: str, former: int | None) -> Opened:
        enrol_it(s, actor, moment)
        codes.extend(factors.make_codes(s, actor, moment, half.person.id, services().keys))
        return opening.advance(s, moment, half.person.id, half.id, proofs, agent)

    sign_in(keep)
    return codes_page(codes)


def set_up_page(begun: SetUp, error: str | None = None) -> str:
    """The page of a secret to be taken into an application; `error`: code, old or passkey."""
    return render_template("signin/enrol.html", setup=begun, qr=qr_of(begun), error=error)


def codes_page(codes: list[str]) -> str:
    """Recovery codes, this once; the way on is a link."""
    return render_template("signin/recovery_codes.html", codes=codes, onward=page_asked_for())


def qr_of(begun: SetUp) -> str:
    """The picture that an application reads, as the address of an image: dark on white in every appearance."""
    found: str = segno.make(begun.uri, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
    return found
