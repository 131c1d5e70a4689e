"""What the form of a shop says, as typed, and what is wrong in it: pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from invoicing.customers.rules import text_faults
from invoicing.errors import Fault, FieldFaults
from invoicing.numbering import Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.series_rules import Calendar
from invoicing.text import clean

NEW: Final = "new"  # instead of a series that is there
WAYS_MAX: Final = 20
BY_SHOP: Final = tuple(method for method in PaymentMethod if method is not PaymentMethod.credit)


class Fixed(StrEnum):
    """What a shop keeps for good once it has an order."""

    seller_id = "seller_id"
    series = "series"


@dataclass(frozen=True)
class Way:
    """One way to pay: the shop's words, and what they are to the accounts; as typed."""

    label: str = ""
    method: str = ""

    @property
    def is_blank(self) -> bool:
        """Nothing was typed in it: it is passed over."""
        return not self.label.strip()


@dataclass(frozen=True)
class ShopContent:
    """A shop's form, as typed; what follows `series` counts for a new one."""

    name: str = ""
    catalogue_id: str = ""
    seller_id: str = ""
    series: str = NEW
    source: str = Source.external
    mode: str = Mode.portal_reference
    prefix: str = ""
    calendar: str = Calendar.dated
    digits: str = "1"
    ways: tuple[Way, ...] = ()
    active: bool = True


@dataclass(frozen=True)
class ShopValues:
    """A shop's form, read, as far as it can be without looking anything up."""

    name: str
    ways: dict[str, PaymentMethod]
    active: bool


def read_shop(content: ShopContent) -> tuple[ShopValues, list[Fault]]:
    """Its own texts, and what is wrong in them."""
    name = clean(content.name)
    faults = text_faults("name", name, 120) or ([] if name else [Fault("name", "required")])
    ways: dict[str, PaymentMethod] = {}
    for place, way in enumerate(content.ways):
        if way.is_blank:
            continue
        label = clean(way.label)
        faults += text_faults(f"way-{place}-label", label, 120)
        if label in ways:
            faults.append(Fault(f"way-{place}-label", "way_twice"))
        if way.method not in BY_SHOP:
            faults.append(Fault(f"way-{place}-method", "choose"))
            continue
        ways[label] = PaymentMethod(way.method)
    if len(ways) > WAYS_MAX:
        faults.append(Fault("way-0-label", "too_many_ways", {"most": WAYS_MAX}))
    return ShopValues(name, ways, content.active), faults


def chosen(text: str, known: set[int], field: str, faults: list[Fault]) -> int:
    """A number of the list; a fault at its field otherwise."""
    found = next((number for number in known if str(number) == text), 0)
    if not found:
        faults.append(Fault(field, "choose"))
    return found


def refuse(faults: list[Fault]) -> None:
    """Refuses with every fault, if there is any."""
    if faults:
        raise FieldFaults(faults)
