"""Random, hashed and sealed values."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from invoicing.errors import Refused

hasher = PasswordHasher()  # argon2id with the library's figures; `use_hasher` makes it cheap in tests
_nobody = ""


class Unreadable(Refused):
    """Sealed with a key that is not here, or altered."""


def use_hasher(other: PasswordHasher) -> None:
    """Sets the work that a password costs, for the whole process."""
    global hasher, _nobody
    hasher, _nobody = other, ""


def new_token() -> str:
    """256 random bits for a link or a cookie."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six random figures, for one mail."""
    return f"{secrets.randbelow(10**6):06}"


def new_recovery_code() -> str:
    """64 random bits in four groups, to be written down."""
    text = secrets.token_hex(8)
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def digest(token: str) -> str:
    """What is stored of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_digest(key: bytes, *parts: str) -> str:
    """What is stored of a short secret: useless to a thief of the database without the key."""
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def hash_password(password: str) -> str:
    """Slow on purpose: call it before a writing transaction."""
    return hasher.hash(password)


def password_matches(stored: str | None, given: str) -> bool:
    """Costs the same where there is no password; slow on purpose, call it before a writing transaction."""
    try:
        return hasher.verify(stored or nobodys_hash(), given) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def nobodys_hash() -> str:
    """The hash that an unknown account is compared with."""
    global _nobody
    _nobody = _nobody or hasher.hash(new_token())
    return _nobody


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other figures than today's."""
    return hasher.check_needs_rehash(stored)


class Sealer:
    """Encrypts what must be readable again (a link in a delivery), with the newest of its keys."""

    def __init__(self, keys: Iterable[str]):
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, value: dict[str, str]) -> str:
        """The value, encrypted and signed."""
        return self._fernet.encrypt(json.dumps(value).encode()).decode()

    def unseal(self, text: str) -> dict[str, str]:
        """The value again; Unreadable when altered or sealed with another key."""
        try:
            found: dict[str, str] = json.loads(self._fernet.decrypt(text.encode()))
        except InvalidToken:
            raise Unreadable from None
        return found


@dataclass(frozen=True)
class Post:
    """What mailed links need: the sealer, the address that a token is appended to, the domain of Message-IDs.

    `sign_in_base` is the same for links that sign in; `code_key` keys the hash of mailed codes.
    """

    sealer: Sealer
    link_base: str
    domain: str
    sign_in_base: str = ""
    code_key: bytes = b""

    @property
    def keys(self) -> Keys:
        """What second factors need."""
        return Keys(self.code_key, self.sealer)


@dataclass(frozen=True)
class Keys:
    """What second factors need: the key of the codes' hashes, the sealer of the secrets."""

    code: bytes
    sealer: Sealer


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Passwords that everybody tries first, in their plain spelling."""
    text = (files("invoicing.accounts") / "common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.split() if line)
