"""A backup while invoices are finalised; everything is deleted; the restore holds all that was acknowledged before."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from invoicing.customers.models import Customer
from invoicing.database import make_engine, transaction
from invoicing.documents import service as documents
from invoicing.documents.archive import Archive, open_archive
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.models import Invoice
from invoicing.sellers.models import Seller
from lettrine.backups import databases
from lettrine.backups.manifest import Manifest, Unusable
from lettrine.backups.restoring import restore
from lettrine.backups.taking import Backup, take
from lettrine.cli import problems
from lettrine.proving import proven
from tests.conftest import JOURNAL_KEY, Database, make_settings, own_database
from tests.factories import NOW, make_customer, make_invoice, make_seller
from tests.proof.conftest import PRESS
from web.database import now

KEY = JOURNAL_KEY.encode()
BEFORE = 25


class Desk:
    """Somebody who finalises and archives, one invoice after the other, and remembers what stands."""

    def __init__(self, database: Database, archive: Archive):
        self.sessions, self.archive = database.sessions, archive
        with transaction(self.sessions) as session:
            seller = session.scalars(select(Seller)).first() or make_seller(session)
            self.ids = make_customer(session).id, seller.id
        self.stands: dict[str, str] = {}
        self.stop = threading.Event()
        self.has_more = threading.Semaphore(0)

    def invoice(self) -> None:
        """One, with its PDF archived: acknowledged when this returns."""
        with transaction(self.sessions) as session:
            customer, seller = session.get_one(Customer, self.ids[0]), session.get_one(Seller, self.ids[1])
            made = make_invoice(session, customer, seller)
        document = documents.ensure_rendered(self.sessions, self.archive, PRESS, made.version_id, NOW)
        self.stands[made.number] = document.sha256

    @contextmanager
    def working(self) -> Iterator[None]:
        """Goes on in a thread."""

        def run() -> None:
            while not self.stop.is_set():
                self.invoice()
                self.has_more.release()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join(60)


def numbers(settings: Settings) -> dict[str, str]:
    """Number → SHA-256 of the bytes that the archive gives for it."""
    engine = make_engine(settings.database)
    archive = open_archive(settings.archive)
    query = select(Invoice.number, DocumentVersion.sha256).join(DocumentVersion)
    with engine.connect() as connection:
        rows = connection.execute(query.where(DocumentVersion.state == VersionState.rendered)).all()
    engine.dispose()
    return {str(number): hashlib.sha256(archive.get(str(sha256))).hexdigest() for number, sha256 in rows}


def taken_under_load(database: Database, settings: Settings, root: Path) -> tuple[Backup, dict[str, str]]:
    """A backup while somebody works, and what stood before it began."""
    desk = Desk(database, open_archive(settings.archive))
    for _ in range(BEFORE):
        desk.invoice()
    with desk.working():
        desk.has_more.acquire()
        before = dict(desk.stands)
        backup = take(database.engine, settings, root, now(), quiet=True)
        desk.has_more.acquire()  # whoever works was not kept from it
    assert len(desk.stands) > len(before) > BEFORE
    return backup, before


def settled(target: Settings, backup: Backup) -> Manifest:
    """Restores, and proves it."""
    engine = make_engine(target.database)
    done = restore(engine, target, backup.folder, now(), quiet=True)
    report, said, _faults = proven(target, sessionmaker(engine, info={"journal_key": KEY}), quiet=True)
    engine.dispose()
    assert report.is_intact, said
    return done.manifest


def test_a_backup_under_load_holds_all_that_stood_before(database: Database, tmp_path: Path, worker_id: str) -> None:
    old = make_settings(database.url, tmp_path / "old")
    (tmp_path / "old").mkdir()
    backup, before = taken_under_load(database, old, tmp_path / "backup")
    shutil.rmtree(tmp_path / "old")
    if database.engine.dialect.name == "sqlite":
        target = make_settings("", tmp_path / "new")
        manifest = settled(target, backup)
        found = numbers(target)
    else:
        with own_database(f"lettrine_loaded_{worker_id}") as url:
            target = make_settings(url, tmp_path / "new")
            manifest = settled(target, backup)
            found = numbers(target)
    assert before.items() <= found.items()
    assert manifest.counts["invoice"] >= len(found)


def test_a_file_grows_into_postgresql(sqlite_template: Path, tmp_path: Path, worker_id: str) -> None:
    file = tmp_path / "old" / "lettrine.db"
    file.parent.mkdir()
    shutil.copy(sqlite_template, file)
    old = make_settings("", tmp_path / "old")
    engine = make_engine(old.database)
    small = Database(old.database, engine, sessionmaker(engine, info={"journal_key": KEY}))
    backup, before = taken_under_load(small, old, tmp_path / "backup")
    engine.dispose()
    with own_database(f"lettrine_grown_{worker_id}") as url:
        target = make_settings(url, tmp_path / "new")
        settled(target, backup)
        assert before.items() <= numbers(target).items()
        engine = make_engine(url)
        assert problems(engine) == []
        grown = Database(url, engine, sessionmaker(engine, info={"journal_key": KEY}))
        further = Desk(grown, open_archive(target.archive))
        further.invoice()  # numbers and rows go on after the last
        engine.dispose()
    assert not set(further.stands) & set(before)


@pytest.mark.parametrize("name", ["pg_dump", "pg_restore"])
def test_postgresql_s_programs_are_asked_for_in_a_sentence(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    engine = make_engine(postgres_url)
    monkeypatch.setattr(databases.shutil, "which", lambda _name: None)
    with pytest.raises(Unusable, match=f"{name} is missing: install PostgreSQL's client programs"):
        databases._tool(name, engine)
    engine.dispose()
