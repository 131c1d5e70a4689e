"""What a line of the list of invoices shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer, CustomerKind
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.rules import letterable
from invoicing.money import Currency
from invoicing.sellers.queries import letters_unpaid


@dataclass(frozen=True)
class ListRow:
    """One document in the list; a credit note's amounts are negative. `detail` tells homonyms apart."""

    id: int
    number: str | None
    kind: InvoiceKind
    origin: Origin
    status: Status
    customer_id: int
    customer: str
    detail: tuple[str, ...]
    member_number: str
    code: str
    day: date
    lettering: str | None
    may_be_lettered: bool
    currency: Currency
    net_cents: int
    total_cents: int

    @property
    def is_credit_note(self) -> bool:
        """Whether it is a credit note."""
        return self.kind is InvoiceKind.credit_note


def rows(session: Session, ids: Sequence[int]) -> list[ListRow]:
    """The lines of these documents, in this order."""
    if not ids:
        return []
    i, c = Invoice, Customer
    query = select(
        i.id, i.number, i.kind, i.origin, i.status, i.customer_id, i.transaction_code, i.listed_on, i.lettering,
        i.currency, i.net_cents, i.total_cents, i.frozen_at, c.kind.label("person"), c.first_name, c.last_name,
        c.organisation_name, c.email, c.member_number, c.sort_name,
    ).join(c, c.id == i.customer_id).where(i.id.in_(ids))  # fmt: skip
    found = {row.id: row for row in session.execute(query)}
    shared, may = _homonyms(session, {row.sort_name for row in found.values()}), letterable(letters_unpaid(session))
    made = []
    for row in (found[number] for number in ids if number in found):
        person = row.person is CustomerKind.person
        sign = -1 if row.kind is InvoiceKind.credit_note else 1
        detail = (row.organisation_name if person else "", row.email) if row.sort_name in shared else ()
        made.append(ListRow(
            id=row.id, number=row.number, kind=row.kind, origin=row.origin, status=row.status,
            customer_id=row.customer_id, detail=tuple(filter(None, detail)), code=row.transaction_code,
            customer=f"{row.first_name} {row.last_name}".strip() if person else row.organisation_name,
            member_number=(row.member_number or "") if row.sort_name in shared else "", day=row.listed_on,
            lettering=row.lettering, currency=row.currency, net_cents=sign * row.net_cents,
            total_cents=sign * row.total_cents,
            may_be_lettered=row.lettering is None and row.frozen_at is not None and row.status in may,
        ))  # fmt: skip
    return made


def _homonyms(session: Session, names: set[str]) -> set[str]:
    """Those of the names that several customers bear."""
    query = select(Customer.sort_name).where(Customer.sort_name.in_(names), Customer.merged_into_id.is_(None))
    return set(session.scalars(query.group_by(Customer.sort_name).having(func.count() > 1)))
