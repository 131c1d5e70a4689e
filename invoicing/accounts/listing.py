"""The list of people who may sign in, for administrators: a filter, one page of them or all, and their history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from invoicing.accounts import rules
from invoicing.accounts.models import EmailProof, Passkey, Purpose, Role, SignInSession, Stage, User
from invoicing.errors import NotFound
from invoicing.journal import JournalEntry
from invoicing.keyset import beyond

PAGE: Final = 50
AT_ONCE: Final = 500
OWN_DOING: Final = ("user.signed_in", "user.signed_out")  # not what somebody did to an account


class Which(StrEnum):
    """The parts of the list: who works here, members, whoever is shut out."""

    staff = "staff"
    members = "members"
    disabled = "disabled"


@dataclass(frozen=True)
class UsersWanted:
    """The filter; an empty text leaves nothing out."""

    which: Which = Which.staff
    query: str = ""
    role: Role | None = None


@dataclass(frozen=True)
class UserRow:
    """One user as the list shows them; `invited_until` of an invitation that still waits to be used."""

    user: User
    has_second: bool
    sessions: int
    invited_until: datetime | None


@dataclass(frozen=True)
class UsersPage:
    """One page, and whether there are users before and after it."""

    rows: tuple[UserRow, ...]
    before: bool
    after: bool


def page(
    session: Session, wanted: UsersWanted, now: datetime, cursor: int | None = None, backwards: bool = False
) -> UsersPage:
    """The page after (or before) the user with this number; the first one where there is none."""
    key = session.get(User, cursor) if cursor is not None else None
    backwards = backwards and key is not None
    found: Sequence[User] = session.scalars(_ordered(select(User), wanted, key, backwards).limit(PAGE + 1)).all()
    if backwards and len(found) <= PAGE:
        return page(session, wanted, now)
    shown = found[:PAGE][::-1] if backwards else found[:PAGE]
    rows = tuple(rows_of(session, shown, now))
    if backwards:
        return UsersPage(rows, before=True, after=True)
    return UsersPage(rows, before=key is not None, after=len(found) > PAGE)


def counts(session: Session, wanted: UsersWanted) -> dict[Which, int]:
    """How many each part of the list holds, as far as the text leaves them."""
    text = tuple(_said(wanted.query))
    query = select(func.count(User.id)).where(*text)
    return {which: session.scalar(query.where(*_in(which))) or 0 for which in Which}


def every(session: Session, wanted: UsersWanted, now: datetime) -> Iterator[UserRow]:
    """All of them, in their order, however many."""
    query = _ordered(select(User.id), wanted, None, False).execution_options(yield_per=AT_ONCE)
    for some in session.scalars(query).partitions(AT_ONCE):
        found = {user.id: user for user in session.scalars(select(User).where(User.id.in_(some)))}
        yield from rows_of(session, [found[number] for number in some], now)
        session.expunge_all()


def row(session: Session, user_id: int, now: datetime) -> UserRow:
    """One user; NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound
    return rows_of(session, [user], now)[0]


def rows_of(session: Session, users: Sequence[User], now: datetime) -> list[UserRow]:
    """The same users with what belongs to each, read for all of them at once."""
    ids, living = [user.id for user in users], dict[int, int]()
    seats = select(SignInSession).where(SignInSession.user_id.in_(ids), SignInSession.stage == Stage.open)
    for seat in session.scalars(seats):
        user = seat.user
        if rules.is_alive(seat.stage, user.is_staff, user.active, seat.created_at, seat.last_seen_at, now):
            living[seat.user_id] = living.get(seat.user_id, 0) + 1
    waits = (EmailProof.purpose == Purpose.invitation, EmailProof.used_at.is_(None), EmailProof.expires_at > now)
    query = select(EmailProof.user_id, func.max(EmailProof.expires_at)).where(EmailProof.user_id.in_(ids), *waits)
    invited: dict[int | None, datetime] = dict(session.execute(query.group_by(EmailProof.user_id)).all())
    keyed = set(session.scalars(select(Passkey.user_id).where(Passkey.user_id.in_(ids))))
    return [UserRow(user, user.totp_secret is not None or user.id in keyed, living.get(user.id, 0),
                    invited.get(user.id)) for user in users]  # fmt: skip


def history(session: Session, user_id: int | None = None, most: int = 30) -> Sequence[JournalEntry]:
    """What was done to one account, or to any of them, newest first."""
    query = select(JournalEntry).where(JournalEntry.subject_kind == "user", JournalEntry.action.not_in(OWN_DOING))
    if user_id is not None:
        query = query.where(JournalEntry.subject_id == user_id)
    return session.scalars(query.order_by(JournalEntry.position.desc()).limit(most)).all()


def _ordered(query: Select[Any], wanted: UsersWanted, key: User | None, backwards: bool) -> Select[Any]:
    query = query.where(*_in(wanted.which), *_said(wanted.query))
    if wanted.role is not None:
        query = query.where(User.role == wanted.role)
    if key is not None:
        query = query.where(beyond((User.name, User.id), (key.name, key.id), backwards))
    return query.order_by(*(each.desc() if backwards else each.asc() for each in (User.name, User.id)))


def _in(which: Which) -> tuple[ColumnElement[bool], ...]:
    if which is Which.disabled:
        return (User.active.is_(False),)
    works_here = User.role != Role.member
    return (User.active.is_(True), works_here if which is Which.staff else ~works_here)


def _said(query: str) -> Iterator[ColumnElement[bool]]:
    """Each word is part of the name or of the address."""
    for word in query.split():
        yield or_(User.name.icontains(word, autoescape=True), User.email.icontains(word, autoescape=True))
