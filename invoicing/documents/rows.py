"""The rows of a paper, drawn as one flowable that splits between rows and repeats its head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import Color
from reportlab.platypus.doctemplate import FrameBreak
from reportlab.platypus.flowables import Flowable

from invoicing.documents.ink import HAIR, QUIET, face, put
from invoicing.documents.measure import (
    ASCENT,
    DETAIL,
    DETAIL_LEADING,
    HEAD,
    HEAD_LEADING,
    LEADING,
    TEXT,
    Measured,
    head_height,
)


@dataclass(frozen=True)
class Look:
    """How a table is set: columns in points, faces, ink; `keep` rows go on with the totals, `reserve` points high."""

    widths: tuple[float, ...]
    heads: tuple[tuple[str, ...], ...]
    font: str
    ink: Color
    keep: int
    reserve: float

    @property
    def head_height(self) -> float:
        """Height of the head down to its rule."""
        return head_height(max(map(len, self.heads)))


class Lines(Flowable):  # type: ignore[misc]
    """The rows of a document; splits between rows and repeats its head."""

    def __init__(self, look: Look, rows: tuple[Measured, ...], final: bool = True) -> None:
        super().__init__()
        self.look, self.rows, self.final = look, rows, final
        self.spaceBefore = self.spaceAfter = 0

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Asks for a split where the totals would otherwise begin a page alone."""
        look = self.look
        self.width, self.height = width, look.head_height + sum(row.height for row in self.rows)
        alone = self.final and self.height <= height < self.height + look.reserve
        return width, height + 1 if alone and len(self.rows) > look.keep else self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        """As many rows as fit, but for the last ones, which wait for the totals."""
        room, fitting = height - self.look.head_height, 0
        for row in self.rows:
            if row.height > room + 0.01:
                break
            room, fitting = room - row.height, fitting + 1
        kept = min(fitting, max(len(self.rows) - self.look.keep, 0))
        if kept < 1:
            return []
        turn = [FrameBreak()] if fitting > kept else []
        first = Lines(self.look, self.rows[:kept], final=False)
        first.spaceBefore = self.spaceBefore
        return [first, *turn, Lines(self.look, self.rows[kept:])]

    def draw(self) -> None:
        """Head, rules and cells, in reading order."""
        look, canvas, texts = self.look, self.canv, self.canv.beginText()
        y = self.height - look.head_height
        self._draw_head(texts, y)
        rules = canvas.beginPath()
        for row in self.rows:
            self._draw_row(texts, row, y)
            y -= row.height
            if row.last:
                rules.moveTo(0, y)
                rules.lineTo(self.width, y)
        canvas.saveState()
        canvas.setStrokeColor(look.ink)
        canvas.setLineWidth(0.8)
        canvas.line(0, self.height - look.head_height, self.width, self.height - look.head_height)
        canvas.setStrokeColor(HAIR)
        canvas.setLineWidth(0.35)
        canvas.drawPath(rules)
        canvas.drawText(texts)
        canvas.restoreState()

    def _draw_head(self, texts: Any, rule: float) -> None:
        look, right = self.look, 0.0
        face(texts, look.font, HEAD, QUIET)
        for place, (width, head) in enumerate(zip(look.widths, look.heads, strict=True)):
            right += width
            for above, text in zip(range(len(head) - 1, -1, -1), head, strict=True):
                put(texts, right if place else None, rule + 5 + above * HEAD_LEADING, text, look.font, HEAD)

    def _draw_row(self, texts: Any, row: Measured, top: float) -> None:
        look, right = self.look, 0.0
        face(texts, look.font, TEXT, look.ink)
        for place, (width, cell) in enumerate(zip(look.widths, row.cells, strict=True)):
            right, y = right + width, top - row.pad - ASCENT
            for text, wide in cell:
                texts.setTextOrigin(right - wide if place else 0, y)
                texts.textOut(text)
                y -= LEADING
        if row.details:
            face(texts, look.font, DETAIL, QUIET)
            y = top - row.pad - ASCENT - len(row.cells[0]) * LEADING + 0.8
            for text in row.details:
                put(texts, None, y, text, look.font, DETAIL)
                y -= DETAIL_LEADING
