"""What administrators do to people who may sign in: role, shut out and let in again, signed out everywhere.

Nobody does it to themselves, and one administrator who can sign in always stays: their rows are locked in one order.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts import proofs, service
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import Purpose, Role, SignInSession, User
from invoicing.errors import NotFound, Refused
from invoicing.journal import Actor


class OwnAccount(Refused):
    """Nobody changes their own role, or shuts themselves out."""


class LastAdmin(Refused):
    """Without this one nobody could administer the installation any more."""


def invite_user(
    session: Session, actor: Actor, now: datetime, email: str, role: Role, name: str, language: str, post: sec.Post
) -> User:
    """A new user, and their invitation. Raises BadAddress, UserExists."""
    user = service.add_user(session, actor, now, email, role, name, language)
    service.invite(session, actor, now, user.id, post)
    return user


def change_role(session: Session, actor: Actor, now: datetime, user_id: int, role: Role) -> User:
    """Another role; whoever gets one signs in anew, with what that role asks for. Twice is once.

    A change of address that waits for its link is given up: a member's may not become staff's.

    Refuses NotFound, OwnAccount, LastAdmin.
    """
    admins, user = _locked(session, user_id)
    if user.role is role:
        return user
    _check(actor, user, admins)
    before, user.role = user.role, role
    if role is Role.member:
        user.wants_digest = False
    session.flush()
    service.end_sessions(session, user_id)
    proofs.kill(session, user_id, now, Purpose.new_address)
    journal.record(session, actor, now, "user.role_changed", ("user", user_id), {"role": (before, role)})
    return user


def set_active(session: Session, actor: Actor, now: datetime, user_id: int, active: bool) -> User:
    """Shuts a user out at their next request, or lets them in again. Refuses NotFound, OwnAccount, LastAdmin."""
    admins, user = _locked(session, user_id)
    if user.active and not active:
        _check(actor, user, admins)
    return service.set_active(session, actor, now, user_id, active)


def sign_out(session: Session, actor: Actor, now: datetime, user_id: int, but: int | None = None) -> int:
    """Ends every session of a user (but one of them); how many there were. Raises NotFound.

    A change of address that waits for its link is given up: a stranger at one of them may have asked for it.
    """
    if session.get(User, user_id) is None:
        raise NotFound
    theirs = delete(SignInSession).where(SignInSession.user_id == user_id)
    if but is not None:
        theirs = theirs.where(SignInSession.id != but)
    ended = len(session.scalars(theirs.returning(SignInSession.id)).all())
    proofs.kill(session, user_id, now, Purpose.new_address)
    if ended:
        journal.record(session, actor, now, "user.sessions_ended", ("user", user_id), {"sessions": (ended, 0)})
    return ended


def _check(actor: Actor, user: User, admins: set[int]) -> None:
    """Not oneself, and not the last one."""
    if actor.account_id == user.id:
        raise OwnAccount
    if admins == {user.id}:
        raise LastAdmin


def _locked(session: Session, user_id: int) -> tuple[set[int], User]:
    """The administrators who can sign in, all locked, so that of two who demote each other one stays; and the user."""
    session.flush()
    query = select(User).where(User.role == Role.admin, User.active).order_by(User.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    admins = {user.id for user in session.scalars(query)}
    found = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return admins, found
