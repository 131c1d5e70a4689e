"""Reads about one transaction: its documents, and everything that happened to them, from wherever it was written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from invoicing.lettering.models import LetteringChange
from invoicing.payments.models import Payment
from invoicing.shop.models import Shop
from invoicing.traces.models import Trace

CODE_MAX: Final = 64
TRACES_MAX: Final = 500  # of the looks and refusals of one code that are shown, the latest


def spellings(typed: str) -> list[str]:
    """The code as it was typed or pasted, and as it was before a browser took its + for a blank, or wrote it as %2B."""
    whole = [typed, typed.strip(), unquote(typed)]
    found = dict.fromkeys([*(text.strip() for text in whole), *(text.replace(" ", "+") for text in whole)])
    return [code for code in found if 0 < len(code) <= CODE_MAX and "\0" not in code]


def documents(session: Session, typed: str, shop_id: int | None = None) -> list[Invoice]:
    """Invoices and credit notes with the code, and the credit notes of those invoices, in the order they were made."""
    codes = spellings(typed)
    query = select(Invoice).options(joinedload(Invoice.shop), joinedload(Invoice.customer))
    if shop_id is not None:
        query = query.where(Invoice.shop_id == shop_id)
    found = list(session.scalars(query.where(Invoice.transaction_code.in_(codes)))) if codes else []
    ids = [invoice.id for invoice in found]
    if ids:
        notes = select(Invoice).options(joinedload(Invoice.shop), joinedload(Invoice.customer))
        found += session.scalars(notes.where(Invoice.corrects_id.in_(ids), Invoice.id.not_in(ids)))
    return sorted(found, key=lambda invoice: invoice.id)


@dataclass(frozen=True)
class Sources:
    """All that is known of some documents, each kind in its own order."""

    entries: Sequence[JournalEntry]
    payments: Sequence[Payment]
    deliveries: Sequence[Delivery]
    letterings: Sequence[LetteringChange]
    traces: Sequence[Trace]


def sources(session: Session, typed: str, ids: Collection[int], shop_id: int | None = None) -> Sources:
    """What happened to these documents, and around the code where it never became one."""
    entry = select(JournalEntry).where(JournalEntry.subject_kind == "invoice", JournalEntry.subject_id.in_(ids))
    delivery = select(Delivery).where(Delivery.invoice_id.in_(ids)).options(selectinload(Delivery.events))
    return Sources(
        entries=session.scalars(entry.order_by(JournalEntry.position)).all(),
        payments=session.scalars(select(Payment).where(Payment.invoice_id.in_(ids)).order_by(Payment.id)).all(),
        deliveries=session.scalars(delivery.order_by(Delivery.id)).all(),
        letterings=session.scalars(select(LetteringChange).where(LetteringChange.invoice_id.in_(ids))).all(),
        traces=_traces(session, spellings(typed), ids, shop_id),
    )


def _traces(session: Session, codes: Sequence[str], ids: Collection[int], shop_id: int | None) -> list[Trace]:
    """The latest, in their order."""
    query = select(Trace).where(or_(Trace.transaction_code.in_(codes), Trace.invoice_id.in_(ids)))
    if shop_id is not None:
        query = query.where(or_(Trace.shop_id == shop_id, Trace.invoice_id.in_(ids)))
    return list(session.scalars(query.order_by(Trace.id.desc()).limit(TRACES_MAX)))[::-1]


def shops(session: Session) -> Sequence[Shop]:
    """Every shop, by name."""
    return session.scalars(select(Shop).order_by(Shop.name)).all()
