"""Draws a paper as PDF with xhtml2pdf: one template, one sheet, the fonts beside this file, nothing else readable."""

from __future__ import annotations

import base64
import io
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2
from PIL import Image
from reportlab import rl_config

rl_config.invariant, rl_config.useA85 = 1, 0  # before anything is drawn: same bytes for the same paper

from xhtml2pdf import pisa  # noqa: E402
from xhtml2pdf.config.resources import ResourceAccessPolicy  # noqa: E402

from invoicing.documents import lines, qr  # noqa: E402
from invoicing.documents.paper import MAX_LINES  # noqa: E402
from invoicing.documents.pdfa import archival  # noqa: E402
from invoicing.documents.plan import KEEP, Plan, cell_rows, cell_sums, plan  # noqa: E402
from invoicing.documents.sheet import Paper  # noqa: E402
from invoicing.documents.tagging import Structure, recorded  # noqa: E402
from invoicing.documents.xmp import About  # noqa: E402
from invoicing.text import lacking  # noqa: E402

HERE: Final = Path(__file__).parent
FAST: Final = lines.register()
POLICY: Final = ResourceAccessPolicy.server(HERE, allow_remote=False)
LOGO_BOX: Final = (62.0, 14.0)  # millimetres
ACCENT: Final = "#0b5563"
_PAGE: Final = re.compile(rb"/Type /Page\b")
_ACCENT: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_SEPARATORS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2029]+")
_LOCK: Final = threading.RLock()


class RenderFailed(RuntimeError):
    """The paper could not be drawn as it should be; the message says why."""


@dataclass(frozen=True)
class Rendered:
    """A PDF and how many pages it has."""

    data: bytes
    pages: int


@dataclass(frozen=True)
class Drawing:
    """A drawn paper before the last pass, and its structure where it has one."""

    data: bytes
    pages: int
    structure: Structure | None


def default_templates() -> Path:
    """The `templates` folder beside the packages, in a checkout and in an installed wheel alike."""
    return HERE.parents[1] / "templates"


def cells(row: Sequence[str]) -> str:
    """A row for `<pdf:lines>` and `<pdf:sums>`; nothing in a cell can end it. Escaped afterwards, by autoescape."""
    return "\t".join(_SEPARATORS.sub(" ", cell) for cell in row)


@dataclass(frozen=True)
class Picture:
    """A picture as a `data:` address, with its size on paper in millimetres."""

    uri: str
    width: float
    height: float


def picture(png: bytes, box: tuple[float, float]) -> Picture:
    """The picture at its own proportions inside the box."""
    with Image.open(io.BytesIO(png)) as image:
        wide, high = image.size
    scale = min(box[0] / wide, box[1] / high)
    uri = "data:image/png;base64," + base64.b64encode(png).decode()
    return Picture(uri, round(wide * scale, 3), round(high * scale, 3))


