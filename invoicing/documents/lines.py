"""`<pdf:lines>` and `<pdf:sums>`: the rows and the totals of a paper, each drawn as one flowable.

The only extension of xhtml2pdf. A `<td>` costs it 0.4 ms, and each page break repeats the style of every row still
to come; this draws the same table for a tenth. See docs/decisions/xhtml2pdf-elements.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.fonts import tt2ps
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus.doctemplate import FrameBreak
from reportlab.platypus.flowables import Flowable
from xhtml2pdf import parser
from xhtml2pdf.tags import pisaTag
from xhtml2pdf.util import getSize

from invoicing.documents import qr
from invoicing.documents.measure import (
    ASCENT,
    CODE,
    DETAIL,
    DETAIL_LEADING,
    GUTTER,
    HEAD,
    HEAD_LEADING,
    LEADING,
    PAY,
    PAY_LEADING,
    PAY_LEFT,
    STRONG,
    SUM_LEADING,
    TEXT,
    Measured,
    PayLine,
    SumRow,
    head_height,
    pay_of,
    rows_of,
    sums_height,
    sums_of,
    wrap,
)

QUIET: Final = HexColor("#555555")
HAIR: Final = HexColor("#c9c9c9")


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
        _face(texts, look.font, HEAD, QUIET)
        for place, (width, head) in enumerate(zip(look.widths, look.heads, strict=True)):
            right += width
            for above, text in enumerate(reversed(head)):
                _put(texts, right if place else None, rule + 5 + above * HEAD_LEADING, text, look.font, HEAD)

    def _draw_row(self, texts: Any, row: Measured, top: float) -> None:
        look, right = self.look, 0.0
        _face(texts, look.font, TEXT, look.ink)
        for place, (width, cell) in enumerate(zip(look.widths, row.cells, strict=True)):
            right, y = right + width, top - row.pad - ASCENT
            for text, wide in cell:
                texts.setTextOrigin(right - wide if place else 0, y)
                texts.textOut(text)
                y -= LEADING
        if row.details:
            _face(texts, look.font, DETAIL, QUIET)
            y = top - row.pad - ASCENT - len(row.cells[0]) * LEADING + 0.8
            for text in row.details:
                _put(texts, None, y, text, look.font, DETAIL)
                y -= DETAIL_LEADING


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
        _face(texts, self.look.font, DETAIL, QUIET)
        for text in self.closing.mentions:
            y -= HEAD_LEADING
            _put(texts, self.width, y, text, self.look.font, DETAIL)
        self._draw_pay(texts)
        self.canv.drawText(texts)
        if self.closing.code:
            _draw_code(self.canv, self.closing.code, self.height)

    def _draw_sum(self, texts: Any, row: SumRow, top: float) -> None:
        look, middle, y = self.look, self.width - self.look.values, top - ASCENT
        _face(texts, look.font, TEXT, QUIET)
        for text in row.label:
            _put(texts, middle, y, text, look.font, TEXT)
            y -= SUM_LEADING
        _face(texts, look.font, TEXT, look.ink)
        _put(texts, self.width, top - ASCENT, row.amount, look.font, TEXT)
        if row.detail:
            _face(texts, look.font, DETAIL, QUIET)
            _put(texts, middle, y + 3, row.detail, look.font, DETAIL)

    def _draw_grand(self, texts: Any, row: SumRow, top: float) -> float:
        """Draws the grand total below its rule; returns the y of the lower double rule."""
        look, canvas, leading = self.look, self.canv, STRONG * 1.25
        first = top - 4 - STRONG * 1.1
        middle = min(self.width - look.values, self.width - stringWidth(row.amount, look.bold, STRONG) - 12)
        _face(texts, look.bold, STRONG, look.ink)
        for place, text in enumerate(row.label):
            _put(texts, middle, first - place * leading, text, look.bold, STRONG)
        last = first - (len(row.label) - 1) * leading
        _put(texts, self.width, last, row.amount, look.bold, STRONG)
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
                    _face(texts, font, PAY, QUIET)
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


def _face(texts: Any, font: str, size: float, colour: Color) -> None:
    texts.setFont(font, size)
    texts.setFillColor(colour)


def _put(texts: Any, right: float | None, y: float, text: str, font: str, size: float) -> None:
    """One text on one line: from the left edge, or up to `right`."""
    texts.setTextOrigin(0 if right is None else right - stringWidth(text, font, size), y)
    texts.textOut(text)


def _taken(node: Any) -> str:
    """The element's text, taken out so that xhtml2pdf doesn't set it as a paragraph."""
    children = list(node.childNodes)
    for child in children:
        node.removeChild(child)
    return "".join(child.data for child in children if child.nodeType == child.TEXT_NODE).strip("\n")


class _Element(pisaTag):  # type: ignore[misc]
    """An element whose text becomes one flowable."""

    def flowable(self, text: str, get: Any, frag: Any) -> Flowable:
        raise NotImplementedError

    def start(self, context: Any) -> None:
        context.addPara()
        self.made = self.flowable(_taken(self.node), self.node.getAttribute, context.frag)
        self.made.spaceBefore = context.frag.spaceBefore

    def end(self, context: Any) -> None:
        context.clearFrag()
        context.addStory(self.made)


class LinesElement(_Element):
    """`<pdf:lines>`: heads, then a line per row, a tab between cells, U+2028 before each detail."""

    def flowable(self, text: str, get: Any, frag: Any) -> Flowable:
        """The table as the template wrote it; refuses rows of another width."""
        heads, *rows = (tuple(line.split("\t")) for line in text.split("\n"))
        widths = tuple(getSize(width) for width in get("widths").split())
        font = tt2ps(frag.fontName, 0, 0)
        room = [width - GUTTER for width in widths]
        wrapped = tuple(tuple(wrap(head, HEAD, width)) for head, width in zip(heads, room, strict=True))
        look = Look(widths, wrapped, font, frag.textColor, int(get("keep")), getSize(get("reserve")))
        return Lines(look, rows_of(tuple(rows), widths, getSize(get("pad"))))


class SumsElement(_Element):
    """`<pdf:sums>`: four parts, each ended by U+2029: totals, mentions, ways to pay, payload of the QR code."""

    def flowable(self, text: str, get: Any, frag: Any) -> Flowable:
        """The block as the template wrote it."""
        sums, mentions, ways, code = ([line.split("\t") for line in part] for part in _parts(text, 4))
        wide, values, beside = (getSize(get(name)) for name in ("wide", "values", "beside"))
        rows, notes = sums_of(sums, [mention for (mention,) in mentions], wide, values)
        look = SumLook(tt2ps(frag.fontName, 0, 0), tt2ps(frag.fontName, 1, 0), frag.textColor, values, wide)
        payload = "\n".join(code[0]) if code else ""
        return Sums(Closing(rows, notes, pay_of([(way, what) for way, what in ways], beside), payload), look)


def _parts(text: str, count: int) -> list[list[str]]:
    """The lines of an element in its parts, which U+2029 ends; no cell can hold one."""
    *parts, rest = ([line for line in part.split("\n") if line] for part in text.split("\u2029"))
    if len(parts) != count or rest:
        raise ValueError("an element of the paper has the wrong parts")
    return parts


def register() -> bool:
    """True once xhtml2pdf draws both elements; False where its undocumented lookup is gone."""
    if not hasattr(parser, "pisaTagTABLE") or not hasattr(parser, "pisaTagPDFSPACER"):
        return False
    parser.pisaTagPDFLINES, parser.pisaTagPDFSUMS = LinesElement, SumsElement
    return True
