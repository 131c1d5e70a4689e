"""`<pdf:lines>`, `<pdf:sums>` and `<pdf:part>`: the only extension of xhtml2pdf, for the parts of a paper.

A `<td>` costs it 0.4 ms, and each page break repeats the style of every row still to come; the first two draw the same
table for a tenth. The third says what a part is, for the structure that xhtml2pdf doesn't write. See
docs/decisions/xhtml2pdf-elements.md.
"""

from __future__ import annotations

from typing import Any

from reportlab.lib.fonts import tt2ps
from reportlab.platypus.flowables import Flowable
from xhtml2pdf import parser
from xhtml2pdf.tags import pisaTag
from xhtml2pdf.util import getSize

from invoicing.documents.measure import GUTTER, HEAD, pay_of, rows_of, sums_of, wrap
from invoicing.documents.rows import Lines, Look, Table
from invoicing.documents.sums import Closing, SumLook, Sums
from invoicing.documents.tagging import FLOW, Element, as_part


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
        return Lines(look, rows_of(tuple(rows), widths, getSize(get("pad"))), Table(get("bookmark")))


class SumsElement(_Element):
    """`<pdf:sums>`: four parts, each ended by U+2029: totals, mentions, ways to pay, payload of the QR code."""

    def flowable(self, text: str, get: Any, frag: Any) -> Flowable:
        """The block as the template wrote it."""
        sums, mentions, ways, code = ([line.split("\t") for line in part] for part in _parts(text, 4))
        wide, values, beside = (getSize(get(name)) for name in ("wide", "values", "beside"))
        rows, notes = sums_of(sums, [mention for (mention,) in mentions], wide, values)
        look = SumLook(tt2ps(frag.fontName, 0, 0), tt2ps(frag.fontName, 1, 0), frag.textColor, values, wide)
        payload = "\n".join(code[0]) if code else ""
        pay = pay_of([(way, what) for way, what in ways], beside)
        return Sums(Closing(rows, notes, pay, payload, get("alt")), look)


class PartElement(pisaTag):  # type: ignore[misc]
    """`<pdf:part>`: a block that a reader is told of; `role` as in ISO 32000-1, 14.8.4, or « Artifact ».

    `place` among the parts where that isn't the flow's, `alt` of a figure, `lang`, `bookmark`; `once` for what stands
    on every page and is told on the first.
    """

    def start(self, context: Any) -> None:
        """Remembers where its content will begin."""
        context.addPara()
        self.since = len(context.story)

    def end(self, context: Any) -> None:
        """What has come into the story since then is drawn as this part."""
        context.addPara()
        get, element = self.node.getAttribute, None
        if get("role") != "Artifact":
            element = Element(get("role"), int(get("place") or FLOW), get("alt"), get("lang"), get("bookmark"),
                              self.node.hasAttribute("once"))  # fmt: skip
        for flowable in context.story[self.since :]:
            as_part(flowable, element)


def _parts(text: str, count: int) -> list[list[str]]:
    """The lines of an element in its parts, which U+2029 ends; no cell can hold one."""
    *parts, rest = ([line for line in part.split("\n") if line] for part in text.split("\u2029"))
    if len(parts) != count or rest:
        raise ValueError("an element of the paper has the wrong parts")
    return parts


def register() -> bool:
    """True once xhtml2pdf draws our elements; False where its undocumented lookup is gone."""
    if not hasattr(parser, "pisaTagTABLE") or not hasattr(parser, "pisaTagPDFSPACER"):
        return False
    parser.pisaTagPDFLINES, parser.pisaTagPDFSUMS, parser.pisaTagPDFPART = LinesElement, SumsElement, PartElement
    return True
