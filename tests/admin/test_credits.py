"""Credit notes by their form: lines, preview with the send choice, finalising once."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from invoicing.delivery.models import Delivery
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from tests.admin.desk import Desk, hidden
from tests.factories import make_invoice, make_line, make_order, make_shop
from tests.payments.test_money import credit_cents, pay

PAGE = "/ventes/factures/F2026-00001/avoir"


@pytest.fixture
def due(desk: Desk) -> Desk:
    """Two lines of 180 and 60 euros, 288 with tax."""
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller, make_line(session), make_line(session, "Abonnement", 60))
    return desk


def ids(desk: Desk) -> list[int]:
    desk.session.rollback()
    invoice = desk.session.query(Invoice).filter_by(number="F2026-00001").one()
    return [line.id for line in invoice.lines]


def form(desk: Desk, do: str = "total", reason: str = "cours annulé", **amounts: str) -> dict[str, object]:
    """The lines' form: `first` and `second` are amounts of ticked lines."""
    first, second = ids(desk)
    values: dict[str, object] = {"form_token": "t" * 32, "do": do, "reason": reason}
    for id_, name, usual in ((first, "first", "180,00"), (second, "second", "60,00")):
        values[f"line-{id_}"] = amounts.get(name, usual)
        if name in amounts:
            values[f"take-{id_}"] = "1"
    return values


