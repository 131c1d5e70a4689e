"""Versions of a document: due when their cause is written, rendered once, then the same bytes for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from obstore.exceptions import BaseError
from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from invoicing.database import UNWRITTEN, changed_one, committing, is_sqlite, transaction
from invoicing.documents.archive import Archive
from invoicing.documents.desk import Facts
from invoicing.documents.making import Files, Press, make
from invoicing.documents.models import COLUMNS, DocumentVersion, Part, VersionState
from invoicing.errors import NotFound

HURRY_MS = 250  # how long a download waits for a busy database before it leaves the version due

Sessions = sessionmaker[Session]
Opening = Callable[[Sessions], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Document:
    """The bytes of one file of a version."""

    version_id: int
    data: bytes
    sha256: str


@dataclass(frozen=True)
class _Known:
    """What the database says about a version, read before anything slow begins."""

    facts: str
    snapshot: str
    sha256s: dict[Part, str | None]

    @property
    def is_rendered(self) -> bool:
        """Whether its files are archived."""
        return bool(self.sha256s[Part.pdf])


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


def ensure_rendered(sessions: Sessions, archive: Archive, press: Press, version_id: int, now: datetime) -> Document:
    """The version's stored PDF, made and archived first if it is due, with what lies beside it.

    No transaction is open while it draws. Of two at once the first wins and both return what it stored.
    Raises NotFound, ArchiveDamaged, and what the press raises.
    """
    known = _known(sessions, version_id)
    if known.is_rendered:
        return _archived(archive, version_id, known, Part.pdf)
    files = make(archive, press, known.snapshot, known.facts)
    if _store(sessions, archive, version_id, files, now, transaction):
        return _document(version_id, files.pdf)
    return _archived(archive, version_id, _known(sessions, version_id), Part.pdf)


def open_version(
    sessions: Sessions, archive: Archive, press: Press, version_id: int, now: datetime, *, part: Part = Part.pdf,
    write: bool = True,
) -> Document:  # fmt: skip
    """The same for a download, which writes at best: a busy database leaves the version due, as does `write=False`.

    HEAD asks with `write=False`. What is made without being noted is the same: a document's bytes depend on nothing
    but the snapshot and the facts. NotFound also where the version has no such `part`.
    """
    known = _known(sessions, version_id)
    if known.is_rendered:
        return _archived(archive, version_id, known, part)
    files = make(archive, press, known.snapshot, known.facts)
    try:
        if write and not _store(sessions, archive, version_id, files, now, _hurried):
            return _archived(archive, version_id, _known(sessions, version_id), part)
    except (*UNWRITTEN, OSError, BaseError):
        pass  # busy, full or away: the worker will store and note it
    return _document(version_id, files.parts.get(part))


def _archived(archive: Archive, version_id: int, known: _Known, part: Part) -> Document:
    sha256 = known.sha256s[part]
    if sha256 is None:
        raise NotFound
    return Document(version_id, archive.get(sha256), sha256)


def _document(version_id: int, data: bytes | None) -> Document:
    if data is None:
        raise NotFound
    return Document(version_id, data, hashlib.sha256(data).hexdigest())


def _known(sessions: Sessions, version_id: int) -> _Known:
    from invoicing.invoices.models import Invoice  # an invoice knows its versions; here only its snapshot is read

    names = [getattr(DocumentVersion, sha256) for sha256, _size in COLUMNS.values()]
    query = select(Invoice.snapshot, DocumentVersion.facts, *names)
    query = query.join(Invoice, Invoice.id == DocumentVersion.invoice_id).where(DocumentVersion.id == version_id)
    with sessions() as session:
        row = session.execute(query).first()
    if row is None or row.snapshot is None:
        raise NotFound
    return _Known(row.facts, row.snapshot, dict(zip(COLUMNS, row[2:], strict=True)))


def _store(
    sessions: Sessions, archive: Archive, version_id: int, files: Files, now: datetime, opening: Opening
) -> bool:  # fmt: skip
    """Files first, then their row, once: False if somebody else was first."""
    values: dict[str, object] = {"state": VersionState.rendered, "rendered_at": now, "pages": files.pages}
    parts = files.parts
    for (part, data), sha256 in zip(parts.items(), archive.put_together(list(parts.values())), strict=True):
        values |= dict(zip(COLUMNS[part], (sha256, len(data)), strict=True))
    due_still = (DocumentVersion.id == version_id) & (DocumentVersion.state == VersionState.due)
    with opening(sessions) as session:
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
