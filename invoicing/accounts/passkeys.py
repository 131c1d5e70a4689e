"""Passkeys (WebAuthn level 3): discoverable, who holds them is verified, what they sign is kept here and used once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from invoicing.accounts import factors, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import Passkey, PasskeyChallenge, User
from invoicing.accounts.rules import LastFactor, WrongProof
from invoicing.database import changed_one
from invoicing.errors import NotFound
from invoicing.journal import Actor
from invoicing.text import clean

_REQUIRED = UserVerificationRequirement.REQUIRED
NAME_MAX = 64
ANSWER_MAX = 20_000  # characters of what a browser sends

T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """For whom keys are made: host name and origin from the settings, never from a request; `name` is shown."""

    host: str
    origin: str
    name: str = "Lettrine"


def creation_options(session: Session, now: datetime, user_id: int, browser: str, site: Site) -> str:
    """What a browser needs to make a key for this user, as JSON. `browser`: its cookie's secret. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound
    known = session.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id))
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=user.passkey_handle,
        user_name=user.email,
        user_display_name=user.name or user.email,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
    )
    _remember(session, options.challenge, user_id, browser, now)
    return webauthn.options_to_json(options)


def add(
    session: Session, actor: Actor, now: datetime, user_id: int, answer: str, name: str, browser: str, site: Site,
    first: bool = False,
) -> int:  # fmt: skip
    """Keeps the key that the browser made; returns its number. Raises WrongProof, NotFound.

    `first` for a session that isn't open: whoever has a factor by now doesn't get another one this way.
    """
    factors.locked(session, user_id)
    if first and factors.factors_of(session, user_id).has_second:
        raise WrongProof
    data = _parse(answer)
    challenge = _spend(session, data, user_id, browser, now)
    seen = _verified(
        lambda: webauthn.verify_registration_response(
            credential=data, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin,
            require_user_verification=True,
        )
    )  # fmt: skip
    row = Passkey(user_id=user_id, credential_id=seen.credential_id, public_key=seen.credential_public_key,
                  sign_count=seen.sign_count, name=clean(name)[:NAME_MAX] or "Passkey", created_at=now)  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:  # known already
        raise WrongProof from None
    factors.added(session, actor, now, user_id, "passkey")
    return row.id


def request_options(session: Session, now: datetime, browser: str, site: Site) -> str:
    """What a browser needs to show a key, as JSON; no account is named, so nothing is told about accounts."""
    options = webauthn.generate_authentication_options(rp_id=site.host, user_verification=_REQUIRED)
    _remember(session, options.challenge, None, browser, now)
    return webauthn.options_to_json(options)


def use(session: Session, now: datetime, answer: str, browser: str, site: Site) -> int:
    """Checks the key that the browser showed, once; returns whose it is. Raises WrongProof."""
    data = _parse(answer)
    challenge = _spend(session, data, None, browser, now)
    credential = _verified(lambda: base64url_to_bytes(data["rawId"]))
    query = select(Passkey, User).join(User, User.id == Passkey.user_id).where(Passkey.credential_id == credential)
    found = session.execute(query.with_for_update().execution_options(populate_existing=True)).first()
    handle = _verified(lambda: base64url_to_bytes(data["response"]["userHandle"]))
    if found is None or not found.User.active or found.User.passkey_handle != handle:
        raise WrongProof
    key: Passkey = found.Passkey
    seen = _verified(
        lambda: webauthn.verify_authentication_response(
            credential=data, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin,
            credential_public_key=key.public_key, credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    )  # fmt: skip
    key.sign_count, key.last_used_at = seen.new_sign_count, now
    session.flush()
    return key.user_id


def remove(session: Session, actor: Actor, now: datetime, user_id: int, passkey_id: int) -> None:
    """Forgets one of the user's keys. Raises NotFound (a foreign number too), LastFactor for staff's last factor."""
    user = factors.locked(session, user_id)
    found = factors.factors_of(session, user_id)
    if passkey_id not in {key.id for key in found.keys}:
        raise NotFound
    if user.is_staff and not found.has_totp and len(found.keys) == 1:
        raise LastFactor
    session.execute(delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id))
    factors.removed(session, actor, now, user_id, "passkey")


def _remember(session: Session, challenge: bytes, user_id: int | None, browser: str, now: datetime) -> None:
    row = PasskeyChallenge(challenge=challenge, browser_hash=sec.digest(browser), user_id=user_id,
                           expires_at=now + rules.CHALLENGE)  # fmt: skip
    session.add(row)
    session.flush()


def _spend(session: Session, data: dict[str, Any], user_id: int | None, browser: str, now: datetime) -> bytes:
    """The challenge that was signed, if this browser was given it, in time, and has not answered yet."""
    told = _verified(lambda: parse_client_data_json(base64url_to_bytes(data["response"]["clientDataJSON"])))
    own = (PasskeyChallenge.challenge == told.challenge) & (PasskeyChallenge.browser_hash == sec.digest(browser))
    whose = PasskeyChallenge.user_id.is_(None) if user_id is None else PasskeyChallenge.user_id == user_id
    if not changed_one(session, delete(PasskeyChallenge).where(own, whose, PasskeyChallenge.expires_at > now)):
        raise WrongProof
    return told.challenge


def _parse(answer: str) -> dict[str, Any]:
    data = _verified(lambda: json.loads(answer))
    if not isinstance(data, dict):
        raise WrongProof
    return data


def _verified(look: Callable[[], T]) -> T:
    """What a browser sent may be anything, and fail anywhere on its way through the libraries."""
    try:
        return look()
    except Exception as error:
        raise WrongProof from error
