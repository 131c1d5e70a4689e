"""Refusals and errors as pages. One table says what each refusal means to whoever asked: status and sentence.

A door adds its own with `register(Refusal, status, lambda r: _("…"))` where it is built.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from obstore.exceptions import BaseError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from invoicing.accounts import rules as accounts
from invoicing.delivery import service as delivery
from invoicing.errors import FieldFaults, NotFound, Refused, Stale
from web import problems
from web.database import db
from web.sessions import frame
from web.troubles import Trouble, of_archive, trouble_of
from web.words import _

log = structlog.get_logger("lettrine.errors")
R = TypeVar("R", bound=Refused)
_TABLE: Final[dict[type[Refused], tuple[int, Callable[[Any], str]]]] = {}
_PAGES: Final = (400, 403, 404, 405, 413, 500, 503)
_ENTERING: Final = ("signin.enter", "signin.code", "signin.link", "signin.second_factor", "signin.passkey")
_READING: Final = ("GET", "HEAD", "OPTIONS")


def register(refusal: type[R], status: int, say: Callable[[R], str]) -> None:
    """Says what a refusal, and its children unless they have their own line, means on a page."""
    _TABLE[refusal] = (status, say)


def status_of(refusal: Refused) -> int:
    """The status that fits."""
    return _line(refusal)[0]


def sentence(refusal: Refused) -> str:
    """What to tell, in the language of the moment."""
    return _line(refusal)[1](refusal)


def _line(refusal: Refused) -> tuple[int, Callable[[Any], str]]:
    return next(_TABLE[kind] for kind in type(refusal).__mro__ if kind in _TABLE)


register(Refused, 422, lambda r: _("Ce n’est pas possible ainsi. Rien n’a été changé."))
register(NotFound, 404, lambda r: _("Cette page n’existe pas"))
register(Stale, 409, lambda r: _("Quelqu’un d’autre a changé cela entre-temps. Rechargez la page, puis recommencez."))
register(FieldFaults, 422, lambda r: _("Le formulaire contient des erreurs. Rien n’a été changé."))
register(accounts.TooMany, 429, lambda r: _("Trop d’essais : réessayez plus tard."))
register(accounts.WrongProof, 410, lambda r: _("Ce lien ne sert plus."))
register(accounts.LastFactor, 422, lambda r: _(
    "Qui travaille ici garde un second facteur. Ajoutez-en d’abord un autre. Rien n’a été changé."))  # fmt: skip
register(accounts.PasswordUnfit, 422, lambda r: _("Ce mot de passe est trop court, trop long ou trop connu."))
register(accounts.UserExists, 409, lambda r: _("Un compte a déjà cette adresse."))
register(accounts.UserDisabled, 409, lambda r: _("Ce compte est désactivé."))
register(delivery.BadAddress, 422, lambda r: _("« %(address)s » n’est pas une adresse e-mail.", address=r.address))


def page(status: int, trouble: Trouble | None = None) -> Response:
    """The error page for a status, in the frame of whoever asks; a bare one where not even that can be drawn."""
    if request_ctx.url_adapter is None:  # another host's name: no page of ours can be addressed
        return _bare(status)
    known = status if status in _PAGES else 400 if status < 500 else 500
    try:
        drawn = render_template(f"errors/{known}.html", frame=_frame(status), trouble=trouble)
    except Exception:
        if status < 500:
            raise
        return _bare(status)
    return make_response(drawn, status)


def _frame(status: int) -> str:
    return "gate.html" if status >= 500 else frame()


def _bare(status: int) -> Response:
    return Response(f"{status}\n", status, mimetype="text/plain")


def _refused(refusal: Refused) -> ResponseReturnValue:
    status = status_of(refusal)
    if isinstance(refusal, accounts.TooMany):
        response = make_response(render_template("signin/too_many.html", minutes=-(-refusal.seconds // 60)), status)
        response.headers["Retry-After"] = str(refusal.seconds)
        return response
    if status == 503:  # an archived document that is missing, or isn't what it was
        return _troubled(Trouble.unread, refusal)
    if status in _PAGES:
        return page(status)
    return render_template("errors/refused.html", frame=frame(), sentence=sentence(refusal)), status


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error
    if problems.is_wanted() and request_ctx.url_adapter is not None:
        return problems.of_http(error)
    response = page(error.code or 500)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _csrf(error: CSRFError) -> ResponseReturnValue:
    """A sign-in form sent twice: the first has signed in and changed the token."""
    if request.endpoint in _ENTERING and current_user.is_authenticated:
        return redirect(url_for("site.home"))
    return page(400)


def _database(error: DBAPIError) -> ResponseReturnValue:
    trouble = trouble_of(error, request.method not in _READING)
    if trouble is None:
        raise error
    return _troubled(trouble, error)


def _stored(error: OSError | BaseError) -> ResponseReturnValue:
    trouble = of_archive(error, request.method not in _READING)
    if trouble is None:
        raise error
    return _troubled(trouble, error)


def _troubled(trouble: Trouble, error: Exception) -> Response:
    """Patience, and the truth about what was written; it is tried again by whoever asks again."""
    if trouble is not Trouble.busy:
        log.error("request.troubled", trouble=trouble.value, exc_info=error)
    _calm()
    if problems.is_wanted():
        return problems.of_trouble(trouble)
    response = page(503, trouble)
    response.headers["Retry-After"] = str(problems.RETRY_SECONDS)
    return response


def _broken(error: InternalServerError) -> ResponseReturnValue:
    _calm()
    if problems.is_wanted():
        return problems.of_http(error)
    return page(500)


def _calm() -> None:
    """The session of the failed request is emptied, so that the page may still ask for the organisation's name."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        g.pop("_sqlalchemy_sessions", None)


def init_app(app: Flask) -> None:
    """Registers every handler."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(BaseError, _stored)
    app.register_error_handler(OSError, _stored)
    app.register_error_handler(InternalServerError, _broken)
