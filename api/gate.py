"""Who speaks: a key in the Authorization header, what it may do, how often it calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from flask import current_app, g, request

from api.meter import Meter
from invoicing.accounts import limits, rules
from invoicing.database import UNWRITTEN
from invoicing.journal import Actor, ActorKind
from invoicing.shop import keys
from invoicing.shop.keys import Bearer, Scope
from web.database import db, now, transaction
from web.problems import Problem
from web.services import services
from web.sessions import hurried
from web.words import _

REALM: Final = 'Bearer realm="Lettrine"'


def enter() -> Bearer:
    """The shop that asks; ends the request with 401, 403 (its shop is closed) or 429 otherwise."""
    scheme, _blank, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        detail = _("Il manque la clé : envoyez l’en-tête Authorization, « Bearer ltr_… ».")
        raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": REALM})
    found = keys.bearer(db.session, key.strip())
    if found is None:
        raise _wrong()
    if not found.is_open:
        detail = _("Cette boutique est fermée : elle ne prend plus rien. Rien n’a été changé.")
        raise Problem(403, "shop-closed", detail)
    meter: Meter = current_app.extensions["api.meter"]
    if seconds := meter.call(found.key_id, services().settings.api_calls_per_minute, now()):
        raise _too_many(seconds)
    _note(found)
    return found


def _wrong() -> Problem:
    """A key that opens nothing: counted by address, until that is too often."""
    who, most, moment = {"address": request.remote_addr or ""}, services().settings.api_wrong_keys, now()
    if limits.tried(db.session, "api_key", who, moment) >= most:
        return _too_many(rules.seconds_left(moment, rules.LIMITS["api_key"][0].seconds))
    try:
        with transaction() as session:
            limits.count_try(session, "api_key", who, most, moment)
    except UNWRITTEN:
        pass  # the database is busy: this one isn't counted
    detail = _("Cette clé n’ouvre rien : elle est inconnue, ou elle a été retirée.")
    header = f'{REALM}, error="invalid_token"'
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": header})


def _too_many(seconds: int) -> Problem:
    detail = _("Trop de demandes : attendez %(seconds)s secondes. Rien n’a été changé.", seconds=seconds)
    return Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})


def _note(found: Bearer) -> None:
    """Writes down that the key is in use, once a minute, where that is no trouble."""
    moment = now()
    if request.method == "HEAD" or (found.used_at and found.used_at >= moment - keys.NOTED_EVERY):
        return
    try:
        with hurried() as session:
            keys.note_use(session, found.key_id, moment)
    except UNWRITTEN:
        pass


def shop() -> Bearer:
    """Who was let in."""
    return cast(Bearer, g.bearer)


def actor() -> Actor:
    """The shop as the one who acts."""
    return Actor(ActorKind.shop, shop().shop_id)


View = Callable[[], Any]


def needs(scope: Scope) -> Callable[[View], View]:
    """Lets a key in that may do this; the others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded() -> Any:
            check(scope)
            return view()

        return guarded

    return decorate


def check(scope: Scope) -> None:
    """Ends the request with 403 where the key may not do this."""
    if scope not in shop().scopes:
        header = f'{REALM}, error="insufficient_scope", scope="{scope.value}"'
        detail = _("Cette clé n’a pas le droit « %(scope)s ».", scope=scope.value)
        raise Problem(403, "forbidden", detail, headers={"WWW-Authenticate": header})
