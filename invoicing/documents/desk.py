"""What a version adds to its snapshot, and the desk on which both become a paper."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from invoicing.documents.dates import plain_date
from invoicing.documents.snapshot import Snapshot
from invoicing.documents.words import words_for
from invoicing.money import NBSP, write_money, write_scaled
from invoicing.text import clean, typeset


class Heading(StrEnum):
    """What a version is called."""

    invoice = "invoice"
    pro_forma = "pro_forma"
    order = "order"
    credit_note = "credit_note"
    credit_request = "credit_request"


CREDITS: Final = frozenset({Heading.credit_note, Heading.credit_request})
PAYABLE: Final = frozenset({Heading.invoice, Heading.order})


@dataclass(frozen=True)
class Facts:
    """What one version adds to the snapshot. `official_number` is the reference it was lettered with."""

    heading: Heading = Heading.invoice
    official_number: str = ""
    duplicate: bool = False
    paid_on: date | None = None
    draft: bool = False
    corrects_official: str = ""  # of a credit note: the reference that the corrected order was lettered with

    def to_json(self) -> str:
        """Canonical JSON, dates in ISO 8601."""
        return json.dumps(vars(self), default=date.isoformat, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """The inverse of `to_json`."""
        raw = json.loads(text)
        paid_on = date.fromisoformat(raw["paid_on"]) if raw.get("paid_on") else None
        return cls(**{**raw, "heading": Heading(raw["heading"]), "paid_on": paid_on})


class Desk:
    """One document at work: its snapshot, facts and words."""

    def __init__(self, snapshot: Snapshot, facts: Facts) -> None:
        self.snapshot, self.facts = snapshot, facts
        self.words = words_for(snapshot.language, snapshot.region)
        self.credit = facts.heading in CREDITS
        self.paid_on = None if self.credit else facts.paid_on or snapshot.paid_on
        self.owed = facts.heading in PAYABLE and not self.paid_on and snapshot.total_cents > 0
        self.number = "" if facts.draft else facts.official_number or snapshot.number
        self.taxed = bool(snapshot.taxes) or any(line.taxes for line in snapshot.lines)
        self.taxed = self.taxed or (snapshot.totals_only and snapshot.tax_cents != 0)
        self.french = snapshot.region == "FR"

    def typed(self, text: str) -> str:
        """A text that somebody typed: cleaned, with the language's spaces."""
        return typeset(clean(text), self.words.locale)

    def amount(self, cents: int, decimals: int = 2) -> str:
        """« 1 234,56 € » for a value scaled by 10^decimals."""
        return write_money(cents, self.snapshot.currency, self.words.locale, decimals)

    def percent(self, value: int, decimals: int) -> str:
        """« 9,975 % », "20%"; the value is the percentage × 10^decimals."""
        gap = "" if self.words.locale.startswith("en") else NBSP
        return f"{write_scaled(value, decimals, self.words.locale)}{gap}%"

    def day(self, day: date) -> str:
        """A day in the document's French or English; both would be too much for a fact."""
        return plain_date(day, self.words.locale)
