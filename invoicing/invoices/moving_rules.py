"""Which moves of status a person of staff may make by button, and for each other move why not: pure (SPEC B7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.errors import Refused
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.rules import MOVES, LetteredStands, StandsForGood, check_move
from invoicing.numbering import Mode

_S = Status
BY_MONEY: Final = frozenset({_S.partial, _S.paid})  # a payment moves there, or a credit note, never a button
BY_HAND: Final = (_S.placed, _S.pending, _S.complete, _S.failed, _S.refused, _S.cancelled)  # in the order of a page
GIVEN_UP: Final = frozenset({_S.failed, _S.refused, _S.cancelled})  # no sale any more
_ACCEPTED: Final = frozenset({_S.partial, _S.paid, _S.complete})


@dataclass(eq=False)
class OnlyByMoney(Refused):
    """Partial and paid follow from payments."""

    number: str
    wanted: Status


@dataclass(eq=False)
class NotByHand(Refused):
    """A manual invoice of an official series, or a credit note, or a draft of staff: its status follows by itself."""

    number: str
    kind: InvoiceKind


@dataclass(eq=False)
class StillDue(Refused):
    """It isn't complete while something remains to be paid."""

    number: str
    remaining_cents: int
    currency: str


@dataclass(eq=False)
class CreditedStands(Refused):
    """A credit note corrects it: it isn't given up besides."""

    number: str


@dataclass(frozen=True)
class Standing:
    """What decides about moves; `reference` is the lettering."""

    number: str
    kind: InvoiceKind
    origin: Origin
    mode: Mode
    status: Status
    is_frozen: bool
    reference: str | None
    remaining_cents: int
    credited_cents: int
    currency: str


def standing_of(invoice: Invoice) -> Standing:
    """The document as moves see it."""
    return Standing(
        number=invoice.number or "", kind=invoice.kind, origin=invoice.origin, mode=invoice.mode,
        status=invoice.status, is_frozen=invoice.is_frozen, reference=invoice.lettering,
        remaining_cents=invoice.remaining_cents, credited_cents=invoice.credited_cents, currency=invoice.currency,
    )  # fmt: skip


def check_giving_up(it: Standing, wanted: Status) -> None:
    """Refuses to give up what stands for good: an official document, a lettered or a credited one (SPEC B7)."""
    if wanted not in GIVEN_UP:
        return
    if it.is_frozen and it.mode is Mode.official:
        raise StandsForGood(it.number)
    if wanted is Status.cancelled and it.reference is not None:
        raise LetteredStands(it.number, it.reference, wanted not in MOVES[it.status])
    if it.credited_cents:
        raise CreditedStands(it.number)


def check_by_hand(it: Standing, wanted: Status) -> None:
    """Refuses a move that staff may not make: NotByHand, OnlyByMoney, MoveRefused, StandsForGood and the like."""
    if it.kind is InvoiceKind.credit_note:
        raise NotByHand(it.number, it.kind)
    if wanted in MOVES[it.status] or it.status in _ACCEPTED:
        check_giving_up(it, wanted)  # says more than that the move isn't in the table
    check_move(it.status, wanted)
    if wanted in BY_MONEY:
        raise OnlyByMoney(it.number, wanted)
    if it.origin is Origin.manual and (it.mode is Mode.official or not it.is_frozen):
        raise NotByHand(it.number, it.kind)
    if wanted is Status.complete and it.remaining_cents > 0:
        raise StillDue(it.number, it.remaining_cents, it.currency)


def refusal(it: Standing, wanted: Status) -> Refused | None:
    """Why this move may not be made by hand; None where it may."""
    try:
        check_by_hand(it, wanted)
    except Refused as refused:
        return refused
    return None


def possible(it: Standing) -> tuple[Status, ...]:
    """The moves that staff may make by button, in the order of the page."""
    return tuple(wanted for wanted in BY_HAND if refusal(it, wanted) is None)


def is_repeated(it: Standing, wanted: Status, is_fresh: bool) -> bool:
    """Whether the same form was sent twice: it is there already, and the form was drawn before that."""
    return it.status is wanted and not is_fresh
