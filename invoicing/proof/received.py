"""A PDF that somebody presents: exactly a version that was established here, or only something that looks like one.

Nothing of the file is kept or trusted; its text is read by a process with little time and memory.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.documents.archive import Archive
from invoicing.documents.models import DocumentVersion
from invoicing.documents.paper import Facts
from invoicing.invoices.models import Invoice, InvoiceKind

PATIENCE: Final = 10  # seconds for the text of a file
TOKENS: Final = 400  # words of it that are looked up
_READER: Final = Path(__file__).with_name("reading.py")
_TOKEN: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{2,63}")
_ONE: Final = BoundedSemaphore(1)  # a few big files at once must not take the machine


@dataclass(frozen=True)
class Established:
    """The file is exactly this version. `today` is the number that the document goes by now; naive UTC."""

    number: str
    version: int
    kind: InvoiceKind
    at: datetime | None
    withdrawn_at: datetime | None
    today: str
    is_kept: bool


@dataclass(frozen=True)
class Alike:
    """Its text bears this number, but the file isn't what was established."""

    number: str
    kind: InvoiceKind


@dataclass(frozen=True)
class Unknown:
    """Nothing here; `is_pdf` whether it begins as a PDF does, `is_read` whether its text could be read."""

    is_pdf: bool
    is_read: bool


Verdict = Established | Alike | Unknown


def exactly(session: Session, archive: Archive, data: bytes) -> Established | None:
    """The version whose bytes these are; None where there is none."""
    query = select(DocumentVersion, Invoice).join(Invoice, Invoice.id == DocumentVersion.invoice_id)
    sha256 = hashlib.sha256(data).hexdigest()
    row = session.execute(query.where(DocumentVersion.sha256 == sha256).order_by(DocumentVersion.id)).first()
    if row is None:
        return None
    version, invoice = row
    last = select(DocumentVersion.facts).where(DocumentVersion.invoice_id == invoice.id)
    facts = session.scalars(last.order_by(DocumentVersion.position.desc()).limit(1)).one()
    number = invoice.number or ""
    return Established(
        number, version.position, invoice.kind, version.rendered_at, version.withdrawn_at,
        Facts.from_json(facts).official_number or number, archive.found(sha256) == (sha256, len(data)),
    )  # fmt: skip


def alike(session: Session, text: str | None, is_pdf: bool) -> Alike | Unknown:
    """The first number of ours that the text bears; `text` is None where it couldn't be read."""
    tokens = dict.fromkeys(token.rstrip("._-").lower() for token in _TOKEN.findall(text or ""))
    words = [token for token in tokens if any(char.isdigit() for char in token)][:TOKENS]
    query = select(Invoice.number_folded, Invoice.number, Invoice.kind)
    query = query.where(Invoice.number_folded.in_(words), Invoice.frozen_at.is_not(None))
    known = {row.number_folded: row for row in session.execute(query)} if words else {}
    for word in words:
        if word in known:
            return Alike(known[word].number, known[word].kind)
    return Unknown(is_pdf, text is not None)


def is_pdf(data: bytes) -> bool:
    """Whether it begins as a PDF does."""
    return b"%PDF-" in data[:1024]


def text_of(data: bytes) -> str | None:
    """The text of a PDF's first pages; None where it can't be read, or not soon enough. No transaction may be open."""
    command = [sys.executable, "-I", str(_READER)]
    if not _ONE.acquire(timeout=PATIENCE):
        return None
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603
    except (subprocess.TimeoutExpired, OSError):
        return None
    finally:
        _ONE.release()
    text = done.stdout.decode("utf-8", "replace")
    return text if done.returncode == 0 or text.strip() else None
