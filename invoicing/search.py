"""Finding by any part of a word, whatever the accents and the case: one folded text column per row.

What was typed becomes a `Wish`: words that must all stand in the text, where an amount may stand instead as a token
that no typed text holds. `matches` puts it to a column row by row; `narrow` (invoicing.finding) to all invoices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from anyascii import anyascii
from sqlalchemy import Boolean, ColumnElement, String, and_, bindparam, false, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement

from invoicing.money import Ambiguous, NotANumber, read_scaled

QUERY_MAX: Final = 200
PARTS_MAX: Final = 8
INDEXED: Final = 2  # letters that a term needs for trigrams: of two, all that begin with them are asked for
_SIGNS: Final = [chr(n) for n in range(1, 128) if not chr(n).isupper()]  # in folded text
_SERVED = re.compile("[A-Za-z0-9]{3}|[^A-Za-z0-9][A-Za-z0-9]|[A-Za-z0-9]{2}[^A-Za-z0-9]")
_PAIR = re.compile("[a-z0-9]{2}")
_AFTER: Final = "[\x01-@\\[-\x7f]"  # any sign that a folded text may have after a letter
_BLANKS = re.compile(r"\s+")
_LETTERS: Final = str.maketrans("0123456789", "ABCDEFGHIJ")
_EURO: Final = "€"
_QUOTES: Final = str.maketrans(dict.fromkeys('"«»‹›“”„‟', " "))  # typed around words, and found in texts as <<
_AMOUNT = re.compile(
    r"(?<!\S)(?P<before>[€$] ?)?(?P<number>-?\d{1,3}(?:[ ']\d{3}){1,4}(?:[.,]\d{1,2})?|-?\d(?:[\d.,]*\d)?)"
    r"(?P<after> ?[€$])?(?!\S)"
)


def fold(*texts: str | None) -> str:
    """One line of plain lower-case ASCII: « Cœur d'Été » becomes "coeur d'ete"."""
    joined = " ".join(text for text in texts if text)
    return _BLANKS.sub(" ", anyascii(joined).lower()).strip()


def amount_tokens(*cents: int) -> str:
    """Amounts as a folded text holds them, each once: capitals, which folding leaves nowhere else, bounded by X."""
    return " ".join(dict.fromkeys(_token(each) for each in cents))


def _token(cents: int) -> str:
    return f"X{str(abs(cents)).translate(_LETTERS)}X"


@dataclass(frozen=True)
class Every:
    """All parts are wished for."""

    parts: tuple[Wish, ...]


@dataclass(frozen=True)
class Either:
    """One of the parts is enough; none of no parts is ever found."""

    parts: tuple[Wish, ...]


Wish: TypeAlias = "str | Every | Either"  # a str: the text holds it


def wish(query: str) -> Every:
    """What a query asks of a folded text: every word of it, at most eight, and numbers also as amounts.

    « 1 240 » is found as the words 1 and 240, or as the amount; with its sign, « 1 240 € » as that text or the amount.
    Quotation marks are blanks. A query of which folding leaves nothing asks for what no text holds.
    """
    text = _EURO.join(anyascii(part).lower() for part in query[:QUERY_MAX].translate(_QUOTES).split(_EURO))
    text = _BLANKS.sub(" ", text).strip()
    parts: list[Wish] = []
    at = 0
    for found in _AMOUNT.finditer(text):
        parts += _words(text[at : found.start()])
        parts.append(_amount(found))
        at = found.end()
    parts += _words(text[at:])
    return Every(tuple(parts[:PARTS_MAX]) if parts or not query.strip() else (Either(()),))


def _words(text: str) -> list[Wish]:
    return list(text.replace(_EURO, "eur").split())


