"""Versions: due with their cause, rendered once, the same bytes for ever."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.database import begin_write, committing, transaction
from invoicing.documents import service
from invoicing.documents.archive import Archive, ArchiveDamaged, place
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.paper import Facts, Heading, Paper
from invoicing.errors import NotFound
from tests.conftest import Database
from tests.documents.presses import REAL, pressing
from tests.factories import NOW, make_customer, make_invoice, make_seller

LATER = NOW + timedelta(minutes=5)


@dataclass(frozen=True)
class Sheet:
    """What a renderer returns."""

    data: bytes
    pages: int = 1


@dataclass
class Drawer:
    """A renderer that counts, and draws other bytes each time: what is stored must win."""

    drawn: int = 0
    before: Callable[[], object] = lambda: None

    def __call__(self, paper: Paper, logo: Path | None, xml: bytes | None) -> Sheet:
        self.before()
        self.drawn += 1
        return Sheet(f"{paper.number} {self.drawn}".encode())


def row(database: Database, version_id: int) -> DocumentVersion:
    with database.sessions() as session:
        return session.get_one(DocumentVersion, version_id)


def test_a_due_version_is_rendered_archived_and_noted(database: Database, archive: Archive, version_id: int) -> None:
    document = service.ensure_rendered(database.sessions, archive, REAL, version_id, LATER)
    found = row(database, version_id)
    assert (found.state, found.sha256, found.rendered_at) == (VersionState.rendered, document.sha256, LATER)
    assert (found.size, found.pages) == (len(document.data), 1)
    assert hashlib.sha256(archive.get(document.sha256)).hexdigest() == document.sha256
    assert document.data.startswith(b"%PDF")


def test_it_is_rendered_once(database: Database, archive: Archive, version_id: int) -> None:
    drawer = Drawer()
    first = service.ensure_rendered(database.sessions, archive, pressing(drawer), version_id, LATER)
    assert service.ensure_rendered(database.sessions, archive, pressing(drawer), version_id, LATER) == first
    assert service.open_version(database.sessions, archive, pressing(drawer), version_id, LATER) == first
    assert drawer.drawn == 1


def test_two_at_once_return_what_the_first_stored(database: Database, archive: Archive, version_id: int) -> None:
    both = threading.Barrier(2)
    drawer = Drawer(before=lambda: both.wait(20))
    found: list[service.Document] = []

    def work() -> None:
        found.append(service.ensure_rendered(database.sessions, archive, pressing(drawer), version_id, LATER))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawer.drawn == 2
    assert len({document.data for document in found}) == 1
    assert row(database, version_id).sha256 == found[0].sha256


def test_no_transaction_is_open_while_it_draws(database: Database, archive: Archive, version_id: int) -> None:
    def writes() -> None:
        with transaction(database.sessions) as session:
            make_customer(session)

    service.ensure_rendered(database.sessions, archive, pressing(Drawer(before=writes)), version_id, LATER)


def test_a_download_of_a_due_version_renders_it(database: Database, archive: Archive, version_id: int) -> None:
    document = service.open_version(database.sessions, archive, pressing(Drawer()), version_id, LATER)
    assert row(database, version_id).sha256 == document.sha256


def test_head_writes_nothing(database: Database, archive: Archive, version_id: int, tmp_path: Path) -> None:
    document = service.open_version(database.sessions, archive, pressing(Drawer()), version_id, LATER, write=False)
    assert document.data == b"F2026-00001 1"
    assert row(database, version_id).state is VersionState.due
    assert list((tmp_path / "archive").iterdir()) == []


def test_a_busy_database_leaves_it_due_and_serves_it(database: Database, archive: Archive, version_id: int) -> None:
    with database.sessions() as busy:
        begin_write(busy)
        held = busy.get(DocumentVersion, version_id, with_for_update=True)
        assert held is not None
        document = service.open_version(database.sessions, archive, pressing(Drawer()), version_id, LATER)
        busy.rollback()
    assert document.data == b"F2026-00001 1"
    assert row(database, version_id).state is VersionState.due


def test_impatience_does_not_stay_with_the_connection(database: Database, archive: Archive, version_id: int) -> None:
    service.open_version(database.sessions, archive, pressing(Drawer()), version_id, LATER)
    with database.engine.connect() as connection:
        if database.engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15000
        else:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"


def test_the_applications_sessions_do_as_well(
    app: Flask, database: Database, archive: Archive, version_id: int
) -> None:
    from web.database import db

    with app.app_context():
        document = service.open_version(db.sessionmaker, archive, pressing(Drawer()), version_id, LATER)
    assert row(database, version_id).sha256 == document.sha256


def test_a_damaged_file_is_named_not_served(
    database: Database, archive: Archive, version_id: int, tmp_path: Path
) -> None:
    document = service.ensure_rendered(database.sessions, archive, pressing(Drawer()), version_id, LATER)
    (tmp_path / "archive" / place(document.sha256)).write_bytes(b"forged")
    with pytest.raises(ArchiveDamaged):
        service.open_version(database.sessions, archive, pressing(Drawer()), version_id, LATER)


def test_a_renderer_that_fails_leaves_it_due(database: Database, archive: Archive, version_id: int) -> None:
    def fails(_paper: Paper, _logo: Path | None, _xml: bytes | None) -> Sheet:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        service.ensure_rendered(database.sessions, archive, pressing(fails), version_id, LATER)
    assert row(database, version_id).state is VersionState.due


def test_the_archived_logo_is_handed_to_the_renderer(database: Database, archive: Archive) -> None:
    logo = archive.put(b"a picture")
    with transaction(database.sessions) as session:
        version_id = make_invoice(session, make_customer(session), make_seller(session, logo=logo)).version_id
    seen: list[bytes] = []

    def draw(_paper: Paper, path: Path | None, _xml: bytes | None) -> Sheet:
        assert path is not None
        seen.append(path.read_bytes())
        return Sheet(b"x")

    service.ensure_rendered(database.sessions, archive, pressing(draw), version_id, LATER)
    assert seen == [b"a picture"]


def test_a_foreign_number_is_not_found(database: Database, archive: Archive) -> None:
    with pytest.raises(NotFound):
        service.open_version(database.sessions, archive, pressing(Drawer()), 999, LATER)


# versions that follow ------------------------------------------------------------------------------------------------


def versions(session: Session) -> list[tuple[int, str, bool]]:
    """(position, official number, withdrawn) of each."""
    found = session.scalars(select(DocumentVersion).order_by(DocumentVersion.position))
    return [(v.position, Facts.from_json(v.facts).official_number, v.withdrawn_at is not None) for v in found]


def due(session: Session, facts: Facts) -> int:
    with committing(session):
        invoice_id = session.scalars(select(DocumentVersion.invoice_id)).first()
        return service.due(session, invoice_id or 0, facts, LATER).id


def test_another_number_withdraws_the_earlier_versions(session: Session, version_id: int) -> None:
    due(session, Facts(official_number="FA-1", duplicate=True))
    due(session, Facts(official_number="FA-2", duplicate=True))
    assert versions(session) == [(1, "", True), (2, "FA-1", True), (3, "FA-2", False)]


def test_another_heading_with_the_same_number_withdraws_nothing(session: Session, version_id: int) -> None:
    due(session, Facts(heading=Heading.pro_forma))
    assert versions(session) == [(1, "", False), (2, "", False)]


def test_the_same_facts_make_no_new_version(session: Session, version_id: int) -> None:
    assert due(session, Facts()) == version_id
    assert len(versions(session)) == 1


def test_a_rendered_version_may_be_withdrawn_and_keeps_its_bytes(
    database: Database, session: Session, archive: Archive, version_id: int
) -> None:
    first = service.ensure_rendered(database.sessions, archive, pressing(Drawer()), version_id, LATER)
    due(session, Facts(official_number="FA-1"))
    assert row(database, version_id).withdrawn_at == LATER
    assert service.open_version(database.sessions, archive, pressing(Drawer()), version_id, LATER) == first


def test_what_waits_is_found_oldest_first(session: Session, version_id: int) -> None:
    second = due(session, Facts(official_number="FA-1"))
    assert service.unrendered(session, LATER, 10) == [version_id, second]
    assert service.unrendered(session, NOW, 10) == [version_id]
