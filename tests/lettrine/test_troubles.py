"""Disk full, database read-only, database locked: a clear page, nothing falsely acknowledged, and on it goes after."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, func, select, text

from config.settings import Settings
from invoicing.accounts.models import Role
from invoicing.database import committing, is_sqlite, make_engine, transaction
from invoicing.documents.archive import open_archive
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.models import Invoice, Status
from invoicing.migrations import upgrade
from invoicing.proof.service import verify
from tests.conftest import JOURNAL_KEY, Browser, Database, make_settings, running
from tests.factories import make_customer, make_draft, make_organisation, make_seller, make_user
from web.database import db, now

STUCK, PATIENCE = "Rien ne peut être enregistré pour l’instant", "Patientez"


class Counter:
    """Somebody of sales with a draft before them."""

    def __init__(self, app: Flask):
        app.config["PROPAGATE_EXCEPTIONS"] = False
        self.app = app
        with app.app_context(), transaction(db.sessionmaker) as session:
            make_organisation(session)
            self.seller, self.customer = make_seller(session), make_customer(session)
            self.draft = make_draft(session, self.customer, self.seller, now=now()).id
            user = make_user(session, Role.sales).id
        self.browser: Browser = app.test_client().become(user)  # type: ignore[attr-defined]
        self.form = self._form()

    def _form(self) -> dict[str, str]:
        """What the preview's own form holds."""
        page = self.browser.get(f"/ventes/brouillons/{self.draft}").text
        part = re.search(r"<form[^>]*/finaliser\".*?</form>", page, re.S)
        assert part, page
        return dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', part[0]))

    def finalise(self) -> tuple[int, str]:
        """Presses the button: the status and the page."""
        answer = self.browser.post(f"/ventes/brouillons/{self.draft}/finaliser", data=self.form)
        return answer.status_code, answer.text

    def stands(self) -> int:
        """How many documents stand."""
        with self.app.app_context():
            return db.session.scalar(select(func.count(Invoice.id)).where(Invoice.status != Status.draft)) or 0

    def refused(self, words: str) -> None:
        """The page says so, and nothing stands."""
        status, page = self.finalise()
        assert status == 503 and words in page, (status, page[:2000])
        assert self.stands() == 0
        assert self.browser.get(f"/ventes/brouillons/{self.draft}").status_code == 200  # reading goes on

    def goes_on(self) -> None:
        """The same button, pressed again, does it."""
        status, _page = self.finalise()
        assert (status, self.stands()) == (303, 1)


@pytest.fixture
def counter(app: Flask) -> Counter:
    """On either engine."""
    return Counter(app)


@contextmanager
def every_connection(engine: Engine, on_sqlite: str, on_postgresql: str) -> Iterator[None]:
    """Runs a statement on each connection that is taken meanwhile; none of them outlives it."""
    statement = on_sqlite if is_sqlite(engine) else on_postgresql

    def taken(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(statement)
        connection.commit()

    engine.dispose()
    event.listen(engine, "checkout", taken)
    try:
        yield
    finally:
        event.remove(engine, "checkout", taken)
        engine.dispose()


READ_ONLY = ("PRAGMA query_only=ON", "SET default_transaction_read_only = on")
IMPATIENT = ("PRAGMA busy_timeout=50", "SET lock_timeout = '100ms'")


def test_a_read_only_database(counter: Counter) -> None:
    with counter.app.app_context():
        engine = db.engine
    with every_connection(engine, *READ_ONLY):
        counter.refused(STUCK)
    counter.goes_on()


def test_a_locked_database(counter: Counter, database: Database) -> None:
    with counter.app.app_context():
        engine = db.engine
    with database.sessions() as other, every_connection(engine, *IMPATIENT), committing(other):
        if not is_sqlite(engine):
            other.execute(text("LOCK TABLE invoice IN SHARE ROW EXCLUSIVE MODE"))
        counter.refused(PATIENCE)
    counter.goes_on()


def test_a_program_is_told_as_well(app: Flask) -> None:
    from tests.api.conftest import Program, key_of, open_shop

    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        with transaction(db.sessionmaker) as session:
            key = key_of(session, open_shop(session))
        engine = db.engine
    program = Program(app, key)
    with every_connection(engine, *READ_ONLY):
        refused = program.order()
        assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
        assert "rien n’a été changé" in refused.get_json()["detail"] and refused.headers["Retry-After"]
    assert program.order().status_code == 201


# a disk that is really full --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; skipped, plainly, where none may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk may be mounted here (root only)")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill_up(disk: Path) -> Path:
    """A file that leaves nothing."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 65536):
                pass
        except OSError:
            pass
    return path


@pytest.fixture
def on_small_disk(small_disk: Path) -> Iterator[tuple[Counter, Settings]]:
    """The whole installation on it."""
    settings = make_settings("", small_disk)
    engine = make_engine(settings.database)
    upgrade(engine)
    engine.dispose()
    for app in running(settings):
        yield Counter(app), settings


def test_a_full_disk(on_small_disk: tuple[Counter, Settings], small_disk: Path) -> None:
    counter, settings = on_small_disk
    with counter.app.app_context():
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.engine.dispose()
    filler = fill_up(small_disk)
    counter.refused(STUCK)
    assert counter.browser.get("/healthz").status_code == 200
    filler.unlink()
    counter.goes_on()
    assert_intact(settings)


def assert_intact(settings: Settings) -> None:
    """Everything is proven."""
    engine = make_engine(settings.database)
    report = verify(engine, JOURNAL_KEY.encode(), open_archive(settings.archive), settings.anchor_dir)
    engine.dispose()
    assert report.is_intact, report.first


def test_a_full_archive_alone_leaves_the_document_due(
    app: Flask, small_disk: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from web import documents

    counter = Counter(app)
    archive = open_archive(small_disk.as_uri())
    monkeypatch.setattr(documents, "archive", lambda: archive)
    filler = fill_up(small_disk)
    counter.goes_on()  # the number is given and stands; its PDF is drawn when there is room
    number = counter.form and numbered(counter)
    path = f"/ventes/factures/{number}/pdf"
    shown = counter.browser.get(path)
    assert shown.status_code == 200 and shown.data.startswith(b"%PDF-")
    assert state(counter) is VersionState.due
    filler.unlink()
    assert counter.browser.get(path).data == shown.data
    assert state(counter) is VersionState.rendered


def numbered(counter: Counter) -> str:
    with counter.app.app_context():
        return db.session.scalar(select(Invoice.number).where(Invoice.status != Status.draft)) or ""


def state(counter: Counter) -> VersionState | None:
    with counter.app.app_context():
        return db.session.scalar(select(DocumentVersion.state))
