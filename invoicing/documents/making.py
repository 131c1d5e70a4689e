"""Makes the files of a version: its structured invoice where it has one, the PDF around it, and what both come from."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from invoicing.documents.archive import Archive
from invoicing.documents.models import Part
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.documents.snapshot import Snapshot
from invoicing.documents.source import source_of


class Drawn(Protocol):
    """A PDF and its number of pages."""

    @property
    def data(self) -> bytes: ...

    @property
    def pages(self) -> int: ...


Renderer = Callable[[Paper, Path | None, bytes | None], Drawn]  # `pdf.render`: paper, logo, XML to be embedded
Structured = Callable[[Snapshot, Facts], bytes | None]  # `facturx.making.checked_xml`


@dataclass(frozen=True)
class Press:
    """How files are made. `xml` gives None for what has no structured invoice, and raises where it would be invalid:
    then nothing is drawn, since a PDF without it would pass for the whole document.
    """

    render: Renderer
    xml: Structured


@dataclass(frozen=True)
class Files:
    """Everything that is archived of one version."""

    pdf: bytes
    pages: int
    xml: bytes | None
    source: bytes

    @property
    def parts(self) -> dict[Part, bytes]:
        """Those that there are."""
        found = {Part.pdf: self.pdf, Part.xml: self.xml, Part.source: self.source}
        return {part: data for part, data in found.items() if data is not None}


def make(archive: Archive, press: Press, snapshot: str, facts: str) -> Files:
    """The files of a version, from the JSON of its snapshot and facts alone; nothing is kept.

    Raises what the press raises, and ArchiveDamaged where the logo is gone.
    """
    frozen, added = Snapshot.from_json(snapshot), Facts.from_json(facts)
    xml = press.xml(frozen, added)
    drawn = draw(archive, press, paper_of(frozen, added), xml)
    return Files(drawn.data, drawn.pages, xml, source_of(snapshot, facts, drawn.data, drawn.pages, xml))


def draw(archive: Archive, press: Press, paper: Paper, xml: bytes | None = None) -> Drawn:
    """The paper as PDF, with its logo from the archive; nothing is kept."""
    with _logo(archive, paper.logo) as logo:
        return press.render(paper, logo, xml)


@contextmanager
def _logo(archive: Archive, sha256: str) -> Iterator[Path | None]:
    """The archived logo as a file, for as long as the drawing takes."""
    with tempfile.NamedTemporaryFile(suffix=".png") if sha256 else nullcontext() as file:
        if file is None:
            yield None
        else:
            file.write(archive.get(sha256))
            file.flush()
            yield Path(file.name)
