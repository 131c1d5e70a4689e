"""Reset (SPEC A11): drafts go, a demo is rebuilt whole, and nothing else is ever removed. The edge commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from invoicing import journal
from invoicing.errors import Refused, Stale
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.service import delete_draft
from invoicing.journal import Actor
from invoicing.search import fold
from invoicing.sellers.queries import organisation

SHOWN: Final = 50  # drafts that are named; the others are counted
_DRAFT: Final = (Invoice.kind == InvoiceKind.invoice, Invoice.status == Status.draft, Invoice.frozen_at.is_(None))


@dataclass(eq=False)
class WrongPhrase(Refused):
    """What was typed isn't the phrase: nobody resets by a slip of the hand."""

    wanted: str


class NotADemo(Refused):
    """This database wasn't made as a demo: it is never rebuilt."""


class AlreadyRebuilding(Refused):
    """The demo is being rebuilt at this moment."""


@dataclass(frozen=True)
class Leaving:
    """What a reset would remove: the drafts that people began, sums as (currency, cents), and which they are now.

    `orders` are shops' orders that don't stand yet: they are the shops', and stay.
    """

    count: int
    sums: tuple[tuple[str, int], ...]
    drafts: Sequence[Invoice]
    seen: str
    orders: int


def leaving(session: Session) -> Leaving:
    """What would go if it were done now; nothing is changed."""
    mine = (*_DRAFT, Invoice.origin == Origin.manual)
    sums = session.execute(
        select(Invoice.currency, func.count(), func.sum(Invoice.total_cents)).where(*mine).group_by(Invoice.currency)
    ).all()
    shown = select(Invoice).where(*mine).options(joinedload(Invoice.customer)).order_by(Invoice.id.desc()).limit(SHOWN)
    orders = select(func.count(Invoice.id)).where(*_DRAFT, Invoice.origin == Origin.online)
    return Leaving(
        count=sum(count for _currency, count, _cents in sums),
        sums=tuple(sorted((str(currency), int(cents)) for currency, _count, cents in sums)),
        drafts=session.scalars(shown).all(), seen=_seen(_ids(session)), orders=session.scalar(orders) or 0,
    )  # fmt: skip


def delete_drafts(session: Session, actor: Actor, now: datetime, typed: str, wanted: str, seen: str) -> int:
    """Removes every draft of staff; how many. Sent again, there is none left: 0.

    Refuses WrongPhrase, and Stale where others than those that were shown would go.
    """
    check_phrase(typed, wanted)
    found = _ids(session)
    if not found:
        return 0
    if _seen(found) != seen:
        raise Stale
    for invoice_id, _revision in found:
        delete_draft(session, actor, now, invoice_id)
    journal.record(session, actor, now, "reset.drafts_deleted", ("organisation", 1), {"drafts": (len(found), 0)})
    return len(found)


def check_demo(session: Session) -> None:
    """Refuses NotADemo."""
    found = organisation(session)
    if found is None or not found.is_demo:
        raise NotADemo


def check_phrase(typed: str, wanted: str) -> None:
    """Refuses WrongPhrase; capitals, accents and blanks don't matter."""
    if fold(typed) != fold(wanted):
        raise WrongPhrase(wanted)


def _ids(session: Session) -> list[tuple[int, int]]:
    rows = select(Invoice.id, Invoice.revision).where(*_DRAFT, Invoice.origin == Origin.manual).order_by(Invoice.id)
    return [(row.id, row.revision) for row in session.execute(rows)]


def _seen(drafts: Sequence[tuple[int, int]]) -> str:
    """Which drafts these are, as they are now."""
    return hashlib.sha256(repr(drafts).encode()).hexdigest()
