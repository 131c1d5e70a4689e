"""Lines and cells of a payment provider's log: codes, amounts, currencies, results. Pure; any text is survived."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from invoicing.money import CENTS_MAX, Ambiguous, NotANumber, read_scaled
from invoicing.search import fold
from invoicing.traces.rules import Entry, Result

LINE_MAX: Final = 4_000  # characters of a line that are read
CODE_MAX: Final = 64
CURRENCIES: Final = {
    "978": "EUR", "124": "CAD", "840": "USD", "826": "GBP", "756": "CHF", "€": "EUR", "$": "CAD", "£": "GBP",
    "euro": "EUR", "euros": "EUR",
}  # fmt: skip
_TOKEN: Final = re.compile(r"[^\s,;|\"'\[\](){}<>]+")
_CODED: Final = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{11,62}={1,2}(?![A-Za-z0-9+/=])")  # Base64 with its end
_DIGIT: Final = re.compile("[0-9]")
_LETTER: Final = re.compile("[A-Za-z]")
_BRACKETED: Final = re.compile(r"\[([^\[\]]{4,64})\]")
_TRACE: Final = re.compile(r"-- (\d{4}-\d{1,2}-\d{1,2}) [\d:]{5,8} \d{1,3} -\d+- +")  # a line of merchant_trace.log
_DAY: Final = re.compile(r"(?<!\d)(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4})(?!\d)")
_SIGN: Final = "EUR|CAD|USD|GBP|CHF|€|\\$|£"
_NUMBER: Final = r"(?:\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3}){1,4}|\d{1,12})(?:[.,]\d{2})?"
_PRICED: Final = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_SIGN})\s?(?P<a>[-−]?{_NUMBER})|(?P<b>[-−]?{_NUMBER})\s?(?P<after>{_SIGN}))(?![\w])"
)
_DECIMAL: Final = re.compile(
    r"(?<![\w.,:/-])[-−]?(?:\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3}){1,4}|\d{1,12})[.,]\d{2}(?![\w:/-]|[.,]\d)"
)
_OPERATION: Final = re.compile(r"\b(?:txn|transaction|trans|id|ref)[ _:=#-]{1,3}([A-Za-z0-9_-]{4,40})\b", re.I)
_WORDS: Final = {  # in folded text, by their beginnings; the first kind found tells
    Result.refused: r"refus|declin|denied|fail|echec|echou|rejet|reject|abandon|expired|expire|invalid|erreur|error|"
    r"unpaid|impaye|incomplet",
    Result.refunded: r"refund|rembours|payback|chargeback|revers|reembolso",
    None: r"placed|order created|commande passee|passee|pending|en attente|waiting|starting|annul|cancel|verification|"
    r"initial|en cours|payout|withdrawal|retrait|virement vers|requires_|uncaptured|processing",
    Result.accepted: r"paid|captur|accept|succe|complet|charge|paye|paiement|payment|effectu|termin|regle|settled",
}
_KINDS: Final = [(kind, re.compile(rf"\b(?:{words})")) for kind, words in _WORDS.items()]
_CONTROL: Final = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f]")  # what no text holds; logs may be coloured by \x1b
_CREDITS: Final = frozenset({"credit", "ct", "refund", "avoir"})  # alone in its cell: money given back


def amount_of(text: str, *, cents: bool = False) -> int | None:
    """Cents of a cell, negative where its sign, brackets or a minus behind it say so; None where it is no amount."""
    plain = text.strip().translate(_NO_SIGN).strip().strip('"')
    for sign in ("EUR", "CAD", "USD", "GBP", "CHF"):
        plain = plain.removeprefix(sign).removesuffix(sign).strip()
    turned = (plain.startswith("(") and plain.endswith(")")) or plain[1:].endswith(("-", "−"))
    plain = plain.strip("()").rstrip("-−").strip()
    try:
        value = read_scaled(plain, 0 if cents else 2)
    except Ambiguous:
        value = int(re.sub(r"[^\d-]", "", plain)) * (1 if cents else 100)
    except (NotANumber, ValueError):
        return None
    return None if abs(value) > CENTS_MAX else -value if turned else value


_NO_SIGN: Final = str.maketrans({"€": " ", "$": " ", "£": " ", "\u00a0": " ", "\u202f": " ", "−": "-"})


def currency_of(text: str) -> str:
    """The currency that a cell names, as three capitals; empty where it names none."""
    plain = text.strip()
    known = CURRENCIES.get(plain.lower(), plain.upper())
    return known if re.fullmatch("[A-Z]{3}", known) else ""


def result_of(*texts: str) -> Result | None:
    """What became of a payment, from the cells or the line that tell; accepted where no word says otherwise."""
    if any(len(text) < 8 and fold(text) in _CREDITS for text in texts):
        return Result.refunded
    told = " ".join(texts)
    told = told.lower() if told.isascii() else fold(told)
    for kind, words in _KINDS:
        if words.search(told):
            return kind
    return Result.accepted


def codes_in(text: str) -> list[str]:
    """What may be a transaction code in a text, the likeliest first: between brackets, coded with its end, any word."""
    text = text[:LINE_MAX]
    found = [*_BRACKETED.findall(text), *_CODED.findall(text), *_TOKEN.findall(text)]
    words = dict.fromkeys(word.strip(".:") for word in found)
    return [word for word in words if 3 < len(word) <= CODE_MAX and _is_coded(word)]


def _is_coded(word: str) -> bool:
    """Whether it may be a code at all: not a plain word, number, day or hour."""
    return bool(_DIGIT.search(word) and _LETTER.search(word))


def is_coded_shape(text: str) -> bool:
    """Whether it looks like a code even to those who don't know it."""
    return bool(_CODED.fullmatch(text))


def unknown_code(text: str) -> str:
    """The part of a line that is a code by its looks; empty where none is."""
    bracketed = [each for each in _BRACKETED.findall(text[:LINE_MAX]) if _is_coded(each) and " " not in each]
    return next(iter([*bracketed, *_CODED.findall(text[:LINE_MAX])]), "")


def entry_of(line: int, text: str, code: str) -> Entry | None:
    """The payment that one line of a log tells of; None where it tells of none."""
    text = text[:LINE_MAX]
    day = next(iter(_TRACE.findall(text)), "") or next(iter(_DAY.findall(text)), "")
    rest = _TRACE.sub("", text, count=1).replace(code, " ")
    result, (cents, currency) = result_of(rest), _priced(_DAY.sub(" ", rest))
    if result is None or cents is None:
        return None
    if cents < 0:
        result = Result.refunded if result is Result.accepted else result
    operation = next(iter(_OPERATION.findall(rest)), "")
    return Entry(line, code, abs(cents), result, currency, operation, day)


def _priced(text: str) -> tuple[int | None, str]:
    """The first amount with a currency beside it, else the first with decimals."""
    for found in _PRICED.finditer(text):
        cents = amount_of(found["a"] or found["b"])
        if cents is not None:
            return cents, currency_of(found["before"] or found["after"])
    for found in _DECIMAL.finditer(text):
        if (cents := amount_of(found[0])) is not None:
            return cents, ""
    return None, ""


def is_rubbish(text: str) -> bool:
    """Whether it is a picture or the like, read as if it were text."""
    return len(_CONTROL.findall(text)) * 50 > len(text)


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold anything, with their numbers from 1, each cut where it is no line any more."""
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        part = text[at : min(end, at + LINE_MAX)].strip()
        if part:
            yield line, part
        at, line = end + 1, line + 1
