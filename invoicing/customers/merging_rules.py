"""Decisions about merging two records of one customer: pure. The survivor stays, the duplicate goes into it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from invoicing.accounts.models import User
from invoicing.customers.models import Customer
from invoicing.customers.rules import OwnAccess
from invoicing.errors import Fault, FieldFaults, Refused, Stale
from invoicing.journal import canonical

_ALONE: Final = ("email", "phone", "siren", "vat_number", "seller_id")  # each filled by itself
_ADDRESS: Final = ("street", "postcode", "city", "province", "country")  # filled as a whole, or not at all
_NAMES: Final = {"person": ("organisation_name",), "organisation": ("first_name", "last_name")}


@dataclass(eq=False)
class SameRecord(Refused):
    """A record isn't merged with itself."""

    customer_id: int


@dataclass(frozen=True)
class Person:
    """A user with a right to one of the records, or both; `may_stay` is false for whoever would serve themselves."""

    user: User
    sees_survivor: bool
    sees_duplicate: bool
    may_stay: bool


@dataclass(frozen=True)
class MergeWish:
    """What the form says: what it was drawn from, the member number, who sees the invoices from now on."""

    shown: str
    fill: bool = False
    member_number: str = ""
    user_ids: frozenset[int] = frozenset()


def fills(survivor: Customer, duplicate: Customer) -> dict[str, Any]:
    """What is empty on the survivor and not on the duplicate, with its value; an address comes whole."""
    names = _NAMES[survivor.kind.value] if survivor.kind is duplicate.kind else ()
    found = {name: getattr(duplicate, name) for name in (*names, *_ALONE)
             if not getattr(survivor, name) and getattr(duplicate, name)}  # fmt: skip
    if not any(getattr(survivor, name) for name in _ADDRESS[:3]) and any(getattr(duplicate, n) for n in _ADDRESS[:3]):
        found |= {name: getattr(duplicate, name) for name in _ADDRESS}
    return found


def numbers(survivor: Customer, duplicate: Customer) -> tuple[str, ...]:
    """The member numbers that there are to choose from, the survivor's first."""
    return tuple(number for number in (survivor.member_number, duplicate.member_number) if number)


def people(survivor: Customer, duplicate: Customer, actor_id: int | None) -> list[Person]:
    """Everybody with a right to one of the two, those of the survivor first; nobody gives themselves a right."""
    kept = {access.user_id: access.user for access in survivor.access}
    gone = {access.user_id: access.user for access in duplicate.access}
    return [
        Person(user, user_id in kept, user_id in gone, user_id != actor_id or (user_id in kept and user_id in gone))
        for user_id, user in {**kept, **gone}.items()
    ]


def suggested(there: Sequence[Person], actor_id: int | None) -> frozenset[int]:
    """Who is ticked at first: those of the survivor; where it has nobody, those of the duplicate, never the actor."""
    own = frozenset(person.user.id for person in there if person.sees_survivor)
    return own or frozenset(person.user.id for person in there if person.may_stay and person.user.id != actor_id)


def fingerprint(survivor: Customer, duplicate: Customer) -> str:
    """What a form was drawn from: any change of the records, or of who sees them, makes another."""
    facts = [[each.id, each.revision, each.standing, each.member_number, sorted(a.user_id for a in each.access)]
             for each in (survivor, duplicate)]  # fmt: skip
    return hashlib.sha256(canonical(facts).encode()).hexdigest()[:32]


def check(survivor: Customer, duplicate: Customer, wish: MergeWish, actor_id: int | None) -> str | None:
    """The member number that stays; refuses a stale form, a number that is none of the two's, a right for oneself."""
    if wish.shown != fingerprint(survivor, duplicate):
        raise Stale
    there = people(survivor, duplicate, actor_id)
    if not wish.user_ids <= {person.user.id for person in there}:
        raise Stale
    if any(person.user.id in wish.user_ids and not person.may_stay for person in there):
        raise OwnAccess
    return _number(numbers(survivor, duplicate), wish.member_number)


def _number(offered: Sequence[str], wanted: str) -> str | None:
    if len(offered) < 2:
        return next(iter(offered), None)
    if wanted not in offered:
        raise FieldFaults([Fault("member_number", "choose")])
    return wanted
