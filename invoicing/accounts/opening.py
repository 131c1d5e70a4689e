"""Sessions of people who sign in: begun, led one step further, shown fresh proof, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts import happenings, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import Passkey, SignInSession, Stage, User
from invoicing.accounts.rules import Proof, WrongProof
from invoicing.database import changed_one
from invoicing.journal import Actor, ActorKind
from invoicing.text import clean


@dataclass(frozen=True)
class Opened:
    """A session just begun; `sid` is the cookie's secret."""

    sid: str
    stage: Stage
    is_staff: bool
    user_id: int


def open_seat(
    session: Session, now: datetime, user_id: int, proofs: frozenset[Proof], user_agent: str,
    instead_of: int | None = None,
) -> Opened:  # fmt: skip
    """A session with a secret of its own, as far as the proofs lead; the browser's former one ends.

    Raises WrongProof for a user who is shut out or gone.
    """
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or not user.active:
        raise WrongProof
    if instead_of is not None:
        session.execute(delete(SignInSession).where(SignInSession.id == instead_of))
    stage = rules.stage_after(user.is_staff, has_second(session, user_id), proofs)
    sid = sec.new_token()
    agent = clean(user_agent)[:255]
    session.add(SignInSession(sid_hash=sec.digest(sid), user_id=user_id, stage=stage, created_at=now, last_seen_at=now,
                              proved_at=now, user_agent=agent))  # fmt: skip
    if stage is Stage.open:
        user.last_sign_in_at = now
        journal.record(session, Actor(ActorKind.user, user_id), now, "user.signed_in", ("user", user_id))
        happenings.tell(session, now, user_id, Happening.signed_in, user_agent=agent)
    session.flush()
    return Opened(sid, stage, user.is_staff, user_id)


def advance(
    session: Session, now: datetime, user_id: int, half_id: int, proofs: frozenset[Proof], user_agent: str
) -> Opened:
    """A session that was half open, led on by a further proof. Raises WrongProof if it has ended meanwhile."""
    session.get(User, user_id, with_for_update=True)
    half = (SignInSession.id == half_id) & (SignInSession.user_id == user_id) & (SignInSession.stage != Stage.open)
    if not changed_one(session, delete(SignInSession).where(half)):
        raise WrongProof
    return open_seat(session, now, user_id, proofs, user_agent)


def has_second(session: Session, user_id: int) -> bool:
    """Whether the user has a second factor: an application, or a passkey."""
    of_user = select(Passkey.id).where(Passkey.user_id == user_id).exists()
    found = select(User.id).where(User.id == user_id, or_(User.totp_secret.is_not(None), of_user))
    return session.scalar(found) is not None


def prove(session: Session, now: datetime, user_id: int, session_id: int) -> None:
    """Notes that whoever sits there has just shown that it is them. Raises WrongProof if the session has ended."""
    own = (SignInSession.id == session_id) & (SignInSession.user_id == user_id) & (SignInSession.stage == Stage.open)
    if not changed_one(session, update(SignInSession).where(own).values(proved_at=now)):
        raise WrongProof


def end_sessions(session: Session, user_id: int, but: int | None = None) -> None:
    """Signs a user out everywhere, or everywhere else."""
    statement = delete(SignInSession).where(SignInSession.user_id == user_id)
    session.execute(statement if but is None else statement.where(SignInSession.id != but))
