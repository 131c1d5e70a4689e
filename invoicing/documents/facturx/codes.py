"""Codes of the structured invoice, as plain data. All stand in the lists shipped with its schemas (a test looks).

Sources: VATEX, the exemption reason codes of the Connecting Europe Facility; UNTDID 4461, means of payment;
UNTDID 4451, subjects of notes; the kinds of billing and treatments of the French reform (AFNOR XP Z12-012);
ISO 3166-1. The VATEX of article 293 B of the CGI is that of article L. 223-3 of the CIBS, which takes its place on
2026-09-01; those of article 261 hold as long as the texts (invoicing/legal/texts.toml) cite it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.sellers.models import Supplies

PROFILE: Final = "urn:cen.eu:en16931:2017"
INVOICE, CREDIT_NOTE = "380", "381"
ONE: Final = "C62"  # UN/ECE Recommendation 20: one, without a unit
DISCOUNT: Final = "95"  # UNTDID 5189
DEBITS: Final = "5"  # UNTDID 2475: the tax is due at the invoice's date
SIREN, SIRET, FRENCH_ADDRESS, EMAIL = "0002", "0009", "0225", "EM"

STANDARD, ZERO, EXEMPT, OUTSIDE, REVERSE, INTRA_EU, EXPORT = "S", "Z", "E", "O", "AE", "K", "G"


@dataclass(frozen=True)
class Untaxed:
    """Why a line bears no tax: its category (UNTDID 5305) and its VATEX, or "" where the list has none."""

    category: str
    vatex: str = ""


EXEMPTIONS: Final = {  # by the key of a tax set's reason
    "training": Untaxed(EXEMPT, "VATEX-FR-CGI261-4"),
    "reverse_charge": Untaxed(REVERSE, "VATEX-EU-AE"),
    "eu_goods": Untaxed(INTRA_EU, "VATEX-EU-IC"),
    "export": Untaxed(EXPORT, "VATEX-EU-G"),
}
STATUSES: Final = {  # by the seller's tax status, for lines that have no other reason
    "small_business": Untaxed(EXEMPT, "VATEX-FR-FRANCHISE"),
    "nonprofit": Untaxed(EXEMPT, "VATEX-FR-CGI261-7"),
    "vat_registered": Untaxed(OUTSIDE, "VATEX-EU-O"),
}
OWN_WORDS: Final = Untaxed(EXEMPT)
# Neither invoiced nor reported through the reform: exempt by article 261, or no matter of VAT (CGI, art. 289 bis, 290).
UNREPORTED: Final = frozenset({"VATEX-FR-CGI261-4", "VATEX-FR-CGI261-7", "VATEX-EU-O"})

KINDS: Final = {Supplies.services: "S", Supplies.goods: "B", Supplies.mixed: "M"}

MEANS: Final = {  # of a payment that has come in
    "transfer": "42",  # payment to a bank account; 30 and 58 would have to say which
    "cheque": "20",
    "card": "48",
    "cash": "10",
    "direct_debit": "59",
    "credit": "97",
}
OTHER_MEANS: Final = "ZZZ"
SEPA_TRANSFER, CHEQUE = "58", "20"

HOME: Final = frozenset({"FR", "GP", "MQ", "RE"})  # where French VAT holds
UNSURE: Final = frozenset({"BL", "GF", "MC", "MF", "NC", "PF", "PM", "TF", "WF", "YT"})  # French in part
# House codes that the list of EN 16931 has otherwise: Kosovo, and parts of Saint Helena, France, Spain, British Ocean.
ISO: Final = {"XK": "1A", "AC": "SH", "TA": "SH", "CP": "FR", "DG": "IO", "EA": "ES", "IC": "ES"}
VAT_PREFIXES: Final = frozenset({"EL", "XI"})  # Greece's and Northern Ireland's, which are no countries' codes
