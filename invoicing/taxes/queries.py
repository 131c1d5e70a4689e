"""Reads about taxes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from invoicing.errors import NotFound
from invoicing.invoices.models import InvoiceLine, InvoiceLineTax, InvoiceTax
from invoicing.sellers.models import Seller, TaxRegistration
from invoicing.shop.models import Item
from invoicing.taxes.models import Tax, TaxSet, TaxSetMember
from invoicing.taxes.rules import COLLECTING


def sets_for(session: Session, seller: Seller, kept: Collection[int] = ()) -> Sequence[TaxSet]:
    """The tax sets that this seller's lines may bear, in order; a retired one only where it is `kept`.

    Without the right to collect, only those without a tax, whose reason is the seller's own status.
    """
    rows = session.scalars(
        select(TaxSet).where(TaxSet.region == seller.region).order_by(TaxSet.position, TaxSet.id)
    ).all()
    rows = [row for row in rows if row.active or row.id in kept]
    if seller.tax_status in COLLECTING:
        return rows
    return [row for row in rows if not row.members and (not row.exemption or row.id in kept)]


def whole_sets(session: Session, ids: Collection[int]) -> dict[int, TaxSet]:
    """These sets by id, with all that composing a document needs of them."""
    members = selectinload(TaxSet.members).joinedload(TaxSetMember.tax).selectinload(Tax.rates)
    return {row.id: row for row in session.scalars(select(TaxSet).where(TaxSet.id.in_(ids)).options(members))}


def all_set_ids(session: Session, seller: Seller) -> frozenset[int]:
    """Every set that a shop's order may name, retired ones included: an order is never lost for want of one."""
    retired = session.scalars(select(TaxSet.id).where(TaxSet.region == seller.region, ~TaxSet.active)).all()
    return frozenset(row.id for row in sets_for(session, seller, retired))


def tax_names(session: Session, region: str) -> dict[int, str]:
    """The taxes of a region that a set may be given, with their French names."""
    rows = session.scalars(select(Tax).where(Tax.region == region, Tax.active))
    return {row.id: row.label_fr for row in rows}


def all_taxes(session: Session) -> Sequence[Tax]:
    """Every tax with its rates, by region and code."""
    return session.scalars(select(Tax).options(selectinload(Tax.rates)).order_by(Tax.region, Tax.code)).all()


def all_sets(session: Session) -> Sequence[TaxSet]:
    """Every tax set with its members, in order."""
    query = select(TaxSet).options(selectinload(TaxSet.members))
    return session.scalars(query.order_by(TaxSet.region, TaxSet.position, TaxSet.id)).all()


def tax(session: Session, tax_id: int) -> Tax:
    """One tax; NotFound otherwise."""
    found = session.get(Tax, tax_id)
    if found is None:
        raise NotFound
    return found


def tax_set(session: Session, set_id: int) -> TaxSet:
    """One tax set; NotFound otherwise."""
    found = session.get(TaxSet, set_id)
    if found is None:
        raise NotFound
    return found


def uses_of_tax(session: Session, tax_id: int) -> dict[str, int]:
    """What has the tax: documents that stand, sets, registrations; how many of each."""
    return {
        "documents": _count(session, InvoiceTax.invoice_id, InvoiceTax.tax_id == tax_id),
        "lines": _count(session, InvoiceLineTax.line_id, InvoiceLineTax.tax_id == tax_id),
        "sets": _count(session, TaxSetMember.tax_set_id, TaxSetMember.tax_id == tax_id),
        "registrations": _count(session, TaxRegistration.seller_id, TaxRegistration.tax_id == tax_id),
    }


def uses_of_set(session: Session, set_id: int) -> dict[str, int]:
    """What has the set: lines of documents and drafts, items of catalogues; how many of each."""
    return {
        "lines": _count(session, InvoiceLine.id, InvoiceLine.tax_set_id == set_id),
        "items": _count(session, Item.id, Item.tax_set_id == set_id),
    }


def used(session: Session) -> tuple[frozenset[int], frozenset[int]]:
    """The taxes on documents that stand, and the sets that lines bear."""
    taxes = session.scalars(select(InvoiceTax.tax_id).distinct())
    return frozenset(taxes), frozenset(session.scalars(select(InvoiceLine.tax_set_id).distinct()))


def registered(session: Session, tax_id: int) -> Sequence[tuple[Seller, str]]:
    """The sellers with a registration number for the tax, and the number."""
    query = select(Seller, TaxRegistration.number).join(TaxRegistration, TaxRegistration.seller_id == Seller.id)
    rows = session.execute(query.where(TaxRegistration.tax_id == tax_id).order_by(Seller.id))
    return [(seller, number) for seller, number in rows]


def _count(session: Session, column: InstrumentedAttribute[int], where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(column)).where(where)) or 0
