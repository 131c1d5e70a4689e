"""Whatever changes afterwards (a rate, an address, the seller's name), a document that stands stays as it is."""

from __future__ import annotations

import hashlib
import html
import re

from sqlalchemy import select

from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import change_customer
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.sellers.models import Region, Seller
from invoicing.taxes.changes import add_rate, change_set, change_tax
from invoicing.taxes.content import RateContent, SetContent, TaxContent
from invoicing.taxes.models import Tax
from tests.admin.desk import Desk
from tests.factories import NOW, make_customer, make_invoice, make_line, make_seller, tax_set


def pdf_of(desk: Desk, number: str) -> str:
    answer = desk.browser.get(f"/ventes/factures/{number}/pdf")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
    return hashlib.sha256(answer.data).hexdigest()


def figures_of(desk: Desk, number: str) -> list[str]:
    """Every amount, rate and name that the page shows of the document, in order."""
    page = html.unescape(desk.browser.get(f"/ventes/factures/{number}").text).replace("\u00a0", " ")
    return re.findall(r"[\d ]+,\d\d [€$]|[\d,]+ %|(?<=<b>)[^<]+(?=</b>)", page.partition("</nav>")[2])


def make(desk: Desk) -> list[str]:
    """An invoice of each region: several taxes, a discount, prices with tax."""
    with desk.writing() as session:
        quebec = make_seller(session, Region.QC)
        lines = (make_line(session, price=100), make_line(session, price=50, code="FR_TRAINING"))
        one = make_invoice(session, desk.customer, desk.seller, *lines, discount_e4=1_000)
        two = make_invoice(session, make_customer(session, language="en"), quebec, make_line(session, code="QC_TAXED"))
        return [one.number, two.number]


def change_everything(desk: Desk) -> None:
    with desk.writing() as session:
        for tax in session.scalars(select(Tax)):
            add_rate(session, COMMAND, NOW, tax.id, tax.revision, RateContent("42", "01/01/2027"))
            change_tax(session, COMMAND, NOW, tax.id, tax.revision, TaxContent("Taxe", "Tax"))
        chosen = tax_set(session, "FR_TRAINING")
        content = SetContent("Autre", "Other", exemption="export")
        change_set(session, COMMAND, NOW, chosen.id, chosen.revision, content)
        for seller in session.scalars(select(Seller)):
            seller.name, seller.street, seller.closing_text, seller.iban = "Autre nom", "9 rue Neuve", "Autre texte", ""
        customer = desk.customer
        content_of_customer = CustomerContent("person", last_name="Renommée", street="1 rue Autre", city="Lyon")
        change_customer(session, COMMAND, NOW, customer.id, customer.revision, content_of_customer)


def test_old_documents_keep_their_bytes_and_their_figures(desk: Desk) -> None:
    numbers = make(desk)
    snapshots = dict(desk.session.execute(select(Invoice.number, Invoice.snapshot)).all())
    before = {number: (pdf_of(desk, number), figures_of(desk, number)) for number in numbers}
    assert any("%" in figure for figure in before[numbers[0]][1])
    change_everything(desk)
    desk.session.rollback()
    assert {number: (pdf_of(desk, number), figures_of(desk, number)) for number in numbers} == before
    assert dict(desk.session.execute(select(Invoice.number, Invoice.snapshot)).all()) == snapshots
    page = desk.browser.get(f"/ventes/factures/{numbers[0]}").text
    assert "Exonération de TVA, article 261-4-4" in html.unescape(page).replace("\u00a0", " ")
