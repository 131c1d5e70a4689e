"""Lettered, unlettered and lettered again after members have downloaded: every version stays what it was (SPEC N2)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.customers.models import Customer
from invoicing.documents.models import DocumentVersion
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from invoicing.numbering import Mode
from invoicing.sellers.models import Organisation, Seller
from tests.conftest import Browser
from tests.documents.reading import words
from tests.factories import NOW, make_order, make_shop, make_user
from tests.portal.conftest import signed_in


@pytest.fixture
def order(session: Session, seller: Seller, customer: Customer, browser: Browser) -> Invoice:
    """A paid order of hers, in a series whose official invoices are elsewhere."""
    made = make_order(session, make_shop(session, seller), customer)
    session.commit()
    return made


def give(session: Session, order: Invoice, reference: str) -> None:
    """Letters it, or takes the reference away."""
    session.rollback()
    last = last_change(session, order.id)
    letter(session, COMMAND, NOW, order.id, reference, last.id if last else 0, "" if reference else "erreur")
    session.commit()


def pdf(browser: Browser, order: Invoice, door: str = "/mes-factures", version: int | None = None) -> bytes:
    """What is downloaded; staff may ask for any version."""
    return browser.get(f"{door}/{order.number}/pdf" + (f"?version={version}" if version else "")).data


def versions(session: Session, order: Invoice) -> list[DocumentVersion]:
    session.rollback()
    query = select(DocumentVersion).where(DocumentVersion.invoice_id == order.id)
    return list(session.scalars(query.order_by(DocumentVersion.position)))


def test_every_step_adds_a_version_and_old_bytes_stay(
    app: Flask, session: Session, browser: Browser, order: Invoice
) -> None:
    downloaded = [pdf(browser, order)]
    for reference in ("FA-1", "", "FA-1", "FA-2"):
        give(session, order, reference)
        downloaded.append(pdf(browser, order))
    texts = [words(data) for data in downloaded]
    assert ["pro forma" in text.lower() for text in texts] == [True, False, True, False, False]
    assert ["FA-1" in text for text in texts] == [False, True, False, True, False]
    assert "FA-2" in texts[4] and "DUPLICATA" in texts[4].upper() and str(order.number) in texts[4]
    withdrawn = [version.withdrawn_at is not None for version in versions(session, order)]
    assert withdrawn == [True, True, True, True, False]
    staff = signed_in(app, session, make_user(session, Role.reader))
    again = [pdf(staff, order, "/ventes/factures", position) for position in range(1, 6)]
    assert again == downloaded


def test_staff_see_every_version_and_which_were_withdrawn(
    app: Flask, session: Session, browser: Browser, order: Invoice
) -> None:
    give(session, order, "FA-1")
    give(session, order, "")
    staff = signed_in(app, session, make_user(session, Role.reader))
    text = staff.get(f"/ventes/factures/{order.number}").text.replace("\u00a0", " ")
    table = text.partition('id="documents-h"')[2].partition("</section>")[0]
    assert table.count("<tr>") == 4 and table.count("retirée le") == 2
    assert table.count(f"Facture pro forma {order.number}") == 2 and "Facture n° FA-1" in table


def test_a_member_can_not_ask_for_an_older_version(session: Session, browser: Browser, order: Invoice) -> None:
    give(session, order, "FA-1")
    assert pdf(browser, order, version=1) == pdf(browser, order)


def test_lettering_changes_nothing_on_an_official_document(
    session: Session, browser: Browser, seller: Seller, customer: Customer
) -> None:
    made = make_order(session, make_shop(session, seller, mode=Mode.official), customer)
    session.commit()
    before = pdf(browser, made)
    give(session, made, "FA-1")
    assert pdf(browser, made) == before and len(versions(session, made)) == 1
    page = browser.get(f"/mes-factures/{made.number}").text.replace("\u00a0", " ")
    assert "Référence comptable : FA-1" in page


def test_the_pdf_keeps_its_number_where_the_page_does_not_show_it(
    session: Session, browser: Browser, order: Invoice
) -> None:
    session.get_one(Organisation, 1).shows_official = False
    session.commit()
    give(session, order, "FA-1")
    page = browser.get(f"/mes-factures/{order.number}").text.replace("\u00a0", " ")
    assert "Facture officielle n°" not in page and "FA-1" in words(pdf(browser, order))


def test_a_reference_in_full_width_letters_is_drawn_in_plain_ones(
    session: Session, browser: Browser, order: Invoice
) -> None:
    give(session, order, "ＦＡ１２")
    assert "FA12" in words(pdf(browser, order))
