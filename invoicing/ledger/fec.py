"""A sales journal in the shape of the FEC (art. A47 A-1 LPF): eighteen columns, one balanced entry per document. Pure.

ISO 8859-15, as III 1° of that article has it; tabs, CR LF, « 1234,56 », AAAAMMJJ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from anyascii import anyascii

from invoicing.money import plain_scaled

COLUMNS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
ENCODING: Final = "iso8859-15"
_JOURNAL: Final = ("VE", "Journal des ventes")
_CUSTOMERS: Final = ("411000", "Clients")
_SALES: Final = ("706000", "Prestations de services")
_TAXES: Final = ("445710", "TVA collectée")
_LOSS: Final = ("658000", "Charges diverses de gestion courante")  # of rounding
_GAIN: Final = ("758000", "Produits divers de gestion courante")
_BREAKING: Final = re.compile(r"[\s|\x00-\x1f\x7f-\x9f]+")  # whatever a reader could take for the end of a field


class Unbalanced(ValueError):
    """Net, taxes and rounding aren't the total."""


@dataclass(frozen=True)
class Sale:
    """A document as a journal has it, in cents of its own: a credit note's are positive too.

    `nets` are (rates, cents) of the lines that bear the same taxes; `taxes` are (name, rate, cents). What `net_cents`
    and `tax_cents` have beyond them is known by its sum alone. A rate is a fraction × 10⁵.
    """

    number: str
    reference: str  # of the official invoice; empty: it has none but the number
    is_credit: bool
    day: date
    validated_on: date
    customer_id: int
    buyer: str
    net_cents: int
    tax_cents: int
    rounding_cents: int
    total_cents: int
    nets: tuple[tuple[tuple[int, ...], int], ...]
    taxes: tuple[tuple[str, int, int], ...]
    letter: str = ""  # shared with the payments that settle it
    lettered_on: date | None = None


@dataclass(frozen=True)
class _Line:
    """One line: cents of the debit, below 0 of the credit."""

    account: tuple[str, str]
    cents: int
    what: str = ""


def rows(sale: Sale, number: int) -> list[tuple[str, ...]]:
    """The lines of its entry, which bears this number; none where it comes to nothing. Raises Unbalanced."""
    lines = [line for line in _lines(sale) if line.cents]
    if sum(line.cents for line in lines):
        raise Unbalanced(sale.number)
    return [_row(sale, number, line) for line in lines]


def encoded(found: Iterable[tuple[str, ...]]) -> bytes:
    """Rows as the file has them; a character that ISO 8859-15 lacks is written with those that it has."""
    text = "".join("\t".join(row) + "\r\n" for row in found)
    try:
        return text.encode(ENCODING)
    except UnicodeEncodeError:
        return "".join("\t".join(map(_known, row)) + "\r\n" for row in found).encode(ENCODING)


def _lines(sale: Sale) -> Iterator[_Line]:
    sense = -1 if sale.is_credit else 1
    yield _Line(_CUSTOMERS, sense * sale.total_cents)
    for rates, cents in sale.nets:
        at = " et ".join(f"{_rate(rate)} %" for rate in rates if rate)
        yield _Line(_SALES, -sense * cents, f"ventes à {at}" if at else "ventes sans taxe")
    yield _Line(_SALES, -sense * (sale.net_cents - sum(cents for _rates, cents in sale.nets)), "ventes")
    for name, rate, cents in sale.taxes:
        yield _Line(_TAXES, -sense * cents, f"{name} {_rate(rate)} %")
    yield _Line(_TAXES, -sense * (sale.tax_cents - sum(cents for _name, _rate, cents in sale.taxes)), "taxes")
    off = -sense * sale.rounding_cents
    yield _Line(_LOSS if off > 0 else _GAIN, off, "arrondi")


def _rate(rate_e5: int) -> str:
    return plain_scaled(rate_e5, 3, "fr")


def _row(sale: Sale, number: int, line: _Line) -> tuple[str, ...]:
    is_customer = line.account is _CUSTOMERS
    document = f"{'Avoir' if sale.is_credit else 'Facture'} {sale.number} {sale.buyer}"
    return (
        *_JOURNAL, str(number), f"{sale.day:%Y%m%d}", *line.account,
        f"C{sale.customer_id:06}" if is_customer else "", field(sale.buyer) if is_customer else "",
        field(sale.reference or sale.number), f"{sale.day:%Y%m%d}",
        field(f"{document} - {line.what}" if line.what else document),
        _cents(max(line.cents, 0)), _cents(max(-line.cents, 0)),
        sale.letter if is_customer else "",
        f"{sale.lettered_on:%Y%m%d}" if is_customer and sale.lettered_on else "",
        f"{sale.validated_on:%Y%m%d}", "", "",
    )  # fmt: skip


def field(text: str) -> str:
    """The text without tabs, pipes and breaks, its accents joined to their letters."""
    return _BREAKING.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _known(text: str) -> str:
    return field("".join(each if _is_known(each) else anyascii(each) for each in text))


def _is_known(each: str) -> bool:
    try:
        each.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def _cents(cents: int) -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole},{rest:02}"
