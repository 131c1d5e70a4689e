"""Versions of a document: due when their cause is written, rendered once, then the same bytes for ever."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from obstore.exceptions import BaseError
from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from invoicing.database import UNWRITTEN, changed_one, committing, is_sqlite, transaction
from invoicing.documents.archive import Archive
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import NotFound

HURRY_MS = 250  # how long a download waits for a busy database before it leaves the version due


class Drawn(Protocol):
    """A PDF and its number of pages."""

    @property
    def data(self) -> bytes: ...

    @property
    def pages(self) -> int: ...


Renderer = Callable[[Paper, Path | None], Drawn]  # `pdf.render`
Sessions = sessionmaker[Session]
Opening = Callable[[Sessions], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Document:
    """The bytes of one version."""

    version_id: int
    data: bytes
    sha256: str


@dataclass(frozen=True)
class _Known:
    """What the database says about a version, read before anything slow begins."""

    facts: str
    sha256: str | None
    snapshot: str

    @property
    def paper(self) -> Paper:
        """What the version shows."""
        return paper_of(Snapshot.from_json(self.snapshot), Facts.from_json(self.facts))


def due(session: Session, invoice_id: int, facts: Facts, now: datetime) -> DocumentVersion:
    """Adds a version with these facts, to be rendered; earlier ones that bear another number are withdrawn (N2).

    The same facts as the latest version's give that one again.
    """
    versions = list(session.scalars(select(DocumentVersion).where(DocumentVersion.invoice_id == invoice_id)
                                    .order_by(DocumentVersion.position)))  # fmt: skip
    if versions and Facts.from_json(versions[-1].facts) == facts:
        return versions[-1]
    for earlier in versions:
        if earlier.withdrawn_at is None and Facts.from_json(earlier.facts).official_number != facts.official_number:
            earlier.withdrawn_at = now
    position = versions[-1].position + 1 if versions else 1
    version = DocumentVersion(
        invoice_id=invoice_id, position=position, state=VersionState.due, facts=facts.to_json(), due_at=now
    )
    session.add(version)
    session.flush()
    return version


def latest(session: Session, invoice_id: int) -> DocumentVersion:
    """The version that members see; raises NotFound while there is none."""
    query = select(DocumentVersion).where(DocumentVersion.invoice_id == invoice_id)
    version = session.scalars(query.order_by(DocumentVersion.position.desc()).limit(1)).first()
    if version is None:
        raise NotFound
    return version


def unrendered(session: Session, before: datetime, limit: int, above: int = 0) -> list[int]:
    """Ids of versions that have been due since before this moment, oldest first; `above` leaves out those up to it."""
    late = (DocumentVersion.state == VersionState.due) & (DocumentVersion.due_at <= before)
    query = select(DocumentVersion.id).where(late, DocumentVersion.id > above)
    return list(session.scalars(query.order_by(DocumentVersion.id).limit(limit)))


def last_version(session: Session) -> int:
    """The highest id of a version; 0 where there is none."""
    return session.scalar(select(func.max(DocumentVersion.id))) or 0


def ensure_rendered(
    sessions: Sessions, archive: Archive, renderer: Renderer, version_id: int, now: datetime
) -> Document:
    """The version's stored bytes, rendered and archived first if it is due.

    No transaction is open while it draws. Of two at once the first wins and both return what it stored.
    Raises NotFound, ArchiveDamaged, and what the renderer raises.
    """
    known = _known(sessions, version_id)
    if known.sha256:
        return Document(version_id, archive.get(known.sha256), known.sha256)
    drawn = draw(archive, renderer, known.paper)
    return _stored(sessions, archive, version_id, drawn, now, transaction)


def open_version(
    sessions: Sessions, archive: Archive, renderer: Renderer, version_id: int, now: datetime, *, write: bool = True
) -> Document:
    """The same for a download, which writes at best: a busy database leaves the version due, as does `write=False`.

    HEAD asks with `write=False`. What is drawn without being noted is the same: the paper's bytes depend on nothing
    but the snapshot and the facts.
    """
    known = _known(sessions, version_id)
    if known.sha256:
        return Document(version_id, archive.get(known.sha256), known.sha256)
    drawn = draw(archive, renderer, known.paper)
    try:
        if write:
            return _stored(sessions, archive, version_id, drawn, now, _hurried)
    except (*UNWRITTEN, OSError, BaseError):
        pass  # busy, full or away: the worker will store and note it
    return Document(version_id, drawn.data, hashlib.sha256(drawn.data).hexdigest())


def _stored(
    sessions: Sessions, archive: Archive, version_id: int, drawn: Drawn, now: datetime, opening: Opening
) -> Document:
    """File first, then its row; whoever comes second gets what the first has stored."""
    sha256 = archive.put(drawn.data)
    with opening(sessions) as session:
        first = _note(session, version_id, sha256, drawn, now)
    if first:
        return Document(version_id, drawn.data, sha256)
    sha256 = _known(sessions, version_id).sha256 or ""
    return Document(version_id, archive.get(sha256), sha256)


def _known(sessions: Sessions, version_id: int) -> _Known:
    from invoicing.invoices.models import Invoice  # an invoice knows its versions; here only its snapshot is read

    query = select(DocumentVersion.facts, DocumentVersion.sha256, Invoice.snapshot)
    query = query.join(Invoice, Invoice.id == DocumentVersion.invoice_id).where(DocumentVersion.id == version_id)
    with sessions() as session:
        row = session.execute(query).first()
    if row is None or row.snapshot is None:
        raise NotFound
    return _Known(row.facts, row.sha256, row.snapshot)


def draw(archive: Archive, renderer: Renderer, paper: Paper) -> Drawn:
    """The paper as PDF, with its logo from the archive; nothing is kept."""
    with _logo(archive, paper.logo) as logo:
        return renderer(paper, logo)


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


def _note(session: Session, version_id: int, sha256: str, drawn: Drawn, now: datetime) -> bool:
    """Notes where the bytes are, once: False if somebody else was first."""
    due_still = (DocumentVersion.id == version_id) & (DocumentVersion.state == VersionState.due)
    values = {"state": VersionState.rendered, "sha256": sha256, "size": len(drawn.data), "pages": drawn.pages,
              "rendered_at": now}  # fmt: skip
    return changed_one(session, update(DocumentVersion).where(due_still).values(values))


@contextmanager
def _hurried(sessions: Sessions) -> Iterator[Session]:
    """A writing transaction that waits only a moment for its turn; raises OperationalError after it."""
    with sessions() as session, _impatient(cast("Engine", session.get_bind())) as connection:
        session.bind = connection
        with committing(session):
            if not is_sqlite(connection):
                session.execute(text(f"SET LOCAL lock_timeout = {HURRY_MS}"))
            yield session


@contextmanager
def _impatient(engine: Engine) -> Iterator[Connection]:
    """A connection on which SQLite waits a moment only; it goes back to the pool as patient as before."""
    with engine.connect() as connection:
        raw = cast("Any", connection.connection.driver_connection)  # beside SQLAlchemy, so that nothing is begun
        if not is_sqlite(engine):
            yield connection
            return
        (before,) = raw.execute("PRAGMA busy_timeout").fetchone()
        raw.execute(f"PRAGMA busy_timeout={HURRY_MS}")
        try:
            yield connection
        finally:
            raw.execute(f"PRAGMA busy_timeout={before}")
