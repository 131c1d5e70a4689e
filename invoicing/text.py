"""Text that people type: cleaned on entry, checked against the paper's font, set with French spaces."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from importlib.resources import files
from typing import Final

from invoicing.money import NBSP

_BREAKS: Final = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# Anything but what most texts are made of, so that they are spared the look at each character.
_UNUSUAL: Final = re.compile("[^\n\\x20-\\x7e\\xa0-\\xac\\xae-\u02ff\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]")
_BLANKS: Final = re.compile(" {2,}")
_PARAGRAPHS: Final = re.compile(r"\n{3,}")
_KEPT_SPACES: Final = "\u00a0\u2007\u202f"
# Invisible, yet letters or marks to Unicode: fillers, joiners and variation selectors.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Signs that the font lacks and that have one obvious equivalent.
_ALIKE: Final = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
)


def _visible(char: str) -> str:
    """The character, a space for any blank, or nothing where it can't be seen."""
    category = unicodedata.category(char)
    if char == "\t" or category == "Zs":
        return NBSP if char in _KEPT_SPACES else " "
    if category in ("Cc", "Cf", "Cs"):
        return char if char == "\n" else ""
    return "" if category == "Cn" and _is_noncharacter(ord(char)) else char


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def clean(text: str, *, lines: bool = False) -> str:
    """The text in NFC without invisible or reordering characters; line breaks stay only with `lines`."""
    text = _BREAKS.sub("\n" if lines else " ", text)
    if _UNUSUAL.search(text):
        text = _INVISIBLE.sub("", "".join(map(_visible, text))).translate(_ALIKE)
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(_BLANKS.sub(" ", line.strip(" " + NBSP)) for line in text.split("\n"))
    return _PARAGRAPHS.sub("\n\n", text.strip("\n"))


def is_invisible(text: str) -> bool:
    """Whether it holds a character that can't be seen or means nothing: control, format, filler, unassigned."""
    return any(unicodedata.category(char) in _UNSEEN for char in text) or bool(_INVISIBLE.search(text))


@lru_cache(maxsize=1)
def _glyphs() -> tuple[list[int], list[int]]:
    """First and last code points of the ranges that both faces of the paper's font can draw."""
    ranges = json.loads((files("invoicing.documents") / "fonts" / "glyphs.json").read_text("ascii"))
    return [first for first, _ in ranges], [last for _, last in ranges]


def _drawn(char: str) -> bool:
    firsts, lasts = _glyphs()
    place = bisect_right(firsts, ord(char)) - 1
    return place >= 0 and ord(char) <= lasts[place]


def lacking(text: str) -> tuple[str, ...]:
    """The characters that the paper can't draw, once each, in their order; line breaks are no characters here."""
    if text.isascii() and text.isprintable():
        return ()
    return tuple(char for char in dict.fromkeys(text) if char != "\n" and not _drawn(char))


_FRENCH: Final = (
    (re.compile(r"« ?(?=\S)"), "«" + NBSP),
    (re.compile(r"(?<=\S) ?»"), NBSP + "»"),
    (re.compile(r"(?<=\S) (?=[:;!?%€$](?!\w))"), NBSP),
    (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), NBSP),
    (re.compile(r"\b([Nn]°) ?(?=\w)"), r"\1" + NBSP),
)

_FRENCH_SIGN: Final = re.compile(r"[«»°]| [:;!?%€$]|\d \d")


def typeset(text: str, language: str) -> str:
    """The text with no-break spaces where French wants them; English is returned as it is."""
    if not language.startswith("fr") or not _FRENCH_SIGN.search(text):
        return text
    for pattern, better in _FRENCH:
        text = pattern.sub(better, text)
    return text
