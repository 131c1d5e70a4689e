"""Reads a tagged PDF as a screen reader does: through its structure, and every operator of its pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

SHOWS = {"Tj", "TJ", "'", '"'}
PAINTS = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "Do", "BI", "INLINE IMAGE"}
_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")


@dataclass
class Read:
    """What the pages of a PDF draw: text by page and mark, text of artifacts, and what nobody owns."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    drawn: set[tuple[int, int]] = field(default_factory=set)
    artifacts: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)  # operators that draw outside of any mark
    unbalanced: list[int] = field(default_factory=list)  # pages


def glyphs(font: pikepdf.Object) -> dict[int, str]:
    """Code → text, from the font's ToUnicode."""
    cmap = font.ToUnicode.read_bytes()
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.S):
        for code, char in _PAIR.findall(block):
            found[int(code, 16)] = bytes.fromhex(char.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.S):
        for first, last, chars in re.findall(rb"<(\w+)>\s*<(\w+)>\s*\[(.*?)\]", block, re.S):
            for code, char in zip(
                range(int(first, 16), int(last, 16) + 1), re.findall(rb"<(\w+)>", chars), strict=True
            ):
                found[code] = bytes.fromhex(char.decode()).decode("utf-16-be")
        for first, last, char in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for code in range(int(first, 16), int(last, 16) + 1):
                found[code] = chr(int(char, 16) + code - int(first, 16))
    return found


def read(pdf: pikepdf.Pdf) -> Read:
    """Every page's operators, in their order."""
    found = Read()
    for number, page in enumerate(pdf.pages):
        fonts = {name: glyphs(font) for name, font in page.Resources.Font.items() if "/ToUnicode" in font}
        _page(found, number, page, fonts)
    return found


def _page(found: Read, number: int, page: Any, fonts: dict[str, dict[int, str]]) -> None:
    owners: list[Any] = []
    font: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name == "Tf":
            font = fonts.get(str(operands[0]), {})
        elif name == "BMC":
            owners.append(str(operands[0]))
        elif name == "BDC":
            owners.append(operands[1].get("/MCID", str(operands[0])))
        elif name == "EMC":
            if not owners:
                found.unbalanced.append(number)
                continue
            owners.pop()
        elif name in SHOWS:
            _draw(found, number, owners, "".join(font[code] for code in bytes(operands[0])), name)
        elif name in PAINTS:
            _draw(found, number, owners, "", name)
    if owners:
        found.unbalanced.append(number)


def _draw(found: Read, number: int, owners: list[Any], text: str, operator: str) -> None:
    if not owners:
        found.loose.append(f"{operator} {text}")
    elif owners[-1] == "/Artifact":
        found.artifacts.append(text)
    else:
        found.drawn.add((number, int(owners[-1])))
        _say(found, number, owners, text)


def _say(found: Read, number: int, owners: list[Any], text: str) -> None:
    if owners and owners[-1] != "/Artifact":
        key = (number, int(owners[-1]))
        found.texts[key] = found.texts.get(key, "") + text


@dataclass
class Node:
    """One structure element as a reader meets it."""

    role: str
    marks: list[tuple[int, int]]
    kids: list[Node]
    known_as: tuple[int, int]  # object and generation
    about: dict[str, str]  # Alt, Lang and the attributes of A, as text

    def walk(self) -> Iterator[Node]:
        """It and all below it, in reading order."""
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def said(self, texts: Read) -> str:
        """Its text and that of all below it."""
        return " ".join("".join([texts.texts.get(mark, "") for mark in node.marks]) for node in self.walk())


def tree(pdf: pikepdf.Pdf) -> Node:
    """The document's element."""
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    return _node(pdf.Root.StructTreeRoot.K, pages)


def _node(element: pikepdf.Object, pages: dict[Any, int]) -> Node:
    marks, kids = [], []
    for kid in element.K if isinstance(element.K, pikepdf.Array) else [element.K]:
        if isinstance(kid, int):
            marks.append((pages[element.Pg.objgen], kid))
        elif kid.get("/Type") == "/MCR":
            marks.append((pages[kid.Pg.objgen], int(kid.MCID)))
        else:
            kids.append(_node(kid, pages))
    about = {name: str(element[name]) for name in ("/Alt", "/Lang") if name in element}
    about |= {name: _plain(value) for name, value in element.get("/A", {}).items()}
    return Node(str(element.S)[1:], marks, kids, element.objgen, about)


def _plain(value: Any) -> str:
    return " ".join(str(each) for each in value) if isinstance(value, pikepdf.Array) else str(value)


def opened(data: bytes) -> pikepdf.Pdf:
    """The PDF; the caller closes it."""
    return pikepdf.open(io.BytesIO(data))
