"""How somebody who is signed in shows once more that it is them, before what can't be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import codes, factors, opening, passkeys, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import Purpose, User
from invoicing.accounts.passkeys import Site
from invoicing.accounts.queries import Person, Seat
from invoicing.accounts.rules import Way, WrongProof


def ways_of(session: Session, person: Person) -> tuple[Way, ...]:
    """The ways that are open to this person, the usual one first."""
    found = factors.factors_of(session, person.id)
    has_password = session.scalar(select(User.password_hash).where(User.id == person.id)) is not None
    return rules.ways(person.is_staff, found.has_totp, bool(found.keys), has_password)


def by_totp(session: Session, now: datetime, seat: Seat, code: str, keys: sec.Keys) -> None:
    """With a code of the application. Raises WrongProof."""
    factors.use_totp(session, now, seat.person.id, code, keys)
    opening.prove(session, now, seat.person.id, seat.id)


def by_mail(session: Session, now: datetime, seat: Seat, asked: str, code: str, keys: sec.Keys) -> None:
    """With a code by e-mail, asked for by this browser; count the try before. Raises WrongProof."""
    if codes.use_code(session, now, asked, code, Purpose.confirm, keys.code) != seat.person.id:
        raise WrongProof
    opening.prove(session, now, seat.person.id, seat.id)


def by_passkey(session: Session, now: datetime, seat: Seat, answer: str, browser: str, site: Site) -> None:
    """With one of the person's own keys. Raises WrongProof."""
    if passkeys.use(session, now, answer, browser, site) != seat.person.id:
        raise WrongProof
    opening.prove(session, now, seat.person.id, seat.id)
