"""Second factors: one-time codes of an application (TOTP, RFC 6238), recovery codes, and what somebody has of them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts import devices, happenings, opening, proofs, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import Passkey, RecoveryCode, User
from invoicing.accounts.queries import Person
from invoicing.accounts.rules import LastFactor, WrongProof
from invoicing.database import changed_one
from invoicing.errors import NotFound
from invoicing.journal import Actor, ActorKind

STEP: Final = 30  # seconds
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere in the core


@dataclass(frozen=True)
class Key:
    """A passkey, as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What somebody has beside a password or a mailbox."""

    has_totp: bool
    keys: tuple[Key, ...]
    codes_left: int

    @property
    def has_second(self) -> bool:
        """Whether a sign-in asks for more than the first factor."""
        return self.has_totp or bool(self.keys)


@dataclass(frozen=True)
class SetUp:
    """A secret that was shown and isn't taken yet: `uri` for the QR code, `sealed` for the form's hidden field."""

    secret: str
    uri: str
    sealed: str


def factors_of(session: Session, user_id: int) -> Factors:
    """What the user has; passkeys in the order in which they were made."""
    secret = session.scalar(select(User.totp_secret).where(User.id == user_id))
    columns = (Passkey.id, Passkey.name, Passkey.created_at, Passkey.last_used_at)
    rows = session.execute(select(*columns).where(Passkey.user_id == user_id).order_by(Passkey.id))
    left = session.scalar(select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id))
    return Factors(secret is not None, tuple(Key(*row) for row in rows), left or 0)


def begin_totp(person: Person, issuer: str, keys: sec.Keys, now: datetime) -> SetUp:
    """A new secret for this person's application; nothing is written before a code of it comes back."""
    return _set_up(person, issuer, keys, pyotp.random_base32(), now)


def resume_totp(person: Person, issuer: str, keys: sec.Keys, sealed: str, now: datetime) -> SetUp:
    """The secret of a form that came back. Raises WrongProof where it is altered, another's, or too old."""
    try:
        found = keys.sealer.unseal(sealed)
        begun = datetime.fromisoformat(found["begun"])
        if found["user"] != str(person.id) or not timedelta(0) <= now - begun < rules.SET_UP:
            raise WrongProof
        return _set_up(person, issuer, keys, found["totp"], begun)
    except (sec.Unreadable, KeyError, ValueError):
        raise WrongProof from None


def _set_up(person: Person, issuer: str, keys: sec.Keys, secret: str, begun: datetime) -> SetUp:
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=issuer)
    value = {"totp": secret, "user": str(person.id), "begun": begun.isoformat()}
    return SetUp(secret, uri, keys.sealer.seal(value))


def enrol_totp(
    session: Session, actor: Actor, now: datetime, user_id: int, secret: str, code: str, keys: sec.Keys,
    first: bool = False,
) -> None:  # fmt: skip
    """Takes an application's secret, in place of a former one, once a code of it is right. Raises WrongProof, NotFound.

    The secret that is there already is taken again in silence: the form was sent twice.
    `first` for a session that isn't open: whoever has a factor by now doesn't get another one this way.
    """
    locked(session, user_id)
    if first and factors_of(session, user_id).has_second:
        raise WrongProof
    step = totp_step(secret, code, now)
    if step is None:
        raise WrongProof
    known = session.scalar(select(User.totp_secret).where(User.id == user_id))
    if known and _unsealed(keys, user_id, known) == secret:
        return
    values = {"totp_secret": _sealed(keys, user_id, secret), "totp_last_step": step}
    session.execute(update(User).where(User.id == user_id).values(values))
    added(session, actor, now, user_id, "totp")


def put_totp(session: Session, actor: Actor, now: datetime, user_id: int, secret: str, keys: sec.Keys) -> None:
    """Gives somebody a secret without a code of it: for a demo."""
    values = {"totp_secret": _sealed(keys, user_id, secret), "totp_last_step": None}
    if not changed_one(session, update(User).where(User.id == user_id).values(values)):
        raise NotFound
    added(session, actor, now, user_id, "totp")


def use_totp(session: Session, now: datetime, user_id: int, code: str, keys: sec.Keys) -> None:
    """Takes one code of the user's application, once; one step of 30 seconds early or late. Raises WrongProof."""
    sealed = session.scalar(select(User.totp_secret).where(User.id == user_id))
    secret = _unsealed(keys, user_id, sealed) if sealed else None
    step = totp_step(secret, code, now) if secret else None
    if secret is None or step is None:
        raise WrongProof
    newer = or_(User.totp_last_step.is_(None), User.totp_last_step < step)
    values = {"totp_secret": _sealed(keys, user_id, secret), "totp_last_step": step}  # with today's key
    if not changed_one(session, update(User).where(User.id == user_id, newer).values(values)):
        raise WrongProof


