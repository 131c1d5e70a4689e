"""Recording that an invoice was paid."""

from __future__ import annotations

import secrets

import pytest

from invoicing.accounts.models import Role
from invoicing.invoices.models import Status
from invoicing.payments.models import Payment, PaymentMethod
from tests.admin.desk import Desk
from tests.factories import make_invoice

PAGE = "/ventes/factures/F2026-00001/paiement"


@pytest.fixture
def due(desk: Desk) -> Desk:
    """One invoice of 216 euros, due."""
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    return desk


def form(**over: str) -> dict[str, object]:
    token = secrets.token_urlsafe(24)
    usual = {"amount": "216,00", "method": "cheque", "paid_on": "21/11/2026", "reference": "n° 7"}
    return {"form_token": token, **usual, **over}


def test_the_page_says_what_will_be_recorded(due: Desk) -> None:
    page = due.browser.get(PAGE).text
    assert 'value="216,00"' in page and 'value="22/11/2026"' in page and due.count(Payment) == 0


def test_all_that_remains_is_recorded_and_the_invoice_is_complete(due: Desk) -> None:
    assert due.send(PAGE, form()).location == "/ventes/factures/F2026-00001"
    (payment,) = due.one().payments
    assert (payment.amount_cents, payment.method, payment.reference) == (21600, PaymentMethod.cheque, "n° 7")
    assert payment.recorded_by_id == due.user.id and due.one().status is Status.complete
    page = due.browser.get("/ventes/factures/F2026-00001").text
    assert "Chèque" in page and "0,00\u00a0€" in page and "Réalisée" in page and f'{PAGE}"' not in page


def test_the_same_form_sent_twice_pays_once(due: Desk) -> None:
    values = {**form(), "csrf_token": due.browser.token(PAGE)}
    answers = [due.browser.post(PAGE, data=values) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303] and due.count(Payment) == 1


def test_when_nothing_is_due_the_page_says_so(due: Desk) -> None:
    token = due.browser.token(PAGE)
    due.send(PAGE, form())
    for answer in (due.browser.get(PAGE), due.browser.post(PAGE, data={**form(), "csrf_token": token})):
        assert answer.location == "/ventes/factures/F2026-00001"
    assert "Il ne reste rien à payer" in due.browser.get("/ventes/factures/F2026-00001").text
    assert due.count(Payment) == 1


@pytest.mark.parametrize(
    ("field", "typed"), [("paid_on", "hier"), ("paid_on", ""), ("paid_on", "24/12/2026"), ("method", "troc")]
)
def test_a_mistake_stands_at_its_field_with_what_was_typed(due: Desk, field: str, typed: str) -> None:
    answer = due.send(PAGE, form(**{field: typed}))
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text and due.count(Payment) == 0
    assert 'value="n° 7"' in answer.text and (field == "method" or f'value="{typed}"' in answer.text)


@pytest.mark.parametrize("role", [Role.reader, Role.member])
def test_who_may_not_record_payments_gets_403(due: Desk, role: Role) -> None:
    browser = due.browser_of(role)
    values = {**form(), "csrf_token": browser.token("/preferences")}
    assert browser.get(PAGE).status_code == browser.post(PAGE, data=values).status_code == 403
    assert due.count(Payment) == 0


def test_an_invoice_that_is_not_there_is_404(due: Desk) -> None:
    assert due.browser.get("/ventes/factures/F2026-00009/paiement").status_code == 404
