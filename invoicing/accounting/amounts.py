"""Amounts as accounting programs write them, to cents. A mark that may be either is never guessed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from invoicing.money import MINUS, Ambiguous, NotANumber

TEXT_MAX: Final = 40
_EASY: Final = re.compile(r"(-?)(\d{1,13})([.,])(\d\d)0*\Z", re.ASCII)
_BLANKS: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f'’]+")
_SIGNS: Final = re.compile(r"(?:CA?\$|US\$|\$\s*CA|[€$£]|\b(?:EUR|CAD|USD|euros?)\b)", re.I)
_NUMBER: Final = re.compile(r"([+-]?)(\d[\d.,]*|[.,]\d+)\Z", re.ASCII)
_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+\Z", re.ASCII)
_PADDED: Final = re.compile(r"0\d{7,}\Z", re.ASCII)  # cents or whole units: nothing tells


def cents_of(text: str, mark: str = "") -> int | None:
    """Cents, with the sign; None for nothing. `mark` is the decimal mark of its column, "" where it isn't known.

    Raises Ambiguous where it may be read two ways, NotANumber where it can't be read, or holds less than a cent.
    """
    return scaled_of(text, mark, 2)


def scaled_of(text: str, mark: str, places: int) -> int | None:
    """The same with as many decimals as `places`: prices and quantities of lines have more than two."""
    if places == 2 and (found := _EASY.match(text)):
        if mark and found[3] != mark:
            raise NotANumber(text)
        value = int(found[2]) * 100 + int(found[4])
        return -value if found[1] else value
    sign, number = _bare(text)
    if not number:
        return None
    whole, fraction = _parted(number, mark, places)
    value = int((whole or "0") + fraction.rstrip("0").ljust(places, "0"))
    return -value if sign else value


def _bare(text: str) -> tuple[bool, str]:
    """Whether it is negative, and its figures and marks alone; raises NotANumber for anything else."""
    if len(text) > TEXT_MAX:
        raise NotANumber(text)
    if not text.isascii() and any(char.isdigit() and not char.isdecimal() for char in text):
        raise NotANumber(text)  # « 68² » is no 682
    plain = unicodedata.normalize("NFKC", text).replace(MINUS, "-").replace("\u2013", "-")
    plain = _BLANKS.sub("", _SIGNS.sub("", plain))
    if not plain or plain == "-":  # as spreadsheets write nothing in columns of money
        return False, ""
    negative = False
    if plain[0] == "(" and plain[-1] == ")":
        negative, plain = True, plain[1:-1]
    elif plain[-1] in "+-":
        negative, plain = plain[-1] == "-", plain[:-1]
    found = _NUMBER.match(plain)
    if found is None or (negative and found[1]):
        raise NotANumber(text)
    return negative or found[1] == "-", found[2]


def _parted(number: str, mark: str, places: int) -> tuple[str, str]:
    """What stands before and behind the decimal mark, as digits."""
    mark = mark or mark_of(number)
    if not mark:
        if _PADDED.match(number) or "." in number or "," in number:
            raise Ambiguous(number)
        mark = "."
    whole, _, fraction = number.partition(mark)
    if not whole.isdigit() and whole:
        if not _GROUPED.match(whole) or len({char for char in whole if not char.isdigit()}) > 1:
            raise NotANumber(number)
        whole = re.sub(r"[.,]", "", whole)
    if (fraction and not fraction.isdigit()) or len(fraction.rstrip("0")) > places or len(whole.lstrip("0")) > 13:
        raise NotANumber(number)
    return whole, fraction


def mark_of(number: str) -> str:
    """The decimal mark that figures and marks alone tell; "" where they tell none."""
    points, commas = number.count("."), number.count(",")
    if points and commas:
        last = max(number.rfind("."), number.rfind(","))
        return number[last] if number.count(number[last]) == 1 else ""
    if points + commas == 0:
        return ""
    sign = "." if points else ","
    if points + commas > 1:
        return "," if points else "."  # it parts thousands
    whole, _, fraction = number.partition(sign)
    either = len(fraction) == 3 and 0 < len(whole) <= 3 and whole[0] != "0"
    return "" if either else sign


def column_marks(texts: Iterable[str]) -> set[str]:
    """The decimal marks that some amounts of one column tell; what is no amount tells nothing."""
    told: set[str] = set()
    for text in texts:
        if found := _EASY.match(text):
            told.add(found[3])
            continue
        if "," not in text and "." not in text:
            continue
        try:
            told.add(mark_of(_bare(text)[1]))
        except NotANumber:
            continue
    return told - {""}


def is_amount(text: str) -> bool:
    """Whether it looks like an amount, decimals included: whole numbers are more often something else."""
    try:
        number = _bare(text)[1]
    except NotANumber:
        return False
    return ("." in number or "," in number) and bool(mark_of(number))


def currency_of(text: str) -> str:
    """The currency that a text names: EUR for €, CAD for its ways; a lone $ is nobody's. "" for none."""
    plain = text.strip().upper().replace(" ", "")
    if plain in ("EUR", "€", "EURO", "EUROS"):
        return "EUR"
    if plain in ("CAD", "CA$", "C$", "$CA", "CAD$", "$CAD"):
        return "CAD"
    return plain if len(plain) == 3 and plain.isalpha() and plain.isascii() else ""


_BARE: Final = re.compile(r"-?[0-9.,]*")


def sign_of(amount: str) -> str:
    """The currency that stands in an amount: « 68,99 € »; "" for none."""
    if _BARE.fullmatch(amount):
        return ""
    if "€" in amount or "EUR" in amount:
        return "EUR"
    return "CAD" if any(sign in amount for sign in ("CAD", "CA$", "C$", "$ CA", "$\u00a0CA")) else ""
