"""What a version was made from, as a file beside its PDF: whoever doubts, or wants to draw it again, finds all of it.

Canonical JSON, the same for the same version on one installation. Format 1: `snapshot` and `facts` as they were read,
`pdf` (SHA-256, size, pages) and `xml` (SHA-256, size; null where there is none) as they were made, `made_with` the
versions of the programs that made them.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import lru_cache
from importlib.metadata import version
from typing import Final

from invoicing.journal import canonical

FORMAT: Final = 1
LIBRARIES: Final = ("lettrine", "xhtml2pdf", "reportlab", "pikepdf", "lxml", "factur-x", "pillow", "segno")


@lru_cache(maxsize=1)
def made_with() -> dict[str, str]:
    """Python and each library by its version; read once in a process."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def source_of(snapshot: str, facts: str, pdf: bytes, pages: int, xml: bytes | None) -> bytes:
    """The file. `snapshot` and `facts` are the JSON of the rows."""
    content = {
        "format": FORMAT, "snapshot": json.loads(snapshot), "facts": json.loads(facts),
        "pdf": {**_file(pdf), "pages": pages}, "xml": None if xml is None else _file(xml), "made_with": made_with(),
    }  # fmt: skip
    return canonical(content).encode()


def _file(data: bytes) -> dict[str, str | int]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
