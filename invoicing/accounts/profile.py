"""A person's own account: name, password, what they want to be told of, the browsers that are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts import devices, happenings, opening, proofs, rules
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import Passkey, Purpose, SignInSession, Stage, User
from invoicing.accounts.passkeys import NAME_MAX as KEY_NAME_MAX
from invoicing.accounts.rules import WrongProof
from invoicing.database import changed_one
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.journal import Actor, ActorKind
from invoicing.text import clean

NAME_MAX: Final = 120


@dataclass(frozen=True)
class Profile:
    """What the page of one's own account says."""

    email: str
    name: str
    language: str
    is_staff: bool
    has_password: bool
    wants_digest: bool
    wants_notices: bool
    wants_news: bool


@dataclass(frozen=True)
class Browser:
    """One browser that is signed in: its number, how it named itself, when it came and was last seen."""

    id: int
    agent: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True)
class Seat:
    """Who changes their own account, and where from: the session that stays, the device that stays known."""

    user_id: int
    session_id: int
    device: str = ""

    @property
    def actor(self) -> Actor:
        """The user themself."""
        return Actor(ActorKind.user, self.user_id)


def of(session: Session, user_id: int) -> Profile:
    """The facts of one's own account. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound
    return Profile(user.email, user.name, user.language, user.is_staff, user.password_hash is not None,
                   user.wants_digest, user.wants_notices, user.wants_news)  # fmt: skip


def rename(session: Session, now: datetime, user_id: int, name: str) -> None:
    """Another name, as pages and mails greet this person. Raises FieldFaults, NotFound."""
    name = clean(name)
    if not name:
        raise FieldFaults([Fault("name", "required")])
    if len(name) > NAME_MAX:
        raise FieldFaults([Fault("name", "too_long", {"most": NAME_MAX})])
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound
    if user.name != name:
        user.name = name
        session.flush()
        # names stay out of the journal
        journal.record(session, Actor(ActorKind.user, user_id), now, "user.renamed", ("user", user_id))


def choose_notices(session: Session, user_id: int, wanted: bool) -> None:
    """Whether a sign-in from an unknown device is told of: one's own taste, so it leaves no trace."""
    session.execute(update(User).where(User.id == user_id).values(wants_notices=wanted))


def change_password(session: Session, now: datetime, seat: Seat, seen_hash: str | None, new_hash: str) -> None:
    """A new password in place of the one behind `seen_hash` (None: there was none); this browser alone stays in.

    Every mailed link dies, and it is told by mail. Raises WrongProof where it was changed meanwhile.
    """
    same = User.password_hash.is_(None) if seen_hash is None else User.password_hash == seen_hash
    mine = update(User).where(User.id == seat.user_id, User.active, same).values(password_hash=new_hash)
    if not changed_one(session, mine.execution_options(synchronize_session=False)):
        raise WrongProof
    opening.end_sessions(session, seat.user_id, but=seat.session_id)
    proofs.kill(session, seat.user_id, now)
    devices.forget(session, seat.user_id, but=seat.device)
    journal.record(session, seat.actor, now, "user.password_set", ("user", seat.user_id))
    happenings.tell(session, now, seat.user_id, Happening.password_set)


def browsers(session: Session, user_id: int, now: datetime) -> list[Browser]:
    """Where this user is signed in at this moment, the last seen first."""
    query = select(SignInSession).where(SignInSession.user_id == user_id, SignInSession.stage == Stage.open)
    rows = session.scalars(query.order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc()))
    return [
        Browser(row.id, row.user_agent, row.created_at, row.last_seen_at)
        for row in rows
        if rules.is_alive(row.stage, row.user.is_staff, row.user.active, row.created_at, row.last_seen_at, now)
    ]


def end_browser(session: Session, now: datetime, user_id: int, session_id: int) -> None:
    """Signs one of one's own browsers out. Raises NotFound for a foreign number, which ends nothing.

    A change of address that waits for its link is given up: whoever sat there may have asked for it.
    """
    own = (SignInSession.id == session_id) & (SignInSession.user_id == user_id)
    if not changed_one(session, delete(SignInSession).where(own)):
        raise NotFound
    proofs.kill(session, user_id, now, Purpose.new_address)
    journal.record(session, Actor(ActorKind.user, user_id), now, "user.session_ended", ("user", user_id))


def end_others(session: Session, now: datetime, seat: Seat) -> None:
    """Signs every other browser out, and knows none of their devices any longer; a change of address is given up."""
    opening.end_sessions(session, seat.user_id, but=seat.session_id)
    proofs.kill(session, seat.user_id, now, Purpose.new_address)
    devices.forget(session, seat.user_id, but=seat.device)
    journal.record(session, seat.actor, now, "user.sessions_ended", ("user", seat.user_id))


def name_key(session: Session, user_id: int, passkey_id: int, name: str) -> None:
    """Another name for one of one's own passkeys; an empty one leaves it as it is. Raises NotFound."""
    own = (Passkey.id == passkey_id) & (Passkey.user_id == user_id)
    kept = clean(name)[:KEY_NAME_MAX] or Passkey.name
    if not changed_one(session, update(Passkey).where(own).values(name=kept)):
        raise NotFound