def remove_totp(session: Session, actor: Actor, now: datetime, user_id: int) -> None:
    """Takes the application away. Raises LastFactor for staff who have nothing else, NotFound where there is none."""
    user = locked(session, user_id)
    found = factors_of(session, user_id)
    if not found.has_totp:
        raise NotFound
    if user.is_staff and not found.keys:
        raise LastFactor
    session.execute(update(User).where(User.id == user_id).values(totp_secret=None, totp_last_step=None))
    removed(session, actor, now, user_id, "totp")


def make_codes(session: Session, actor: Actor, now: datetime, user_id: int, keys: sec.Keys) -> list[str]:
    """Ten new recovery codes, to be shown once; earlier ones no longer work, and of two requests at once one's do."""
    locked(session, user_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [sec.new_recovery_code() for _ in range(rules.RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_code_hash(keys, user_id, code)) for code in codes)
    session.flush()
    journal.record(session, actor, now, "user.recovery_codes_made", ("user", user_id))
    happenings.tell(session, now, user_id, Happening.codes_made)
    return codes


def use_recovery_code(session: Session, now: datetime, user_id: int, typed: str, keys: sec.Keys) -> None:
    """Uses one recovery code up, however it is spelt. Raises WrongProof."""
    locked(session, user_id)
    its = (RecoveryCode.user_id == user_id) & (RecoveryCode.code_hash == _code_hash(keys, user_id, typed))
    if not changed_one(session, delete(RecoveryCode).where(its)):
        raise WrongProof
    left = factors_of(session, user_id).codes_left
    journal.record(session, Actor(ActorKind.user, user_id), now, "user.recovery_code_used", ("user", user_id),
                   {"codes_left": (left + 1, left)})  # fmt: skip
    happenings.tell(session, now, user_id, Happening.recovery_used, left=str(left))


def reset(session: Session, actor: Actor, now: datetime, user_id: int) -> None:
    """Takes every second factor and recovery code away and ends every session: staff choose anew at the next sign-in.

    Mails under way die too. Said twice it is done twice. Raises NotFound.
    """
    locked(session, user_id)
    before = factors_of(session, user_id)
    session.execute(update(User).where(User.id == user_id).values(totp_secret=None, totp_last_step=None))
    session.execute(delete(Passkey).where(Passkey.user_id == user_id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    opening.end_sessions(session, user_id)
    proofs.kill(session, user_id, now)
    devices.forget(session, user_id)
    changes = {"totp": (before.has_totp, False), "passkeys": (len(before.keys), 0)}
    journal.record(session, actor, now, "user.factors_reset", ("user", user_id), changes)
    happenings.tell(session, now, user_id, Happening.factors_reset)


def removed(session: Session, actor: Actor, now: datetime, user_id: int, factor: str) -> None:
    """Notes that a factor is gone; the recovery codes of whoever has none left go with it."""
    if not factors_of(session, user_id).has_second:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    journal.record(session, actor, now, "user.factor_removed", ("user", user_id), {"factor": (factor, None)})
    happenings.tell(session, now, user_id, Happening.factor_removed, factor=factor)


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of 30 seconds that the code belongs to: this one, the last or the next; None: no such code."""
    typed = "".join(code.split())
    if len(typed) != 6 or not (typed.isascii() and typed.isdigit()):
        return None
    totp, step = pyotp.TOTP(secret), (now - _EPOCH) // timedelta(seconds=STEP)
    for near in (step, step - 1, step + 1):
        if hmac.compare_digest(totp.generate_otp(near), typed):
            return near
    return None


def locked(session: Session, user_id: int) -> User:
    """The user, locked, so that what they have doesn't change meanwhile. Raises NotFound."""
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound
    return user


def added(session: Session, actor: Actor, now: datetime, user_id: int, factor: str) -> None:
    """Notes that there is a new factor: "totp" or "passkey"."""
    journal.record(session, actor, now, "user.factor_added", ("user", user_id), {"factor": (None, factor)})
    happenings.tell(session, now, user_id, Happening.factor_added, factor=factor)


def _sealed(keys: sec.Keys, user_id: int, secret: str) -> str:
    """With its owner's number: a row copied to somebody else's opens nothing."""
    return keys.sealer.seal({"totp": secret, "user": str(user_id)})


def _unsealed(keys: sec.Keys, user_id: int, sealed: str) -> str | None:
    """None where it is another's; raises Unreadable where the key is gone (`lettrine user reset-factor` helps)."""
    found = keys.sealer.unseal(sealed)
    return found["totp"] if found.get("user") == str(user_id) else None


def _code_hash(keys: sec.Keys, user_id: int, typed: str) -> str:
    figures = "".join(char for char in typed.casefold() if char in "0123456789abcdef")
    return sec.keyed_digest(keys.code, "recovery", str(user_id), figures)
