"""What goes into the journal's chain after the fact: archived versions, and the documents of an older installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.documents.models import COLUMNS, DocumentVersion, Part, VersionState
from invoicing.invoices.models import Invoice
from invoicing.journal import DOCUMENT, SYSTEM, JournalEntry

VERSION: Final = "document_version"  # the kind of subject
JOURNAL: Final = "journal"  # the journal about itself
SEALED: Final = "journal.sealed"  # every document of before is in the chain
ANCHORED: Final = "journal.anchored"  # from here on there are anchors
SEALED_AT_ONCE: Final = 300
_TOLD: Final = ("invoice_id", "position", "sha256", "size", "pages")
BESIDE: Final = (*COLUMNS[Part.xml], *COLUMNS[Part.source])
_READ: Final = ("id", *_TOLD, "facts", *BESIDE)
Progress = Callable[[int, int], None]  # done, of how many


def is_marked(session: Session, action: str) -> bool:
    """Whether the journal says that this has been done, which is done once."""
    known = (JournalEntry.subject_kind == JOURNAL) & (JournalEntry.action == action)
    return session.scalar(select(JournalEntry.position).where(known).limit(1)) is not None


def facts_digest(facts: str) -> str:
    """What the journal holds of a version's facts."""
    return sha256(facts.encode()).hexdigest()


def what_is_sealed(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal says of an archived version, by its columns.

    What lies beside the PDF is told where there is something: of versions from before, the entry tells the PDF alone.
    """
    told = {name: row[name] for name in _TOLD} | {"facts": facts_digest(str(row["facts"]))}
    return told | {name: row[name] for name in BESIDE if row[name] is not None}


def seal_versions(session: Session, now: datetime, limit: int = SEALED_AT_ONCE) -> int:
    """Puts versions that are archived and not yet in the chain there, oldest first; returns how many.

    What another worker holds is left to it.
    """
    is_open = (DocumentVersion.state == VersionState.rendered) & DocumentVersion.sealed_at.is_(None)
    columns = [getattr(DocumentVersion, name) for name in _READ]
    query = select(*columns).where(is_open).order_by(DocumentVersion.id).limit(limit)
    rows = session.execute(query.with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        changes = {name: (None, value) for name, value in what_is_sealed(row).items()}  # type: ignore[arg-type]
        journal.record(session, SYSTEM, now, "version.archived", (VERSION, row["id"]), changes)
    ids = [row["id"] for row in rows]
    mark = update(DocumentVersion).where(DocumentVersion.id.in_(ids), is_open).values(sealed_at=now)
    if ids:
        session.execute(mark.execution_options(synchronize_session=False))
    return len(ids)


def seal_documents(session: Session, now: datetime, progress: Progress = lambda done, total: None) -> int:
    """Gives every document of an installation from before format 2 its state, one entry each; returns how many.

    Once and for all: a later call would prove whatever somebody has put there since.
    """
    if is_marked(session, SEALED):
        return 0
    stated = exists().where(
        JournalEntry.subject_kind == DOCUMENT, JournalEntry.subject_id == Invoice.id, JournalEntry.state.is_not(None)
    )
    ids = list(session.scalars(select(Invoice.id).where(~stated).order_by(Invoice.id)))
    journal.record(session, SYSTEM, now, SEALED, (JOURNAL, None))
    for start in range(0, len(ids), SEALED_AT_ONCE):
        for invoice_id in ids[start : start + SEALED_AT_ONCE]:
            journal.record(session, SYSTEM, now, "invoice.sealed", (DOCUMENT, invoice_id))
        journal.write_noted(session)
        session.expunge_all()
        progress(min(start + SEALED_AT_ONCE, len(ids)), len(ids))
    return len(ids)
