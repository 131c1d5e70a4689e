"""What a payment provider's log says of one payment, and how that agrees with our invoices. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from invoicing.invoices.models import Status


class Result(StrEnum):
    """What became of a payment at the provider's."""

    accepted = "accepted"
    refused = "refused"
    refunded = "refunded"


class Verdict(StrEnum):
    """How one payment of the log agrees with what we know."""

    match = "match"
    amount_differs = "amount_differs"
    currency_differs = "currency_differs"
    status_differs = "status_differs"  # the provider has the money, our invoice doesn't say so
    paid_twice = "paid_twice"
    no_invoice = "no_invoice"
    several_candidates = "several_candidates"  # two shops share the code
    refund = "refund"
    refused = "refused"
    repeated = "repeated"  # the very same operation of the provider, told before
    no_payment = "no_payment"  # lines with a code that tell of no payment: counted
    no_code = "no_code"  # lines without a code: counted


RECEIVED: Final = frozenset({Status.partial, Status.paid, Status.complete})


@dataclass(frozen=True)
class Entry:
    """One payment as the log tells it: the gross amount, in cents; "" is what it doesn't say."""

    line: int
    code: str
    amount_cents: int
    result: Result
    currency: str = ""
    provider_id: str = ""
    day: str = ""


@dataclass(frozen=True)
class Known:
    """One of our invoices with the code."""

    id: int
    code: str
    shop_id: int | None
    number: str
    currency: str
    total_cents: int
    paid_cents: int
    status: Status


@dataclass
class Told:
    """What the log has said of one code so far: accepted less given back, and the operations by their names."""

    net_cents: int = 0
    operations: set[tuple[str, str, int, str]] = field(default_factory=set)


def judge(entry: Entry, known: Sequence[Known], told: Told) -> Verdict:
    """How the payment agrees with the invoice of its code; `told` is brought up to date."""
    operation = (entry.provider_id, entry.result, entry.amount_cents, entry.day)
    if entry.provider_id and operation in told.operations:
        return Verdict.repeated
    told.operations.add(operation)
    before = told.net_cents
    if entry.result is not Result.refused:
        told.net_cents += entry.amount_cents if entry.result is Result.accepted else -entry.amount_cents
    if len(known) != 1:
        return Verdict.several_candidates if known else Verdict.no_invoice
    if entry.result is Result.refused:
        return Verdict.refused
    if entry.currency and entry.currency != known[0].currency:
        return Verdict.currency_differs
    return Verdict.refund if entry.result is Result.refunded else _accepted(entry, known[0], before)


def _accepted(entry: Entry, invoice: Known, before_cents: int) -> Verdict:
    """Money that the provider took: whether it was taken before, its amount, and what we know of it."""
    so_far = before_cents + entry.amount_cents
    if before_cents > 0 and so_far > invoice.total_cents:
        return Verdict.paid_twice
    expected = {invoice.total_cents, invoice.paid_cents} if invoice.status is Status.partial else {invoice.total_cents}
    if not expected & {entry.amount_cents, so_far}:
        return Verdict.amount_differs
    return Verdict.match if invoice.status in RECEIVED else Verdict.status_differs
