"""A rate typed by mistake is taken back, as long as no document bears it (SPEC A8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import NotFound, Refused
from invoicing.invoices.models import Invoice, InvoiceTax
from invoicing.journal import Actor
from invoicing.taxes.models import Tax, TaxRate


@dataclass(eq=False)
class RateStays(Refused):
    """A document bears the rate (`number`), or it isn't the last of its tax, or it is the only one."""

    number: str | None
    day: date


def why_it_stays(session: Session, tax: Tax, rate: TaxRate) -> RateStays | None:
    """What stands in the way of taking this rate back; None: nothing does."""
    bears = select(Invoice.number).join(InvoiceTax, InvoiceTax.invoice_id == Invoice.id).where(
        InvoiceTax.tax_id == tax.id, InvoiceTax.rate_e5 == rate.rate_e5, Invoice.issued_on >= rate.valid_from,
        Invoice.frozen_at.is_not(None),
    )  # fmt: skip
    number = session.scalar(bears.order_by(Invoice.id).limit(1))
    if number is None and rate is tax.rates[-1] and len(tax.rates) > 1:
        return None
    return RateStays(number, rate.valid_from)


def rate_of(tax: Tax, rate_id: int) -> TaxRate:
    """The tax's rate with this id; NotFound otherwise."""
    for rate in tax.rates:
        if rate.id == rate_id:
            return rate
    raise NotFound


def drop_rate(session: Session, actor: Actor, now: datetime, tax_id: int, rate_id: int) -> bool:
    """Takes the last rate of a tax back; the one before it, if it ended for its sake, is open again.

    False: it is gone already. Refuses NotFound (no such tax) and RateStays.
    """
    tax = session.get(Tax, tax_id, with_for_update={"of": Tax}, populate_existing=True)
    if tax is None:
        raise NotFound
    try:
        rate = rate_of(tax, rate_id)
    except NotFound:
        return False
    if (refused := why_it_stays(session, tax, rate)) is not None:
        raise refused
    before = tax.rates[-2]
    changes = {"rate_e5": (rate.rate_e5, before.rate_e5), "valid_from": (rate.valid_from, None)}
    if before.valid_to == rate.valid_from - timedelta(days=1):
        changes["valid_to"] = (before.valid_to, None)
        before.valid_to = None
    session.delete(rate)
    tax.revision += 1
    session.flush()
    session.expire(tax, ["rates"])
    journal.record(session, actor, now, "tax.rate_dropped", ("tax", tax.id), changes)
    return True


def gaps(tax: Tax) -> list[tuple[date, date | None]]:
    """Days after its first rate on which a tax has none, first and last of each stretch; None: it has ended for good.

    A document of such a day can't bear the tax.
    """
    found: list[tuple[date, date | None]] = []
    for before, after in zip(tax.rates, [*tax.rates[1:], None], strict=True):
        if before.valid_to is None:
            continue
        first = before.valid_to + timedelta(days=1)
        if after is None:
            found.append((first, None))
        elif first < after.valid_from:
            found.append((first, after.valid_from - timedelta(days=1)))
    return found
