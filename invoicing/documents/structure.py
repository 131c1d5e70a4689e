"""Writes a paper's structure into its PDF: ISO 32000-1, 14.7 and 14.8; what PDF/UA-1 (ISO 14289-1) asks for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from invoicing.documents.tagging import Element, Mark, Structure


class _Tree:
    """The structure elements of one PDF while they are made."""

    def __init__(self, pdf: Pdf) -> None:
        self.pdf, self.pages = pdf, [page.obj for page in pdf.pages]
        self.made: dict[int, Object] = {}

    def add(self, element: Element, parent: Object) -> Object:
        """The element and all below it; what was never drawn is left out."""
        marks = [kid for kid in element.kids if isinstance(kid, Mark)]
        made = self.pdf.make_indirect(Dictionary(S=Name("/" + element.role), P=parent))
        self.made[id(element)] = made
        home = marks[0].page if marks else None
        if home is not None:
            made.Pg = self.pages[home]
        kids: list[Object | int] = [
            self._mark(kid, home) if isinstance(kid, Mark) else self.add(kid, made)
            for kid in element.kids
            if isinstance(kid, Mark) or kid.is_drawn
        ]
        made.K = kids[0] if len(kids) == 1 else Array(kids)
        self._describe(element, made, len({mark.page for mark in _marks(element)}) == 1)
        return made

    def _mark(self, mark: Mark, home: int | None) -> Object | int:
        if mark.page == home:
            return mark.number
        return Dictionary(Type=Name.MCR, Pg=self.pages[mark.page], MCID=mark.number)

    def _describe(self, element: Element, made: Object, on_one_page: bool) -> None:
        """Scope of a head, kind of a list, words and box of a figure (ISO 32000-1, 14.8.5)."""
        if element.role == "TH":
            made.A = Dictionary(O=Name.Table, Scope=Name.Column)
        elif element.role == "L":
            made.A = Dictionary(O=Name.List, ListNumbering=Name("/None"))
        elif element.role in ("Figure", "Table") and element.spot and on_one_page:
            box = (round(value, 2) for value in element.spot[1:])
            made.A = Dictionary(O=Name.Layout, Placement=Name.Block, BBox=Array(list(box)))
        if element.alternative:
            made.Alt = String(element.alternative)
        if element.language:
            made.Lang = String(element.language)


def _marks(element: Element) -> Iterator[Mark]:
    for kid in element.kids:
        if isinstance(kid, Mark):
            yield kid
        else:
            yield from _marks(kid)


def write_structure(pdf: Pdf, structure: Structure) -> None:
    """The structure tree, and for each mark of each page whose it is."""
    root = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    tree = _Tree(pdf)
    root.K = tree.add(Element("Document", kids=[*structure.read]), root)
    numbers: list[Object | int] = []
    for number, page in enumerate(tree.pages):
        page.StructParents, page.Tabs = number, Name.S
        owners = Array([tree.made[id(owner)] for owner in structure.owners[number]])
        numbers += [number, pdf.make_indirect(owners)]
    root.ParentTree = pdf.make_indirect(Dictionary(Nums=Array(numbers)))
    root.ParentTreeNextKey = len(tree.pages)
    pdf.Root.StructTreeRoot = root
    pdf.Root.MarkInfo = Dictionary(Marked=True)


def write_bookmarks(pdf: Pdf, structure: Structure) -> None:
    """One level of bookmarks, to the parts that have one."""
    parts = [part for part in structure.read if part.bookmark]
    root = pdf.make_indirect(Dictionary(Type=Name.Outlines))
    items = [pdf.make_indirect(_bookmark(pdf, part, root)) for part in parts]
    for before, after in pairwise(items):
        before.Next, after.Prev = after, before
    if items:
        root.First, root.Last, root.Count = items[0], items[-1], len(items)
        pdf.Root.Outlines = root


def _bookmark(pdf: Pdf, part: Element, root: Object) -> Dictionary:
    assert part.spot is not None
    page = pdf.pages[part.spot.page].obj
    place = Array([page, Name.XYZ, 0, round(part.spot.top, 2), 0])
    return Dictionary(Title=String(part.bookmark), Parent=root, Dest=place)
