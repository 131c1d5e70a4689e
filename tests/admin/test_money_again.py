"""A form that has served: the same content gives the same answer, other content is refused and kept."""

from __future__ import annotations

import html

from werkzeug.test import TestResponse

from invoicing.invoices.models import Invoice, Status
from invoicing.payments.models import Payment
from tests.admin.desk import Desk, hidden
from tests.admin.test_credits import PAGE as CREDIT
from tests.admin.test_credits import credit_notes, finalised, form
from tests.factories import make_invoice, make_line, make_order, make_shop
from tests.payments.test_money import credit_cents, pay

PAGE = "/ventes/factures/F2026-00001"
TOKEN = "t" * 32


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


def owing(desk: Desk) -> int:
    """216 euros paid and 120 credited; the other invoice's id."""
    with desk.writing() as session:
        invoice = session.get_one(Invoice, make_invoice(session, desk.customer, desk.seller).invoice_id)
        pay(session, invoice)
        credit_cents(session, invoice, 10000)
        return make_invoice(session, desk.customer, desk.seller, make_line(session, price=50)).invoice_id


def test_a_payment_form_that_has_served_keeps_what_is_typed_and_gets_a_fresh_token(desk: Desk) -> None:
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    values = {"form_token": TOKEN, "amount": "100,00", "method": "cheque", "paid_on": "21/11/2026", "reference": "1"}
    assert [desk.send(f"{PAGE}/paiement", values).status_code for _ in range(2)] == [303, 303]
    other = {**values, "amount": "50,50", "reference": "2"}
    answer = desk.send(f"{PAGE}/paiement", other)
    assert answer.status_code == 409 and "un paiement de 100,00 € a été enregistré" in text_of(answer)
    assert 'value="50,50"' in answer.text and desk.count(Payment) == 1
    fresh = hidden(answer.text, "form_token")
    assert fresh != TOKEN
    assert desk.send(f"{PAGE}/paiement", {**other, "form_token": fresh}).status_code == 303
    assert desk.count(Payment) == 2


def test_a_payment_too_old_is_named_as_people_write_days(desk: Desk) -> None:
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    answer = desk.send(f"{PAGE}/paiement", {"amount": "1", "method": "cheque", "paid_on": "01/01/1990"})
    assert "Le 01/01/1990 est trop ancien" in text_of(answer) and "1990-01-01" not in answer.text


def test_a_set_off_sent_twice_is_one_and_another_amount_is_refused(desk: Desk) -> None:
    values = {"form_token": TOKEN, "other": owing(desk), "amount": ""}
    answers = [desk.send(f"{PAGE}/imputation", values) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303] and desk.count(Payment) == 3
    answer = desk.send(f"{PAGE}/imputation", {**values, "amount": "10"})
    assert answer.status_code == 409 and "60,00 € de F2026-00001 ont été imputés sur F2026-00002" in text_of(answer)
    row = desk.session.query(Payment).filter(Payment.twin_id.is_not(None)).one()
    undo = f"/ventes/factures/F2026-00002/paiements/{row.id}/annuler"
    assert desk.send(undo, {"form_token": "u" * 32, "reason": "erreur"}).status_code == 303
    page = text_of(desk.browser.get("/ventes/factures/F2026-00002"))
    assert "Imputation annulée par deux" in page and "Imputation annulée par une écriture contraire" in page
    assert "Paiement annulé par" not in page


def test_a_refund_form_that_has_served_gives_nothing_else_back(desk: Desk) -> None:
    owing(desk)
    values = {"form_token": TOKEN, "amount": "20", "given_by": "cash", "paid_on": "22/11/2026"}
    assert [desk.send(f"{PAGE}/remboursement", values).status_code for _ in range(2)] == [303, 303]
    answer = desk.send(f"{PAGE}/remboursement", {**values, "amount": "30"})
    assert answer.status_code == 409 and "un remboursement de 20,00 €" in text_of(answer) and desk.count(Payment) == 2


def test_a_credit_form_that_has_served_makes_no_other(desk: Desk) -> None:
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller, make_line(session), make_line(session, "Abonnement", 60))
    values = finalised(desk, desk.send(CREDIT, form(desk, first="100")))
    assert [desk.send(CREDIT, values).status_code for _ in range(2)] == [303, 303]
    for other in ({"send": "1"}, {"reason": "autre"}):
        answer = desk.send(CREDIT, {**values, **other})
        assert answer.status_code == 409 and "l’avoir A2026-00001 de 120,00 €" in text_of(answer)
        assert hidden(answer.text, "form_token") != TOKEN
    assert len(credit_notes(desk)) == 1
    page = text_of(desk.browser.get("/ventes/factures/A2026-00001"))
    assert "Il est dans sa zone membre" in page and "Lignes de l’avoir" in page and "Elle est dans" not in page


def test_undoing_a_payment_of_a_credited_invoice_says_that_nothing_will_be_due(desk: Desk) -> None:
    with desk.writing() as session:
        invoice = session.get_one(Invoice, make_invoice(session, desk.customer, desk.seller).invoice_id)
        payment = pay(session, invoice).id
        credit_cents(session, invoice)
    page = text_of(desk.browser.get(f"{PAGE}/paiements/{payment}/annuler"))
    assert "Plus rien ne sera alors à payer ni à rendre." in page and "attendra" not in page


def test_a_stale_move_that_is_impossible_now_offers_no_button(desk: Desk) -> None:
    with desk.writing() as session:
        order = make_order(session, make_shop(session, desk.seller), desk.customer, status=Status.placed)
        revision = order.revision
        order.status, order.revision = Status.cancelled, revision + 1
    path = f"/ventes/commandes/{order.id}/etat/pending"
    answer = desk.send(path, {"revision": revision}, "/preferences")
    assert answer.status_code == 409 and "est définitif" in text_of(answer) and 'name="revision"' not in answer.text


def test_an_order_that_only_a_credit_note_settled_says_so(desk: Desk) -> None:
    with desk.writing() as session:
        order = make_order(session, make_shop(session, desk.seller), desk.customer, status=Status.pending)
        credit_cents(session, order)
        assert order.status is Status.paid
    for path in (f"/ventes/factures/{order.number}", f"/ventes/commandes/{order.id}/etat/complete"):
        page = text_of(desk.browser.get(path))
        assert "soldée par avoir : rien n’est dû" in page and "Tout est payé" not in page
