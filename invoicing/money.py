"""Exact money: integers only. Cents, and scaled integers `_eN` (value × 10⁻ᴺ).

Rounding is half-up to the cent, away from zero below it (LAW.md; EN 16931 and Revenu Québec agree).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

CENTS_MAX: Final = 10**15  # well inside 64 bits, far above any invoice
NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"


class Currency(StrEnum):
    """Currencies a document may be in; all have two decimals."""

    EUR = "EUR"
    CAD = "CAD"


SYMBOL: Final = {Currency.EUR: "€", Currency.CAD: "$"}


def half_up(numerator: int, denominator: int) -> int:
    """Numerator / denominator to the nearest integer, halves away from zero; the denominator is positive."""
    quotient, rest = divmod(abs(numerator), denominator)
    if 2 * rest >= denominator:
        quotient += 1
    return -quotient if numerator < 0 else quotient


def line_net(quantity_e3: int, price_e4: int, discount_e4: int = 0) -> int:
    """Net of one line in cents: quantity × unit price × (1 − discount), rounded once."""
    return half_up(quantity_e3 * price_e4 * (10_000 - discount_e4), 10**9)


def tax_on(base_cents: int, rate_e5: int) -> int:
    """One tax in cents on the sum of the net lines that bear it."""
    return half_up(base_cents * rate_e5, 10**5)


class NotANumber(ValueError):
    """The text cannot be read as one number without guessing."""


class Ambiguous(NotANumber):
    """« 1,234 » is one and a bit in French, a thousand and more in English: asked, not guessed."""


_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f'’]+")
_PLAIN = re.compile(r"([+-]?)(\d*)(?:[.,](\d*))?\Z")
_THOUSANDS = re.compile(r"([+-]?)(\d{1,3}(?:([.,])\d{3})(?:\3\d{3})*)(?:(?!\3)[.,](\d+))\Z")
_GROUPS = re.compile(r"([+-]?)(\d{1,3}(?:([.,])\d{3})(?:\3\d{3})+)()\Z")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}\Z")


def read_scaled(text: str, decimals: int) -> int:
    """Reads « 1 234,56 », "1,234.56", "12.5" as an integer scaled by 10^decimals; raises NotANumber.

    A single comma or point is the decimal mark, unless exactly three digits follow it: that is Ambiguous.
    More decimals than `decimals` are refused rather than rounded, unless they are zeros.
    """
    compact = _SPACES.sub("", unicodedata.normalize("NFKC", text)).replace(MINUS, "-")
    compact = compact.removesuffix("€").removesuffix("$").removesuffix("%")
    if _EITHER.match(compact):
        raise Ambiguous(text)
    if found := _THOUSANDS.match(compact) or _GROUPS.match(compact):
        return _scaled(found[1], re.sub(r"[.,]", "", found[2]), found[4] or "", decimals)
    if found := _PLAIN.match(compact):
        return _scaled(found[1], found[2], found[3] or "", decimals)
    raise NotANumber(text)


def exact(text: str, decimals: int) -> int:
    """Reads a number as data files write it, with a point and nothing else: "9.975"; raises NotANumber."""
    if "," not in text and (found := _PLAIN.match(text)):
        return _scaled(found[1], found[2], found[3] or "", decimals)
    raise NotANumber(text)


def _scaled(sign: str, whole: str, fraction: str, decimals: int) -> int:
    fraction = fraction.rstrip("0") if len(fraction) > decimals else fraction
    digits = whole + fraction
    if not digits or not digits.isascii() or len(whole) > 15 or len(fraction) > decimals:
        raise NotANumber(digits)
    value = int((whole or "0") + fraction.ljust(decimals, "0"))
    return -value if sign == "-" else value


def write_scaled(value: int, decimals: int, locale: str, least: int = 0) -> str:
    """Writes a scaled integer for people: « 1 234,5 » or "1,234.5", at least `least` decimals."""
    digits = f"{abs(value):0{decimals + 1}d}"
    whole, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    fraction = fraction.rstrip("0").ljust(least, "0")
    english = locale.startswith("en")
    grouped = f"{int(whole):,}".replace(",", "," if english else NBSP)
    mark = "." if english else ","
    return (MINUS if value < 0 else "") + grouped + (mark + fraction if fraction else "")


def plain_scaled(value: int, decimals: int, locale: str, least: int = 0) -> str:
    """What a form field holds: no grouping, an ASCII minus, and never three decimals, which read either way."""
    written = write_scaled(value, decimals, locale, least)
    whole, mark, fraction = written.rpartition("." if locale.startswith("en") else ",")
    if not mark:
        whole, fraction = fraction, ""
    plain = whole.replace(NBSP, "").replace(",", "").replace(MINUS, "-")
    return plain + mark + (fraction + "0" if len(fraction) == 3 else fraction)


def write_money(cents: int, currency: str, locale: str, decimals: int = 2) -> str:
    """« 1 234,56 € » in French, "€1,234.56" in English; the value is scaled by 10^decimals, two shown at least."""
    text = write_scaled(abs(cents), decimals, locale, least=2)
    symbol, sign = SYMBOL[Currency(currency)], MINUS if cents < 0 else ""
    return f"{sign}{symbol}{text}" if locale.startswith("en") else f"{sign}{text}{NBSP}{symbol}"
