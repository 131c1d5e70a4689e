"""Decisions about sold units: how many a line makes, when they are valid, what a credit note takes back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from invoicing.errors import Fault
from invoicing.invoices.models import Status
from invoicing.shop.rules import UnitsWanted

ROWS_MAX: Final = 200  # of one line; beyond that one row stands for all pieces
PIECE_E3: Final = 1000
VOID: Final = frozenset({Status.failed, Status.refused, Status.cancelled})
AWAITED: Final = frozenset({Status.draft, Status.placed, Status.pending, Status.partial})
_REFERENCE: Final = re.compile(r"[!-~]{1,64}\Z")
_MADE_HERE: Final = re.compile(r"U[0-9]+-[0-9]+-", re.IGNORECASE)


class UnitState(StrEnum):
    """Where a sold unit stands."""

    taken_back = "taken_back"  # a credit note took it back
    void = "void"  # its order failed, was refused or cancelled
    awaited = "awaited"  # not paid yet
    coming = "coming"  # valid from a later day
    valid = "valid"
    ended = "ended"


@dataclass(frozen=True)
class Validity:
    """From which day until which, both included; None: without end on that side."""

    starts_on: date | None = None
    ends_on: date | None = None


def pieces(quantity_e3: int) -> tuple[int, int]:
    """How many rows a line makes, and how many pieces each stands for; none for a deduction."""
    if quantity_e3 <= 0:
        return 0, 0
    whole, rest = divmod(quantity_e3, PIECE_E3)
    if rest:
        return 1, 1
    return (whole, 1) if whole <= ROWS_MAX else (1, whole)


def validity(wanted: UnitsWanted, sold_on: date, days: int | None) -> Validity:
    """The shop's own dates, else as many days as the item's units are valid, from the day of the sale."""
    ends_on = wanted.ends_on
    starts_on = wanted.starts_on or (sold_on if days and not (ends_on and ends_on < sold_on) else None)
    if ends_on is None and days and starts_on:
        room = (date.max - starts_on).days
        ends_on = starts_on + timedelta(days=min(days - 1, room))
    return Validity(starts_on, ends_on)


def wanted_faults(at: str, wanted: UnitsWanted, rows: int) -> list[Fault]:
    """What is wrong in what a shop says of one line's units; `rows` is how many the line makes."""
    faults = []
    if len(wanted.references) > rows:
        given = len(wanted.references)
        faults.append(Fault(at + "references", "too_many_references", {"most": rows, "given": given}))
    seen: set[str] = set()
    for reference in wanted.references:
        if not _REFERENCE.match(reference) or _MADE_HERE.match(reference):
            faults.append(Fault(at + "references", "bad_reference", {"value": reference[:40]}))
        elif reference in seen:
            faults.append(Fault(at + "references", "reference_taken", {"value": reference}))
        seen.add(reference)
    if wanted.starts_on and wanted.ends_on and wanted.ends_on < wanted.starts_on:
        faults.append(Fault(at + "ends_on", "ends_before", {"day": wanted.starts_on}))
    return faults


def reference_of(invoice_id: int, line: int, n: int) -> str:
    """The reference of a unit that its shop doesn't name: as no shop may write them."""
    return f"U{invoice_id}-{line}-{n}"


def credited_pieces(count: int, net_cents: int, taken_cents: int) -> int:
    """How many of `count` pieces of a line credit notes have taken whole, of `net_cents` for all of them.

    A piece is taken once its price, rounded to the cent, is; a line without a price goes as a whole.
    """
    if net_cents <= 0 or taken_cents >= net_cents:
        return count
    return (count * (2 * taken_cents + 1) - 1) // (2 * net_cents) if taken_cents > 0 else 0


def state(taken_back: bool, status: Status, valid: Validity, today: date) -> UnitState:
    """The state of a unit on a day."""
    if taken_back:
        return UnitState.taken_back
    if status in VOID:
        return UnitState.void
    if status in AWAITED:
        return UnitState.awaited
    if valid.starts_on and valid.starts_on > today:
        return UnitState.coming
    return UnitState.ended if valid.ends_on and valid.ends_on < today else UnitState.valid


Taken = Mapping[int, int]  # line of an invoice → cents before tax that credit notes have taken of it
