"""What lies beside a version's PDF: its structured invoice, and what both were made from."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import select

from invoicing.database import begin_write, transaction
from invoicing.documents import service
from invoicing.documents.archive import Archive, open_archive
from invoicing.documents.making import make
from invoicing.documents.models import DocumentVersion, Part, VersionState
from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice
from invoicing.journal import canonical
from tests.conftest import Database
from tests.documents.presses import REAL, an_xml, pressing, without_xml
from tests.documents.test_archive_versions import LATER, Drawer, row

WITH_XML = pressing(Drawer(), an_xml)


def files(tmp_path: Path) -> set[str]:
    """Names of what is archived."""
    return {path.name for path in (tmp_path / "archive").rglob("*") if path.is_file()}


def test_pdf_xml_and_source_are_archived_together(
    database: Database, archive: Archive, version_id: int, tmp_path: Path
) -> None:
    service.ensure_rendered(database.sessions, archive, WITH_XML, version_id, LATER)
    found = row(database, version_id)
    assert files(tmp_path) == {found.sha256, found.xml_sha256, found.source_sha256}
    for sha256, size in ((found.xml_sha256, found.xml_size), (found.source_sha256, found.source_size)):
        assert len(archive.get(sha256 or "")) == size
    assert archive.get(found.xml_sha256 or "") == b"<xml>F2026-00001 invoice </xml>"


def test_the_source_holds_what_was_read_what_was_made_and_with_what(
    database: Database, archive: Archive, version_id: int
) -> None:
    service.ensure_rendered(database.sessions, archive, WITH_XML, version_id, LATER)
    found = row(database, version_id)
    data = archive.get(found.source_sha256 or "").decode()
    told = json.loads(data)
    with database.sessions() as session:
        snapshot = session.scalars(select(Invoice.snapshot)).one()
    assert (canonical(told["snapshot"]), told["facts"]) == (snapshot, json.loads(found.facts))
    assert told["pdf"] == {"sha256": found.sha256, "size": found.size, "pages": found.pages}
    assert told["xml"] == {"sha256": found.xml_sha256, "size": found.xml_size}
    assert told["made_with"].items() >= {"reportlab": version("reportlab"), "lettrine": version("lettrine")}.items()
    assert data == canonical(told) and told["format"] == 1


def test_what_has_no_structured_invoice_has_no_xml(
    database: Database, archive: Archive, version_id: int, tmp_path: Path
) -> None:
    service.ensure_rendered(database.sessions, archive, pressing(Drawer(), without_xml), version_id, LATER)
    found = row(database, version_id)
    assert (found.xml_sha256, found.xml_size) == (None, None)
    assert json.loads(archive.get(found.source_sha256 or ""))["xml"] is None
    assert len(files(tmp_path)) == 2
    with pytest.raises(NotFound):
        service.open_version(database.sessions, archive, WITH_XML, version_id, LATER, part=Part.xml)


def test_the_xml_of_a_due_version_archives_all_of_it(database: Database, archive: Archive, version_id: int) -> None:
    first = service.open_version(database.sessions, archive, WITH_XML, version_id, LATER, part=Part.xml)
    found = row(database, version_id)
    assert (found.state, found.xml_sha256) == (VersionState.rendered, first.sha256)
    assert first.data.startswith(b"<xml>") and hashlib.sha256(first.data).hexdigest() == first.sha256
    assert service.open_version(database.sessions, archive, WITH_XML, version_id, LATER, part=Part.xml) == first
    pdf = service.open_version(database.sessions, archive, WITH_XML, version_id, LATER)
    assert pdf.sha256 == found.sha256


def test_head_and_a_busy_database_give_the_xml_and_leave_it_due(
    database: Database, archive: Archive, version_id: int, tmp_path: Path
) -> None:
    press = pressing(Drawer(), an_xml)
    asked = service.open_version(database.sessions, archive, press, version_id, LATER, part=Part.xml, write=False)
    assert not files(tmp_path)
    with database.sessions() as busy:
        begin_write(busy)
        assert busy.get(DocumentVersion, version_id, with_for_update=True) is not None
        given = service.open_version(database.sessions, archive, press, version_id, LATER, part=Part.xml)
        busy.rollback()
    assert asked == given and row(database, version_id).state is VersionState.due


def invalid(_snapshot: object, _facts: object) -> bytes:
    raise ValueError("BR-CO-10")


@pytest.mark.parametrize("part", Part)
def test_an_invalid_xml_leaves_the_version_due_and_draws_nothing_without_it(
    database: Database, archive: Archive, version_id: int, tmp_path: Path, part: Part
) -> None:
    drawer = Drawer()
    with pytest.raises(ValueError, match="BR-CO-10"):
        service.ensure_rendered(database.sessions, archive, pressing(drawer, invalid), version_id, LATER)
    with pytest.raises(ValueError, match="BR-CO-10"):
        service.open_version(database.sessions, archive, pressing(drawer, invalid), version_id, LATER, part=part)
    assert (drawer.drawn, files(tmp_path), row(database, version_id).state) == (0, set(), VersionState.due)


def test_a_version_of_before_is_served_as_it_was(database: Database, archive: Archive, version_id: int) -> None:
    data = b"%PDF of before"
    with transaction(database.sessions) as session:
        version_row = session.get_one(DocumentVersion, version_id)
        version_row.state, version_row.rendered_at, version_row.pages = VersionState.rendered, LATER, 1
        version_row.sha256, version_row.size = archive.put(data), len(data)
    assert service.open_version(database.sessions, archive, WITH_XML, version_id, LATER).data == data
    with pytest.raises(NotFound):
        service.open_version(database.sessions, archive, WITH_XML, version_id, LATER, part=Part.xml)
    assert row(database, version_id).source_sha256 is None


# the same bytes --------------------------------------------------------------------------------------------------

_PROGRAM = (
    "import hashlib, sys; from pathlib import Path; from invoicing.documents.archive import open_archive;"
    "from invoicing.documents.making import make; from invoicing.documents.press import press;"
    "snapshot, facts = Path(sys.argv[1]).read_text().split('\\n');"
    "made = make(open_archive('memory://'), press(schematron=False), snapshot, facts);"
    "print(*(hashlib.sha256(data).hexdigest() for data in made.parts.values()))"
)


@pytest.fixture
def written(database: Database, version_id: int, tmp_path: Path) -> Path:
    """A file with the JSON of snapshot and facts, a line each."""
    with database.sessions() as session:
        snapshot = session.scalars(select(Invoice.snapshot)).one()
    path = tmp_path / "version"
    path.write_text(f"{snapshot}\n{row(database, version_id).facts}")
    return path


def test_two_processes_make_the_same_three_files(written: Path) -> None:
    snapshot, facts = written.read_text().split("\n")
    here = make(open_archive("memory://"), REAL, snapshot, facts)
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(written)], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[2], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        )  # fmt: skip
        assert done.stdout.split() == [hashlib.sha256(data).hexdigest() for data in here.parts.values()]
    assert list(here.parts) == [Part.pdf, Part.xml, Part.source]
