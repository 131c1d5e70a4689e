"""Which taxes a line bears, and what they come to: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from invoicing.errors import Refused
from invoicing.money import tax_on
from invoicing.sellers.models import TaxStatus
from invoicing.taxes.models import Tax, TaxSet

COLLECTING = frozenset({TaxStatus.vat_registered, TaxStatus.gst_qst_registered})


@dataclass(eq=False)
class NoRate(Refused):
    """The tax has no rate on that day."""

    code: str
    day: date


@dataclass(frozen=True)
class Borne:
    """One tax that a line bears: the tax's number and its rate as a fraction × 10⁵."""

    tax_id: int
    rate_e5: int


@dataclass(frozen=True)
class TaxSum:
    """One tax at one rate over a document, in cents."""

    tax_id: int
    rate_e5: int
    base_cents: int
    amount_cents: int


def rate_on(tax: Tax, day: date) -> int:
    """The tax's rate on a day, as a fraction × 10⁵; refuses a day without one."""
    for rate in tax.rates:
        if rate.valid_from <= day <= (rate.valid_to or date.max):
            return rate.rate_e5
    raise NoRate(tax.code, day)


def borne_by(tax_set: TaxSet, day: date) -> tuple[Borne, ...]:
    """The taxes of a set with the rates of that day, in the order of printing."""
    return tuple(Borne(member.tax_id, rate_on(member.tax, day)) for member in tax_set.members)


def sum_taxes(lines: Iterable[tuple[int, Sequence[Borne]]]) -> tuple[TaxSum, ...]:
    """Each tax on the sum of the net lines that bear it, rounded on its own (EN 16931, Revenu Québec).

    `lines` are (net in cents, taxes borne); the order of first appearance is kept.
    """
    bases: dict[Borne, int] = {}
    for net, taxes in lines:
        for tax in taxes:
            bases[tax] = bases.get(tax, 0) + net
    return tuple(TaxSum(tax.tax_id, tax.rate_e5, base, tax_on(base, tax.rate_e5)) for tax, base in bases.items())
