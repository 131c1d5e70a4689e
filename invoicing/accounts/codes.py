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


def count_try(session: Session, now: datetime, asked: str, purpose: Purpose) -> int:
    """Takes one of the tries of the code that this browser asked for; returns how many are left after it.

    Raises WrongProof when there is no such code, it is used or expired, or no try was left. The edge commits this
    alone, before `use_code`: a refusal would roll the count back.
    """
    its = _asked(asked, purpose) & EmailProof.used_at.is_(None) & (EmailProof.expires_at > now)
    counted = update(EmailProof).where(its, EmailProof.tries < rules.CODE_TRIES).values(tries=EmailProof.tries + 1)
    tries = session.scalar(counted.returning(EmailProof.tries).execution_options(synchronize_session=False))
    if tries is None:
        raise WrongProof
    return rules.CODE_TRIES - tries


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
