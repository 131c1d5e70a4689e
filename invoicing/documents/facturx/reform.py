"""What the French reform of invoices asks for beyond EN 16931: the kind of billing, the treatment, what stays unmet."""

from __future__ import annotations

import re
from typing import Final

from invoicing.documents.facturx import codes
from invoicing.documents.facturx.matter import Matter
from invoicing.documents.facturx.parties import buyer_address, country_of, number_of, seller_address, siren_of
from invoicing.documents.facturx.tax import untaxed_of
from invoicing.documents.snapshot import Line
from invoicing.legal.supplies import category_of
from invoicing.text import clean

_NUMBER: Final = re.compile(r"[A-Za-z0-9+\-_/]+")
_RATES: Final = frozenset(  # percentages × 1000 that French law has or had (BR-FR-16)
    {0, 900, 1050, 1750, 2100, 5500, 7000, 8500, 9200, 9600, 10000, 13000, 19600, 20000, 20600}
)
_LONGEST, _LONGEST_ADDRESS = 35, 125


def is_settled_at_once(at: Matter) -> bool:
    """Whether it may be called « déjà payée » (B2, S2, M2): paid to the cent of net and tax (BR-FR-CO-09).

    What was rounded isn't: the sum paid is net + tax + rounding. It is told as paid all the same (BT-113).
    """
    return bool(at.desk.paid_on) and not at.snapshot.rounding_cents


def billing_of(at: Matter) -> str:
    """BT-23: S, B or M by what its lines supply, as the paper says it, then 1 or 2."""
    sells = at.snapshot.sells or at.snapshot.supplies
    category = category_of(sells, (line.exemption for line in at.snapshot.lines))
    return codes.KINDS[category] + ("2" if is_settled_at_once(at) else "1")


def treatment_of(at: Matter) -> str:
    """The note BAR: who hears of this document in the reform; "" where the snapshot can't tell.

    A duplicate is for the archive alone: the official invoice goes its own way. What article 261 exempts and what is
    outside VAT is outside the reform, too (CGI, art. 289 bis and 290).
    """
    buyer, country = at.snapshot.buyer, country_of(at.snapshot.buyer)
    if at.desk.facts.duplicate:
        return "ARCHIVEONLY"
    if all(_is_unreported(line, at.snapshot.tax_status) for line in at.snapshot.lines):
        return "OUTOFSCOPE"
    if country in codes.UNSURE:
        return ""
    if country not in codes.HOME:
        return "B2BINT" if buyer.professional else "B2CINT"
    if not buyer.professional:
        return "B2C"
    return "B2B" if siren_of(buyer) else ""


def _is_unreported(line: Line, status: str) -> bool:
    return not line.taxes and untaxed_of(line, status).vatex in codes.UNREPORTED


def unmet(at: Matter) -> frozenset[str]:
    """The rules of BR-FR that this document can't meet without a lie, by their ids (docs/decisions/factur-x.md)."""
    found = set()
    seller, buyer = at.snapshot.seller, at.snapshot.buyer
    if not siren_of(seller):
        found.add("BR-FR-10_BT-30")
    for party, rule in ((seller, "BR-FR-09_BT-29"), (buyer, "BR-FR-09_BT-46")):
        if (siret := number_of(party, "siret")) and not _fits(siret, siren_of(party)):
            found.add(rule)
    for (_, address), number, rule in (
        (seller_address(at.snapshot), "13", "BT-34"),
        (buyer_address(at.snapshot), "12", "BT-49"),
    ):
        if not address:
            found.add(f"BR-FR-{number}_{rule}")
        if len(address) > _LONGEST_ADDRESS:
            found.add(f"BR-FR-25_{rule}")
    found |= _numbers_unmet(at) | _rates_unmet(at)
    return frozenset(found)


def _fits(siret: str, siren: str) -> bool:
    return re.fullmatch(r"[0-9]{14}", siret) is not None and siret.startswith(siren)


def _numbers_unmet(at: Matter) -> set[str]:
    """Numbers given elsewhere are kept as they are, too long or with signs that the reform doesn't know."""
    preceding = at.desk.facts.corrects_official or at.snapshot.corrects
    found = set()
    for number, place in ((clean(at.desk.number), "BT-1"), (clean(preceding), "BT-25")):
        if number and not _NUMBER.fullmatch(number):
            found.add(f"BR-FR-02_{place}")
        if len(number) > _LONGEST:
            found.add(f"BR-FR-01_{place}")
    if at.desk.credit and not (preceding and at.snapshot.corrects_on):
        found.add("BR-FR-CO-05_BT-3")
    return found


def _rates_unmet(at: Matter) -> set[str]:
    """Rates of somebody's own making."""
    found = set()
    for group in at.groups:
        places = ["BT-119", "BT-152"] + (["BT-96_BT-103"] if group.allowance_cents else [])
        if group.rate_e5 not in _RATES:
            found |= {f"BR-FR-16_{place}" for place in places}
        if group.rate_e5 % 10 or group.rate_e5 >= 10**5:
            found |= {f"BR-FR-DEC-04_{place}" for place in places}
    return found
