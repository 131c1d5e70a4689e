"""What a document must bear about its seller and its buyer before it may be finalised (LAW.md): pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel import Locale

from invoicing.customers.models import Customer
from invoicing.errors import Fault, Refused
from invoicing.legal.mandates import Demand, all_mandates, mandates
from invoicing.sellers.models import STATUSES, Region, Seller, TaxStatus


@dataclass(frozen=True)
class Missing:
    """A mandatory mention that is not there: whose (`seller` or `customer`), and which field fills it."""

    whose: str
    field: str


@dataclass(eq=False)
class MentionsMissing(Refused):
    """The document would lack what the law asks for."""

    missing: tuple[Missing, ...]


_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}  # unions, and the codes of nowhere, that have names too
SELLER_LINES, BUYER_LINES = 4, 5  # of the street: what the paper's blocks have room for


def missing_of_seller(seller: Seller, registered: frozenset[str], day: date) -> list[Missing]:
    """What the seller identity lacks for a document of that day, by the codes of the taxes with a registration number.

    Whoever is registered in Québec prints both numbers on every document, whatever its lines bear.
    """
    registration = "complete" if registered >= REGISTRATIONS.keys() else ""
    known = {row.field: getattr(seller, row.field) for row in all_mandates() if row.whose == "seller"}
    known |= {"registrations": registration, "rna": seller.rna}
    held = mandates("seller", Demand(day, seller.region, seller.tax_status))
    fields = [row.field for row in held if not (known[row.field] or known.get(row.other))]
    if too_many_lines(seller.street, SELLER_LINES):
        fields.append("street_lines")
    return [Missing("seller", name) for name in fields]


def missing_of_customer(
    customer: Customer, seller: Seller | None = None, day: date = date.max, exemptions: Collection[str] = ()
) -> list[Missing]:
    """What the buyer block lacks for a document of that seller and day; without one, for any document.

    `exemptions` are those of the tax sets on its lines.
    """
    demand = Demand(day, country=customer.country)
    if seller is not None:
        demand = Demand(
            day, seller.region, seller.tax_status, seller.einvoicing_on,
            customer.professional, customer.country, exemptions,
        )  # fmt: skip
    fields = dict.fromkeys(row.field for row in mandates("customer", demand) if not getattr(customer, row.field))
    missing = list(fields)
    if too_many_lines(customer.street, BUYER_LINES):
        missing.append("street_lines")
    return [Missing("customer", name) for name in missing]


def too_many_lines(street: str, most: int) -> bool:
    """Whether a street has more printed lines than the paper has room for."""
    return sum(1 for line in street.split("\n") if line.strip()) > most


@lru_cache(maxsize=512)
def country_name(code: str, language: str) -> str:
    """The country in the language of a document; the code itself where it has no name."""
    return str(Locale.parse(language).territories.get(code, code))


def is_country(code: str) -> bool:
    """Whether two capitals are the code of a country that a document can name."""
    return re.fullmatch(r"[A-Z]{2}", code) is not None and code not in _NO_COUNTRY and country_name(code, "fr") != code


def luhn(digits: str) -> bool:
    """The checksum of SIREN and SIRET."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """ISO 13616: length and checksum modulo 97."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", text):
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


_SHAPES = {
    "siret": (r"[0-9]{14}", luhn),
    "rna": (r"W[0-9]{9}", None),
    "vat_number": (r"FR[A-Z0-9]{2}[0-9]{9}", None),
    "neq": (r"[0-9]{10}", None),
    "iban": (r"[A-Z0-9]{15,34}", is_iban),
    "bic": (r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", None),
    "accent": (r"#[0-9a-fA-F]{6}", None),
}
REGISTRATIONS = {"TPS": r"[0-9]{9}RT[0-9]{4}", "TVQ": r"[0-9]{10}TQ[0-9]{4}"}


def number_faults(values: dict[str, str]) -> list[Fault]:
    """Numbers without their official shape or checksum (empty ones are no fault here), and a street too long."""
    faults = []
    if too_many_lines(values.get("street", ""), SELLER_LINES):
        faults.append(Fault("street", "too_many_address_lines", {"most": SELLER_LINES}))
    for name, (shape, check) in _SHAPES.items():
        value = values.get(name, "")
        if value and not (re.fullmatch(shape, value) and (check is None or check(value))):
            faults.append(Fault(name, f"bad_{name}", {"value": value}))
    return faults


def status_fits(region: Region, status: TaxStatus) -> bool:
    """Whether a seller of this region may have this tax status."""
    return status in STATUSES[region]


def formats_meet(one: str, other: str) -> bool:
    """Whether two formats of series could ever give the same number: « F{year}-{n:05} » and « F{year}-{n} » could."""
    short, long = sorted((_prefix(one), _prefix(other)), key=len)
    same = all(a == b or (_is_figure(a) and _is_figure(b) and "#" in (a, b)) for a, b in zip(short, long, strict=False))
    return same and all(_is_figure(char) for char in long[len(short) :])


def _prefix(format: str) -> str:
    """What stands before the counter; # for each figure of a date."""
    return format.replace("{year}", "#" * 4).replace("{date}", "#" * 8).partition("{n")[0]


def _is_figure(char: str) -> bool:
    return char == "#" or char.isdigit()
