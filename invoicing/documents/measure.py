"""Measures a paper's texts in the paper's own font: lines, rows, totals, in points."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase.pdfmetrics import getAscentDescent, getFont, registerFont, stringWidth
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
PAY: Final = 8.0
PAY_LEADING: Final = 10.4
CODE: Final = 25 * 72 / 25.4  # the QR code, 25 mm
PAY_LEFT: Final = 29 * 72 / 25.4  # text beside the code
GUTTER: Final = 5.0
_PLAIN: Final = getFont(PLAIN)
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


Cell = tuple[tuple[str, float], ...]  # lines with their widths
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Measured:
    """A row ready to be drawn; `last` where its hairline follows."""

    cells: tuple[Cell, ...]
    details: tuple[str, ...]
    pad: float
    height: float  # points from rule to rule
    last: bool = True


@lru_cache(maxsize=2)  # the plan and then the flowable ask for the same rows
def rows_of(rows: Rows, widths: tuple[float, ...], pad: float) -> tuple[Measured, ...]:
    """Rows of text cells (details after U+2028 in the first) as measured rows; refuses another number of cells."""
    measured: list[Measured] = []
    room = widths[0] - GUTTER
    for row in rows:
        if len(row) != len(widths):
            raise ValueError(f"{len(row)} cells for {len(widths)} columns")
        label, *details = row[0].split(_DETAIL_MARK)
        cells = [_cell(text, width - GUTTER) for text, width in zip((label, *row[1:]), widths, strict=True)]
        quiet = [line for detail in details for line in wrap(detail, DETAIL, room)]
        measured += _cut(cells, quiet, pad)
    return tuple(measured)


def _cell(text: str, room: float) -> Cell:
    wide = _PLAIN.stringWidth(text, TEXT)
    if wide <= room:
        return ((text, wide),)
    return tuple((line, _PLAIN.stringWidth(line, TEXT)) for line in wrap(text, TEXT, room))


def _cut(cells: list[Cell], details: list[str], pad: float) -> Iterator[Measured]:
    """One row, or several without a rule between them where it is too tall to keep together."""
    while True:
        here = tuple(cell[:MOST_LINES] for cell in cells)
        quiet = max(MOST_LINES - len(here[0]), 0)
        last = len(details) <= quiet and all(len(cell) <= MOST_LINES for cell in cells)
        tallest = max(map(len, here)) * LEADING
        height = max(len(here[0]) * LEADING + len(details[:quiet]) * DETAIL_LEADING, tallest) + (1 + last) * pad
        yield Measured(here, tuple(details[:quiet]), pad, height, last)
        if last:
            return
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


@dataclass(frozen=True)
class PayLine:
    """One line of the payment block: a quiet label or its end, then what to copy or a part of it."""

    plain: str
    strong: str


def pay_of(ways: list[tuple[str, str]], room: float) -> list[PayLine]:
    """Ways to pay, each from a new line: what to copy follows its label, and goes below where it doesn't fit."""
    lines: list[PayLine] = []
    for label, what in ways:
        left = room - stringWidth(label + " ", PLAIN, PAY)
        if stringWidth(what, BOLD, PAY) <= left:
            lines.append(PayLine(label + " ", what))
            continue
        lines += [PayLine(line, "") for line in wrap(label, PAY, room)]
        lines += [PayLine("", line) for line in wrap(what, PAY, room, BOLD)]
    return lines


@lru_cache(maxsize=256)
def height_of(texts: tuple[str, ...], size: float, leading: float, room: float) -> float:
    """Height of paragraphs set one under the other."""
    return sum(len(wrap(text, size, room)) for text in texts) * leading
