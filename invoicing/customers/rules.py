"""Decisions about customers: pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from email_validator import EmailNotValidError, validate_email

from invoicing.customers.models import Customer, CustomerKind
from invoicing.documents.snapshot import Party, Place
from invoicing.errors import Fault, FieldFaults, Refused
from invoicing.sellers.models import Region, Seller
from invoicing.sellers.rules import BUYER_LINES, country_name, is_country, luhn, too_many_lines
from invoicing.text import clean, lacking

LANGUAGES = ("fr_FR", "fr_CA", "en")
_MAX = {"first_name": 120, "last_name": 120, "organisation_name": 200, "email": 254, "phone": 40, "street": 400,
        "postcode": 16, "city": 120, "province": 80, "member_number": 32, "siren": 9, "vat_number": 20}  # fmt: skip


@dataclass(eq=False)
class MemberNumberTaken(Refused):
    """Another customer has this member number; `by` is None where they took it at this very moment."""

    number: str
    by: int | None


@dataclass(eq=False)
class AlreadyMember(Refused):
    """The contact has become a member already."""

    customer_id: int


@dataclass(eq=False)
class MergedAway(Refused):
    """The record was a duplicate: everything of it is in another one now."""

    customer_id: int
    into: int


@dataclass(eq=False)
class NotAMember(Refused):
    """A contact has no zone to be invited to."""

    customer_id: int


@dataclass(eq=False)
class OwnAccess(Refused):
    """Nobody gives themselves the right to somebody's invoices."""


@dataclass(eq=False)
class AddressTaken(Refused):
    """The customer's e-mail address belongs to a user who has no right to this customer: staff must decide."""

    email: str
    user_id: int


@dataclass(eq=False)
class OtherAddresses(Refused):
    """The customer's e-mail address is no user's, and those who see the invoices have others: staff must decide."""

    email: str


@dataclass(eq=False)
class NoEmail(Refused):
    """The member has no e-mail address to be invited at."""

    customer_id: int


@dataclass(frozen=True)
class CustomerContent:
    """What a customer's form says, as typed; `check` cleans it."""

    kind: str
    first_name: str = ""
    last_name: str = ""
    organisation_name: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    country: str = "FR"
    language: str = "fr_FR"
    professional: bool = False
    siren: str = ""
    vat_number: str = ""
    seller_id: int | None = None


def check(content: CustomerContent, others: tuple[Fault, ...] = ()) -> CustomerContent:
    """The same, cleaned; refuses with every fault at once, `others` included."""
    values = {f.name: getattr(content, f.name) for f in fields(content)}
    faults: list[Fault] = []
    for name, most in _MAX.items():
        if name in values:
            values[name] = clean(values[name], lines=name == "street")
            if name in ("siren", "vat_number"):  # written in groups, as a rule
                values[name] = re.sub(r"[\s.]", "", values[name]).upper()
            faults += text_faults(name, values[name], most)
    faults += _name_faults(values) + _number_faults(values)
    if values["email"]:
        try:
            # Only addresses that `delivery` can write to.
            found = validate_email(
                values["email"], check_deliverability=False, allow_smtputf8=False, test_environment=True
            )
            values["email"] = found.normalized
        except EmailNotValidError:
            faults.append(Fault("email", "bad_email", {"value": values["email"]}))
    if faults or others:
        raise FieldFaults([*faults, *others])
    return CustomerContent(**values)


def text_faults(name: str, text: str, most: int) -> list[Fault]:
    """Too long, or with characters that the paper's font can't print."""
    if len(text) > most:
        return [Fault(name, "too_long", {"most": most})]
    if odd := lacking(text):
        return [Fault(name, "no_glyph", {"characters": " ".join(odd[:5])})]
    return []


def _name_faults(values: dict[str, str]) -> list[Fault]:
    if values["kind"] not in tuple(CustomerKind):
        return [Fault("kind", "choose")]
    if values["kind"] == CustomerKind.organisation:
        return [] if values["organisation_name"] else [Fault("organisation_name", "required")]
    return [] if values["last_name"] or values["first_name"] else [Fault("last_name", "required")]


def _number_faults(values: dict[str, str]) -> list[Fault]:
    faults = []
    if values["siren"] and not (re.fullmatch(r"[0-9]{9}", values["siren"]) and luhn(values["siren"])):
        faults.append(Fault("siren", "bad_siren", {"value": values["siren"]}))
    if too_many_lines(values["street"], BUYER_LINES):
        faults.append(Fault("street", "too_many_address_lines", {"most": BUYER_LINES}))
    if values["language"] not in LANGUAGES:
        faults.append(Fault("language", "choose"))
    if not re.fullmatch(r"[A-Z]{2}", values["country"]):
        faults.append(Fault("country", "choose"))
    elif not is_country(values["country"]):
        faults.append(Fault("country", "unknown_country", {"value": values["country"]}))
    return faults


def address_lines(customer: Customer) -> tuple[str, ...]:
    """The printed address, in the order of its country."""
    lines = [line for line in customer.street.split("\n") if line]
    if customer.country == "CA":
        place = f"{customer.city} ({customer.province})" if customer.province else customer.city
        lines.append(f"{place}  {customer.postcode}".strip())
    elif customer.country == "US":
        lines.append(" ".join(filter(None, (customer.city, customer.province, customer.postcode))))
    else:
        lines.append(f"{customer.postcode} {customer.city}".strip())
    return tuple(line for line in lines if line)


def buyer_party(customer: Customer, to_organisation: bool, seller: Seller) -> Party:
    """The buyer block: the person or the organisation, then the address, with its country where that is abroad."""
    person = f"{customer.first_name} {customer.last_name}".strip()
    as_organisation = customer.kind is CustomerKind.organisation or to_organisation
    name = customer.organisation_name if as_organisation and customer.organisation_name else person
    lines = list(address_lines(customer))
    if as_organisation and person and person != name:
        lines.insert(0, f"{_attention(seller.region, customer.language)} {person}")
    if customer.country != seller.country:
        lines.append(country_name(customer.country, country_language(seller.region, customer.language)))
    ids = [(kind, value) for kind, value in (("siren", customer.siren), ("vat", customer.vat_number)) if value]
    return Party(
        name=name, lines=tuple(lines), ids=tuple(ids), email=customer.email, professional=customer.professional,
        place=Place.written(
            customer.street, customer.postcode, customer.city, customer.province, customer.country
        ),
    )  # fmt: skip


def country_language(region: Region, language: str) -> str:
    """The language of a country's name: French on every document made in Québec, bilingual ones included."""
    return "fr_CA" if region is Region.QC else language


def _attention(region: Region, language: str) -> str:
    """What comes before the person's name; never English alone in Québec."""
    if not language.startswith("en"):
        return "À l’attention de"
    return "À l’attention de / Attn" if region is Region.QC else "Attn"
