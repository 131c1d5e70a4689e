"""Decisions about invoices: pure. Values, a day, an actor in; what should happen out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from invoicing.errors import Fault, Refused
from invoicing.invoices.amounts import Amounts
from invoicing.invoices.models import InvoiceKind, Origin, Status
from invoicing.money import CENTS_MAX
from invoicing.numbering import Mode

_S = Status
MOVES: dict[Status, frozenset[Status]] = {  # SPEC B7, the only moves allowed
    _S.draft: frozenset({_S.placed, _S.pending, _S.partial, _S.paid, _S.complete, _S.failed, _S.cancelled}),
    _S.placed: frozenset({_S.pending, _S.partial, _S.paid, _S.failed, _S.refused, _S.cancelled}),
    _S.pending: frozenset({_S.partial, _S.paid, _S.failed, _S.refused, _S.cancelled}),
    _S.partial: frozenset({_S.paid}),
    _S.refused: frozenset({_S.pending, _S.partial, _S.paid, _S.cancelled}),
    _S.failed: frozenset({_S.partial, _S.paid, _S.cancelled}),
    _S.paid: frozenset({_S.complete}),
    _S.complete: frozenset(),
    _S.cancelled: frozenset(),
}
DUE = frozenset({_S.pending, _S.partial})
PAYABLE = frozenset({_S.placed, _S.pending, _S.partial, _S.failed, _S.refused})  # where money may still come in
ACCEPTED = frozenset({_S.placed, _S.pending, _S.partial, _S.paid, _S.complete, _S.refused})
ACQUIRED = frozenset({_S.paid, _S.complete})
SALES = frozenset({_S.pending, _S.partial, _S.paid, _S.complete})  # what totals count (SPEC B8)


@dataclass(eq=False)
class MoveRefused(Refused):
    """The status doesn't allow this move."""

    now: Status
    wanted: Status


@dataclass(eq=False)
class StandsForGood(Refused):
    """An official invoice that stands isn't cancelled: a credit note corrects it."""

    number: str


@dataclass(eq=False)
class LetteredStands(Refused):
    """A lettered document isn't cancelled: the accounting software has it; `is_final`: nor without its reference."""

    number: str
    reference: str
    is_final: bool = False


@dataclass(eq=False)
class AlreadyFinalised(Refused):
    """It stands already; the form was sent twice, or somebody was faster."""

    number: str


@dataclass(eq=False)
class PreviewOutdated(Refused):
    """What would be finalised isn't what was shown: a rate or the date's effect has changed."""

    shown_cents: int
    total_cents: int


@dataclass(eq=False)
class ContentOutdated(PreviewOutdated):
    """The total is the one that was shown, but another word or the address of the e-mail is not."""


@dataclass(eq=False)
class NoAddress(Refused):
    """The box is ticked, but the customer has no e-mail address."""

    customer_id: int


@dataclass(eq=False)
class NotADraft(Refused):
    """What stands can't be edited or deleted."""

    number: str


def amount_faults(found: Amounts) -> list[Fault]:
    """A total below zero takes a credit note; one beyond all reason is a slip of the hand."""
    if found.total_cents < 0 or any(tax.base_cents < 0 for tax in found.taxes):
        return [Fault("lines-0-price", "negative_total", {"total_cents": found.total_cents})]
    if found.total_cents > CENTS_MAX:
        return [Fault("lines-0-price", "too_great", {"value": str(found.total_cents // 100)})]
    return []


def due_day(issued_on: date, wanted: date | None, due_days: int) -> date:
    """The day by which to pay: as wanted, else the seller's usual delay."""
    return wanted or issued_on + timedelta(days=due_days)


def date_faults(
    issued_on: date, due_on: date, supplied_on: date | None, paid_on: date | None, today: date, last: date | None
) -> list[Fault]:
    """Not later than today, not before the series' last number, due and paid on sensible days (SPEC D4)."""
    faults = []
    if issued_on > today:
        faults.append(Fault("issued_on", "after_today", {"today": today}))
    elif last and issued_on < last:
        faults.append(Fault("issued_on", "before_last", {"last": last}))
    if due_on < issued_on:
        faults.append(Fault("due_on", "before_issue", {"issued_on": issued_on}))
    if supplied_on and supplied_on > issued_on + timedelta(days=3660):
        faults.append(Fault("supplied_on", "bad_date", {"value": supplied_on.isoformat()}))
    if paid_on and paid_on > today:
        faults.append(Fault("paid_on", "after_today", {"today": today}))
    return faults


def status_at_freezing(total_cents: int, received: bool) -> Status:
    """A manual invoice is complete once nothing remains, pending until then (SPEC B7, D4)."""
    return Status.complete if received or total_cents == 0 else Status.pending


def check_move(now: Status, wanted: Status) -> None:
    """Refuses a move that SPEC B7 doesn't list."""
    if wanted not in MOVES[now]:
        raise MoveRefused(now, wanted)


def freezes(mode: Mode, status: Status) -> bool:
    """Whether an online order stands once it has this status.

    A portal reference stands when it is first accepted (what was refused had been placed), an official invoice when
    it is paid.
    """
    return status in (ACCEPTED if mode is Mode.portal_reference else ACQUIRED)


def needs_buyer_mentions(origin: Origin, mode: Mode) -> bool:
    """Whether a document waits for the buyer's address: a shop's order is never lost for want of it."""
    return origin is Origin.manual or mode is Mode.official


def may_be_paid(kind: InvoiceKind, status: Status, remaining_cents: int) -> bool:
    """Whether all that remains of a document that stands may be recorded as paid."""
    return kind is InvoiceKind.invoice and status in PAYABLE and remaining_cents > 0


def letterable(letters_unpaid: bool) -> frozenset[Status]:
    """The statuses in which a document that stands may be given its first reference (SPEC C5)."""
    return ACQUIRED | DUE if letters_unpaid else ACQUIRED


def is_owed(kind: InvoiceKind, status: Status) -> bool:
    """Whether something is due on it."""
    return kind is InvoiceKind.invoice and status in DUE
