"""The switch for who is linked to several customers: in the address, and remembered in this browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

from flask import request, session, url_for

from invoicing.customers.models import Customer
from invoicing.database import ID_MAX
from web.security import text_arg
from web.words import _

ARGUMENT: Final = "client"
ALL: Final = "tous"  # in the address: no longer one of them
_KEPT: Final = "client"  # in the cookie of the session, which ends when somebody signs out


def chosen(customers: Sequence[Customer]) -> Customer | None:
    """The one that the address names, if it is theirs and there are others; remembered from then on."""
    if len(customers) < 2:
        return None
    asked = text_arg(ARGUMENT)
    if asked == ALL:
        if _KEPT in session:
            del session[_KEPT]
        return None
    found = _by_id(customers, asked)
    if found is not None and session.get(_KEPT) != found.id:
        session[_KEPT] = found.id
    return found


def remembered(customers: Sequence[Customer]) -> Customer | None:
    """The one that was chosen last in this browser, while it is still theirs and there are others."""
    return _by_id(customers, str(session.get(_KEPT, ""))) if len(customers) > 1 else None


def address_with_remembered(customers: Sequence[Customer]) -> str | None:
    """This very address with the remembered customer in it, where it names none; else None."""
    if ARGUMENT in request.args or request.endpoint is None:
        return None
    kept = remembered(customers)
    if kept is None:
        return None
    # put together here: `url_for` takes some names (`_scheme`, `_anchor`, `endpoint`) for its own
    asked = urlencode([*request.args.items(multi=True), (ARGUMENT, str(kept.id))])
    return f"{url_for(request.endpoint)}?{asked}"


def _by_id(customers: Sequence[Customer], text: str) -> Customer | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return next((each for each in customers if 0 < number <= ID_MAX and each.id == number), None)


def names(customers: Sequence[Customer]) -> dict[int, str]:
    """Each customer's name; homonyms with what tells them apart."""
    counted = Counter(customer.name for customer in customers)
    told = {c.id: c.name if counted[c.name] == 1 else _told_apart(c, customers) for c in customers}
    twice = {name for name, count in Counter(told.values()).items() if count > 1}
    return {number: f"{name} ({number})" if name in twice else name for number, name in told.items()}


def _told_apart(customer: Customer, customers: Sequence[Customer]) -> str:
    """« Élodie Lefèvre (membre n° 00412) », else with the town, or the e-mail address: what no homonym shares."""
    homonyms = [each for each in customers if each.name == customer.name and each is not customer]
    for what, others in zip(_marks(customer), zip(*map(_marks, homonyms), strict=True), strict=True):
        if what and what not in others:
            return f"{customer.name} ({what})"
    return customer.name


def _marks(customer: Customer) -> Iterator[str]:
    yield _("membre n° %(number)s", number=customer.member_number) if customer.member_number else ""
    yield customer.organisation_name if customer.organisation_name != customer.name else ""
    yield customer.city
    yield customer.email
