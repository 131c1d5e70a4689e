"""Decisions about merging two records of one customer: pure. The survivor stays, the duplicate goes into it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from invoicing.accounts.models import User
from invoicing.customers.models import AccessRight, Customer, CustomerAccess, CustomerKind
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
    """A user with a right to one of the records, or both.

    `may_stay` is false for whoever would serve themselves; `may_manage` also for whoever manages neither.
    """

    user: User
    survivor: AccessRight | None
    duplicate: AccessRight | None
    may_stay: bool
    may_manage: bool

    @property
    def sees_survivor(self) -> bool:
        """Whether they have a right to the record that stays."""
        return self.survivor is not None

    @property
    def sees_duplicate(self) -> bool:
        """Whether they have a right to the other one."""
        return self.duplicate is not None


@dataclass(frozen=True)
class MergeWish:
    """What the form says: what it was drawn from, the member number, who sees and who manages from now on."""

    shown: str
    fill: bool = False
    member_number: str = ""
    user_ids: frozenset[int] = frozenset()
    manager_ids: frozenset[int] = frozenset()

    def right_of(self, user_id: int) -> AccessRight:
        """What somebody who is ticked may do."""
        return AccessRight.manages if user_id in self.manager_ids else AccessRight.sees


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
    kept = {access.user_id: access for access in survivor.access}
    gone = {access.user_id: access for access in duplicate.access}
    has_people = survivor.kind is CustomerKind.organisation
    return [_person(each.user, kept.get(user_id), gone.get(user_id), user_id == actor_id, has_people)
            for user_id, each in {**kept, **gone}.items()]  # fmt: skip


def _person(
    user: User, kept: CustomerAccess | None, gone: CustomerAccess | None, is_actor: bool, has_people: bool
) -> Person:
    manages = [access is not None and access.manages for access in (kept, gone)]
    may_stay = not is_actor or (kept is not None and gone is not None)
    may_manage = has_people and (all(manages) if is_actor else any(manages))
    return Person(user, kept.granted if kept else None, gone.granted if gone else None, may_stay, may_manage)


def suggested(there: Sequence[Person], actor_id: int | None) -> frozenset[int]:
    """Who is ticked at first: those of the survivor; where it has nobody, those of the duplicate, never the actor."""
    own = frozenset(person.user.id for person in there if person.sees_survivor)
    return own or frozenset(person.user.id for person in there if person.may_stay and person.user.id != actor_id)


def suggested_managers(there: Sequence[Person], actor_id: int | None) -> frozenset[int]:
    """Who is ticked to manage at first: likewise, among those who are ticked."""
    ticked = suggested(there, actor_id)
    may = [person for person in there if person.may_manage and person.user.id in ticked]
    own = frozenset(person.user.id for person in may if person.survivor is AccessRight.manages)
    return own or frozenset(person.user.id for person in may if person.user.id != actor_id)


def fingerprint(survivor: Customer, duplicate: Customer) -> str:
    """What a form was drawn from: any change of the records, or of who sees them, makes another."""
    facts = [[each.id, each.revision, each.standing, each.member_number,
              sorted((a.user_id, a.granted.value) for a in each.access)] for each in (survivor, duplicate)]  # fmt: skip
    return hashlib.sha256(canonical(facts).encode()).hexdigest()[:32]


def check(survivor: Customer, duplicate: Customer, wish: MergeWish, actor_id: int | None) -> str | None:
    """The member number that stays; refuses a stale form, a number that is none of the two's, a right for oneself."""
    if wish.shown != fingerprint(survivor, duplicate):
        raise Stale
    _check_people({person.user.id: person for person in people(survivor, duplicate, actor_id)}, wish)
    return _number(numbers(survivor, duplicate), wish.member_number)


def _check_people(there: dict[int, Person], wish: MergeWish) -> None:
    """Only people of the two records, with no more than they had on one of them; nobody serves themselves."""
    if not wish.user_ids <= there.keys() or not wish.manager_ids <= wish.user_ids:
        raise Stale
    if any(not there[user_id].may_stay for user_id in wish.user_ids):
        raise OwnAccess
    for user_id in wish.manager_ids:
        if not there[user_id].may_manage:
            raise OwnAccess if AccessRight.manages in (there[user_id].survivor, there[user_id].duplicate) else Stale


def _number(offered: Sequence[str], wanted: str) -> str | None:
    if len(offered) < 2:
        return next(iter(offered), None)
    if wanted not in offered:
        raise FieldFaults([Fault("member_number", "choose")])
    return wanted