class Renderer:
    """Renders papers with the templates of one folder; safe to share between threads, one render at a time."""

    def __init__(self, templates: Path | None = None) -> None:
        loader = jinja2.FileSystemLoader((templates or default_templates()) / "pdf")
        self.jinja = jinja2.Environment(
            loader=loader,
            autoescape=True,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self.jinja.filters["cells"] = cells

    def render(
        self, paper: Paper, logo: Path | None = None, xml: bytes | None = None, *, fast: bool = FAST, pages: int = 0
    ) -> Rendered:
        """The paper as PDF/A with its structured invoice, if there is one. Raises RenderFailed.

        `fast` and a guess of the `pages` are only for tests.
        """
        drawn = self.plain(paper, logo, fast=fast, pages=pages)
        about = About(paper.reference, paper.seller.name, paper.subject or paper.title, paper.words.language,
                      paper.issued_on)  # fmt: skip
        return Rendered(archival(drawn.data, about, drawn.structure, xml), drawn.pages)

    def plain(self, paper: Paper, logo: Path | None = None, *, fast: bool = FAST, pages: int = 0) -> Drawing:
        """The paper as xhtml2pdf draws it, which no archive should keep. Raises RenderFailed."""
        _check(paper)
        fast = fast and FAST
        planned = plan(paper)
        images = {
            "logo": picture(logo.read_bytes(), LOGO_BOX) if logo else None,
            "code": picture(qr.png(paper.epc), (25.0, 25.0)) if paper.epc and not fast else None,
        }
        told = pages or planned.pages
        for _ in range(3):
            with recorded() as structure:
                data = self._draw(paper, planned, told, fast, images)
            found = len(_PAGE.findall(data))
            if found == told:
                return Drawing(data, found, structure if fast else None)  # plain tables have no structure
            told = found
        raise RenderFailed(f"the number of pages doesn't settle at {told}")

    def _draw(self, paper: Paper, planned: Plan, pages: int, fast: bool, images: dict[str, Picture | None]) -> bytes:
        """One pass; `pages` is printed as the total."""
        facts = {"paper": paper, "words": paper.words, "plan": planned, "pages": pages, "here": HERE}
        accent = paper.accent if _ACCENT.fullmatch(paper.accent) else ACCENT
        sheet = self.jinja.get_template("paper.css").render(facts, accent=accent)
        html = self.jinja.get_template("paper.html").render(
            facts, **images, fast=fast, keep=KEEP, rows=cell_rows(paper), sums=cell_sums(paper)
        )
        meta = {"title": paper.reference}  # the last pass says the rest
        out = io.BytesIO()
        with _LOCK:
            _convert(html, sheet, meta, out)
        return out.getvalue()


def _check(paper: Paper) -> None:
    """Refuses what could only be drawn wrongly."""
    if len(paper.rows) > MAX_LINES:
        raise RenderFailed(f"{len(paper.rows)} lines, {MAX_LINES} at most")
    if not paper.rows:
        raise RenderFailed("no line")
    if missing := lacking(_all_text(paper)):
        raise RenderFailed("the font lacks " + " ".join(f"U+{ord(char):04X}" for char in missing))


def _all_text(paper: Paper) -> str:
    """Every text of the paper that somebody typed, in one string."""
    parties = (text for block in (paper.seller, paper.buyer) for text in (block.name, *block.lines, block.legal_form))
    facts = (fact.value for fact in (*paper.facts, *paper.pay, *paper.seller.ids))
    rows = (text for row in paper.rows for text in (*paper.cells(row), *row.details))
    sums = (text for one in paper.sums for text in (one.label, one.detail))
    return "".join((*parties, *facts, *rows, *sums, paper.subject, *paper.notes, *paper.mentions, *paper.terms))


def _convert(html: str, sheet: str, meta: dict[str, str], out: io.BytesIO) -> None:
    """HTML to PDF; any warning, and a silent fallback to another font, is a failure."""
    try:
        done = pisa.CreatePDF(
            html, dest=out, encoding="utf-8", default_css=sheet, resource_policy=POLICY, context_meta=meta
        )
    except Exception as fault:
        raise RenderFailed(str(fault)) from fault
    if done.err or done.warn:
        raise RenderFailed("; ".join(str(entry) for entry in done.log))
    data = out.getvalue()
    for face in (b"+LettrineSans-Regular", b"+LettrineSans-Bold"):
        if face not in data:
            raise RenderFailed(f"the font {face[1:].decode()} is not embedded")


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer()


def render(paper: Paper, logo: Path | None = None, xml: bytes | None = None) -> Rendered:
    """The paper as PDF, with the templates of this installation. Raises RenderFailed."""
    return _renderer().render(paper, logo, xml)


def drawn(page: str, sheet: str, facts: dict[str, Any], meta: dict[str, str]) -> bytes:
    """Another page of `templates/pdf` as PDF, with the same fonts and rules. Raises RenderFailed."""
    jinja = _renderer().jinja
    out = io.BytesIO()
    html, css = (jinja.get_template(name).render(facts, here=HERE) for name in (page, sheet))
    with _LOCK:
        _convert(html, css, meta, out)
    return out.getvalue()
