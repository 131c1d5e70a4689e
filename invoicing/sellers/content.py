"""What the forms of the organisation and of a seller identity say, as typed, and what is wrong in it: pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Final
from zoneinfo import available_timezones

from invoicing.customers.rules import LANGUAGES, text_faults
from invoicing.days import NotADate, read_date
from invoicing.delivery.service import BadAddress, checked_address
from invoicing.errors import Fault, FieldFaults
from invoicing.money import Currency
from invoicing.sellers.models import Region, Supplies, TaxStatus
from invoicing.sellers.rules import REGISTRATIONS, number_faults, status_fits
from invoicing.text import clean

DUE_DAYS_MAX: Final = 365
PAPERS: Final = ("a4", "letter")
WINDOWS: Final = ("right", "left")
TAX_FIELDS: Final = {"gst": "TPS", "qst": "TVQ"}  # field → code of the tax
_MAX: Final = {"name": 200, "legal_form": 200, "street": 400, "postcode": 16, "city": 120, "province": 80,
               "email": 254, "phone": 40, "bank_holder": 140, "interac": 254, "cheque": 300, "discount_terms": 300,
               "late_penalty": 300, "closing_text": 600, "mail_from": 254}  # fmt: skip
# Rules, of which the journal says from and to. Of anything else, which may name a person, it says that it changed.
TOLD: Final = frozenset({"region", "currency", "tax_status", "timezone", "language", "due_days", "paper", "window",
                         "accent", "format", "letters_unpaid", "sends_again", "shows_official", "supplies",
                         "vat_on_debits", "einvoicing_on"})  # fmt: skip
_COMPACT: Final = ("siret", "rna", "vat_number", "neq", "iban", "bic", "gst", "qst")


@dataclass(frozen=True)
class OrganisationContent:
    """The organisation's form."""

    name: str
    contact_email: str = ""
    timezone: str = "Europe/Paris"
    language: str = "fr_FR"
    letters_unpaid: bool = False
    shows_official: bool = True
    sends_again: bool = False


@dataclass(frozen=True)
class SellerContent:
    """A seller identity's form; `gst` and `qst` are its registration numbers in Québec."""

    name: str
    region: str
    currency: str
    tax_status: str
    timezone: str
    legal_form: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    country: str = "FR"
    email: str = ""
    phone: str = ""
    siret: str = ""
    rna: str = ""
    vat_number: str = ""
    neq: str = ""
    gst: str = ""
    qst: str = ""
    bank_holder: str = ""
    iban: str = ""
    bic: str = ""
    interac: str = ""
    cheque: str = ""
    discount_terms: str = ""
    late_penalty: str = ""
    closing_text: str = ""
    supplies: str = Supplies.services
    vat_on_debits: str = ""  # "1": yes
    einvoicing_on: str = "2027-09-01"
    due_days: str = "30"
    accent: str = "#0b5563"
    paper: str = "a4"
    window: str = "right"
    mail_from: str = ""


def read_organisation(content: OrganisationContent) -> dict[str, Any]:
    """Clean values by column; refuses with every fault at once."""
    values: dict[str, Any] = {"name": clean(content.name), "contact_email": clean(content.contact_email),
                              "timezone": content.timezone, "language": content.language,
                              "letters_unpaid": content.letters_unpaid,
                              "shows_official": content.shows_official,
                              "sends_again": content.sends_again}  # fmt: skip
    faults = text_faults("name", values["name"], 200)
    if not values["name"]:
        faults.append(Fault("name", "required"))
    faults += _addresses(values, "contact_email")
    if values["timezone"] not in available_timezones():
        faults.append(Fault("timezone", "choose"))
    if values["language"] not in LANGUAGES:
        faults.append(Fault("language", "choose"))
    if faults:
        raise FieldFaults(faults)
    return values


def read_seller(content: SellerContent, others: tuple[Fault, ...] = ()) -> dict[str, Any]:
    """Clean values by column, `gst` and `qst` beside them; refuses with every fault at once, `others` included."""
    values: dict[str, Any] = asdict(content)
    faults: list[Fault] = []
    for name, most in _MAX.items():
        values[name] = clean(values[name], lines=name == "street")
        faults += text_faults(name, values[name], most)
    for name in _COMPACT:
        values[name] = re.sub(r"[\s.]", "", clean(values[name])).upper()
    if not values["name"]:
        faults.append(Fault("name", "required"))
    faults += _choices(values) + number_faults(values) + _registrations(values) + _due_days(values)
    faults += _reform(values) + _addresses(values, "email", "interac", "mail_from")
    if faults or others:
        raise FieldFaults([*faults, *others])
    return values


def _choices(values: dict[str, Any]) -> list[Fault]:
    known = {"region": tuple(Region), "currency": tuple(Currency), "paper": PAPERS, "window": WINDOWS,
             "tax_status": tuple(TaxStatus), "timezone": available_timezones()}  # fmt: skip
    faults = [Fault(name, "choose") for name, options in known.items() if values[name] not in options]
    if not re.fullmatch(r"[A-Z]{2}", values["country"]):
        faults.append(Fault("country", "choose"))
    if faults:
        return faults
    values["region"], values["tax_status"] = Region(values["region"]), TaxStatus(values["tax_status"])
    values["currency"] = Currency(values["currency"])
    return [] if status_fits(values["region"], values["tax_status"]) else [Fault("tax_status", "choose")]


def _registrations(values: dict[str, Any]) -> list[Fault]:
    given = [(name, values[name], REGISTRATIONS[code]) for name, code in TAX_FIELDS.items() if values[name]]
    return [Fault(name, f"bad_{name}", {"value": text}) for name, text, shape in given if not re.fullmatch(shape, text)]


def _due_days(values: dict[str, Any]) -> list[Fault]:
    text = clean(values["due_days"])
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= DUE_DAYS_MAX):
        return [Fault("due_days", "bad_due_days")]
    values["due_days"] = int(text)
    return []


def _reform(values: dict[str, Any]) -> list[Fault]:
    """What the French reform of invoices asks to know of a seller (LAW.md)."""
    values["vat_on_debits"] = values["vat_on_debits"] == "1"
    faults = [] if values["supplies"] in tuple(Supplies) else [Fault("supplies", "choose")]
    typed = clean(values["einvoicing_on"])
    try:
        day = read_date(typed)
    except NotADate:
        day = None
    if day is None or not 2000 <= day.year <= 2100:
        return [*faults, Fault("einvoicing_on", "bad_date", {"value": typed[:40]})]
    values["einvoicing_on"] = day
    if not faults:
        values["supplies"] = Supplies(values["supplies"])
    return faults


def _addresses(values: dict[str, Any], *names: str) -> list[Fault]:
    faults = []
    for name in names:
        try:
            values[name] = checked_address(values[name]) if values[name] else ""
        except BadAddress:
            faults.append(Fault(name, "bad_email", {"value": values[name]}))
    return faults
