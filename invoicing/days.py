"""Reads a calendar day as people write it."""

from __future__ import annotations

import re
from datetime import date

from invoicing.text import clean


class NotADate(ValueError):
    """The text is no day that can be read without guessing."""


_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z")
_FRENCH = re.compile(r"(\d{1,2})[/. ](\d{1,2})[/. ](\d{4})\Z")


def read_date(text: str) -> date | None:
    """Reads 2026-11-22 or 22/11/2026 (day first); None for nothing; raises NotADate."""
    text = clean(text)
    if not text:
        return None
    try:
        if found := _ISO.match(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _FRENCH.match(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise NotADate(text)
