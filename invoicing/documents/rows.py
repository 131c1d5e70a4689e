"""The rows of a paper, drawn as one flowable that splits between rows and repeats its head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import Color
from reportlab.platypus.doctemplate import FrameBreak
from reportlab.platypus.flowables import Flowable

from invoicing.documents.ink import HAIR, QUIET, face, literal, put
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
from invoicing.documents.tagging import RUNNING, Element, Marks


class Table:
    """The table as a reader is told of it, over all its pages."""

    def __init__(self, bookmark: str) -> None:
        self.element = Element("Table", bookmark=bookmark)
        self._body: Element | None = None
        self._open: list[Element] = []  # cells of a row that goes on

    def __deepcopy__(self, _known: object) -> Table:
        return self

    def heads(self, count: int) -> list[Element] | None:
        """The heads' cells; None once they have been told."""
        if self._body is not None:
            return None
        row = self.element.child("THead").child("TR")
        self._body = self.element.child("TBody")
        return [row.child("TH") for _ in range(count)]

    def cells(self, row: Measured) -> list[Element]:
        """The cells of the next row, or of the one that goes on."""
        assert self._body is not None
        found = self._open
        if not found:
            line = self._body.child("TR")
            found = [line.child("TD") for _ in row.cells]
        self._open = [] if row.last else found
        return found


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

    def __init__(self, look: Look, rows: tuple[Measured, ...], table: Table, final: bool = True) -> None:
        super().__init__()
        self.look, self.rows, self.table, self.final = look, rows, table, final
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
        first = Lines(self.look, self.rows[:kept], self.table, final=False)
        first.spaceBefore = self.spaceBefore
        return [first, *turn, Lines(self.look, self.rows[kept:], self.table)]

    def draw(self) -> None:
        """Head, rules and cells, in reading order."""
        look, canvas, texts = self.look, self.canv, self.canv.beginText()
        marks = Marks(canvas)
        marks.part(self.table.element, self.width, self.height)
        y = self.height - look.head_height
        self._draw_head(texts, marks, y)
        rules = canvas.beginPath()
        for row in self.rows:
            self._draw_row(texts, marks, row, y)
            y -= row.height
            if row.last:
                rules.moveTo(0, y)
                rules.lineTo(self.width, y)
        canvas.saveState()
        with marks.around(None):
            canvas.setStrokeColor(look.ink)
            canvas.setLineWidth(0.8)
            canvas.line(0, self.height - look.head_height, self.width, self.height - look.head_height)
            canvas.setStrokeColor(HAIR)
            canvas.setLineWidth(0.35)
            canvas.drawPath(rules)
        canvas.drawText(texts)
        canvas.restoreState()

    def _draw_head(self, texts: Any, marks: Marks, rule: float) -> None:
        look, right = self.look, 0.0
        face(texts, look.font, HEAD, QUIET)
        cells = self.table.heads(len(look.heads))
        for place, (width, head) in enumerate(zip(look.widths, look.heads, strict=True)):
            right += width
            literal(texts, marks.begin(cells[place]) if cells else marks.artifact(RUNNING))
            for above, text in zip(range(len(head) - 1, -1, -1), head, strict=True):
                put(texts, right if place else None, rule + 5 + above * HEAD_LEADING, text, look.font, HEAD)
            literal(texts, marks.end)

    def _draw_row(self, texts: Any, marks: Marks, row: Measured, top: float) -> None:
        look, right, cells = self.look, 0.0, self.table.cells(row)
        face(texts, look.font, TEXT, look.ink)
        for place, (width, cell) in enumerate(zip(look.widths, row.cells, strict=True)):
            right, y = right + width, top - row.pad - ASCENT
            literal(texts, marks.begin(cells[place]) if cell else "")
            for text, wide in cell:
                texts.setTextOrigin(right - wide if place else 0, y)
                texts.textOut(text + " ")  # as in `put`
                y -= LEADING
            literal(texts, marks.end if cell else "")
        if row.details:
            face(texts, look.font, DETAIL, QUIET)
            y = top - row.pad - ASCENT - len(row.cells[0]) * LEADING + 0.8
            literal(texts, marks.begin(cells[0]))
            for text in row.details:
                put(texts, None, y, text, look.font, DETAIL)
                y -= DETAIL_LEADING
            literal(texts, marks.end)
