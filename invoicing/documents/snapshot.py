"""What a frozen document says: everything the paper, the page and the e-mail show, and nothing else.

Written once, when the document freezes, as canonical JSON in `invoice.snapshot`; read back for ever.
A field is only ever added, with a default, so that old snapshots stay readable.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class Place:
    """An address in its parts, for machines; `country` in ISO 3166-1 alpha-2."""

    street: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    province: str = ""
    country: str = ""

    @classmethod
    def written(cls, street: str, *parts: str) -> Place:
        """From a street as it is typed, a line per line, and the other parts in their order."""
        return cls(tuple(filter(None, street.split("\n"))), *parts)


@dataclass(frozen=True)
class Party:
    """Seller or buyer as printed. `lines` is the address, one string per printed line."""

    name: str
    lines: tuple[str, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()  # (kind, number): siret, siren, vat, rna, neq, gst, qst…
    email: str = ""
    phone: str = ""
    legal_form: str = ""
    place: Place | None = None  # None in snapshots from before electronic invoices
    professional: bool = False  # of a buyer: acts for a business


@dataclass(frozen=True)
class LineTax:
    """One tax borne by a line; `rate_e5` is the fraction × 10⁵."""

    code: str
    label: str
    rate_e5: int


@dataclass(frozen=True)
class Line:
    """One line; `net_cents` excludes tax and the document's discount. `detail` is the quieter second line."""

    label: str
    quantity_e3: int
    price_e4: int
    net_cents: int
    detail: str = ""
    discount_e4: int = 0
    taxes: tuple[LineTax, ...] = ()
    gross: bool = False  # price_e4 includes the taxes; net_cents never does
    allowance_cents: int = 0  # its share of the document's discount
    why_untaxed: str = ""  # which of the document's mentions it asks for
    exemption: str = ""  # key of the reason why it bears no tax, where its tax set has one


@dataclass(frozen=True)
class TaxTotal:
    """One tax over the whole document: base, rate, amount, and the seller's registration number."""

    code: str
    label: str
    rate_e5: int
    base_cents: int
    amount_cents: int
    registration: str = ""


@dataclass(frozen=True)
class Bank:
    """How to pay; empty strings where the seller has none."""

    holder: str = ""
    iban: str = ""
    bic: str = ""
    interac: str = ""  # address for an Interac e-Transfer
    cheque: str = ""  # order and address for a cheque


@dataclass(frozen=True)
class Snapshot:
    """A whole frozen document. `language` is fr_FR, fr_CA or en; `kind` invoice or credit_note."""

    kind: str
    number: str
    language: str
    currency: str
    region: str  # FR or QC
    issued_on: date
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    taxes: tuple[TaxTotal, ...]
    net_cents: int
    tax_cents: int
    total_cents: int
    due_on: date | None = None
    supplied_on: date | None = None
    paid_on: date | None = None  # already received when it was finalised
    paid_by: str = ""  # PaymentMethod value
    subject: str = ""
    note: str = ""
    bank: Bank = field(default_factory=Bank)
    mentions: tuple[str, ...] = ()  # exemption and regime texts, printed under the totals
    terms: tuple[str, ...] = ()  # escompte, penalties, interest: the legal foot
    closing: str = ""  # the seller's own legal text, last in the foot
    accent: str = "#0b5563"
    paper: str = "a4"  # a4 or letter
    window: str = "right"  # side of the address window
    logo: str = ""  # SHA-256 of the archived logo, or empty
    mode: str = "official"
    transaction_code: str = ""
    corrects: str = ""  # credit note: number of the invoice that it corrects
    corrects_on: date | None = None
    reason: str = ""
    discount_e4: int = 0  # of the whole document; 0 where it was given as an amount
    allowance_cents: int = 0  # the document's discount, already out of net_cents
    rounding_cents: int = 0  # total = net + tax + rounding
    supplies: str = ""  # services, goods or mixed, of its lines: printed where it is set
    totals_only: bool = False  # came with totals alone: its lines have no amounts, and no tax is told apart
    tax_status: str = ""  # of the seller: a `TaxStatus` value
    vat_on_debits: bool = False
    sells: str = ""  # of the seller: a `Supplies` value, for machines, whether `supplies` prints it or not
    coded_terms: tuple[tuple[str, str], ...] = ()  # some of `terms` by their code in UNTDID 4451: AAB, PMD, PMT
    format: int = FORMAT

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, dates in ISO 8601."""
        return json.dumps(asdict(self), default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Snapshot:
        """The inverse of `to_json`, for every format written so far."""
        raw = json.loads(text)
        return cls(**{key: _typed(key, value) for key, value in raw.items()})


_DATES = frozenset({"issued_on", "due_on", "supplied_on", "paid_on", "corrects_on"})


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _party(raw: dict[str, Any]) -> Party:
    place = raw.get("place")
    return Party(
        **{
            **raw,
            "lines": tuple(raw["lines"]),
            "ids": tuple((k, v) for k, v in raw["ids"]),
            "place": Place(**{**place, "street": tuple(place["street"])}) if place else None,
        }
    )


def _line(raw: dict[str, Any]) -> Line:
    return Line(**{**raw, "taxes": tuple(LineTax(**t) for t in raw["taxes"])})


def _typed(key: str, value: Any) -> Any:
    if key in _DATES:
        return date.fromisoformat(value) if value else None
    if key in ("seller", "buyer"):
        return _party(value)
    if key == "lines":
        return tuple(_line(line) for line in value)
    if key == "taxes":
        return tuple(TaxTotal(**t) for t in value)
    if key == "bank":
        return Bank(**value)
    if key == "coded_terms":
        return tuple((code, text) for code, text in value)
    return tuple(value) if key in ("mentions", "terms") else value
