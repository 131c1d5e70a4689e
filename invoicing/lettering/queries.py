"""Reads about references: their history, and who bears one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import ColumnElement, case, func, literal_column, select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import SIGNED
from invoicing.invoices.rules import letterable
from invoicing.journal import JournalEntry
from invoicing.lettering.bulk_rules import IMPORTED, TAKEN_BACK
from invoicing.lettering.models import LetteringChange
from invoicing.numbering import Mode
from invoicing.sellers.queries import letters_unpaid

NOTHING: Final[ColumnElement[str]] = literal_column("''")
UNLETTERED: Final = (  # as the index ix_invoice_unlettered has it
    func.coalesce(Invoice.lettering_folded, NOTHING) == NOTHING, Invoice.frozen_at.is_not(None),
)  # fmt: skip


def changes(session: Session, invoice_id: int) -> Sequence[LetteringChange]:
    """Every change of a document's reference, oldest first."""
    query = select(LetteringChange).where(LetteringChange.invoice_id == invoice_id)
    return session.scalars(query.order_by(LetteringChange.id)).all()


def last_change(session: Session, invoice_id: int) -> LetteringChange | None:
    """The latest change of a document's reference; None where it has never had one."""
    query = select(LetteringChange).where(LetteringChange.invoice_id == invoice_id)
    return session.scalars(query.order_by(LetteringChange.id.desc()).limit(1)).first()


def run_positions(session: Session, changes: Sequence[LetteringChange]) -> dict[int, int]:
    """Where the journal has the entry of the import that made each of these changes, by the change's id."""
    runs = {change.run_id for change in changes}
    query = select(JournalEntry.subject_id, JournalEntry.action, JournalEntry.position).where(
        JournalEntry.subject_kind == "import", JournalEntry.subject_id.in_(runs),
        JournalEntry.action.in_((IMPORTED, TAKEN_BACK)),
    )  # fmt: skip
    found = {(run_id, action): position for run_id, action, position in session.execute(query)} if runs else {}
    told = {change.id: (change.run_id, TAKEN_BACK if change.after is None else IMPORTED) for change in changes}
    return {change_id: found[key] for change_id, key in told.items() if key in found}


def holder(session: Session, folded: str, but: int) -> Invoice | None:
    """The other document than `but` that bears this reference, if there is one."""
    query = select(Invoice).where(Invoice.lettering_folded == folded, Invoice.id != but)
    return session.scalars(query).one_or_none()


@dataclass(frozen=True)
class Waiting:
    """Portal-reference documents to be lettered: how many, how many for long, sums as (currency, cents)."""

    count: int
    old: int
    sums: tuple[tuple[str, int], ...]


LONG = timedelta(days=90)


def waiting(session: Session, today: date) -> Waiting:
    """What may be lettered (SPEC C5) and isn't, of documents whose official invoice is kept elsewhere."""
    old = func.sum(case((Invoice.issued_on < today - LONG, 1), else_=0))
    query = select(Invoice.currency, func.count(), old, func.sum(SIGNED)).where(
        Invoice.status.in_(letterable(letters_unpaid(session))), Invoice.mode == Mode.portal_reference, *UNLETTERED,
    )  # fmt: skip
    rows = session.execute(query.group_by(Invoice.currency).order_by(func.count().desc(), Invoice.currency)).all()
    sums = tuple((str(currency), int(cents)) for currency, _, _, cents in rows)
    return Waiting(sum(row[1] for row in rows), sum(int(row[2]) for row in rows), sums)
