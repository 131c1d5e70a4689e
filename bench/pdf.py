"""What the paper costs against a bare reportlab page: `python bench/pdf.py [ROUNDS]`.

Both are drawn in turn in one process, with the same fonts and the same content: addresses, dates, rows, totals, terms,
QR code and page number. CPU time, medians over the rounds. Compare the ratio, not the milliseconds.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Image, Paragraph, SimpleDocTemplate, Table, TableStyle

from invoicing.documents import qr
from invoicing.documents.facturx.making import checked_xml
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.documents.pdf import HERE, Renderer
from invoicing.documents.snapshot import Snapshot
from tests.documents.facturx.papers import BUYER, SELLER
from tests.documents.samples import VAT_20, VAT_55, french

MM = 72 / 25.4
GOAL = 4.0
CANVAS, PLATYPUS, PAPER, WHOLE = "bare canvas", "bare platypus", "paper", "archived document"
MOST = {10: 40.0, 150: 100.0}  # milliseconds of a whole document: structured invoice with its check, PDF/A, tags
INK, QUIET = HexColor("#161616"), HexColor("#555555")
COLUMNS = (78, 95, 125, 142, 174)  # right edges in millimetres


class Bare:
    """The same words on a bare canvas: no layout, no wrapping, no style sheet."""

    def __init__(self) -> None:
        registerFont(TTFont("Floor", str(HERE / "fonts" / "LettrineSans-Regular.ttf")))
        registerFont(TTFont("Floor-Bold", str(HERE / "fonts" / "LettrineSans-Bold.ttf")))

    def render(self, paper: Paper) -> bytes:
        """As many pages as the rows take, 34 on each."""
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=(210 * MM, 297 * MM), invariant=1)
        groups = [paper.rows[place : place + 34] for place in range(0, len(paper.rows), 34)]
        for number, rows in enumerate(groups, 1):
            top = 200.0 if number == 1 else 270.0
            if number == 1:
                self._top(canvas, paper)
            last = self._rows(canvas, paper, rows, top)
            if number == len(groups):
                self._totals(canvas, paper, last)
            terms = " ".join(paper.terms)
            cut = [terms[place : place + 170] for place in range(0, len(terms), 170)]
            self._text(canvas, [paper.identity, *cut, f"{paper.reference} · {number} / {len(groups)}"], 22, 7, QUIET)
            canvas.showPage()
        canvas.save()
        return out.getvalue()

    def _text(self, canvas: Canvas, lines: list[str], top: float, size: float, colour: Color, left: float = 18) -> None:
        text = canvas.beginText(left * MM, top * MM)
        text.setFont("Floor", size, size * 1.3)
        text.setFillColor(colour)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)

    def _top(self, canvas: Canvas, paper: Paper) -> None:
        self._text(canvas, [paper.seller.name, *paper.seller.lines], 282, 8, QUIET, 130)
        self._text(canvas, [paper.buyer.name, *paper.buyer.lines], 245, 9.5, INK, 110)
        self._text(canvas, [f"{fact.label} {fact.value}" for fact in paper.facts], 240, 9.5, INK)
        for text, size, place in ((paper.title, 25, 248), (paper.headlines[0], 15, 206)):
            canvas.setFont("Floor-Bold", size)
            canvas.drawString(18 * MM, place * MM, text)

    def _rows(self, canvas: Canvas, paper: Paper, rows: tuple, top: float) -> float:
        text = canvas.beginText()
        text.setFont("Floor", 9.5)
        for cells in (paper.columns, *map(paper.cells, rows)):
            for place, (edge, cell) in enumerate(zip(COLUMNS, cells, strict=True)):
                wide = canvas.stringWidth(cell, "Floor", 9.5)
                text.setTextOrigin((18 + edge) * MM - wide if place else 18 * MM, top * MM)
                text.textOut(cell)
            canvas.line(18 * MM, top * MM - 4, 192 * MM, top * MM - 4)
            top -= 5.2
        canvas.drawText(text)
        return top

    def _totals(self, canvas: Canvas, paper: Paper, top: float) -> None:
        self._text(canvas, [f"{fact.label} {fact.value}" for fact in paper.pay], top, 8, QUIET)
        code = ImageReader(io.BytesIO(qr.png(paper.epc, 2)))
        canvas.drawImage(code, 80 * MM, (top - 25) * MM, 25 * MM, 25 * MM)
        for one in (*paper.sums, paper.grand):
            canvas.drawRightString(160 * MM, top * MM, one.label)
            canvas.drawRightString(192 * MM, top * MM, one.amount)
            top -= 5


class Platypus:
    """The same words as one usually writes them with reportlab: paragraphs and one table."""

    def __init__(self) -> None:
        self.text = ParagraphStyle("text", fontName="Floor", fontSize=9.5, leading=12.5)
        self.strong = ParagraphStyle("strong", fontName="Floor-Bold", fontSize=15, leading=20)

    def render(self, paper: Paper) -> bytes:
        """Paragraphs, the table with a repeated head, the totals as a second table."""
        out = io.BytesIO()

        def foot(canvas: Canvas, document: BaseDocTemplate) -> None:
            canvas.setFont("Floor", 7)
            canvas.drawString(18 * MM, 10 * MM, f"{paper.reference} · {document.page}")

        document = SimpleDocTemplate(out, pagesize=(210 * MM, 297 * MM), invariant=1)
        facts = [f"{fact.label} {fact.value}" for fact in (*paper.facts, *paper.pay)]
        lines = [paper.seller.name, *paper.seller.lines, paper.buyer.name, *paper.buyer.lines, *facts, paper.identity]
        rows = Table([paper.columns, *map(paper.cells, paper.rows)], repeatRows=1)
        totals = Table([(one.label, one.amount) for one in (*paper.sums, paper.grand)], hAlign="RIGHT")
        style = TableStyle([("FONTNAME", (0, 0), (-1, -1), "Floor"), ("LINEBELOW", (0, 0), (-1, -1), 0.35, QUIET)])
        for table in (rows, totals):
            table.setStyle(style)
        story = [Paragraph(paper.title, self.strong), *(Paragraph(escape(line), self.text) for line in lines)]
        code = Image(io.BytesIO(qr.png(paper.epc, 2)), 25 * MM, 25 * MM)
        terms = (Paragraph(escape(line), self.text) for line in paper.terms)
        document.build(
            [*story, Paragraph(paper.headlines[0], self.strong), rows, totals, code, *terms],
            onFirstPage=foot,
            onLaterPages=foot,
        )
        return out.getvalue()


def machine(snapshot: Snapshot) -> bytes:
    """The structured invoice, checked as in production."""
    xml = checked_xml(snapshot, Facts(), schematron=False)
    assert xml is not None
    return xml


def measured(count: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each variant, taken in turn; each round has words of its own, so that no cache remembers it."""
    renderer, canvas, platypus = Renderer(), Bare(), Platypus()
    works: dict[str, Callable[[Snapshot], object]] = {
        CANVAS: lambda snapshot: canvas.render(paper_of(snapshot, Facts())),
        PLATYPUS: lambda snapshot: platypus.render(paper_of(snapshot, Facts())),
        PAPER: lambda snapshot: renderer.plain(paper_of(snapshot, Facts())),
        "paper, plain table": lambda snapshot: renderer.plain(paper_of(snapshot, Facts()), fast=False),
        WHOLE: lambda snapshot: renderer.render(paper_of(snapshot, Facts()), None, machine(snapshot)),
    }
    found: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        snapshot = french(
            count, ((VAT_20,), (VAT_55,)), number=f"F2026-{turn:05}", seller=SELLER, buyer=BUYER,
            tax_status="vat_registered", sells="services",
        )  # fmt: skip
        lines = tuple(replace(line, label=f"{line.label} {turn}") for line in snapshot.lines)
        for name, work in works.items():
            start = time.process_time()
            work(replace(snapshot, lines=lines))
            found[name].append((time.process_time() - start) * 1000)
    return {name: times[1:] for name, times in found.items()}  # the first one warms up


def main(rounds: int) -> int:
    """Prints the table; 1 where the paper misses its goal."""
    missed = False
    for count in (10, 150):
        found = measured(count, rounds)
        bare, platypus = median(found[CANVAS]), median(found[PLATYPUS])
        for name, times in found.items():
            each = median(times)
            print(
                f"{count:4} lines  {name:20} {each:7.1f} ms (min {min(times):6.1f})"
                f"  x{each / bare:5.2f} canvas  x{each / platypus:5.2f} platypus"
            )
            missed |= name == PAPER and each / bare > GOAL
        whole = median(found[WHOLE])
        missed |= whole > MOST[count]
        print(f"{count:4} lines  a whole document {whole / median(found[PAPER]):.2f} times its plain paper")
    print(f"goals: the paper {GOAL:.0f} times the bare canvas, a whole document {MOST} ms at most: "
          f"{'missed' if missed else 'met'}")  # fmt: skip
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
