"""The structured invoice on the staff's page: beside each archived PDF that has one."""

from __future__ import annotations

import pytest

from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.paper import Facts
from invoicing.documents.service import due
from invoicing.sellers.models import Region
from tests.admin import desk as staff
from tests.admin.desk import Desk
from tests.documents.presses import an_xml, pressing
from tests.factories import NOW, make_customer, make_invoice, make_seller
from web import documents

clock, desk = staff.clock, staff.desk
PAGE = "/ventes/factures/F2026-00001"


@pytest.fixture(autouse=True)
def _with_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "press", lambda: pressing(xml=an_xml))


@pytest.fixture
def two(desk: Desk) -> Desk:
    """An invoice with two versions, both archived; the earlier one is withdrawn."""
    with desk.writing() as session:
        made = make_invoice(session, desk.customer, desk.seller)
    assert desk.browser.get(f"{PAGE}/pdf").status_code == 200
    with desk.writing() as session:
        due(session, made.invoice_id, Facts(official_number="FA-7"), NOW)
    assert desk.browser.get(f"{PAGE}/pdf").status_code == 200
    return desk


def test_the_latest_and_each_earlier_one_may_be_taken(two: Desk) -> None:
    latest, first = two.browser.get(f"{PAGE}/xml"), two.browser.get(f"{PAGE}/xml?version=1")
    assert latest.data == b"<xml>F2026-00001 invoice FA-7</xml>"
    assert first.data == b"<xml>F2026-00001 invoice </xml>"
    assert latest.headers["Content-Disposition"] == "attachment; filename=F2026-00001.xml"
    assert (latest.mimetype, two.browser.get(f"{PAGE}/xml?version=9").status_code) == ("application/xml", 404)


def test_the_page_links_them_beside_their_pdfs(two: Desk) -> None:
    shown = two.browser.get(PAGE).text
    assert all(f'href="{PAGE}/xml{which}"' in shown for which in ("", "?version=1", "?version=2"))
    assert "lisible par un logiciel de comptabilité" in shown


def invalid(_snapshot: object, _facts: object) -> bytes:
    raise ValueError("BR-CO-10")


def test_an_invalid_xml_leaves_the_invoice_due_and_staff_see_that_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(documents, "press", lambda: pressing(xml=invalid))
    desk.finalise(desk.draft())
    invoice = desk.one()
    (version,) = invoice.versions
    assert invoice.is_frozen and (version.state, version.sha256) == (VersionState.due, None)
    assert "stays due" in caplog.text and "BR-CO-10" in caplog.text
    shown = desk.browser.get(PAGE).text
    assert "au premier téléchargement" in shown and f'href="{PAGE}/xml"' not in shown
    assert "il vient avec le PDF" in shown
    monkeypatch.setattr(documents, "press", lambda: pressing(xml=an_xml))
    assert desk.browser.get(f"{PAGE}/xml").status_code == 200
    assert desk.count(DocumentVersion) == 1
    assert "il vient avec le PDF" not in desk.browser.get(PAGE).text


def test_a_document_that_has_none_promises_none(desk: Desk) -> None:
    with desk.writing() as session:
        seller = make_seller(session, Region.QC)
        made = make_invoice(session, make_customer(session), seller)
    shown = desk.browser.get(f"/ventes/factures/{made.number}").text
    assert "au premier téléchargement" in shown and "XML" not in shown
