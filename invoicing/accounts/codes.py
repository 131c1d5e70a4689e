"""Six figures by e-mail: for the browser that asked, five tries, ten minutes, once; or the link of the same mail."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from invoicing.accounts import proofs, queries, rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import EmailProof, Purpose
from invoicing.accounts.queries import OpenLink
from invoicing.accounts.rules import WrongProof

_LINKS: Final = (Purpose.sign_in,)


def mail_sign_in(session: Session, now: datetime, email: str, asked: str, post: sec.Post) -> None:
    """Queues a code and a link that sign in; for an unknown address a decoy is written, and nothing is queued.

    `asked` is the secret of the browser that asks (`new_token`), kept in its cookie: the code works there alone, the
    link anywhere.
    """
    user = queries.active_user(session, email, lock=True)
    proofs.mail(session, user, Purpose.sign_in, post, now, asked)


def mail_confirmation(session: Session, now: datetime, email: str, asked: str, post: sec.Post) -> None:
    """Queues a code with which somebody who is signed in shows that it is still them."""
    user = queries.active_user(session, email, lock=True)
    proofs.mail(session, user, Purpose.confirm, post, now, asked)


def count_try(session: Session, now: datetime, asked: str, purpose: Purpose) -> bool:
    """Counts a try of the code that this browser asked for; whether it may still be right.

    Counted even where it can't be, so that the price tells nothing: a newer mail kills the code of a known address,
    and a decoy has no newer one. The edge commits this alone, before `use_code`: a refusal would undo the count.
    """
    counted = update(EmailProof).where(_asked(asked, purpose)).values(tries=EmailProof.tries + 1)
    facts = counted.returning(EmailProof.tries, EmailProof.used_at, EmailProof.expires_at)
    row = session.execute(facts.execution_options(synchronize_session=False)).first()
    return row is not None and row.tries <= rules.CODE_TRIES and row.used_at is None and row.expires_at > now


def use_code(session: Session, now: datetime, asked: str, code: str, purpose: Purpose, code_key: bytes) -> int:
    """Uses the code up, once, and returns whose it was; call `count_try` before. Raises WrongProof."""
    right = EmailProof.code_hash == sec.keyed_digest(code_key, asked, figures(code))
    found = session.execute(
        select(EmailProof.id, EmailProof.user_id).where(_asked(asked, purpose), right, EmailProof.used_at.is_(None))
    ).first()
    if found is None or found.user_id is None:
        raise WrongProof
    proofs.spend(session, found.id, found.user_id, now)
    return int(found.user_id)


def peek_link(session: Session, now: datetime, token: str) -> OpenLink:
    """A link that signs in and still works; uses nothing up. Raises WrongProof."""
    return proofs.peek(session, token, _LINKS, now)


def use_link(session: Session, now: datetime, token: str) -> int:
    """Uses the link up, once, and returns whose it was. Raises WrongProof."""
    found = peek_link(session, now, token)
    proofs.spend(session, found.proof_id, found.person.id, now)
    return found.person.id


def figures(typed: str) -> str:
    """What was typed, without the blanks that people put between figures."""
    return "".join(typed.split())[:12]


def _asked(asked: str, purpose: Purpose) -> ColumnElement[bool]:
    return (EmailProof.asked_hash == sec.digest(asked)) & (EmailProof.purpose == purpose)
