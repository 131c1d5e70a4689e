"""Seller and buyer of a structured invoice: names, numbers, addresses, electronic addresses."""

from __future__ import annotations

import re
from typing import Final

from invoicing.documents.desk import Desk
from invoicing.documents.facturx import codes
from invoicing.documents.facturx.markup import group, identifier, leaf
from invoicing.documents.snapshot import Party, Place, Snapshot
from invoicing.sellers.models import TaxStatus
from invoicing.sellers.rules import is_country, luhn
from invoicing.text import clean

_FRENCH_VAT: Final = re.compile(r"FR[A-Z0-9]{2}([0-9]{9})")
_ATTENTION: Final = re.compile(r"(?:À l’attention de|Attn)\s+")


def number_of(party: Party, kind: str) -> str:
    """One of the party's numbers, without the spaces that people type; or ""."""
    return "".join(next((number for known, number in party.ids if known == kind), "").split())


def siren_of(party: Party) -> str:
    """The party's SIREN: its own, or of its SIRET, or of its French VAT number (CGI, art. 286 ter); or ""."""
    found = number_of(party, "siren") or number_of(party, "siret")[:9]
    if not found and (vat := _FRENCH_VAT.fullmatch(number_of(party, "vat"))) and luhn(vat[1]):
        found = "" if vat[1].startswith("000") else vat[1]  # Monaco's
    return found if re.fullmatch(r"[0-9]{9}", found) else ""


def vat_of(party: Party) -> str:
    """The party's VAT number, where it begins with its country as EN 16931 wants (BR-CO-09); or ""."""
    found = number_of(party, "vat").upper()
    prefix = found[:2]
    return found if prefix in codes.VAT_PREFIXES or (is_country(prefix) and prefix not in codes.ISO) else ""


def country_of(party: Party) -> str:
    """The country's code in the list of EN 16931; "" where it isn't told."""
    code = party.place.country if party.place else ""
    return codes.ISO.get(code, code) if re.fullmatch(r"[A-Z]{2}", code) else ""


def tax_number_of(seller: Party) -> str:
    """BT-32, for a seller without a VAT number: what its tax office knows it by, else its number as an association."""
    return siren_of(seller) or number_of(seller, "rna")


def seller_address(snapshot: Snapshot) -> tuple[str, str]:
    """BT-34, scheme and address, or nothing: by SIREN who is in business, and so in the directory of the reform."""
    return _reached_at(snapshot.seller, snapshot.tax_status != TaxStatus.nonprofit)


def buyer_address(snapshot: Snapshot) -> tuple[str, str]:
    """BT-49, likewise."""
    buyer = snapshot.buyer
    return _reached_at(buyer, buyer.professional and country_of(buyer) in codes.HOME)


def _reached_at(party: Party, in_business: bool) -> tuple[str, str]:
    """The SIREN of who is in business, else the e-mail address."""
    if in_business and (siren := siren_of(party)):
        return codes.FRENCH_ADDRESS, siren
    mail = clean(party.email)
    return (codes.EMAIL, mail) if mail else ("", "")


def seller(desk: Desk, shows_vat: bool) -> str:
    """BG-4; without its VAT number where EN 16931 forbids it (BR-O-02)."""
    party, vat = desk.snapshot.seller, vat_of(desk.snapshot.seller)
    local = "" if vat or not shows_vat else tax_number_of(party)
    return group(
        "SellerTradeParty",
        identifier("ID", number_of(party, "rna")),
        *_numbers_and_name(desk, party),
        leaf("Description", desk.typed(party.legal_form)),
        _registered(party),
        _contact("", desk.typed(party.phone), clean(party.email)),
        _address(desk, party.place),
        _reached(*seller_address(desk.snapshot)),
        _taxed(vat if shows_vat else "", "VA"),
        _taxed(local, "FC"),
    )


def buyer(desk: Desk, shows_vat: bool) -> str:
    """BG-7."""
    party = desk.snapshot.buyer
    return group(
        "BuyerTradeParty",
        *_numbers_and_name(desk, party),
        _registered(party),
        _contact(_person(desk, party), "", ""),
        _address(desk, party.place),
        _reached(*buyer_address(desk.snapshot)),
        _taxed(vat_of(party) if shows_vat else "", "VA"),
    )


def delivered(desk: Desk) -> str:
    """BG-13: to the buyer's country, since the law wants another address of delivery said, and none is."""
    return group("ShipToTradeParty", group("PostalTradeAddress", leaf("CountryID", country_of(desk.snapshot.buyer))))


def _numbers_and_name(desk: Desk, party: Party) -> tuple[str, str]:
    siret = number_of(party, "siret")
    return identifier("GlobalID", siret, schemeID=codes.SIRET), leaf("Name", desk.typed(party.name))


def _registered(party: Party) -> str:
    return group("SpecifiedLegalOrganization", leaf("ID", siren_of(party), schemeID=codes.SIREN))


def _person(desk: Desk, party: Party) -> str:
    """The person to whom an organisation's document goes: the line above its street."""
    first = party.lines[0] if party.lines else ""
    return desk.typed(_ATTENTION.sub("", first)) if _ATTENTION.match(first) else ""


def _contact(person: str, phone: str, mail: str) -> str:
    return group(
        "DefinedTradeContact",
        leaf("PersonName", person),
        group("TelephoneUniversalCommunication", leaf("CompleteNumber", phone)),
        group("EmailURIUniversalCommunication", leaf("URIID", mail)),
    )


def _address(desk: Desk, place: Place | None) -> str:
    place = place or Place()
    street = [line for line in map(desk.typed, place.street) if line]
    lines = [*street[:2], ", ".join(street[2:]), "", ""][:3]
    return group(
        "PostalTradeAddress",
        leaf("PostcodeCode", clean(place.postcode)),
        *(leaf(f"Line{name}", line) for name, line in zip(("One", "Two", "Three"), lines, strict=True)),
        leaf("CityName", desk.typed(place.city)),
        leaf("CountryID", codes.ISO.get(place.country, place.country)),
        leaf("CountrySubDivisionName", desk.typed(place.province)),
    )


def _reached(scheme: str, address: str) -> str:
    return group("URIUniversalCommunication", leaf("URIID", address, schemeID=scheme))


def _taxed(text: str, scheme: str) -> str:
    return group("SpecifiedTaxRegistration", identifier("ID", text, schemeID=scheme))
