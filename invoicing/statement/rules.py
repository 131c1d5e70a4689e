"""A customer's account in one currency, reckoned from its movements: pure. Amounts are cents, debit is what is owed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from invoicing.documents.desk import Heading
from invoicing.money import Currency
from invoicing.payments.models import PaymentMethod

BANDS: Final = (0, 30, 60, 90)  # days past the due day: not yet, up to 30, up to 60, up to 90, more


class Kind(StrEnum):
    """What a movement is; `used` and `settled_by` are the two halves of a credit that pays another invoice."""

    invoice = "invoice"
    credit_note = "credit_note"
    payment = "payment"
    payment_undone = "payment_undone"
    refund = "refund"
    refund_undone = "refund_undone"
    used = "used"
    used_undone = "used_undone"
    settled_by = "settled_by"
    settled_by_undone = "settled_by_undone"


_ORDER: Final = tuple(Kind)  # of one day: the invoice stands before what settles it


@dataclass(frozen=True)
class Movement:
    """One entry; `cents` is signed: above 0 it makes the customer owe more. `row` orders what happened alike."""

    day: date
    kind: Kind
    cents: int
    row: int
    number: str = ""  # of the document itself; empty where the customer has no right to it
    about: str = ""  # number of the invoice that it concerns
    other: str = ""  # number at the other end of a credit that was set against an invoice
    method: PaymentMethod | None = None
    subject: str = ""
    seller: str = ""
    heading: Heading | None = None  # what a document is called


@dataclass(frozen=True)
class Claim:
    """One invoice that is due now; `late` are the days since its due day, 0 where that is to come or wasn't set."""

    heading: Heading
    number: str
    subject: str
    day: date
    due_on: date | None
    cents: int
    late: int


@dataclass(frozen=True)
class Line:
    """A movement of the period, and the balance after it."""

    movement: Movement
    balance_cents: int

    @property
    def debit_cents(self) -> int:
        """What it adds to what is owed; 0 where it takes away."""
        return max(self.movement.cents, 0)

    @property
    def credit_cents(self) -> int:
        """What it takes away from what is owed; 0 where it adds."""
        return max(-self.movement.cents, 0)


@dataclass(frozen=True)
class Account:
    """One currency: the period's opening, lines and closing; then what is due now, whatever the period."""

    currency: Currency
    first: date | None
    last: date
    opening_cents: int
    lines: tuple[Line, ...]
    closing_cents: int
    claims: tuple[Claim, ...]
    owed_cents: int  # to the customer, now: credited after it was paid
    sellers: tuple[str, ...] = ()

    @property
    def debit_cents(self) -> int:
        """All debits of the period."""
        return sum(line.debit_cents for line in self.lines)

    @property
    def credit_cents(self) -> int:
        """All credits of the period."""
        return sum(line.credit_cents for line in self.lines)

    @property
    def due_cents(self) -> int:
        """What is due now on all invoices (SPEC B8)."""
        return sum(claim.cents for claim in self.claims)

    @property
    def bands(self) -> tuple[int, ...]:
        """What is due now by age: not late, late up to 30, 60, 90 days, and more."""
        sums = [0] * (len(BANDS) + 1)
        for claim in self.claims:
            sums[next((place for place, most in enumerate(BANDS) if claim.late <= most), len(BANDS))] += claim.cents
        return tuple(sums)


def days_late(due_on: date | None, today: date) -> int:
    """How many days have gone by since the due day; 0 up to that day, and where there is none."""
    return max((today - due_on).days, 0) if due_on else 0


def account(
    currency: Currency, movements: Iterable[Movement], first: date | None, last: date, claims: Sequence[Claim],
    owed_cents: int,
) -> Account:  # fmt: skip
    """The account over a period, both days included; None as `first`: from the beginning."""
    ordered = sorted(movements, key=lambda each: (each.day, _ORDER.index(each.kind), each.row))
    balance = opening = sum(each.cents for each in ordered if first and each.day < first)
    lines = []
    for each in ordered:
        if (first is None or each.day >= first) and each.day <= last:
            balance += each.cents
            lines.append(Line(each, balance))
    sellers = tuple(dict.fromkeys(each.seller for each in ordered if each.seller))
    urgent = sorted(claims, key=lambda claim: (claim.due_on or date.max, claim.day, claim.number))
    return Account(currency, first, last, opening, tuple(lines), balance, tuple(urgent), owed_cents, sellers)
