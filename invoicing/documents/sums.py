"""The block under the rows, drawn as one flowable: totals at the right, payment and its QR code at the left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus.flowables import Flowable

from invoicing.documents import qr
from invoicing.documents.ink import QUIET, face, put
from invoicing.documents.measure import (
    ASCENT,
    CODE,
    DETAIL,
    HEAD_LEADING,
    PAY,
    PAY_LEADING,
    PAY_LEFT,
    STRONG,
    SUM_LEADING,
    TEXT,
    PayLine,
    SumRow,
    sums_height,
)


@dataclass(frozen=True)
class Closing:
    """What stands under the rows: totals, mentions, how to pay, and the payload of the QR code."""

    rows: list[SumRow]
    mentions: list[str]
    pay: list[PayLine]
    code: str

    @property
    def height(self) -> float:
        """Points from the table to the end of the longest part."""
        side = max(len(self.pay) * PAY_LEADING, CODE if self.code else 0)
        return max(sums_height(self.rows, self.mentions), side)


@dataclass(frozen=True)
class SumLook:
    """How the totals are set, in points: column of amounts and width of the rules."""

    font: str
    bold: str
    ink: Color
    values: float
    wide: float


class Sums(Flowable):  # type: ignore[misc]
    """The totals at the right, between a rule and the accountant's double rule; payment at the left."""

    def __init__(self, closing: Closing, look: SumLook) -> None:
        super().__init__()
        self.closing, self.look = closing, look
        self.spaceBefore = self.spaceAfter = 0

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """The whole width; never split."""
        self.width, self.height = width, self.closing.height
        return self.width, self.height

    def draw(self) -> None:
        """Totals row by row, then the grand total, the mentions, and how to pay."""
        texts, y = self.canv.beginText(), self.height
        *rows, grand = self.closing.rows
        for row in rows:
            self._draw_sum(texts, row, y)
            y -= row.height
        y = self._draw_grand(texts, grand, y)
        face(texts, self.look.font, DETAIL, QUIET)
        for text in self.closing.mentions:
            y -= HEAD_LEADING
            put(texts, self.width, y, text, self.look.font, DETAIL)
        self._draw_pay(texts)
        self.canv.drawText(texts)
        if self.closing.code:
            _draw_code(self.canv, self.closing.code, self.height)

    def _draw_sum(self, texts: Any, row: SumRow, top: float) -> None:
        look, middle, y = self.look, self.width - self.look.values, top - ASCENT
        face(texts, look.font, TEXT, QUIET)
        for text in row.label:
            put(texts, middle, y, text, look.font, TEXT)
            y -= SUM_LEADING
        face(texts, look.font, TEXT, look.ink)
        put(texts, self.width, top - ASCENT, row.amount, look.font, TEXT)
        if row.detail:
            face(texts, look.font, DETAIL, QUIET)
            put(texts, middle, y + 3, row.detail, look.font, DETAIL)

    def _draw_grand(self, texts: Any, row: SumRow, top: float) -> float:
        """Draws the grand total below its rule; returns the y of the lower double rule."""
        look, canvas, leading = self.look, self.canv, STRONG * 1.25
        first = top - 4 - STRONG * 1.1
        middle = min(self.width - look.values, self.width - stringWidth(row.amount, look.bold, STRONG) - 12)
        face(texts, look.bold, STRONG, look.ink)
        for place, text in enumerate(row.label):
            put(texts, middle, first - place * leading, text, look.bold, STRONG)
        last = first - (len(row.label) - 1) * leading
        put(texts, self.width, last, row.amount, look.bold, STRONG)
        left = self.width - look.wide
        canvas.saveState()
        canvas.setStrokeColor(look.ink)
        for y, thick in ((top - 2, 0.8), (last - 6, 0.6), (last - 8, 0.6)):
            canvas.setLineWidth(thick)
            canvas.line(left, y, self.width, y)
        canvas.restoreState()
        return last - 9

    def _draw_pay(self, texts: Any) -> None:
        """Labels quiet, what to copy in bold."""
        left = PAY_LEFT if self.closing.code else 0.0
        y = self.height - ASCENT + 1
        for line in self.closing.pay:
            texts.setTextOrigin(left, y)
            for text, font in ((line.plain, self.look.font), (line.strong, self.look.bold)):
                if text:
                    face(texts, font, PAY, QUIET)
                    texts.textOut(text)
            y -= PAY_LEADING


def _draw_code(canvas: Any, payload: str, top: float) -> None:
    """The QR code as one filled path, 25 mm wide."""
    runs, size = qr.runs(payload)
    module = CODE / size
    path = canvas.beginPath()
    for x, y, length in runs:
        path.rect(x * module, top - (y + 1) * module, length * module, module)
    canvas.saveState()
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
