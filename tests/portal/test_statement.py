"""« Relevé de compte » in the member zone: page, PDF, CSV; only of customers that are theirs; on both engines."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from html import unescape

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer
from invoicing.invoices.models import Status
from invoicing.journal import COMMAND
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, undo_payment
from invoicing.sellers.models import Region
from tests.conftest import Browser
from tests.documents.reading import words
from tests.factories import NOW, TODAY, make_credit, make_customer, make_order, make_seller, make_shop, make_user
from tests.portal.conftest import Issue, pay, signed_in
from tests.portal.test_invoices import shown

ADDRESS = "/mes-factures/compte/releve"
OLD = {"issued_on": date(2025, 12, 1), "due_on": date(2025, 12, 31)}


def rows(client: Browser, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{ADDRESS}.csv{query}")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def part(session: Session, invoice_id: int, day: date, cents: int) -> int:
    content = PaymentContent(PaymentMethod.transfer, day, amount_cents=cents)
    made = record_payment(session, COMMAND, NOW, invoice_id, content, f"form {day} {cents}").id
    session.commit()
    return made


def test_the_page_runs_from_opening_to_closing_balance(session: Session, browser: Browser, issue: Issue) -> None:
    old, new = issue(**OLD), issue(subject="Cotisation 2027", due_on=date(2026, 12, 15))
    part(session, old.id, date(2026, 1, 10), 10_000)
    text = shown(browser, ADDRESS)
    assert "Du 1er janvier 2026 au 22 novembre 2026" in text
    assert "Établi le dimanche 22 novembre 2026, 13:30" in text
    assert "Solde d’ouverture 216,00 €" in text
    assert f"10/01/2026 Paiement (virement) {old.number} 100,00 € 116,00 €" in text
    assert f"22/11/2026 Facture {new.number} Cotisation 2027 216,00 € 332,00 €" in text
    assert "Total de la période 216,00 € 100,00 €" in text
    assert "Solde de clôture 332,00 €" in text


def test_what_is_due_now_is_told_by_age(session: Session, browser: Browser, issue: Issue) -> None:
    old = issue(**OLD)
    issue(due_on=date(2026, 12, 15))
    text = shown(browser, f"{ADDRESS}?du=2026-11-01&au=2026-11-02")
    assert "À régler au 22 novembre 2026" in text
    assert re.search(rf"Facture {old.number} Cotisation annuelle 2027 31/12/2025 326 j 216,00 €", text)
    assert "Pas encore échu 216,00 €" in text and "Échu depuis plus de 90 jours 216,00 €" in text
    assert "Total à régler 432,00 €" in text


def test_credit_notes_refunds_and_undone_payments_are_on_it(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    undone = part(session, invoice.id, TODAY, 5_000)
    undo_payment(session, COMMAND, NOW, undone, "chèque sans provision", "undo")
    pay(session, invoice, TODAY)
    note = make_credit(session, invoice.id, (0, 5_000))
    refund(session, COMMAND, NOW, invoice.id, PaymentContent(PaymentMethod.cheque, TODAY, amount_cents=1_000), "back")
    session.commit()
    found = [(row["Opération"], row["Débit"], row["Crédit"]) for row in rows(browser)[1:-1]]
    assert found == [
        ("Facture", "216,00", ""), ("Avoir", "", "60,00"), ("Paiement (virement)", "", "50,00"),
        ("Paiement (virement)", "", "216,00"), ("Paiement annulé (virement)", "50,00", ""),
        ("Remboursement (chèque)", "10,00", ""),
    ]  # fmt: skip
    text = shown(browser, ADDRESS)
    assert f"sur {invoice.number}" in text and f"Avoir {note.number}" in text
    assert (
        "Solde de clôture −50,00 €" in text and "À rendre au client, ou à déduire d’autres factures : 50,00 €" in text
    )
    assert "chèque sans provision" not in text


def test_orders_that_are_no_sale_are_not_on_it(session: Session, browser: Browser, customer: Customer) -> None:
    shop = make_shop(session)
    for status in (Status.placed, Status.failed, Status.refused, Status.cancelled):
        make_order(session, shop, customer, status=status)
    paid = make_order(session, shop, customer)
    session.commit()
    assert {row["Numéro"] for row in rows(browser)} - {""} == {paid.number}


def test_each_currency_has_its_own_account(session: Session, browser: Browser, issue: Issue) -> None:
    quebec = make_seller(session, Region.QC)
    issue()
    issue(by=quebec)
    text = shown(browser, ADDRESS)
    assert "Relevé de compte · EUR" in text and "Relevé de compte · CAD" in text
    assert "206,96 $" in text and "216,00 €" in text
    assert [row["Devise"] for row in rows(browser)] == ["EUR"] * 3 + ["CAD"] * 3


def test_several_sellers_are_named_on_their_lines(session: Session, browser: Browser, issue: Issue) -> None:
    second = make_seller(session, name="Éditions de la Lettre", prefix="E")
    issue()
    issue(by=second)
    text = shown(browser, ADDRESS)
    assert "Vendeurs : Les Ateliers de la Lettre, Éditions de la Lettre" in text
    assert text.count("Éditions de la Lettre") == 2


def test_the_pdf_says_what_the_page_says(session: Session, browser: Browser, issue: Issue) -> None:
    old = issue(**OLD, subject="Cœur d’été")
    part(session, old.id, date(2026, 1, 10), 10_000)
    answer = browser.get(f"{ADDRESS}.pdf?du=&au=22/11/2026")
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=releve-de-compte-")
    text = words(answer.data)
    for fact in ("Relevé de compte", "Élodie Lefèvre", "Les Ateliers de la Lettre", "jusqu’au 22 novembre 2026",
                 f"Facture {old.number}", "Cœur d’été", "Paiement (virement)", "116,00 €", "Total à régler",
                 "Établi le dimanche 22 novembre 2026", "n’est pas une facture", "Page 1 / 1"):  # fmt: skip
        assert fact in text.replace("\u00a0", " "), fact


def test_a_long_one_goes_over_pages(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    for n in range(70):
        part(session, invoice.id, TODAY, 100 + n)
    text = words(browser.get(f"{ADDRESS}.pdf").data)
    last = re.findall(r"Page (\d) / (\d)", text)[-1]
    assert int(last[0]) == int(last[1]) >= 2
    assert text.count("Paiement (virement)") == 70


def test_too_long_for_paper_is_refused_with_a_sentence(
    browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue()
    monkeypatch.setattr("invoicing.statement.paper.MOST", 0)
    answer = browser.get(f"{ADDRESS}.pdf")
    assert answer.status_code == 422 and "choisissez une période plus courte" in answer.text


def test_a_quebec_seller_writes_french_first(session: Session, browser: Browser, issue: Issue, elodie: User) -> None:
    issue(by=make_seller(session, Region.QC))
    elodie.language = "en"
    session.commit()
    text = words(browser.get(f"{ADDRESS}.pdf").data)
    assert "État de compte / Statement of account" in text and "Solde / Balance" in text
    assert "Statement of account" in shown(browser, ADDRESS)
    elodie.language = "fr_CA"
    session.commit()
    assert "État de compte" in words(browser.get(f"{ADDRESS}.pdf").data)
    assert "Relevé" not in shown(browser, ADDRESS) + shown(browser)


def test_english_alone_for_a_french_seller(session: Session, browser: Browser, issue: Issue, elodie: User) -> None:
    issue()
    elodie.language = "en"
    session.commit()
    assert "Closing balance" in shown(browser, ADDRESS)
    text = words(browser.get(f"{ADDRESS}.pdf").data)
    assert "Statement of account" in text and "Relevé" not in text and "€216.00" in text


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("?du=hier&au=", "du", "« hier » n’est pas une date. Écrivez par exemple 22/11/2026."),
        ("?du=2026-02-30&au=", "du", "« 2026-02-30 » n’est pas une date."),
        ("?du=0001-01-01&au=", "du", "n’est pas une date"),
        ("?du=2026-05-01&au=2026-04-01", "au", "La fin de la période vient avant son début."),
    ],
)
def test_a_period_that_cannot_be_read_says_so_at_its_field(
    browser: Browser, issue: Issue, query: str, field: str, sentence: str
) -> None:
    issue()
    text = shown(browser, ADDRESS + query)
    assert sentence in text and "Solde de clôture" not in text
    assert f'href="#{field}"' in browser.get(ADDRESS + query).text
    answer = browser.get(f"{ADDRESS}.csv{query}")
    assert answer.status_code == 302 and answer.location.startswith(f"{ADDRESS}?du=")


def test_what_was_typed_stays_in_the_form(browser: Browser, issue: Issue) -> None:
    issue()
    page = browser.get(f"{ADDRESS}?du=%22%3E%3Cb%3E&au=1/2/2026").text
    assert 'value="&#34;&gt;&lt;b&gt;"' in page and 'value="01/02/2026"' in page


def test_the_usual_periods_lead_to_the_same_page(browser: Browser, issue: Issue) -> None:
    issue(**OLD)
    page = browser.get(ADDRESS).text
    for name in ("Cette année", "L’année dernière", "Douze derniers mois", "Depuis le début"):
        found = re.search(rf'href="([^"]+)">{name}<', page)
        assert found and "Solde de clôture" in shown(browser, unescape(found[1])), name
    assert "Depuis le début, jusqu’au 22 novembre 2026" in shown(browser, f"{ADDRESS}?du=&au=2026-11-22")


def test_of_several_customers_one_is_chosen_and_a_foreign_one_does_not_exist(
    session: Session, browser: Browser, issue: Issue, elodie: User
) -> None:
    other = make_customer(session, users=(elodie,), last_name="Zimmer")
    foreign = make_customer(session)
    own, others = issue(), issue(to=other)
    assert own.number in shown(browser, ADDRESS)
    text = shown(browser, f"{ADDRESS}?client={other.id}")
    assert others.number in text and own.number not in text
    assert others.number in shown(browser, ADDRESS)  # remembered
    for ending in ("", ".csv", ".pdf"):
        answers = [browser.get(f"{ADDRESS}{ending}?client={number}") for number in (foreign.id, 99_999)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert len({answer.text.split("<main")[1] for answer in answers}) == 1


def test_a_credit_note_of_somebody_elses_keeps_its_number_to_itself(
    session: Session, browser: Browser, issue: Issue
) -> None:
    invoice = issue()
    note = make_credit(session, invoice.id)
    note.customer_id = make_customer(session).id
    session.commit()
    text = shown(browser, ADDRESS)
    assert str(note.number) not in text and "Solde de clôture 0,00 €" in text


def test_texts_in_the_file_are_no_formulas(session: Session, browser: Browser, issue: Issue) -> None:
    issue(subject="=1+1")
    assert rows(browser)[1]["Objet"] == "'=1+1"


def test_nobody_linked_has_none(app: Flask, session: Session) -> None:
    make_seller(session)
    clerk = signed_in(app, session, make_user(session, Role.reader))
    assert "Aucun client n’est rattaché à votre compte" in shown(clerk, ADDRESS)
    assert clerk.get(f"{ADDRESS}.csv").status_code == 404


def test_nothing_at_all_says_so(browser: Browser) -> None:
    assert "Aucun mouvement sur cette période." in shown(browser, ADDRESS)
    assert "Aucun mouvement" in words(browser.get(f"{ADDRESS}.pdf").data)
    assert rows(browser) == []


def test_head_draws_nothing(browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    issue()

    def fail(*_given: object) -> bytes:
        raise AssertionError("drawn")

    monkeypatch.setattr("invoicing.statement.paper.render", fail)
    for ending in ("", ".pdf", ".csv", ".xlsx"):
        assert browser.head(ADDRESS + ending).status_code == 200
