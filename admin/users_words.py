"""What the pages of users say: the list's filter, its file, and the history in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from admin import list_words
from admin.access_box import Step, names_of_users
from admin.list_words import Words
from admin.texts import by_whom
from invoicing.accounts import listing
from invoicing.accounts.listing import UserRow, UsersWanted, Which
from invoicing.accounts.models import Role
from invoicing.journal import JournalEntry
from invoicing.sheets import Column, Row
from web.database import now
from web.filters import short_datetime
from web.people import role_name
from web.words import LANGUAGES, _

PARTS: Final = {"membres": Which.members, "desactives": Which.disabled}  # in the address → in the core
Facts = dict[str, list[Any]]
_ACTIONS: Final[dict[str, tuple[str, str, Callable[[Facts], str]]]] = {  # icon, tone, sentence
    "user.added": ("user-plus", "ok", lambda f: _("Compte créé : %(role)s", role=_role(f, 1))),
    "user.invited": ("mail-forward", "", lambda f: _("Invitation envoyée")),
    "user.role_changed": ("key", "", lambda f: _(
        "Rôle changé : %(before)s → %(after)s", before=_role(f, 0), after=_role(f, 1))),
    "user.disabled": ("ban", "warn", lambda f: _("Compte désactivé")),
    "user.enabled": ("lock-open", "ok", lambda f: _("Compte réactivé")),
    "user.renamed": ("pencil", "", lambda f: _("Nom changé")),
    "user.address_changed": ("mail-forward", "warn", lambda f: _("Adresse de connexion changée")),
    "user.session_ended": ("logout", "", lambda f: _("Un appareil déconnecté")),
    "user.sessions_ended": ("logout", "", lambda f: _("Sessions terminées")),
    "user.factor_added": ("shield-check", "ok", lambda f: _("Second facteur ajouté")),
    "user.factor_removed": ("shield-check", "warn", lambda f: _("Second facteur retiré")),
    "user.factors_reset": ("shield-check", "warn", lambda f: _("Second facteur à choisir de nouveau")),
    "user.recovery_codes_made": ("key", "", lambda f: _("Codes de secours faits")),
    "user.recovery_code_used": ("key", "warn", lambda f: _("Code de secours utilisé")),
    "user.password_set": ("lock", "", lambda f: _("Mot de passe choisi")),
}  # fmt: skip


def words() -> Words:
    """The list's address."""
    return list_words.read(request.args, "admin.users", ("q", "partie", "role"), ("nom",), "nom")


def wanted(asked: Words) -> UsersWanted:
    """The same for the core."""
    return UsersWanted(asked.one_of("partie", PARTS) or Which.staff, asked.typed["q"], asked.one_of("role", _roles()))


def _roles() -> dict[str, Role]:
    return {role.value: role for role in Role if role is not Role.member}


def role_filter() -> list[tuple[str, str]]:
    """The roles of staff to choose from, all of them first."""
    return [("", _("Tous")), *((value, role_name(value)) for value in _roles())]


def steps(entries: Sequence[JournalEntry], named: bool) -> tuple[Step, ...]:
    """What was done to accounts, for `timeline`; with whose account it was where several are told together."""
    names = names_of_users(entries)
    return tuple(_step(entry, names, named) for entry in entries)


def _step(entry: JournalEntry, names: Mapping[int, str], named: bool) -> Step:
    icon, tone, say = _ACTIONS.get(entry.action, ("history", "", lambda f: entry.action))
    said, by = say(entry.facts()), by_whom(entry.actor_kind, entry.actor_id, names)
    who = names.get(entry.subject_id or 0) if named else None
    return icon, tone, short_datetime(entry.at), _("%(who)s : %(what)s", who=who, what=said) if who else said, by


def _role(facts: Facts, place: int) -> str:
    value = facts.get("role", [None, None])[place]
    return role_name(value) if value in tuple(Role) else ""


def columns() -> list[Column]:
    """The headings of the file."""
    texts = (_("Nom"), _("Adresse e-mail"), _("Rôle"), _("Langue"), _("Actif"))
    moments = (_("Ajouté le"), _("Dernière connexion"))
    return [
        *map(Column, texts), *(Column(text, "moment") for text in moments),
        Column(_("Second facteur")), Column(_("Sessions"), "whole"), Column(_("Résumé du matin")),
    ]  # fmt: skip


def rows(session: Session, asked: UsersWanted) -> Iterator[Row]:
    """The users that the filter shows."""
    yes, no = _("oui"), _("non")
    for each in listing.every(session, asked, now()):
        user = each.user
        yield (
            user.name, user.email, role_name(user.role), LANGUAGES.get(user.language, user.language),
            yes if user.active else no, user.created_at, user.last_sign_in_at, yes if each.has_second else no,
            each.sessions, yes if wants_digest(each) else no,
        )  # fmt: skip


def wants_digest(row: UserRow) -> bool:
    """Whether the morning's digest really goes to them."""
    return row.user.wants_digest and row.user.is_staff and row.user.active
