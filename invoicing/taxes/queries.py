"""Reads about taxes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.sellers.models import Seller
from invoicing.taxes.models import TaxSet
from invoicing.taxes.rules import COLLECTING


def sets_for(session: Session, seller: Seller) -> Sequence[TaxSet]:
    """The tax sets that this seller's lines may bear, in order; without the right to collect, only the untaxed one."""
    rows = session.scalars(select(TaxSet).where(TaxSet.region == seller.region).order_by(TaxSet.position)).all()
    if seller.tax_status in COLLECTING:
        return rows
    return [row for row in rows if not row.members]
