"""The structured invoice in the member zone: one's own, where there is one, as it was archived."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.paper import Facts
from invoicing.documents.service import due
from invoicing.invoices.models import Invoice
from invoicing.traces.models import Trace
from tests.conftest import Browser
from tests.documents.presses import an_xml, pressing, without_xml
from tests.factories import NOW, make_customer
from tests.portal.conftest import Issue
from web import documents

LINK = "XML (Factur-X)"


@pytest.fixture(autouse=True)
def _with_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "press", lambda: pressing(xml=an_xml))


def address(invoice: Invoice, what: str = "xml") -> str:
    return f"/mes-factures/{invoice.number}/{what}"


def version_of(session: Session, invoice: Invoice) -> DocumentVersion:
    session.rollback()
    return session.scalars(select(DocumentVersion).where(DocumentVersion.invoice_id == invoice.id)).one()


def test_it_is_handed_out_as_a_file_of_the_pdf_s_name(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    answer = browser.get(address(invoice))
    assert (answer.mimetype, answer.data) == ("application/xml", f"<xml>{invoice.number} invoice </xml>".encode())
    assert answer.headers["Content-Disposition"] == f"attachment; filename={invoice.number}.xml"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
    assert version_of(session, invoice).xml_sha256 == hashlib.sha256(answer.data).hexdigest()


def test_it_is_kept_and_guarded_like_the_pdf(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    pdf, xml = browser.get(address(invoice, "pdf")), browser.get(address(invoice))
    own = {"Content-Type", "Content-Length", "Content-Disposition", "ETag", "Date", "X-Request-Id"}
    assert {k: v for k, v in pdf.headers if k not in own} == {k: v for k, v in xml.headers if k not in own}
    again = browser.get(address(invoice), headers={"If-None-Match": xml.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_head_writes_nothing_and_says_the_same(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    asked = browser.head(address(invoice))
    assert version_of(session, invoice).state is VersionState.due
    assert asked.data == b"" and asked.headers["ETag"] == browser.get(address(invoice)).headers["ETag"]


def test_the_page_offers_it_once_there_is_one(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    assert LINK not in browser.get(f"/mes-factures/{invoice.number}").text
    browser.get(address(invoice, "pdf"))
    shown = browser.get(f"/mes-factures/{invoice.number}").text
    assert f'href="{address(invoice)}"' in shown and "lisible par un logiciel de comptabilité" in shown


def test_where_there_is_none_it_is_missing_and_not_offered(
    browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "press", lambda: pressing(xml=without_xml))
    invoice = issue()
    assert browser.get(address(invoice, "pdf")).status_code == 200
    assert (browser.get(address(invoice)).status_code, browser.head(address(invoice)).status_code) == (404, 404)
    assert LINK not in browser.get(f"/mes-factures/{invoice.number}").text


def test_anothers_xml_is_missing(session: Session, browser: Browser, issue: Issue) -> None:
    foreign = issue(to=make_customer(session, last_name="Voisin"))
    assert browser.get(address(foreign)).status_code == 404
    assert version_of(session, foreign).state is VersionState.due


def test_the_latest_version_s_is_given_whatever_is_asked(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    asked, invoice_id, number = address(invoice), invoice.id, invoice.number
    browser.get(asked)
    session.rollback()
    due(session, invoice_id, Facts(official_number="FA-7"), NOW)
    session.commit()
    assert browser.get(f"{asked}?version=1").data == f"<xml>{number} invoice FA-7</xml>".encode()


def test_taking_it_is_traced(session: Session, browser: Browser, issue: Issue) -> None:
    browser.get(address(issue()))
    session.rollback()
    assert session.scalars(select(Trace.facts)).one() == '{"file":"xml","version":1}'
