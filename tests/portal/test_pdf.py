"""The PDF in the member zone: archived bytes, the same for ever, and only one's own."""

from __future__ import annotations

import hashlib
import io

from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.models import Invoice
from tests.conftest import Browser
from tests.factories import make_customer
from tests.portal.conftest import Issue


def version_of(session: Session, invoice: Invoice) -> DocumentVersion:
    session.rollback()
    return session.scalars(select(DocumentVersion).where(DocumentVersion.invoice_id == invoice.id)).one()


def test_the_pdf_says_what_the_invoice_says(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    answer = browser.get(f"/mes-factures/{invoice.number}/pdf")
    assert answer.mimetype == "application/pdf"
    text = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    assert str(invoice.number) in text and "Élodie Lefèvre" in text


def test_the_first_download_archives_and_the_next_is_the_same_bytes(
    session: Session, browser: Browser, issue: Issue
) -> None:
    invoice = issue()
    first = browser.get(f"/mes-factures/{invoice.number}/pdf").data
    version = version_of(session, invoice)
    assert version.state is VersionState.rendered and version.sha256 == hashlib.sha256(first).hexdigest()
    assert browser.get(f"/mes-factures/{invoice.number}/pdf").data == first


def test_head_writes_nothing_and_says_the_same(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    asked = browser.head(f"/mes-factures/{invoice.number}/pdf")
    assert version_of(session, invoice).state is VersionState.due
    answer = browser.get(f"/mes-factures/{invoice.number}/pdf")
    assert asked.data == b"" and asked.headers["ETag"] == answer.headers["ETag"]


def test_the_tag_is_the_hash_and_saves_a_second_download(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    answer = browser.get(f"/mes-factures/{invoice.number}/pdf")
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
    again = browser.get(f"/mes-factures/{invoice.number}/pdf", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""


def test_the_file_bears_our_own_number(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    invoice.lettering = invoice.lettering_folded = "FA-7"
    session.commit()
    address = f"/mes-factures/{invoice.number}/pdf"
    assert browser.get(address).headers["Content-Disposition"] == f"inline; filename={invoice.number}.pdf"
    wanted = browser.get(f"{address}?telecharger=1").headers["Content-Disposition"]
    assert wanted == f"attachment; filename={invoice.number}.pdf"


def test_anothers_pdf_is_missing(session: Session, browser: Browser, issue: Issue) -> None:
    foreign = issue(to=make_customer(session, last_name="Voisin"))
    assert browser.get(f"/mes-factures/{foreign.number}/pdf").status_code == 404
    assert version_of(session, foreign).state is VersionState.due
