"""Decisions about what shops send in: orders and what happens to them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from invoicing.customers.rules import text_faults
from invoicing.documents.paper import MAX_LINES
from invoicing.errors import Fault, FieldFaults, Refused
from invoicing.invoices.models import Status
from invoicing.invoices.reading import PRICE_MAX_E4, QUANTITY_MAX_E3, LineContent
from invoicing.invoices.rules import ACQUIRED, MOVES, MoveRefused
from invoicing.text import clean

STATUS_OF: Final[dict[str, Status]] = {  # the Moodle shop's codes (SPEC B7)
    "WORKING": Status.draft,
    "PLACED": Status.placed,
    "PENDING": Status.pending,
    "PREPROD": Status.pending,
    "PARTIAL": Status.partial,
    "SOLDOUT": Status.paid,
    "COMPLETE": Status.complete,
    "FAILED": Status.failed,
    "REFUSED": Status.refused,
    "CANCELLED": Status.cancelled,
}
SKEW: Final = timedelta(days=1)  # how far a shop's clock may be ahead
_CODE: Final = re.compile(r"[!-~]{1,64}\Z")


@dataclass(eq=False)
class ShopClosed(Refused):
    """The shop isn't in use."""

    shop_id: int


@dataclass(eq=False)
class NumberWanted(Refused):
    """The shop's series is external: each of its orders brings its number."""

    transaction_code: str


@dataclass(eq=False)
class AmountDiffers(Refused):
    """The shop says that another amount was paid than what remains."""

    number: str
    remaining_cents: int
    given_cents: int


@dataclass(frozen=True)
class UnitsWanted:
    """What a shop says of the units of one line: its own references, one per unit (or none), and their validity."""

    references: tuple[str, ...] = ()
    starts_on: date | None = None  # None: the day of the order, where the item has a validity
    ends_on: date | None = None  # None: as the item's validity says


@dataclass(frozen=True)
class Totals:
    """What a whole order comes to, in cents, where its lines have no amounts: kept as it is, once it adds up."""

    net_cents: int
    tax_cents: int
    total_cents: int


@dataclass(frozen=True)
class OrderContent:
    """One order of a shop, exact. `ordered_at` is naive UTC; `paid_cents` what was paid (None: as the status says).

    `number` comes with the orders of an external series, and with no others. `units` is by line, or empty;
    `wants_mail`: the shop asks that the document be e-mailed once it stands.
    """

    customer_id: int
    transaction_code: str
    ordered_at: datetime
    status: Status
    lines: tuple[LineContent, ...]
    payment_label: str = ""
    number: str | None = None
    subject: str = ""
    note: str = ""
    paid_cents: int | None = None
    payment_reference: str = ""
    units: tuple[UnitsWanted | None, ...] = ()
    wants_mail: bool = False
    totals: Totals | None = None  # the lines' own amounts are then nothing, and a part that was paid isn't known
    moved_at: datetime | None = None  # of its last change, where that is told apart from the order's moment


@dataclass(frozen=True)
class OrderEvent:
    """What a shop says has happened to an order; `paid_cents` is what was paid this time (None: all that remains)."""

    status: Status
    at: datetime  # naive UTC
    paid_cents: int | None = None
    payment_label: str = ""
    reference: str = ""
    part_unknown: bool = False  # where the status is partial: nobody says how much was paid


def check_order(content: OrderContent, tax_sets: frozenset[int], now: datetime) -> OrderContent:
    """The same, its texts cleaned; refuses with every fault. `tax_sets` are those that the seller's lines may bear."""
    faults = [] if _CODE.match(content.transaction_code) else [Fault("transaction_code", "bad_code")]
    faults += _moment_faults("ordered_at", content.ordered_at, now)
    if content.moved_at:
        faults += _moment_faults("moved_at", content.moved_at, now)
    if content.totals and content.totals.net_cents + content.totals.tax_cents != content.totals.total_cents:
        faults.append(Fault("totals", "totals_differ"))
    texts = {"payment_label": 120, "subject": 250, "note": 2000, "payment_reference": 120}
    cleaned = {name: clean(getattr(content, name), lines=name == "note") for name in texts}
    for name, most in texts.items():
        faults += text_faults(name, cleaned[name], most)
    if not content.lines:
        faults.append(Fault("lines-0-label", "no_line"))
    if len(content.lines) > MAX_LINES:
        given = len(content.lines)
        faults.append(Fault("lines-0-label", "too_many_lines", {"most": MAX_LINES, "given": given}))
    lines = tuple(replace(line, label=clean(line.label), detail=clean(line.detail)) for line in content.lines)
    for index, line in enumerate(lines):
        faults += _line_faults(f"lines-{index}-", line, tax_sets)
    if faults:
        raise FieldFaults(faults)
    return replace(content, lines=lines, **cleaned)  # type: ignore[arg-type]  # only texts


