"""Bounces handed over by a mail server itself: the raw notice by POST, with a token that only it knows."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from invoicing.delivery import notices, returns
from invoicing.delivery.returns import Outcome
from web.database import now, transaction
from web.security import csrf
from web.services import services

LATER_SECONDS = "60"

bp = Blueprint("returns", __name__)
csrf.exempt(bp)  # the token comes in a header, which no other site's page can make a browser send


@bp.post("/retours")
def notice() -> ResponseReturnValue:
    """Applies one notice; 404 where no token is set, 401 for another one, 422 for what is no notice of ours."""
    wanted = services().settings.returns_token.get_secret_value()
    if not wanted:
        abort(404)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        return make_response(jsonify(outcome="unauthorized"), 401, {"WWW-Authenticate": 'Bearer realm="Lettrine"'})
    found = notices.read(request.get_data(cache=False))
    if found is None:
        return _answer(Outcome.unknown, 422)
    with transaction() as session:
        outcome = returns.take(session, found, now())
    return _answer(outcome, {Outcome.unknown: 422, Outcome.early: 503}.get(outcome, 200))


def _answer(outcome: Outcome, status: int) -> Response:
    response = make_response(jsonify(outcome=outcome.value), status)
    if status == 503:
        response.headers["Retry-After"] = LATER_SECONDS
    return response
