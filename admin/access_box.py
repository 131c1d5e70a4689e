"""The member zone's part of a customer's record: who sees the invoices, since when and by whose word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from admin.texts import by_whom
from invoicing.accounts.models import User
from invoicing.customers import inviting, queries
from invoicing.customers.access import everybody
from invoicing.customers.models import AccessRight, Customer, CustomerAccess, CustomerKind
from invoicing.journal import ActorKind, JournalEntry
from web.database import db
from web.filters import short_datetime
from web.people import WHYS, right_choices, right_name
from web.words import LANGUAGES, _

Step = tuple[str, str, str, str, str]  # for `timeline`: icon, tone, when, what, by whom and why
_PICTURES: Final = {"given": ("user-plus", "ok"), "changed": ("key", ""), "withdrawn": ("unlink", "warn")}


@dataclass(frozen=True)
class Asked:
    """The form that gives access, as typed; `offers` an account to be made where nobody has the address."""

    email: str = ""
    right: str = AccessRight.sees
    language: str = ""
    offers: bool = False
    creates: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seer:
    """Somebody who sees the invoices; `waits`: has never signed in."""

    access: CustomerAccess
    waits: bool


@dataclass(frozen=True)
class Zone:
    """What the box shows."""

    people: tuple[Seer, ...]
    asked: Asked
    has_rights: bool  # an organisation has people to manage
    rights: Sequence[tuple[str, str, str]]
    languages: Sequence[tuple[str, str]]
    history: tuple[Step, ...]


def zone_of(customer: Customer, asked: Asked | None) -> Zone:
    """The box of one customer; a contact has nobody."""
    people = tuple(Seer(each, inviting.has_never_come(each.user)) for each in everybody(db.session, customer.id))
    return Zone(
        people, asked or Asked(), customer.kind is CustomerKind.organisation, right_choices(),
        list(LANGUAGES.items()), history(customer.id),
    )  # fmt: skip


def history(customer_id: int) -> tuple[Step, ...]:
    """Who was given access and who lost it, newest first."""
    entries = queries.access_history(db.session, customer_id)
    names = names_of_users(entries)
    return tuple(_step(entry, names) for entry in entries)


def names_of_users(entries: Sequence[JournalEntry]) -> dict[int, str]:
    """User → name, or address where there is none: of those who acted, and of those whom it was about."""
    ids = {entry.actor_id for entry in entries if entry.actor_kind is ActorKind.user}
    for entry in entries:
        ids |= {entry.subject_id} if entry.subject_kind == "user" else set(entry.facts().get("user", ()))
    users = db.session.scalars(select(User).where(User.id.in_(ids - {None}))) if ids else ()
    return {user.id: user.name or user.email for user in users}


def _step(entry: JournalEntry, names: Mapping[int, str]) -> Step:
    facts, verb = entry.facts(), entry.action.removeprefix("customer.access_")
    icon, tone = _PICTURES.get(verb, ("history", ""))
    by = by_whom(entry.actor_kind, entry.actor_id, names)
    told = facts.get("why", (None, None))[1]
    why = WHYS.get(told) if told else None
    more = _("%(by)s : %(reason)s", by=by, reason=_(why)) if why else by
    return icon, tone, short_datetime(entry.at), _said(verb, facts, names), more


def _said(verb: str, facts: Mapping[str, Sequence[Any]], names: Mapping[int, str]) -> str:
    before, after = facts.get("user", (None, None))
    who = names.get(after or before) or _("une personne dont le compte n’existe plus")
    right = right_name(facts.get("right", (None, None))[1] or AccessRight.sees)
    if verb == "withdrawn":
        return _("Accès retiré : %(who)s", who=who)
    if verb == "changed":
        return _("Droit changé : %(who)s, %(right)s", who=who, right=right[0].lower() + right[1:])
    return _("Accès donné : %(who)s, %(right)s", who=who, right=right[0].lower() + right[1:])
