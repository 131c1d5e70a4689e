"""Proof of what lies beside PDFs: each change of row or file is named; what was sealed before stays genuine."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from invoicing.documents.archive import place
from invoicing.documents.models import Part
from invoicing.proof.rules import Fault, Report
from tests.conftest import Database
from tests.documents.presses import pressing
from tests.proof import conftest
from tests.proof.conftest import Desk, furnished
from tests.proof.test_tampering import FIRST
from web.proofs import what_is_so, what_was_checked

BESIDE = (Part.xml, Part.source)
WORDS = {  # code → French, English
    "xml_missing": ("le XML archivé (Factur-X) manque.", "the archived XML (Factur-X) is missing."),
    "source_missing": ("le fichier archivé de ses données d’origine manque.",
                       "the archived file of its source data is missing."),
    "file_missing": ("le PDF archivé manque.", "the archived PDF is missing."),
}  # fmt: skip


def archive_of(report: Report) -> tuple[Fault, ...]:
    return next(check.faults for check in report.checks if check.name == "archive")


@pytest.mark.parametrize("part", BESIDE)
def test_an_altered_file_is_named(desk: Desk, part: Part) -> None:
    path = desk.file(FIRST, part=part)
    data = path.read_bytes() + b" "
    path.write_bytes(data)
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["number"], fault.facts["version"]) == (f"{part}_altered", FIRST, 1)
    assert (fault.facts["expected"], fault.facts["found"]) == (path.name, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("part", Part)
def test_a_missing_file_is_named_in_both_languages(desk: Desk, app: Flask, part: Part) -> None:
    desk.file(FIRST, part=part).unlink()
    (fault,) = desk.faults()
    assert fault.code == ("file_missing" if part is Part.pdf else f"{part}_missing")
    for language, words in zip(("fr_FR", "en"), WORDS[fault.code], strict=True):
        with app.test_request_context(), force_locale(language):
            said = what_is_so(fault).replace("\u00a0", " ").replace("\u202f", " ")
        assert said.startswith(f"{FIRST}, version 1") and said.endswith(words)


@pytest.mark.parametrize("part", BESIDE)
@pytest.mark.parametrize("change", ["{0}_size = {0}_size + 1", "{0}_sha256 = NULL, {0}_size = NULL"])
def test_an_altered_row_is_named(desk: Desk, part: Part, change: str) -> None:
    desk.tamper(f"UPDATE document_version SET {change.format(part)} WHERE invoice_id = 1")
    fault = archive_of(desk.verify())[0]
    assert (fault.code, fault.facts["number"], fault.facts["version"]) == (f"version_{part}_altered", FIRST, 1)


@pytest.mark.parametrize("part", BESIDE)
def test_a_forged_file_is_named_though_file_and_row_agree(desk: Desk, part: Part) -> None:
    data = b"another amount"
    path = forged(desk, data)
    desk.tamper(f"UPDATE document_version SET {part}_sha256 = '{path.name}', {part}_size = 14 WHERE invoice_id = 1")
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["found"]) == (f"version_{part}_altered", path.name)


def forged(desk: Desk, data: bytes) -> Path:
    """A file under its own right name."""
    path = desk.folder / "archive" / place(hashlib.sha256(data).hexdigest())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_what_else_changed_with_it_is_told_of_the_version(desk: Desk) -> None:
    desk.tamper("UPDATE document_version SET xml_size = 1, pages = 9 WHERE invoice_id = 1")
    assert archive_of(desk.verify())[0].code == "version_altered"


# what was archived before ----------------------------------------------------------------------------------------

NONE_BESIDE = "UPDATE document_version SET xml_sha256 = NULL, xml_size = NULL, source_sha256 = NULL, source_size = NULL"


@pytest.fixture
def earlier(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose versions were archived and sealed before anything was kept beside them."""
    seal = Desk.seal

    def bare(desk: Desk) -> int:
        desk.tamper(NONE_BESIDE)
        return seal(desk)

    with monkeypatch.context() as before:
        before.setattr(Desk, "seal", bare)
        return furnished(database, tmp_path)


def test_versions_sealed_before_stay_genuine(earlier: Desk) -> None:
    report = earlier.verify()
    assert report.is_intact
    archive = next(check for check in report.checks if check.name == "archive")
    assert archive.count == int(earlier.one("SELECT count(*) FROM document_version"))
    assert "beside" not in archive.notes and "unsealed" not in archive.notes


def test_nothing_can_be_laid_beside_them_afterwards(earlier: Desk) -> None:
    path = forged(earlier, b"<xml>of today</xml>")
    earlier.tamper(f"UPDATE document_version SET xml_sha256 = '{path.name}', xml_size = 19 WHERE invoice_id = 1")
    (fault,) = earlier.faults()
    assert (fault.code, fault.facts["number"]) == ("version_xml_altered", FIRST)


def test_a_version_made_without_xml_is_no_fault(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "PRESS", pressing(conftest.draw))
    desk = furnished(database, tmp_path)
    assert desk.verify().is_intact
    assert desk.one("SELECT count(xml_sha256) FROM document_version") == "0"


# what is said of what is intact ----------------------------------------------------------------------------------


def test_the_files_beside_are_counted(desk: Desk, app: Flask) -> None:
    archive = next(check for check in desk.verify().checks if check.name == "archive")
    count = int(desk.one("SELECT count(xml_sha256) + count(source_sha256) FROM document_version"))
    assert archive.notes["beside"] == count > archive.count
    with app.test_request_context(), force_locale("fr_FR"):
        assert f"{count} fichiers rangés à côté aussi" in what_was_checked(archive).replace("\u00a0", " ")
