"""Measures a paper's texts in the paper's own font: lines, rows, totals, in points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase.pdfmetrics import getAscentDescent, registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

FONTS: Final = Path(__file__).parent / "fonts"
PLAIN, BOLD = "LettrineMeasure", "LettrineMeasure-Bold"
registerFont(TTFont(PLAIN, str(FONTS / "LettrineSans-Regular.ttf")))
registerFont(TTFont(BOLD, str(FONTS / "LettrineSans-Bold.ttf")))

TEXT: Final = 9.5
LEADING: Final = TEXT * 1.32
DETAIL: Final = 7.5
DETAIL_LEADING: Final = 9.8
HEAD: Final = 7.5
HEAD_LEADING: Final = 9.6
SUM_LEADING: Final = TEXT * 1.45
STRONG: Final = 13.0
GUTTER: Final = 5.0
ASCENT: Final = getAscentDescent(PLAIN, TEXT)[0] * 0.97
MOST_LINES: Final = 20  # of one row; a taller one goes on in the next, so that two rows and the totals fit a page

_BLANKS: Final = re.compile(r"[ \t\n]+")
_DETAIL_MARK: Final = "\u2028"


def wrap(text: str, size: float, room: float, font: str = PLAIN) -> list[str]:
    """The text in lines no wider than `room`, broken at ordinary spaces, inside a word only where it must."""
    if stringWidth(text, font, size) <= room:
        return [text]
    lines: list[str] = []
    line = ""
    for word in _BLANKS.split(text):
        longer = f"{line} {word}" if line else word
        if stringWidth(longer, font, size) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, size, room, font)
        lines += whole
    return [*lines, line] if line or not lines else lines


def _pieces(word: str, size: float, room: float, font: str) -> list[str]:
    """A word cut where a line is full; each cut is found by halving, so that long ones stay cheap."""
    pieces = []
    while len(word) > 1 and stringWidth(word, font, size) > room:
        low, high = 1, min(len(word), 1000)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if stringWidth(word[:middle], font, size) <= room else (low, middle - 1)
        pieces.append(word[:low])
        word = word[low:]
    return [*pieces, word]


@dataclass(frozen=True)
class Measured:
    """A row ready to be drawn; `last` where its hairline follows."""

    cells: tuple[tuple[str, ...], ...]
    details: tuple[str, ...]
    pad: float
    last: bool = True
    leading: float = LEADING
    detail_leading: float = DETAIL_LEADING

    @property
    def height(self) -> float:
        """Points from rule to rule."""
        label = len(self.cells[0]) * LEADING + len(self.details) * DETAIL_LEADING
        return max(label, max(map(len, self.cells)) * LEADING) + (2 if self.last else 1) * self.pad


def rows_of(rows: list[list[str]], widths: tuple[float, ...], pad: float) -> list[Measured]:
    """Rows of text cells (details after U+2028 in the first) as measured rows; refuses another number of cells."""
    measured: list[Measured] = []
    for row in rows:
        if len(row) != len(widths):
            raise ValueError(f"{len(row)} cells for {len(widths)} columns")
        label, *details = row[0].split(_DETAIL_MARK)
        room = widths[0] - GUTTER
        cells = [wrap(label, TEXT, room), *_narrow(row[1:], widths[1:])]
        quiet = [line for detail in details for line in wrap(detail, DETAIL, room)]
        measured += _cut(cells, quiet, pad)
    return measured


def _narrow(texts: list[str], widths: tuple[float, ...]) -> list[list[str]]:
    return [wrap(text, TEXT, width - GUTTER) for text, width in zip(texts, widths, strict=True)]


def _cut(cells: list[list[str]], details: list[str], pad: float) -> list[Measured]:
    """One row, or several without a rule between them where it is too tall to keep together."""
    parts: list[Measured] = []
    while True:
        here = tuple(tuple(cell[:MOST_LINES]) for cell in cells)
        quiet = max(MOST_LINES - len(here[0]), 0)
        last = all(len(cell) <= MOST_LINES for cell in cells) and len(details) <= quiet
        parts.append(Measured(here, tuple(details[:quiet]), pad, last))
        if last:
            return parts
        cells, details = [cell[MOST_LINES:] for cell in cells], details[quiet:]


def head_height(lines: int) -> float:
    """Height of the table's head, down to its rule."""
    return lines * HEAD_LEADING + 7


@dataclass(frozen=True)
class SumRow:
    """One row of the totals, its label wrapped."""

    label: tuple[str, ...]
    amount: str
    detail: str = ""

    @property
    def height(self) -> float:
        """Points that an ordinary row takes; the grand total is measured apart."""
        return len(self.label) * SUM_LEADING + (DETAIL_LEADING if self.detail else 0)


def sums_of(sums: list[list[str]], mentions: list[str], wide: float, values: float) -> tuple[list[SumRow], list[str]]:
    """The totals (label with its detail after U+2028, amount) and the mentions, wrapped to `wide` points."""
    *rows, (grand, total) = sums
    measured = []
    for text, amount in rows:
        label, _, detail = text.partition(_DETAIL_MARK)
        measured.append(SumRow(tuple(wrap(label, TEXT, wide - values)), amount, detail))
    room = wide - max(values, stringWidth(total, BOLD, STRONG) + 12)
    measured.append(SumRow(tuple(wrap(grand, STRONG, room, BOLD)), total))
    return measured, [line for mention in mentions if mention for line in wrap(mention, DETAIL, wide)]


def sums_height(rows: list[SumRow], mentions: list[str]) -> float:
    """Height of the whole block of totals."""
    grand = len(rows[-1].label) * STRONG * 1.25 + 16
    return sum(row.height for row in rows[:-1]) + grand + len(mentions) * HEAD_LEADING + (4 if mentions else 0)


@lru_cache(maxsize=256)
def height_of(texts: tuple[str, ...], size: float, leading: float, room: float) -> float:
    """Height of paragraphs set one under the other."""
    return sum(len(wrap(text, size, room)) for text in texts) * leading
