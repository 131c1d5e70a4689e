"""Reads about taxes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.sellers.models import Seller
from invoicing.taxes.models import TaxSet
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


def all_set_ids(session: Session, seller: Seller) -> frozenset[int]:
    """Every set that a shop's order may name, retired ones included: an order is never lost for want of one."""
    retired = session.scalars(select(TaxSet.id).where(TaxSet.region == seller.region, ~TaxSet.active)).all()
    return frozenset(row.id for row in sets_for(session, seller, retired))
