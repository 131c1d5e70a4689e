"""What the form of a new series says, as typed, and what is wrong in it: pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from invoicing.errors import Fault, FieldFaults, Refused
from invoicing.numbering import Mode, Use, is_format
from invoicing.text import clean


class Calendar(StrEnum):
    """What of the date stands in a number, and when the counting begins again."""

    yearly = "yearly"  # the year; from 1 again each year
    dated = "dated"  # the whole day; never again from 1
    endless = "endless"  # nothing; never again from 1


_PARTS: Final = {Calendar.yearly: "{year}-", Calendar.dated: "{date}-", Calendar.endless: ""}


@dataclass(frozen=True)
class SeriesContent:
    """A new series, as typed; `digits` is how many a number has at least."""

    seller_id: str = ""
    use: str = Use.manual
    mode: str = Mode.official
    prefix: str = ""
    calendar: str = Calendar.yearly
    digits: str = "5"


@dataclass(frozen=True)
class SeriesValues:
    """A new series, read."""

    seller_id: int
    use: Use
    mode: Mode
    format: str


@dataclass(eq=False)
class SeriesOfShop(Refused):
    """A shop takes its numbers from it: it stays in use as long as the shop."""

    shop: str


@dataclass(eq=False)
class OnlySeries(Refused):
    """It is the one in use for its documents: another one put in use takes its place."""

    format: str


def format_of(content: SeriesContent) -> str:
    """The format that a form asks for: F, yearly, 5 digits gives F{year}-{n:05}. Refuses with every fault."""
    prefix, faults = clean(content.prefix).upper(), []
    if content.calendar not in list(Calendar):
        faults.append(Fault("calendar", "choose"))
    digits = content.digits.strip()
    if digits not in [str(n) for n in range(1, 10)]:
        faults.append(Fault("digits", "bad_digits", {"value": content.digits}))
    if not prefix or not is_format(prefix + "{n}"):  # a bare date would stand in other series' numbers
        faults.append(Fault("prefix", "bad_prefix", {"value": content.prefix}))
    if faults:
        raise FieldFaults(faults)
    return prefix + _PARTS[Calendar(content.calendar)] + ("{n}" if digits == "1" else f"{{n:0{digits}}}")


def read_series(content: SeriesContent, sellers: frozenset[int]) -> SeriesValues:
    """The form's values; refuses with every fault. `sellers` are the identities that there are."""
    faults: list[Fault] = []
    known = {str(seller_id): seller_id for seller_id in sellers}
    if content.seller_id not in known:
        faults.append(Fault("seller_id", "choose"))
    faults += [
        Fault(name, "choose")
        for name, kind in (("use", Use), ("mode", Mode))
        if getattr(content, name) not in list(kind)
    ]
    try:
        format = format_of(content)
    except FieldFaults as refused:
        faults += refused.faults
    if faults:
        raise FieldFaults(faults)
    return SeriesValues(known[content.seller_id], Use(content.use), Mode(content.mode), format)
