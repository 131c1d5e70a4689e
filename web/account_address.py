"""Another address to sign in with: asked for here, proved by the link in its mailbox, whoever opens that where."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from invoicing.accounts import addresses
from invoicing.accounts.addresses import Proved
from invoicing.accounts.rules import UserExists, WrongProof
from invoicing.accounts.secrets import Post
from invoicing.customers import own
from invoicing.errors import FieldFaults
from invoicing.invoices.service import refresh_search
from invoicing.journal import Actor, ActorKind
from web.account_door import bp, proving, seat
from web.database import db, now, transaction
from web.faults import by_field
from web.fresh import fresh, fresh_from
from web.services import services
from web.sessions import frame, me
from web.signin import EMAIL_MAX, limited, speak
from web.words import _

LINK = "/adresse/lien/"


@bp.route("/adresse", methods=["GET", "POST"])
@fresh
def address() -> ResponseReturnValue:
    """Mails a link to the new address; nothing changes before it is used."""
    if request.method != "POST":
        return _page("")
    typed = request.form.get("email", "").strip()[:EMAIL_MAX]
    try:
        addresses.checked(typed, me().user.email)  # what is refused anyway counts as no try
        limited("ask_mail", me().user.email)
        limited("ask_mail", typed)  # nobody's mailbox is filled by way of an account
        with transaction() as s:
            asked = addresses.ask(s, now(), me().user.id, typed, _post())
    except FieldFaults as refusal:
        return _page(typed, by_field(refusal.faults)), 422
    services().nudge()
    flash(_("Un lien part pour %(address)s. Rien ne change tant qu’il n’a pas servi.", address=asked.address), "ok")
    return redirect(url_for("account.address"))


@bp.post("/adresse/renoncer")
@fresh_from("account.address")
def address_drop() -> ResponseReturnValue:
    """The link that was mailed no longer works."""
    with transaction() as s:
        addresses.give_up(s, now(), me().user.id)
    flash(_("L’adresse reste la même. Le lien envoyé ne sert plus."), "ok")
    return redirect(url_for("account.page"))


def _page(typed: str, errors: dict[str, str] | None = None) -> str:
    user = me().user
    return render_template(
        "account/address.html", frame=frame(), email=user.email, typed=typed, errors=errors or {},
        asked=addresses.waiting(db.session, user.id, now()), following=own.following(db.session, user.id, user.email),
    )  # fmt: skip


@proving.route(LINK + "<token>", methods=["GET", "POST"])
def address_proved(token: str) -> ResponseReturnValue:
    """Where the link leads: a page with one button; looking uses nothing up."""
    if request.method == "POST":
        limited("link")
    try:
        proved = addresses.peek(db.session, token, now())
        speak(proved.person.language)
        if request.method != "POST":
            return _button(proved)
        return _use(token, proved)
    except WrongProof:
        return make_response(render_template("account/address_dead.html"), 410)


def _use(token: str, proved: Proved) -> ResponseReturnValue:
    here = seat() if current_user.is_authenticated else None
    try:
        with transaction() as s:
            done = addresses.use(s, now(), token, here)
            actor = Actor(ActorKind.user, done.person.id)
            for customer_id in own.follow(s, actor, now(), done.person.email, done.address):
                refresh_search(s, customer_id)
    except UserExists:
        return _button(proved, taken=True), 409
    services().nudge()
    if here and here.user_id == done.person.id:
        flash(_("Adresse changée. Les autres appareils sont déconnectés."), "ok")
        return redirect(url_for("account.page"))
    flash(_("Adresse changée. Connectez-vous avec %(address)s.", address=done.address), "ok")
    return redirect(url_for("site.home" if here else "signin.enter"))


def _button(proved: Proved, taken: bool = False) -> str:
    following = own.following(db.session, proved.person.id, proved.person.email)
    return render_template("account/address_proved.html", proved=proved, following=following, taken=taken)


def _post() -> Post:
    """The seal and the domain of every mailed link; this one's page is its own."""
    base = services().settings.public_url.rstrip("/") + f"{proving.url_prefix}{LINK}"
    return replace(services().post, link_base=base)
