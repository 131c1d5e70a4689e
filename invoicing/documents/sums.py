"""The block under the rows, drawn as one flowable: totals at the right, payment and its QR code at the left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus.flowables import Flowable

from invoicing.documents import qr
from invoicing.documents.ink import QUIET, face, literal, put
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
from invoicing.documents.tagging import Element, Marks


@dataclass(frozen=True)
class Closing:
    """What stands under the rows: totals, mentions, how to pay, and the payload of the QR code."""

    rows: list[SumRow]
    mentions: list[str]
    pay: list[PayLine]
    code: str
    alternative: str = ""  # what the code is, in words

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
        texts, marks, y = self.canv.beginText(), Marks(self.canv), self.height
        *rows, grand = self.closing.rows
        totals = Element("L", bookmark=" ".join(grand.label))
        marks.part(totals, self.width, self.height)
        for row in rows:
            self._draw_sum(texts, marks, totals.child("LI"), row, y)
            y -= row.height
        y = self._draw_grand(texts, marks, totals.child("LI"), grand, y)
        self._draw_mentions(texts, marks, y)
        self._draw_pay(texts, marks)
        self.canv.drawText(texts)
        if self.closing.code:
            figure = Element("Figure", alternative=self.closing.alternative)
            marks.part(figure, CODE, self.height, self.height - CODE)
            with marks.around(figure):
                _draw_code(self.canv, self.closing.code, self.height)

    def _draw_sum(self, texts: Any, marks: Marks, item: Element, row: SumRow, top: float) -> None:
        look, middle, y = self.look, self.width - self.look.values, top - ASCENT
        label, body = item.child("Lbl"), item.child("LBody")
        face(texts, look.font, TEXT, QUIET)
        literal(texts, marks.begin(label))
        for text in row.label:
            put(texts, middle, y, text, look.font, TEXT)
            y -= SUM_LEADING
        literal(texts, marks.end)
        face(texts, look.font, TEXT, look.ink)
        literal(texts, marks.begin(body))
        put(texts, self.width, top - ASCENT, row.amount, look.font, TEXT)
        literal(texts, marks.end)
        if row.detail:
            face(texts, look.font, DETAIL, QUIET)
            literal(texts, marks.begin(label))
            put(texts, middle, y + 3, row.detail, look.font, DETAIL)
            literal(texts, marks.end)

    def _draw_mentions(self, texts: Any, marks: Marks, y: float) -> None:
        if not self.closing.mentions:
            return
        paragraph = Element("P")
        marks.part(paragraph, self.width, y)
        face(texts, self.look.font, DETAIL, QUIET)
        literal(texts, marks.begin(paragraph))
        for text in self.closing.mentions:
            y -= HEAD_LEADING
            put(texts, self.width, y, text, self.look.font, DETAIL)
        literal(texts, marks.end)

    def _draw_grand(self, texts: Any, marks: Marks, item: Element, row: SumRow, top: float) -> float:
        """Draws the grand total below its rule; returns the y of the lower double rule."""
        look, canvas, leading = self.look, self.canv, STRONG * 1.25
        first = top - 4 - STRONG * 1.1
        middle = min(self.width - look.values, self.width - stringWidth(row.amount, look.bold, STRONG) - 12)
        face(texts, look.bold, STRONG, look.ink)
        literal(texts, marks.begin(item.child("Lbl")))
        for place, text in enumerate(row.label):
            put(texts, middle, first - place * leading, text, look.bold, STRONG)
        literal(texts, marks.end)
        last = first - (len(row.label) - 1) * leading
        literal(texts, marks.begin(item.child("LBody")))
        put(texts, self.width, last, row.amount, look.bold, STRONG)
        literal(texts, marks.end)
        left = self.width - look.wide
        canvas.saveState()
        with marks.around(None):
            canvas.setStrokeColor(look.ink)
            for y, thick in ((top - 2, 0.8), (last - 6, 0.6), (last - 8, 0.6)):
                canvas.setLineWidth(thick)
                canvas.line(left, y, self.width, y)
        canvas.restoreState()
        return last - 9

    def _draw_pay(self, texts: Any, marks: Marks) -> None:
        """Labels quiet, what to copy in bold; each way is an item of a list."""
        left = PAY_LEFT if self.closing.code else 0.0
        ways, y = Element("L"), self.height - ASCENT + 1
        marks.part(ways, self.width, self.height)
        label = body = ways
        for before, line in zip((None, *self.closing.pay), self.closing.pay, strict=False):
            if line.plain and (before is None or before.strong):
                item = ways.child("LI")
                label, body = item.child("Lbl"), item.child("LBody")
            texts.setTextOrigin(left, y)
            for text, font, element in ((line.plain, self.look.font, label), (line.strong, self.look.bold, body)):
                if text:
                    face(texts, font, PAY, QUIET)
                    literal(texts, marks.begin(element))
                    texts.textOut(text if text.endswith(" ") else text + " ")
                    literal(texts, marks.end)
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
