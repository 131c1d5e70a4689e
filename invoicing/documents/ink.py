"""Ink and single lines of text, as the paper's own flowables draw them."""

from __future__ import annotations

from typing import Any, Final

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth

QUIET: Final = HexColor("#555555")
HAIR: Final = HexColor("#c9c9c9")


def face(texts: Any, font: str, size: float, colour: Color) -> None:
    """Font and ink of what follows."""
    texts.setFont(font, size)
    texts.setFillColor(colour)


def literal(texts: Any, operator: str) -> None:
    """An operator between texts; reportlab has no public way to write one there."""
    if operator:
        texts._code.append(operator)


def put(texts: Any, right: float | None, y: float, text: str, font: str, size: float) -> None:
    """One text on one line: from the left edge, or up to `right`.

    Nobody sees the space after it: it parts the line's last word from the first of the next, for whoever reads aloud.
    """
    texts.setTextOrigin(0 if right is None else right - stringWidth(text, font, size), y)
    texts.textOut(text + " ")
