"""One pass over a drawn paper that makes it fit for decades: PDF/A-3u (ISO 19005-3), PDF/UA-1, Factur-X inside.

The bytes depend on what goes in and on nothing else.
"""

from __future__ import annotations

import hashlib
import io
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from pikepdf import Array, Dictionary, Name, Object, ObjectStreamMode, Pdf, Stream, String

from invoicing.documents.structure import write_bookmarks, write_structure
from invoicing.documents.tagging import Structure
from invoicing.documents.xmp import About, packet

XML_NAME: Final = "factur-x.xml"  # Factur-X 1.0, 6.2.1
_COLOURS: Final = Path(__file__).parent / "assets" / "srgb.icc"  # made by LittleCMS (MIT), its date set to 2026-01-01
_UNUSED: Final = re.compile(rb"BT /F1 [\d.]+ Tf [\d.]+ TL ET")
_UNDER: Final = re.compile(rb"(/FormXob\.pisaUnderFlow\d+ Do)")  # the draft's watermark


def archival(drawn: bytes, about: About, structure: Structure | None = None, xml: bytes | None = None) -> bytes:
    """The paper as PDF/A-3u; with a structure also PDF/UA-1, with `xml` also Factur-X in profile EN 16931."""
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(drawn)) as pdf:
        for page in pdf.pages:
            _clean(page.obj)
        _describe(pdf, about, packet(about, tagged=structure is not None, structured=xml is not None))
        pdf.Root.OutputIntents = Array([pdf.make_indirect(_output_intent(pdf))])
        if structure is not None:
            write_structure(pdf, structure)
            if len(pdf.pages) > 1:
                write_bookmarks(pdf, structure)
        if xml is not None:
            _embed(pdf, xml, about)
        pdf.save(
            out, force_version="1.7", deterministic_id=True, object_stream_mode=ObjectStreamMode.generate,
            fix_metadata_version=False,
        )  # fmt: skip
    return out.getvalue()


def _clean(page: Object) -> None:
    """Takes out what reportlab writes on every page and nothing uses: a font that isn't embedded, a transition."""
    del page["/Trans"]
    resources = page.Resources
    for drawn in (page.Contents, *resources.get("/XObject", {}).values()):
        if drawn.get("/Subtype") == "/Image":
            continue
        operators = drawn.read_bytes()
        written = _UNDER.sub(rb"/Artifact BMC \1 EMC", _UNUSED.sub(b"", operators))
        if written != operators:
            drawn.write(written)
    if "/F1" in resources.Font:  # one dictionary for all pages
        del resources.Font["/F1"]


def _describe(pdf: Pdf, about: About, told: bytes) -> None:
    """Info and XMP say the same (ISO 19005-3, 6.6.2.1); readers show the title, not the file's name."""
    info = {"/Title": about.title, "/Author": about.author, "/Subject": about.subject, "/Creator": about.maker,
            "/Producer": about.maker, "/CreationDate": about.pdf_date, "/ModDate": about.pdf_date}  # fmt: skip
    pdf.trailer.Info = pdf.make_indirect(Dictionary({key: String(value) for key, value in info.items()}))
    pdf.Root.Metadata = Stream(pdf, told, Type=Name.Metadata, Subtype=Name.XML)
    pdf.Root.Lang = String(about.language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)


@lru_cache(maxsize=1)
def _colours() -> bytes:
    return _COLOURS.read_bytes()


def _output_intent(pdf: Pdf) -> Dictionary:
    """What the paper's colours mean: sRGB (ISO 19005-3, 6.2.3)."""
    profile = Stream(pdf, _colours(), N=3)
    told = String("sRGB IEC61966-2.1")
    return Dictionary(
        Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=told, Info=told, DestOutputProfile=profile
    )


def _embed(pdf: Pdf, xml: bytes, about: About) -> None:
    """The invoice for machines, an alternative to the whole document (ISO 19005-3, 6.8; Factur-X 1.0, 6.2)."""
    file = Stream(pdf, xml, Type=Name.EmbeddedFile, Subtype=Name("/text/xml"), Params=_params(xml, about))
    spec: Object = pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec, F=String(XML_NAME), UF=String(XML_NAME), Desc=String("Factur-X"),
            AFRelationship=Name.Alternative, EF=Dictionary(F=file, UF=file),
        )
    )  # fmt: skip
    pdf.Root.AF = Array([spec])
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String(XML_NAME), spec])))


def _params(xml: bytes, about: About) -> Dictionary:
    checksum = hashlib.md5(xml, usedforsecurity=False).digest()  # ISO 32000-1, 7.11.4.2
    day = String(about.pdf_date)
    return Dictionary(Size=len(xml), CheckSum=String(checksum), CreationDate=day, ModDate=day)
