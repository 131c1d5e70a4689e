"""What is read about people who may sign in: frozen facts, never rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import EmailProof, Purpose, Role, SignInSession, Stage, User


@dataclass(frozen=True)
class Person:
    """Whoever asks, as pages need to know them."""

    id: int
    email: str
    name: str
    role: Role
    language: str
    wants_digest: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether this user works for the organisation."""
        return self.role is not Role.member


@dataclass(frozen=True)
class Seat:
    """One browser's session, while it lives."""

    id: int
    stage: Stage
    created_at: datetime
    last_seen_at: datetime
    proved_at: datetime
    person: Person

    def is_due(self, now: datetime) -> bool:
        """Whether "last seen" is to be written again: once a minute at most."""
        return now - self.last_seen_at >= rules.SEEN_EVERY


@dataclass(frozen=True)
class OpenLink:
    """A mailed link that still works, and whom it is for."""

    proof_id: int
    purpose: Purpose
    person: Person


def live_seat(session: Session, sid: str, now: datetime) -> Seat | None:
    """The session behind a cookie's secret, if it still counts."""
    query = select(SignInSession).where(SignInSession.sid_hash == sec.digest(sid))
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    user = row.user
    if not rules.is_alive(row.stage, user.is_staff, user.active, row.created_at, row.last_seen_at, now):
        return None
    return Seat(row.id, row.stage, row.created_at, row.last_seen_at, row.proved_at, person(user))


def person(user: User) -> Person:
    """The facts of a row."""
    return Person(user.id, user.email, user.name, user.role, user.language, user.wants_digest)


def active_user(session: Session, email: str, lock: bool = False) -> User | None:
    """The user with this address, however it is spelt, unless disabled; locked if asked."""
    query = select(User).where(User.email == rules.fold_email(email), User.active)
    return session.scalar(query.with_for_update() if lock else query)


def user_by_email(session: Session, email: str) -> User | None:
    """The user with this address, active or not."""
    return session.scalar(select(User).where(User.email == rules.fold_email(email)))


def open_link(session: Session, token: str, purposes: Iterable[Purpose], now: datetime) -> OpenLink | None:
    """The mailed link, if it may still be used by somebody; reads, uses nothing up."""
    found = session.execute(
        select(EmailProof, User).join(User, User.id == EmailProof.user_id)
        .where(EmailProof.link_hash == sec.digest(token), EmailProof.purpose.in_(list(purposes)))
        .where(EmailProof.used_at.is_(None), EmailProof.expires_at > now, User.active)
    ).first()  # fmt: skip
    return OpenLink(found[0].id, found[0].purpose, person(found[1])) if found else None
