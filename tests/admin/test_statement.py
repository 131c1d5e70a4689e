"""A customer's statement of account, for staff."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from tests.conftest import Browser
from tests.documents.reading import words
from tests.factories import make_customer, make_invoice, make_seller, make_user
from tests.portal.conftest import signed_in
from tests.portal.test_invoices import shown


def test_staff_see_what_the_customer_sees(app: Flask, session: Session) -> None:
    customer = make_customer(session, member=False)
    number = make_invoice(session, customer, make_seller(session)).number
    client: Browser = signed_in(app, session, make_user(session, Role.reader))
    record = client.get(f"/ventes/clients/{customer.id}").text
    assert f'href="/ventes/clients/{customer.id}/releve"' in record
    address = f"/ventes/clients/{customer.id}/releve"
    query = "?du=2026-01-01&au=2030-01-01"
    assert f"Facture {number}" in shown(client, address + query)
    assert f'href="/ventes/factures/{number}"' in client.get(address + query).text
    assert f"Facture {number}" in words(client.get(f"{address}.pdf{query}").data)
    assert number in client.get(f"{address}.csv{query}").text
    assert client.get(f"{address}.docx").status_code == 404
    assert client.get("/ventes/clients/99999/releve").status_code == 404
