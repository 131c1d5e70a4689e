"""What an export for the accountant is asked to hold, what it refuses, and what it is called. Pure (SPEC C12)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Final

from invoicing.errors import Fault, Refused
from invoicing.ledger.models import LedgerKind
from invoicing.money import Currency

FEC_CURRENCY: Final = Currency.EUR  # a FEC is kept in euros
SIREN_LENGTH: Final = 9  # the first digits of a SIRET
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Asked:
    """What an export is to hold: days of documents (both included; None: open), or only what is new among them."""

    seller_id: int
    kind: LedgerKind
    first_day: date | None = None
    last_day: date | None = None
    only_new: bool = False


@dataclass(eq=False)
class NotMade(Refused):
    """The export can't be made; `code` says why (see `web.ledger`), `facts` fill in its sentence."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """For `LedgerExport.fault`."""
        return json.dumps({"code": self.code, "facts": dict(self.facts)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> NotMade:
        """The inverse of `to_json`."""
        raw = json.loads(text)
        return cls(raw["code"], raw["facts"])


@dataclass(eq=False)
class OtherExport(Refused):
    """This form has asked for another export already."""

    export_id: int


def items_digest(ids: Iterable[int]) -> tuple[int, str]:
    """How many documents an export holds, and the SHA-256 over their ids in ascending order, a comma after each."""
    count, whole = 0, sha256()
    for number in ids:
        count += 1
        whole.update(b"%d," % number)
    return count, whole.hexdigest()


@dataclass
class Tally:
    """What an export holds so far; `totals` are cents per currency, a credit note's below 0."""

    documents: int = 0
    rows: int = 0
    last_day: date | None = None
    totals: dict[str, int] = field(default_factory=dict)

    def count(self, day: date, currency: str, total_cents: int, rows: int) -> None:
        """One more document, a credit note's total below 0."""
        self.documents += 1
        self.rows += rows
        self.last_day = max(day, self.last_day or day)
        self.totals[currency] = self.totals.get(currency, 0) + total_cents


def faults(asked: Asked, currency: Currency, siret: str) -> list[Fault]:
    """What is wrong with it whatever the documents: days, and of a FEC the seller's currency and SIREN."""
    found = []
    if asked.first_day and asked.last_day and asked.last_day < asked.first_day:
        found.append(Fault("last_day", "ends_before", {"day": asked.first_day}))
    if asked.kind is LedgerKind.fec and currency is not FEC_CURRENCY:
        found.append(Fault("kind", "fec_in_euros", {"currency": currency.value}))
    elif asked.kind is LedgerKind.fec and len(siret) < SIREN_LENGTH:
        found.append(Fault("seller_id", "fec_without_siren"))
    return found


def letters(number: int) -> str:
    """1 → A, 26 → Z, 27 → AA: the code that matched entries of an account share."""
    found = ""
    while number > 0:
        number, rest = divmod(number - 1, len(_ALPHABET))
        found = _ALPHABET[rest] + found
    return found


def file_name(asked: Asked, number: int, siret: str, last_day: date) -> str:
    """« 812345678FEC20261231.txt », as the law has it (art. A47 A-1), or « ventes-00012.csv »."""
    if asked.kind is LedgerKind.fec:
        return f"{siret[:SIREN_LENGTH]}FEC{asked.last_day or last_day:%Y%m%d}.txt"
    return f"ventes-{number:05}.csv"
