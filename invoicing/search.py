"""Finding by any part of a word, whatever the accents and the case: one folded text column per row."""

from __future__ import annotations

import re
from typing import Any

from anyascii import anyascii
from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import InstrumentedAttribute

TERMS_MAX = 8
_BLANKS = re.compile(r"\s+")


def fold(*texts: str | None) -> str:
    """One line of plain lower-case ASCII: « Cœur d'Été » becomes "coeur d'ete"."""
    joined = " ".join(text for text in texts if text)
    return _BLANKS.sub(" ", anyascii(joined).lower()).strip()


def terms(query: str) -> list[str]:
    """The words looked for, folded; at most eight."""
    return fold(query[:200]).split()[:TERMS_MAX]


def matches(column: InstrumentedAttribute[Any], query: str) -> ColumnElement[bool]:
    """Every word of the query stands somewhere in the folded column; `%` and `_` are literal."""
    found = [column.contains(term, autoescape=True) for term in terms(query)]
    return and_(*found) if found else true()