def _amount(found: re.Match[str]) -> Wish:
    number = found["number"]
    tokens = tuple(_token(cents) for cents in _readings(number.replace(" ", "")))
    before, after = ((found[side] or "").strip().replace(_EURO, "eur") for side in ("before", "after"))
    if before or after:
        written = dict.fromkeys(
            f"{before}{gap if before else ''}{number}{gap if after else ''}{after}" for gap in (" ", "")
        )
        return Either((*written, *tokens))
    groups = number.split(" ")
    if len(groups) == 1:
        return Either((number, *tokens)) if tokens else number
    alone = tuple(Either((each, *map(_token, _readings(each)))) for each in groups)
    return Either((Every(alone), *tokens))


def _readings(number: str) -> list[int]:
    """The cents that a number may mean: both where 1,230 is a thousand and more, or one and some."""
    number = number.removeprefix("-")
    try:
        return [read_scaled(number, 2)]
    except Ambiguous:
        thousands = int(re.sub(r"[.,]", "", number)) * 100
        return [thousands, read_scaled(number[:-1], 2)] if number.endswith("0") else [thousands]
    except NotANumber:
        return []


def matches(column: InstrumentedAttribute[Any] | ColumnElement[Any], query: str) -> ColumnElement[bool]:
    """Whether the folded column holds what the query asks for; nothing in it is a wild card, case counts."""
    return holding(column, wish(query))


def holding(column: Any, wished: Wish) -> ColumnElement[bool]:
    """The same of a query that has been read already."""
    if isinstance(wished, str):
        return holds(column, bindparam(None, wished, type_=String()))
    parts = [holding(column, part) for part in wished.parts]
    if isinstance(wished, Every):
        return and_(*parts) if parts else true()
    return or_(*parts) if parts else false()


def trigrams(wished: Wish) -> str | None:
    """FTS5's words for what an index of trigrams can find, perhaps wider; None where no part is long enough."""
    if isinstance(wished, str):
        return " OR ".join(_quoted(each) for each in _longer(wished)) if len(wished) >= INDEXED else None
    parts = [trigrams(part) for part in wished.parts]
    told = [f"({part})" for part in parts if part]
    if isinstance(wished, Every):
        return " AND ".join(told) or None
    return " OR ".join(told) if told and len(told) == len(parts) else None


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _longer(term: str) -> list[str]:
    """The term; one of two letters with each sign that may follow, a blank at the end of the text."""
    return [term] if len(term) > INDEXED else [term + sign for sign in _SIGNS]


def is_indexed(wished: Wish) -> bool:
    """Whether `trigrams` finds exactly what is wished for, in texts that a blank ends."""
    return len(wished) >= INDEXED if isinstance(wished, str) else all(map(is_indexed, wished.parts))


def liked(column: InstrumentedAttribute[Any], wished: Wish) -> ColumnElement[bool] | None:
    """The same for pg_trgm, which serves LIKE, and regular expressions that name their letters one by one.

    It sees words of letters and digits, with two blanks before and one behind: two letters alone are too few.
    """
    if isinstance(wished, str):
        if _SERVED.search(wished):
            return column.contains(wished, autoescape=True)
        return or_(column.regexp_match(wished + _AFTER), column.endswith(wished)) if _PAIR.fullmatch(wished) else None
    parts = [liked(column, part) for part in wished.parts]
    told = [part for part in parts if part is not None]
    if isinstance(wished, Every):
        return and_(*told) if told else None
    return or_(*told) if told and len(told) == len(parts) else None


class apart(FunctionElement[bool]):
    """apart(condition): the same, but looked at row by row: SQLite leaves its index aside, walking the one in order."""

    type = Boolean()
    inherit_cache = True


@compiles(apart)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(apart, "sqlite")
def _unary(element: Any, compiler: Any, **options: Any) -> str:
    return f"+({compiler.process(element.clauses, **options)})"


class holds(FunctionElement[bool]):
    """holds(text, part): whether a text has a part in it, letter by letter."""

    type = Boolean()
    inherit_cache = True


@compiles(holds)
def _strpos(element: Any, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)}) > 0"


@compiles(holds, "sqlite")
def _instr(element: Any, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)}) > 0"