def check_event(event: OrderEvent, total_cents: int, now: datetime) -> OrderEvent:
    """The same, its texts cleaned, what costs nothing paid at once; refuses with every fault."""
    label, reference = clean(event.payment_label), clean(event.reference)
    faults = text_faults("payment_label", label, 120) + text_faults("reference", reference, 120)
    faults += _moment_faults("at", event.at, now)
    if faults:
        raise FieldFaults(faults)
    status = status_on_arrival(event.status, total_cents)
    return replace(event, status=status, payment_label=label, reference=reference)


def _moment_faults(name: str, moment: datetime, now: datetime) -> list[Fault]:
    """A moment to come would make every later event look old."""
    if moment > now + SKEW:
        return [Fault(name, "after_today", {"today": now.date()})]
    return [] if moment.year >= 2000 else [Fault(name, "bad_date", {"value": moment.isoformat()})]


def _line_faults(at: str, line: LineContent, tax_sets: frozenset[int]) -> list[Fault]:
    faults = text_faults(at + "label", line.label, 250) + text_faults(at + "detail", line.detail, 500)
    if not line.label:
        faults.append(Fault(at + "label", "label_required"))
    if line.price_e4 < 0:
        faults.append(Fault(at + "price", "negative_price"))
    if not 0 <= line.discount_e4 <= 10_000:
        faults.append(Fault(at + "discount", "bad_discount", {"value": str(line.discount_e4)}))
    for name, value, most in (("quantity", line.quantity_e3, QUANTITY_MAX_E3), ("price", line.price_e4, PRICE_MAX_E4)):
        if abs(value) > most:
            faults.append(Fault(at + name, "too_great", {"value": str(value)}))
    if line.tax_set_id not in tax_sets:
        faults.append(Fault(at + "tax_set", "choose_tax"))
    return faults


def paid_at_once(status: Status, paid_cents: int | None, total_cents: int, part_unknown: bool = False) -> int:
    """What an order has brought in when it arrives; refuses an amount that its status contradicts."""
    if status is Status.partial and paid_cents is None and part_unknown:
        return 0
    if status in ACQUIRED and paid_cents in (None, total_cents):
        return total_cents
    if status is Status.partial and paid_cents is not None and 0 < paid_cents < total_cents:
        return paid_cents
    if status not in ACQUIRED and status is not Status.partial and not paid_cents:
        return 0
    raise FieldFaults([Fault("paid_cents", "bad_paid", {"total_cents": total_cents, "paid_cents": paid_cents or 0})])


def status_on_arrival(status: Status, total_cents: int) -> Status:
    """The status as the shop says, but what costs nothing is paid as soon as it is accepted."""
    return Status.paid if total_cents == 0 and status in (Status.placed, Status.pending) else status


def path(now: Status, wanted: Status) -> tuple[Status, ...]:
    """The moves that lead there: one, or paid and then complete. Refuses what SPEC B7 doesn't allow."""
    if wanted in MOVES[now]:
        return (wanted,)
    if wanted is Status.complete and Status.paid in MOVES[now]:
        return (Status.paid, Status.complete)
    raise MoveRefused(now, wanted)


def is_repeated(status: Status, paid_cents: int, last_at: datetime | None, event: OrderEvent) -> bool:
    """Whether an event says only what is known: the status, and of a part the amount and the moment."""
    same_part = event.paid_cents is None or (event.paid_cents == paid_cents and event.at == last_at)
    return event.status is status and (event.status is not Status.partial or same_part)


def paid_by_event(number: str, status: Status, remaining_cents: int, total_cents: int, given: int | None) -> int:
    """What a move brings in: all that remains when it is paid, a part when it is partial; refuses other amounts.

    Nothing where a credit note leaves nothing to pay, or something to give back.
    """
    remaining_cents = max(0, remaining_cents)
    if status in ACQUIRED:
        if given in (None, remaining_cents, total_cents):
            return remaining_cents
    elif status is Status.partial:
        if given is not None and 0 < given < remaining_cents:
            return given
    elif not given:
        return 0
    raise AmountDiffers(number, remaining_cents, given or 0)
