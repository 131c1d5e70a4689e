"""Parts, counter-entries, refunds and credit set against another invoice, by their forms."""

from __future__ import annotations

import html
import secrets

import pytest
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice, Status
from invoicing.payments.models import Payment, PaymentKind
from tests.admin.desk import Desk
from tests.factories import make_invoice
from tests.payments.test_money import credit_cents, pay

PAGE = "/ventes/factures/F2026-00001"


@pytest.fixture
def due(desk: Desk) -> Desk:
    """One invoice of 216 euros, due."""
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    return desk


@pytest.fixture
def owing(due: Desk) -> Desk:
    """The same, paid and credited for 120 euros, which are owed back."""
    with due.writing() as session:
        invoice = session.query(Invoice).one()
        pay(session, invoice)
        credit_cents(session, invoice, 10000)
    return due


def invoice_of(desk: Desk, number: str = "F2026-00001") -> Invoice:
    desk.session.rollback()
    return desk.session.query(Invoice).filter_by(number=number).one()


def send(desk: Desk, path: str, **values: object) -> TestResponse:
    return desk.send(path, {"form_token": secrets.token_urlsafe(24), **values})


def paid(amount: str, **over: object) -> dict[str, object]:
    return {"amount": amount, "method": "cheque", "paid_on": "21/11/2026", **over}


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")


def test_a_part_is_recorded_and_the_page_says_what_remains(due: Desk) -> None:
    assert send(due, f"{PAGE}/paiement", **paid("156,00")).status_code == 303
    page = text_of(due.browser.get(PAGE))
    assert "Paiement de 156,00 € enregistré." in page and "Payée en partie" in page and "60,00 €" in page
    assert invoice_of(due).status is Status.partial


def test_too_much_is_refused_with_what_to_do_and_every_mistake_at_once(due: Desk) -> None:
    answer = send(due, f"{PAGE}/paiement", **paid("300", paid_on="1/1/2027", method="credit"))
    page = text_of(answer)
    assert answer.status_code == 422 and due.count(Payment) == 0
    assert "Il reste 216,00 €. Enregistrez ce montant" in page and 'value="300"' in page
    for field in ("amount", "paid_on", "method"):
        assert f'href="#{field}"' in page


@pytest.mark.parametrize("amount", ["", "soixante", "1,234", "0", "-5"])
def test_an_amount_that_is_none_is_named(due: Desk, amount: str) -> None:
    answer = send(due, f"{PAGE}/paiement", **paid(amount))
    assert answer.status_code == 422 and 'id="amount-e"' in answer.text and due.count(Payment) == 0


def test_a_payment_is_undone_with_a_reason_and_both_rows_stay(due: Desk) -> None:
    send(due, f"{PAGE}/paiement", **paid("216"))
    (payment,) = invoice_of(due).payments
    undo = f"{PAGE}/paiements/{payment.id}/annuler"
    assert f'href="{undo}"' in due.browser.get(PAGE).text
    refused = send(due, undo, reason="")
    assert refused.status_code == 422 and 'id="reason-e"' in refused.text and due.count(Payment) == 1
    assert send(due, undo, reason="chèque sans provision").status_code == 303
    page = text_of(due.browser.get(PAGE))
    assert "chèque sans provision" in page and "<s>216,00 €</s>" in page and "−216,00 €" in page and undo not in page
    assert "Paiement annulé par une écriture contraire" in page and invoice_of(due).status is Status.pending
    assert due.browser.get(undo).location == PAGE and due.count(Payment) == 2


def test_a_foreign_payment_is_not_there(due: Desk) -> None:
    with due.writing() as session:
        other = session.get_one(Invoice, make_invoice(session, due.customer, due.seller).invoice_id)
        payment = pay(session, other).id
    assert due.browser.get(f"{PAGE}/paiements/{payment}/annuler").status_code == 404
    assert due.browser.get(f"{PAGE}/paiements/99999/annuler").status_code == 404


def test_what_is_owed_back_is_given_back_and_never_more(owing: Desk) -> None:
    page = text_of(owing.browser.get(PAGE))
    assert "À rendre" in page and "120,00 €" in page and f"{PAGE}/remboursement" in page
    assert "Net à payer" not in page and "pas d’autre facture à payer" in page and "/imputation" not in page
    form = {"amount": "120,01", "given_by": "transfer", "paid_on": "22/11/2026"}
    answer = send(owing, f"{PAGE}/remboursement", **form)
    assert answer.status_code == 422 and "Vous n’avez que 120,00 € à rendre" in text_of(answer)
    assert send(owing, f"{PAGE}/remboursement", **{**form, "amount": "120"}).status_code == 303
    invoice = invoice_of(owing)
    assert (invoice.remaining_cents, invoice.payments[-1].kind) == (0, PaymentKind.refund)
    page = text_of(owing.browser.get(PAGE))
    assert "Remboursement · Virement" in page and "−120,00 €" in page and f"{PAGE}/remboursement" not in page
    assert owing.browser.get(f"{PAGE}/remboursement").location == PAGE


def test_the_rest_pays_another_invoice_and_either_end_undoes_both(owing: Desk) -> None:
    with owing.writing() as session:
        other_id = make_invoice(session, owing.customer, owing.seller).invoice_id
    path = f"{PAGE}/imputation"
    assert path in owing.browser.get(PAGE).text
    answer = send(owing, path, other=other_id, amount="120,01")
    assert answer.status_code == 422 and "C’est 120,00 € au plus" in text_of(answer)
    assert send(owing, path, other="99999", amount="").status_code == 422
    assert send(owing, path, other=other_id, amount="").status_code == 303
    other = invoice_of(owing, "F2026-00002")
    assert (invoice_of(owing).remaining_cents, other.remaining_cents, other.status) == (0, 9600, Status.partial)
    there = text_of(owing.browser.get("/ventes/factures/F2026-00002"))
    assert "Imputé depuis" in there and PAGE in there
    undo = f"/ventes/factures/F2026-00002/paiements/{other.payments[-1].id}/annuler"
    assert "L’écriture liée sur F2026-00001" in text_of(owing.browser.get(undo))
    assert send(owing, undo, reason="mauvaise facture").status_code == 303
    assert (invoice_of(owing).remaining_cents, invoice_of(owing, "F2026-00002").remaining_cents) == (-12000, 21600)


def test_payments_that_a_refund_rests_on_are_not_undone(owing: Desk) -> None:
    send(owing, f"{PAGE}/remboursement", amount="120", given_by="cash", paid_on="22/11/2026")
    payment = invoice_of(owing).payments[0]
    answer = send(owing, f"{PAGE}/paiements/{payment.id}/annuler", reason="erreur")
    assert answer.status_code == 409 and "annulez d’abord le remboursement" in text_of(answer)
    assert "erreur" in answer.text


def test_a_reader_sees_the_money_and_no_button(owing: Desk) -> None:
    page = owing.browser_of(Role.reader).get(PAGE).text
    assert "À rendre" in page
    for way in ("/remboursement", "/annuler", "/avoir", "/etat/"):
        assert f"{PAGE}{way}" not in page
