"""Another address for one's own account: proved by a link to it, told to the old one; links hang on the user alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts import devices, happenings, opening, proofs, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import EmailProof, Purpose, User
from invoicing.accounts.profile import Seat
from invoicing.accounts.queries import Person, person
from invoicing.accounts.rules import UserExists, WrongProof
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.rules import BadAddress, checked_address
from invoicing.delivery.service import Outgoing, queue
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.journal import Actor, ActorKind


@dataclass(frozen=True)
class Asked:
    """A change that waits for its link to be used."""

    address: str
    expires_at: datetime


@dataclass(frozen=True)
class Proved:
    """A link that still works: whose account it is, and the address that it becomes."""

    proof_id: int
    person: Person
    address: str


def ask(session: Session, now: datetime, user_id: int, typed: str, post: sec.Post) -> Asked:
    """Mails a link to the new address; an earlier one no longer works. Nothing changes yet.

    Whether somebody else has the address is not told here: only who reads its mail learns it, from the link's page.
    Raises FieldFaults, NotFound.
    """
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound
    address = checked(typed, user.email)
    proofs.kill(session, user_id, now, Purpose.new_address)
    token, expires_at = sec.new_token(), now + rules.LIFETIME[Purpose.new_address]
    session.add(EmailProof(purpose=Purpose.new_address, user_id=user_id, link_hash=sec.digest(token),
                           address=address, expires_at=expires_at))  # fmt: skip
    session.flush()
    sealed = post.sealer.seal({"link": post.link_base + token})
    queue(session, Outgoing(DeliveryKind.new_address, address, user.language, user_id=user_id, sealed=sealed,
                            expires_at=expires_at), now, post.domain)  # fmt: skip
    return Asked(address, expires_at)


def checked(typed: str, present: str) -> str:
    """The address as it is stored; FieldFaults for what is none, and for the one that it is already."""
    folded = rules.fold_email(typed)
    if not folded:
        raise FieldFaults([Fault("email", "required")])
    try:
        address = rules.fold_email(checked_address(folded))
    except BadAddress:
        raise FieldFaults([Fault("email", "bad_email", {"value": typed})]) from None
    if address == present:
        raise FieldFaults([Fault("email", "own_address")])
    return address


def waiting(session: Session, user_id: int, now: datetime) -> Asked | None:
    """The change that waits for its link, if there is one."""
    query = select(EmailProof.address, EmailProof.expires_at).where(*_open(now), EmailProof.user_id == user_id)
    found = session.execute(query).first()
    return Asked(found[0] or "", found[1]) if found else None


def give_up(session: Session, now: datetime, user_id: int) -> None:
    """The link no longer works, whether its mail has left or not."""
    proofs.kill(session, user_id, now, Purpose.new_address)


def peek(session: Session, token: str, now: datetime) -> Proved:
    """The link, if it still works; reads only, uses nothing up. Raises WrongProof."""
    query = select(EmailProof, User).join(User, User.id == EmailProof.user_id).where(*_open(now), User.active)
    found = session.execute(query.where(EmailProof.link_hash == sec.digest(token))).first()
    if found is None or not found[0].address:
        raise WrongProof
    return Proved(found[0].id, person(found[1]), found[0].address)


def use(session: Session, now: datetime, token: str, seat: Seat | None) -> Proved:
    """The account has the new address, once: of several at the same moment one wins.

    Every mailed link dies (those to the old address above all), and every session but that of `seat`, if it is the
    same user's. The old address is told. Raises WrongProof, and UserExists where somebody else has the address, which
    leaves the link as it was.
    """
    proved = peek(session, token, now)
    proofs.spend(session, proved.proof_id, proved.person.id, now)
    user_id, old = proved.person.id, proved.person.email
    _rename(session, user_id, proved.address)
    own = seat if seat and seat.user_id == user_id else None
    opening.end_sessions(session, user_id, but=own.session_id if own else None)
    proofs.kill(session, user_id, now)
    devices.forget(session, user_id, but=own.device if own else "")
    journal.record(session, Actor(ActorKind.user, user_id), now, "user.address_changed", ("user", user_id))
    happenings.tell(session, now, user_id, Happening.address_changed, to=old)
    return proved


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (EmailProof.purpose == Purpose.new_address, EmailProof.used_at.is_(None), EmailProof.expires_at > now)


def _rename(session: Session, user_id: int, address: str) -> None:
    """The address is unique: the database says who has it. Raises UserExists."""
    try:
        with session.begin_nested():
            session.execute(update(User).where(User.id == user_id).values(email=address))
    except IntegrityError:
        known = session.scalar(select(User.id).where(User.email == address))
        if known is None:
            raise
        raise UserExists(known) from None
