"""The view model of a document: what paper, member page and staff preview show, as strings of its language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from invoicing.documents.words import Words
from invoicing.money import NBSP


@dataclass(frozen=True)
class Fact:
    """A label and what it says; `strong` where the eye should find it first."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True)
class Block:
    """A party as printed: name, then its lines; `ids` are its registration numbers."""

    name: str
    lines: tuple[str, ...] = ()
    ids: tuple[Fact, ...] = ()
    legal_form: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table; `details` are quieter lines under the label (period, discount)."""

    label: str
    quantity: str
    price: str
    taxes: str
    amount: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sum:
    """One row of the totals; `detail` is the seller's registration number for that tax."""

    label: str
    amount: str
    detail: str = ""


@dataclass(frozen=True)
class Paper:
    """A whole document, ready to be set; no HTML in it. `columns` leaves the tax column out where no line bears any.

    One column where the lines have no amounts.
    """

    words: Words
    title: str
    mark: str  # « Duplicata », or empty
    number: str  # empty on a draft
    seller: Block
    buyer: Block
    buyer_label: str
    facts: tuple[Fact, ...]
    headlines: tuple[str, ...]  # the sentence with the amount; a second one, in English, on bilingual documents
    subject: str
    notes: tuple[str, ...]  # fixed warnings, reason, then the note line by line
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]
    grand: Sum
    mentions: tuple[str, ...]  # under the totals
    pay: tuple[Fact, ...]  # empty where nothing is to be paid
    epc: str  # what the SEPA QR code holds, or empty
    terms: tuple[str, ...]  # the legal foot
    draft: bool
    accent: str
    sheet: str  # a4 or letter
    window: str  # right or left
    logo: str  # SHA-256, or empty
    issued_on: date  # the only date of the PDF itself

    @property
    def taxed(self) -> bool:
        """Whether the table has a tax column."""
        return len(self.columns) == 5

    def cells(self, row: Row) -> tuple[str, ...]:
        """The row's cells in the order of `columns`, without its details."""
        if len(self.columns) == 1:
            return (row.label,)
        taxes = (row.taxes,) if self.taxed else ()
        return (row.label, row.quantity, row.price, *taxes, row.amount)

    @property
    def identity(self) -> str:
        """Who the seller is, for the foot: name, legal form and registration numbers."""
        ids = (f"{fact.label}{NBSP}{fact.value}" for fact in self.seller.ids)
        return " · ".join(part for part in (self.seller.name, self.seller.legal_form, *ids) if part)

    @property
    def reference(self) -> str:
        """« Facture F2026-00042 »: title and number, as the foot says them."""
        return f"{self.title} {self.number or self.words.unnumbered}"
