"""What happens to people who may sign in: made, invited, given a password, shut out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts import devices, happenings, limits, opening, proofs, queries, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import EmailProof, PasskeyChallenge, Purpose, Role, SignInSession, Stage, User
from invoicing.accounts.opening import Opened
from invoicing.accounts.opening import end_sessions as end_sessions
from invoicing.accounts.rules import PasswordUnfit, Proof, UserDisabled, UserExists, WrongProof
from invoicing.database import changed_one
from invoicing.delivery.service import checked_address
from invoicing.errors import NotFound
from invoicing.journal import Actor, ActorKind
from invoicing.text import clean

PASSWORD_LINKS = (Purpose.reset, Purpose.invitation)


@dataclass(frozen=True)
class Checked:
    """A password that was right; `seen_hash` is what it was compared with, `new_hash` replaces it if not None."""

    user_id: int
    seen_hash: str
    new_hash: str | None


def add_user(
    session: Session, actor: Actor, now: datetime, email: str, role: Role, name: str = "", language: str = "fr_FR"
) -> User:
    """A new user without a password: nobody signs in before an invitation is used. Raises BadAddress, UserExists."""
    email = rules.fold_email(checked_address(rules.fold_email(email)))
    user = User(email=email, role=role, name=clean(name)[:120], language=language, active=True,
                passkey_handle=os.urandom(32), created_at=now)  # fmt: skip
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        known = session.scalar(select(User.id).where(User.email == email))
        if known is None:
            raise
        raise UserExists(known) from None
    journal.record(session, actor, now, "user.added", ("user", user.id), {"role": (None, role)})
    return user


def invite(
    session: Session, actor: Actor, now: datetime, user_id: int, post: sec.Post, customer_id: int | None = None
) -> str:
    """Queues an invitation and returns its link; earlier ones no longer work. Raises NotFound, UserDisabled.

    It names the customer whose invoices are to be seen, and who gave the right.
    """
    user = _get(session, user_id)
    if not user.active:
        raise UserDisabled(user_id)
    link = proofs.mail(session, user, Purpose.invitation, post, now, customer_id=customer_id)
    journal.record(session, actor, now, "user.invited", ("user", user.id))
    return link


def set_active(session: Session, actor: Actor, now: datetime, user_id: int, active: bool) -> User:
    """Shuts a user out at their next request, or lets them in again; said twice it is done once."""
    user = _get(session, user_id)
    if user.active != active:
        user.active = active
        session.flush()
        if not active:
            end_sessions(session, user_id)
            proofs.kill(session, user_id, now)
        verb = "enabled" if active else "disabled"
        journal.record(session, actor, now, f"user.{verb}", ("user", user_id), {"active": (not active, active)})
    return user


def set_language(session: Session, user_id: int, language: str) -> None:
    """What language a user reads: their own taste, so it leaves no trace."""
    session.execute(update(User).where(User.id == user_id).values(language=language))


def check_password(session: Session, email: str, password: str) -> Checked:
    """Reads only, and slow on purpose: call it before the transaction. Raises WrongProof.

    Costs the same for an unknown address, a disabled user, and one without a password.
    """
    user = queries.active_user(session, email)
    stored = user.password_hash if user else None
    if not sec.password_matches(stored, password) or user is None or stored is None:
        raise WrongProof
    return Checked(user.id, stored, sec.hash_password(password) if sec.needs_rehash(stored) else None)


def fit_hash(password: str, email: str = "", organisation: str = "") -> str:
    """The hash of a fit password; slow on purpose, call it before the transaction. Raises PasswordUnfit."""
    if fault := rules.password_fault(password, sec.common_passwords(), email, organisation):
        raise PasswordUnfit(fault)
    return sec.hash_password(password)


def set_password(session: Session, actor: Actor, now: datetime, user_id: int, password_hash: str) -> None:
    """Ends every session and every mailed link of the user, whose devices are unknown again; signs nobody in."""
    if not changed_one(session, update(User).where(User.id == user_id).values(password_hash=password_hash)):
        raise NotFound
    end_sessions(session, user_id)
    proofs.kill(session, user_id, now)
    devices.forget(session, user_id)
    journal.record(session, actor, now, "user.password_set", ("user", user_id))
    happenings.tell(session, now, user_id, Happening.password_set)


def mail_reset(session: Session, now: datetime, email: str, post: sec.Post) -> None:
    """Queues a link to a new password; for an unknown address a decoy is written, and nothing is queued."""
    proofs.mail(session, queries.active_user(session, email, lock=True), Purpose.reset, post, now)


def peek_link(session: Session, token: str, now: datetime) -> queries.OpenLink:
    """A link to a new password that still works; uses nothing up. Raises WrongProof."""
    return proofs.peek(session, token, PASSWORD_LINKS, now)


def use_link(session: Session, now: datetime, token: str, password_hash: str) -> queries.OpenLink:
    """Sets the password, once: of several at the same moment one wins. Raises WrongProof."""
    found = peek_link(session, token, now)
    proofs.spend(session, found.proof_id, found.person.id, now)
    set_password(session, Actor(ActorKind.user, found.person.id), now, found.person.id, password_hash)
    return found


def open_session(
    session: Session, now: datetime, checked: Checked, user_agent: str, instead_of: int | None = None
) -> Opened:
    """A session of whoever's password was right. Raises WrongProof if things changed meanwhile."""
    user = session.get(User, checked.user_id, with_for_update=True, populate_existing=True)
    if user is None or user.password_hash != checked.seen_hash:
        raise WrongProof
    user.password_hash = checked.new_hash or user.password_hash
    session.flush()
    return opening.open_seat(session, now, checked.user_id, frozenset({Proof.password}), user_agent, instead_of)


def touch_session(session: Session, session_id: int, now: datetime) -> None:
    """Notes when a browser was last seen."""
    session.execute(update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=now))


def end_session(session: Session, now: datetime, user_id: int, session_id: int) -> None:
    """Signs one browser out; a foreign number ends nothing."""
    own = (SignInSession.id == session_id) & (SignInSession.user_id == user_id)
    if changed_one(session, delete(SignInSession).where(own)):
        journal.record(session, Actor(ActorKind.user, user_id), now, "user.signed_out", ("user", user_id))


def purge(session: Session, now: datetime) -> None:
    """Removes what no longer means anything: dead links, sessions and challenges, counters of past windows."""
    session.execute(delete(EmailProof).where(EmailProof.expires_at < now - rules.LIFETIME[Purpose.invitation]))
    session.execute(delete(SignInSession).where(_is_over(now)))
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
    limits.purge(session, now)


def _is_over(now: datetime) -> ColumnElement[bool]:
    """Sessions that nothing opens any more, as `rules.is_alive` has it."""
    staff = SignInSession.user_id.in_(select(User.id).where(User.role != Role.member))
    half = (SignInSession.stage != Stage.open) & (SignInSession.created_at <= now - rules.HALF_OPEN)
    old = or_(
        SignInSession.last_seen_at <= now - rules.IDLE[False], SignInSession.created_at <= now - rules.ABSOLUTE[False],
        staff & (SignInSession.last_seen_at <= now - rules.IDLE[True]),
        staff & (SignInSession.created_at <= now - rules.ABSOLUTE[True]),
    )  # fmt: skip
    return or_(half, old)


def _get(session: Session, user_id: int) -> User:
    """The user, locked; NotFound otherwise."""
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound
    return user
