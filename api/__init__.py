"""The third door: shops, by their keys. JSON in, JSON out; no cookie, no session, no form."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, g, request
from flask.blueprints import BlueprintSetupState

from api import gate, refusals
from api.meter import Meter
from invoicing.errors import Refused
from web import problems
from web.problems import Problem
from web.security import csrf

OPEN: Final = ("api.page", "api.document")  # for whoever reads before they have a key

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)  # a key comes in a header, which no other site's page can make a browser send
bp.register_error_handler(Problem, problems.answer)


@bp.record
def _meter(state: BlueprintSetupState) -> None:
    state.app.extensions["api.meter"] = Meter()


@bp.before_request
def _enter() -> None:
    if request.endpoint in OPEN:
        return
    problems.speak()
    g.bearer = gate.enter()


@bp.errorhandler(Refused)
def _refused(refused: Refused) -> Response:
    return problems.answer(refusals.problem_of(refused))


from api import customers, items, orders, page, payments  # noqa: E402, F401 - their views