def text_of(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")


def finalised(desk: Desk, preview: TestResponse, **over: object) -> dict[str, object]:
    """The preview's form, as a browser sends it."""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', preview.text))
    fields.pop("csrf_token")
    return {**{name: html.unescape(value) for name, value in fields.items()}, "do": "finalise", **over}


def credit_notes(desk: Desk) -> list[Invoice]:
    desk.session.rollback()
    return desk.session.query(Invoice).filter_by(kind=InvoiceKind.credit_note).all()


def test_the_form_holds_what_remains_and_nothing_is_ticked(due: Desk) -> None:
    page = text_of(due.browser.get(PAGE))
    assert 'value="180,00"' in page and 'value="60,00"' in page and " checked" not in page
    assert "Peut encore être crédité" in page and "288,00 €" in page


def test_the_preview_is_exact_and_makes_nothing(due: Desk) -> None:
    answer = due.send(PAGE, form(due, first="100"))
    page = text_of(answer)
    assert answer.status_code == 200 and "Total de l’avoir" in page and "120,00 €" in page
    assert "Cours annulé" in page or "cours annulé" in page
    assert "Il restera 168,00 € à payer sur F2026-00001." in page and 'name="send" value="1" checked' not in page
    assert credit_notes(due) == []


@pytest.mark.parametrize(("ticked", "sent"), [({}, 0), ({"send": "1"}, 1)])
def test_what_was_shown_is_made_once_and_sent_only_if_ticked(due: Desk, ticked: dict[str, object], sent: int) -> None:
    values = finalised(due, due.send(PAGE, form(due, first="100")), **ticked)
    answers = [due.send(PAGE, values) for _ in range(2)]
    assert [answer.location for answer in answers] == ["/ventes/factures/A2026-00001"] * 2
    (note,) = credit_notes(due)
    assert (note.total_cents, note.status, note.reason, note.emailed) == (
        12000, Status.complete, "cours annulé", bool(sent))  # fmt: skip
    assert due.count(Delivery) == sent
    version = due.session.query(DocumentVersion).filter_by(invoice_id=note.id).one()
    assert version.state is VersionState.rendered
    page = text_of(due.browser.get("/ventes/factures/A2026-00001"))
    assert "Avoir : A2026-00001" in page and "Cet avoir corrige la facture" in page
    there = text_of(due.browser.get("/ventes/factures/F2026-00001"))
    assert "A2026-00001" in there and "Corrigée par un avoir" in there and "168,00 €" in there


def test_all_of_it_with_one_button(due: Desk) -> None:
    preview = due.send(PAGE, form(due, do="all"))
    assert "288,00 €" in text_of(preview)
    due.send(PAGE, finalised(due, preview))
    assert credit_notes(due)[0].total_cents == 28800
    there = text_of(due.browser.get("/ventes/factures/F2026-00001"))
    assert "soldée par avoir" in there and "Net à payer" not in there and "Réalisée" in there
    assert due.browser.get(PAGE).location == "/ventes/factures/F2026-00001"


def test_mistakes_stand_at_their_lines_with_what_was_typed(due: Desk) -> None:
    first, second = ids(due)
    answer = due.send(PAGE, form(due, reason=" ", first="180,01", second="soixante"))
    page = text_of(answer)
    assert answer.status_code == 422 and f'id="line-{second}-e"' in page and 'value="soixante"' in page
    assert 'id="reason-e"' in page and "« soixante » n’est pas un montant" in page
    answer = due.send(PAGE, form(due, first="180,01"))
    assert answer.status_code == 422 and "Il ne reste que 180,00 € avant taxes" in text_of(answer)
    assert f'href="#line-{first}"' in answer.text
    assert "Cochez au moins une ligne" in text_of(due.send(PAGE, form(due)))
    assert credit_notes(due) == []


def test_back_to_the_lines_keeps_everything(due: Desk) -> None:
    preview = due.send(PAGE, form(due, first="12,50"))
    page = due.send(PAGE, finalised(due, preview, do="lines")).text
    assert 'value="12,50"' in page and 'value="cours annulé"' in page and page.count(" checked") == 1
    assert hidden(page, "form_token") == "t" * 32


def test_what_has_changed_meanwhile_is_shown_again(due: Desk) -> None:
    values = finalised(due, due.send(PAGE, form(due, do="all")), send="1")
    with due.writing() as session:
        credit_cents(session, session.query(Invoice).one(), 5000)
    answer = due.send(PAGE, values)
    assert answer.status_code == 422 and "Il ne reste que 130,00 €" in text_of(answer)
    values = finalised(due, due.send(PAGE, form(due, second="60")), shown="1", send="1")
    answer = due.send(PAGE, values)
    assert answer.status_code == 409 and "Quelque chose a changé" in text_of(answer)
    assert 'name="send" value="1" checked' in answer.text and len(credit_notes(due)) == 1


def test_without_an_address_the_box_is_closed_and_refused(due: Desk) -> None:
    with due.writing():
        due.customer.email = ""
    preview = due.send(PAGE, form(due, do="all"))
    assert "Pas possible : ce client n’a pas d’adresse e-mail." in text_of(preview)
    answer = due.send(PAGE, finalised(due, preview, send="1"))
    assert answer.status_code == 422 and credit_notes(due) == []


def test_a_credit_note_and_an_order_that_is_no_sale_say_why_not(due: Desk) -> None:
    with due.writing() as session:
        invoice = session.query(Invoice).one()
        pay(session, invoice)
        note = credit_cents(session, invoice).number
        order = make_order(session, make_shop(session, due.seller), due.customer, status=Status.placed).number
    for number, said in ((note, "ne se corrige pas par un autre avoir"), (order, "ne compte pas encore")):
        answer = due.browser.get(f"/ventes/factures/{number}/avoir", follow_redirects=True)
        assert said in text_of(answer), number
        assert f"/ventes/factures/{number}/avoir" not in answer.text


def test_a_deduction_alone_is_told_to_stand_with_what_it_lowers(desk: Desk) -> None:
    with desk.writing() as session:
        deduction = replace(make_line(session, "Déduction", 60), quantity_e3=-1000)
        make_invoice(session, desk.customer, desk.seller, make_line(session), deduction)
    shown = text_of(desk.send(PAGE, form(desk, second="-60,00")))
    assert "Une déduction ne se reprend pas seule" in shown and "cochez-la aussi" not in shown
