"""Pure decisions about signing in: no session, no clock, no settings."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from itertools import pairwise
from typing import Final

from invoicing.accounts.models import Purpose, Stage
from invoicing.errors import Refused

LIFETIME: Final = {
    Purpose.sign_in: timedelta(minutes=10),
    Purpose.confirm: timedelta(minutes=10),
    Purpose.reset: timedelta(hours=1),
    Purpose.invitation: timedelta(days=14),
    Purpose.new_address: timedelta(days=1),  # people read their other mailbox in the evening
}
IDLE: Final = {True: timedelta(hours=8), False: timedelta(days=30)}  # by "works here"
ABSOLUTE: Final = {True: timedelta(days=1), False: timedelta(days=180)}
HALF_OPEN: Final = timedelta(minutes=15)
SEEN_EVERY: Final = timedelta(minutes=1)
FRESH: Final = timedelta(minutes=15)  # how long a proof lets somebody do what can't be undone
CHALLENGE: Final = timedelta(minutes=5)
SET_UP: Final = timedelta(minutes=15)  # a second factor's secret, shown and not yet taken
CODE_TRIES: Final = 5  # of one mailed code
RECOVERY_CODES: Final = 10
PASSWORD_MIN, PASSWORD_MAX = 12, 1024
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere in the core


class UserExists(Refused):
    """Somebody has this address already."""

    def __init__(self, user_id: int):
        self.user_id = user_id
        super().__init__(f"user {user_id}")


class UserDisabled(Refused):
    """Whoever is shut out is invited to nothing."""

    def __init__(self, user_id: int):
        self.user_id = user_id
        super().__init__(f"user {user_id}")


class WrongProof(Refused):
    """Wrong, used, expired, unknown or disabled: deliberately one refusal."""


class LastFactor(Refused):
    """Whoever works here keeps a second factor: another one first, then this one may go."""


class PasswordUnfit(Refused):
    """Too short, too long or too well known; `fault` says which."""

    def __init__(self, fault: str):
        self.fault = fault
        super().__init__(fault)


class TooMany(Refused):
    """Tried too often; `seconds` until it may be tried again."""

    def __init__(self, seconds: int):
        self.seconds = seconds
        super().__init__(f"{seconds} s")


class Proof(StrEnum):
    """What somebody has shown of themself; a passkey is two factors."""

    password = "password"  # noqa: S105 - a name
    mail = "mail"
    second = "second"
    passkey = "passkey"


class Way(StrEnum):
    """How somebody who is signed in shows once more that it is them."""

    totp = "totp"
    passkey = "passkey"
    password = "password"  # noqa: S105 - a name
    mail = "mail"


@dataclass(frozen=True)
class Limit:
    """How often something may be tried: per account or per address, within so many seconds; `most` 0: a setting."""

    per: str
    most: int
    seconds: int


LIMITS: Final = {
    "password": (Limit("account", 10, 300), Limit("address", 0, 300)),
    "ask_mail": (Limit("account", 5, 3600), Limit("address", 0, 3600)),
    "mail_me": (Limit("account", 20, 86_400),),  # documents that a member has sent to themself
    "mail_again": (Limit("account", 300, 3600),),  # documents that somebody of staff sends again
    "link": (Limit("address", 0, 300),),
    "code": (Limit("address", 0, 300),),  # mailed codes; each has five tries of its own
    "passkey": (Limit("address", 0, 300),),
    "passkey_question": (Limit("address", 0, 300),),
    "second_factor": (Limit("account", 5, 300), Limit("account", 20, 3600), Limit("account", 50, 86_400)),
    "confirm": (Limit("account", 10, 300),),  # a password or mailed code, of somebody who is signed in
    "api": (Limit("account", 0, 60),),  # calls of one key of a shop
    "api_key": (Limit("address", 0, 300),),  # keys that open nothing
}


def fold_email(text: str) -> str:
    """The one spelling of an address that is stored, compared and counted."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def fold_address(text: str) -> str:
    """The network address that tries are counted by: a whole IPv6 /64, since one household has them all."""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)


def stage_after(is_staff: bool, has_second: bool, proofs: frozenset[Proof]) -> Stage:
    """How far these proofs lead: whoever has a second factor is asked for it, staff without one must choose it."""
    if proofs & {Proof.second, Proof.passkey}:
        return Stage.open
    if has_second:
        return Stage.second_factor
    return Stage.enrolment if is_staff else Stage.open


def ways(is_staff: bool, has_totp: bool, has_passkey: bool, has_password: bool) -> tuple[Way, ...]:
    """How this person may confirm: with the second factor where there is one; without it, members as they sign in."""
    if has_totp or has_passkey:
        return (Way.totp,) * has_totp + (Way.passkey,) * has_passkey
    return () if is_staff else (Way.password,) * has_password + (Way.mail,)


def is_fresh(proved: datetime, now: datetime) -> bool:
    """Whether somebody has shown recently enough that it is them."""
    return now - proved < FRESH


def is_alive(stage: Stage, is_staff: bool, active: bool, created: datetime, seen: datetime, now: datetime) -> bool:
    """Whether a session still counts."""
    if not active:
        return False
    if stage is not Stage.open:
        return now - created < HALF_OPEN
    return now - seen < IDLE[is_staff] and now - created < ABSOLUTE[is_staff]


def password_fault(password: str, common: frozenset[str], email: str = "", organisation: str = "") -> str | None:
    """Why a password is refused: "short", "long" or "common"; None: it is fit. No rules of composition."""
    if len(password) < PASSWORD_MIN:
        return "short"
    if len(password) > PASSWORD_MAX:
        return "long"
    folded = unicodedata.normalize("NFKC", password).casefold()
    if _repeats(folded) or _counts(folded) or _is_known(plain(password), common, email, organisation):
        return "common"
    return None


def plain(text: str) -> str:
    """Without case, accents, blanks and signs: « Mot de passe-2024 » is motdepasse2024."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if char.isalnum())


def _is_known(password: str, common: frozenset[str], email: str, organisation: str) -> bool:
    """Whether it is listed, or one's own address or organisation, with figures around it or not."""
    names = {plain(email), plain(email.partition("@")[0]), plain(organisation)} - {""}
    bare = password.strip("0123456789")
    return password in common or bare in common or password in names or bare in names


def _repeats(password: str) -> bool:
    """aaaaaaaaaaaa, abcabcabcabc: one piece of four characters at most."""
    return any(password == (password[:size] * len(password))[: len(password)] for size in range(1, 5))


def _counts(password: str) -> bool:
    """abcdefghijkl, 987654321098: each character follows its neighbour, up or down; 0 follows 9."""
    up = all(ord(b) - ord(a) == 1 or (a, b) == ("9", "0") for a, b in pairwise(password))
    down = all(ord(b) - ord(a) == -1 or (a, b) == ("0", "9") for a, b in pairwise(password))
    return up or down


def window(now: datetime, seconds: int) -> int:
    """Which window of time this is, counted from 1970: a small number for a very long time."""
    return (now - _EPOCH) // timedelta(seconds=seconds)


def seconds_left(now: datetime, seconds: int) -> int:
    """Until the window closes, 1 at least."""
    return max(1, seconds - (now - _EPOCH) // timedelta(seconds=1) % seconds)
