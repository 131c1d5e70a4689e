"""Passkeys in a browser: what it is asked, and what it answers. The pages' own script is static/passkeys.js."""

from __future__ import annotations

from flask import Response, current_app, request, session
from flask.typing import ResponseReturnValue

from invoicing.accounts import passkeys
from invoicing.accounts.passkeys import ANSWER_MAX, Site
from invoicing.accounts.secrets import new_token
from web.database import now, transaction
from web.services import services
from web.signin import bp, limited
from web.site import organisation


def site() -> Site:
    """For whom keys are made: from the settings, never from the request."""
    settings = services().settings
    return Site(settings.host, settings.origin, organisation().name)


def browser() -> str:
    """A secret of this browser, in its cookie: what one was asked, no other can answer."""
    if "ceremony" not in session:
        session["ceremony"] = new_token()
    return str(session["ceremony"])


def answer() -> str:
    """What the browser's key said, as JSON."""
    return request.form.get("answer", "")[:ANSWER_MAX]


def as_json(options: str) -> Response:
    """Options for a browser."""
    return current_app.response_class(options, mimetype="application/json")


@bp.post("/connexion/cle/question")
def passkey_options() -> ResponseReturnValue:
    """What a browser is asked that wants to show a key: the same for everybody."""
    limited("passkey_question")
    with transaction() as s:
        options = passkeys.request_options(s, now(), browser(), site())
    return as_json(options)
