"""What a screen reader is told of a paper: its structure, noted while it is drawn.

Roles are those of ISO 32000-1, 14.8.4. A flowable that draws a part begins and ends its marked content itself; what
belongs to no part is an artifact.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple, cast

from reportlab.platypus.flowables import Flowable

_LINE_END: Final = re.compile(
    r"(?<!\\)\) Tj((?: [\d.]+ [\d.]+ [\d.]+ rg)?)\s+T\* (?!ET)"
)  # of a paragraph; in a text the bracket is escaped
_SPACED: Final = r") Tj ( ) Tj\1 T* "  # a space parts the lines' words for whoever reads aloud
END: Final = "EMC"
ARTIFACT: Final = "/Artifact BMC"
RUNNING: Final = "/Artifact <</Type /Pagination>> BDC"
FLOW: Final = 50  # where the flow stands among the parts that are placed elsewhere


class Mark(NamedTuple):
    """Marked content: its page, from 0, and its number there."""

    page: int
    number: int


class Spot(NamedTuple):
    """Where a part begins: page, from 0, and its box in points from the page's lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float


@dataclass
class Element:
    """One element of the structure; drawn in one or several pieces, and never copied with its flowable."""

    role: str
    place: int = FLOW  # among its siblings; those with the same place follow each other as they are drawn
    alternative: str = ""  # text in place of a figure
    language: str = ""  # where it isn't the document's
    bookmark: str = ""
    once: bool = False  # content where it comes first, and an artifact when it is drawn again
    kids: list[Element | Mark] = field(default_factory=list)
    spot: Spot | None = None

    def __deepcopy__(self, _known: object) -> Element:
        return self

    def child(self, role: str) -> Element:
        """A new last child."""
        made = Element(role)
        self.kids.append(made)
        return made

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything in it."""
        return any(isinstance(kid, Mark) or kid.is_drawn for kid in self.kids)


class Structure:
    """The structure of one document while it is drawn."""

    def __init__(self) -> None:
        self.parts: list[Element] = []  # as they were first drawn
        self.owners: defaultdict[int, list[Element]] = defaultdict(list)  # by page: whose content each mark is

    def begin(self, element: Element, page: int) -> str:
        """The operator that begins marked content of this element."""
        if element.once and any(mark.page != page for mark in element.kids if isinstance(mark, Mark)):
            return RUNNING
        owners = self.owners[page]
        element.kids.append(Mark(page, len(owners)))
        owners.append(element)
        return f"/{element.role} <</MCID {len(owners) - 1}>> BDC"

    def add(self, part: Element, spot: Spot) -> None:
        """A part of the document that is being drawn; counted once."""
        if part.spot is None:
            part.spot = spot
            self.parts.append(part)

    @property
    def read(self) -> list[Element]:
        """The parts in reading order."""
        return sorted((part for part in self.parts if part.is_drawn), key=lambda part: part.place)


_drawn: ContextVar[Structure | None] = ContextVar("structure", default=None)


@contextmanager
def recorded() -> Iterator[Structure]:
    """What is drawn meanwhile in this thread is noted; outside of it flowables mark nothing."""
    structure = Structure()
    before = _drawn.set(structure)
    try:
        yield structure
    finally:
        _drawn.reset(before)


class Marks:
    """The operators that a flowable writes between what it draws; empty ones where nothing is noted."""

    def __init__(self, canvas: Any) -> None:
        self.canvas, self.structure = canvas, _drawn.get()
        self.page = canvas.getPageNumber() - 1

    def part(self, element: Element, right: float, top: float, bottom: float = 0) -> None:
        """Notes that this part is drawn here: its box in points from the flowable's own origin."""
        if self.structure is not None:
            place = self.canvas.absolutePosition
            self.structure.add(element, Spot(self.page, *place(0, bottom), *place(right, top)))

    def begin(self, element: Element) -> str:
        """Begins marked content of an element."""
        return self.structure.begin(element, self.page) if self.structure is not None else ""

    def artifact(self, operator: str = ARTIFACT) -> str:
        """Begins what belongs to no part."""
        return operator if self.structure is not None else ""

    @property
    def end(self) -> str:
        """Ends marked content."""
        return END if self.structure is not None else ""

    @contextmanager
    def around(self, element: Element | None) -> Iterator[None]:
        """What the canvas draws meanwhile belongs to the element, or is an artifact."""
        if self.structure is None:
            yield
            return
        self.canvas.addLiteral(self.begin(element) if element is not None else ARTIFACT)
        yield
        self.canvas.addLiteral(END)


def as_part(flowable: Flowable, element: Element | None) -> None:
    """The flowable, and whatever it is split into, draws a part of the document; None: an artifact."""
    if not isinstance(flowable, _Part):
        flowable.__class__ = _part_of(cast("Any", type(flowable)))
    flowable.part = element


class _Part:
    """Marks what the flowable beside it draws."""

    part: Element | None
    canv: Any
    width: float
    height: float

    def draw(self) -> None:
        marks = Marks(self.canv)
        if self.part is not None:
            marks.part(self.part, self.width, self.height)
        with marks.around(self.part):
            begun = len(self.canv._code)
            super().draw()  # type: ignore[misc]
            self.canv._code[begun:] = [_LINE_END.sub(_SPACED, code) for code in self.canv._code[begun:]]

    def split(self, width: float, height: float) -> list[Flowable]:
        pieces: list[Flowable] = super().split(width, height)  # type: ignore[misc]
        for piece in pieces:
            as_part(piece, self.part)
        return pieces


@cache
def _part_of(kind: Any) -> Any:
    return type("Part", (_Part, kind), {})
