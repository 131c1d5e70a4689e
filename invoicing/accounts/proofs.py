"""Proofs by e-mail: one mail is one row, with a link and, where a browser asked for it, a code. Used once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from invoicing.accounts import queries, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import EmailProof, Purpose, User
from invoicing.accounts.rules import WrongProof
from invoicing.database import changed_one
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.service import Outgoing, queue


def mail(
    session: Session,
    user: User | None,
    purpose: Purpose,
    post: sec.Post,
    now: datetime,
    asked: str | None = None,
    customer_id: int | None = None,
) -> str:
    """One mail, one row; older ones of the purpose die. Returns the link. `asked` is the browser that wants a code.

    Without a user a decoy is written and nothing is queued: the same answer, at the same price.
    """
    user_id = user.id if user else None
    kill(session, user_id or 0, now, purpose)  # a decoy kills nothing, at the same price
    token, code = sec.new_token(), sec.new_code() if asked else ""
    expires_at = now + rules.LIFETIME[purpose]
    link = (post.sign_in_base if purpose is Purpose.sign_in else post.link_base) + token
    sealed = post.sealer.seal({"link": link, "code": code} if asked else {"link": link})
    proof = EmailProof(purpose=purpose, user_id=user_id, link_hash=sec.digest(token), expires_at=expires_at)
    if asked:
        proof.asked_hash, proof.code_hash = sec.digest(asked), sec.keyed_digest(post.code_key, asked, code)
    session.add(proof)
    session.flush()
    if user:
        kind = DeliveryKind(purpose.value)
        outgoing = Outgoing(kind, user.email, user.language, user_id=user.id, customer_id=customer_id, sealed=sealed,
                            expires_at=expires_at)  # fmt: skip
        queue(session, outgoing, now, post.domain)
    return link


def peek(session: Session, token: str, purposes: Iterable[Purpose], now: datetime) -> queries.OpenLink:
    """A mailed link that still works; uses nothing up. Raises WrongProof."""
    found = queries.open_link(session, token, purposes, now)
    if found is None:
        raise WrongProof
    return found


def spend(session: Session, proof_id: int, user_id: int, now: datetime) -> None:
    """Uses a proof up: of several at the same moment one gets through. Raises WrongProof.

    The user is locked first, as everywhere: whoever asks for another mail at this moment waits, and nobody for ever.
    """
    session.get(User, user_id, with_for_update=True, populate_existing=True)
    unused = (EmailProof.id == proof_id) & EmailProof.used_at.is_(None) & (EmailProof.expires_at > now)
    if not changed_one(session, update(EmailProof).where(unused).values(used_at=now)):
        raise WrongProof


def kill(session: Session, user_id: int, now: datetime, purpose: Purpose | None = None) -> None:
    """No mail sent so far opens anything any longer (of one purpose, or of any)."""
    statement = update(EmailProof).where(EmailProof.user_id == user_id, EmailProof.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(EmailProof.purpose == purpose)
    session.execute(statement.values(used_at=now))
