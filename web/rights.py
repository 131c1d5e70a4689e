"""Who may do what (SPEC A): the table, the guard of a blueprint, the guard of a view."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort, flash, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from invoicing.accounts.models import Role
from web import waiting
from web.security import own_path
from web.words import _

P = ParamSpec("P")
R = TypeVar("R")


class Right(StrEnum):
    """What a page or a button asks for."""

    see = "see"  # every list, invoice, customer, tax, trace, delivery; exports
    customers = "customers"  # add, change, make a member, link users, invite, merge
    invoices = "invoices"  # manual invoices, drafts, credit notes
    payments = "payments"
    letter = "letter"
    deliveries = "deliveries"  # retry, send again
    catalogues = "catalogues"
    shops = "shops"
    taxes = "taxes"
    series = "series"
    settings = "settings"
    users = "users"
    reset = "reset"
    imports = "imports"  # orders
    batches = "batches"  # an accountant's export batch


_READER = frozenset({Right.see})
_SALES = _READER | {Right.customers, Right.invoices, Right.payments, Right.letter, Right.deliveries, Right.catalogues}
RIGHTS = {Role.member: frozenset[Right](), Role.reader: _READER, Role.sales: _SALES, Role.admin: frozenset(Right)}


def may(role: Role, right: str) -> bool:
    """Whether a role has a right; a right that doesn't exist is a ValueError, not a no."""
    return Right(right) in RIGHTS[role]


def require(*rights: str) -> Callable[[], Response | None]:
    """For `bp.before_request`: strangers are sent to sign in; whoever lacks one of the rights gets 403."""
    wanted = [Right(right) for right in rights]

    def guard() -> Response | None:
        if not current_user.is_authenticated:
            return ask_to_sign_in()
        if not all(current_user.may(right) for right in wanted):
            abort(403)
        return None

    return guard


def needs(right: str) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """For one view, form and POST alike, below `@bp.route`: the same answers as `require`."""
    guard = require(right)

    def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            return guard() or view(*args, **kwargs)

        return guarded

    return decorate


def ask_to_sign_in() -> Response:
    """Sends a stranger to sign in, and remembers the page asked for where it can be shown again, or the form."""
    wanted: Any = own_path(request.full_path.rstrip("?"))
    if request.method == "GET" and wanted:
        session["next"] = wanted
    if request.method == "POST" and session.get("sid"):
        flash(
            _("Votre session est terminée, rien n’a été enregistré. Reconnectez-vous : votre formulaire vous attend.")
            if waiting.keep()
            else _("Votre session est terminée, rien n’a été enregistré. Reconnectez-vous, puis recommencez."),
            "info",
        )
    return redirect(url_for("signin.enter"))
