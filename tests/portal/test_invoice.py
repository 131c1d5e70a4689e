"""One invoice as its member sees it: what is due and how to pay, then the document."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.documents.desk import Facts, Heading
from invoicing.documents.service import due as version_due
from invoicing.invoices.models import Invoice, Status
from invoicing.numbering import Mode, Series
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.models import Region, Seller
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_draft, make_line, make_seller
from tests.portal.conftest import Issue, pay
from tests.portal.test_invoices import shown


def page(client: Browser, invoice: Invoice) -> str:
    return shown(client, f"/mes-factures/{invoice.number}")


def test_an_unpaid_invoice_opens_with_what_is_due_and_how_to_pay(browser: Browser, issue: Issue) -> None:
    invoice = issue(due_on=date(2026, 12, 15))
    text = page(browser, invoice)
    assert "Reste à régler au plus tard le 15 décembre 2026 216,00 € Comment payer" in text
    assert f"Référence {invoice.number} Bénéficiaire Les Ateliers de la Lettre" in text
    assert "IBAN FR76 3000 6000 0112 3456 7890 189 BIC AGRIFRPP" in text


def test_the_document_follows_whole(session: Session, browser: Browser, issue: Issue) -> None:
    text = page(browser, issue(make_line(session, "Cotisation annuelle 2027", 180), subject="Cotisation", note="Merci"))
    for words in ("De Les Ateliers de la Lettre", "Facturé à Élodie Lefèvre", "Cotisation annuelle 2027",
                  "Objet : Cotisation", "Merci", "TVA 20 % sur 180,00 €", "Net à payer 216,00 €",
                  "Le PDF ne change jamais"):  # fmt: skip
        assert words in text


def test_the_code_is_a_picture_with_a_name_and_no_style(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    found = re.search(r'<svg class="qr"[^>]*>.*?</svg>', browser.get(f"/mes-factures/{invoice.number}").text)
    assert found
    assert 'role="img"' in found[0] and "style" not in found[0]
    assert f'référence {invoice.number}"' in found[0]


def test_an_overdue_invoice_says_since_when(browser: Browser, issue: Issue) -> None:
    invoice = issue(issued_on=date(2026, 11, 1), due_on=date(2026, 11, 15))
    assert "Reste à régler, échue le 15 novembre 2026" in page(browser, invoice)


def test_a_paid_invoice_says_when_and_how_and_asks_for_nothing(
    session: Session, browser: Browser, issue: Issue
) -> None:
    invoice = issue()
    pay(session, invoice, date(2026, 11, 21))
    text = page(browser, invoice)
    assert "Réglée le 21 novembre 2026, par virement" in text
    assert "Comment payer" not in text and "Reste à régler" not in text
    assert "Le document date d’avant le paiement" in text


def test_an_invoice_paid_when_it_was_made_says_so_too(browser: Browser, issue: Issue) -> None:
    text = page(browser, issue(paid_method=PaymentMethod.cash, paid_on=date(2026, 11, 20)))
    assert "Réglée le 20 novembre 2026, en espèces" in text
    assert "Le document date d’avant le paiement" not in text


def test_a_part_paid_invoice_asks_for_the_rest(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    invoice.status, invoice.paid_cents = Status.partial, 11_600
    session.commit()
    text = page(browser, invoice)
    assert "100,00 € sur 216,00 €, dont 116,00 € déjà réglés" in text
    code = re.search(r'class="qr"[^>]*aria-label="([^"]+)"', browser.get(f"/mes-factures/{invoice.number}").text)
    assert code and "100,00\u00a0€" in code[1]


def test_an_invoice_settled_by_credit_says_so(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    invoice.status, invoice.credited_cents = Status.complete, invoice.total_cents
    session.commit()
    assert "Soldée par avoir" in page(browser, invoice)


def test_an_invoice_of_nothing_has_nothing_to_pay(session: Session, browser: Browser, issue: Issue) -> None:
    assert "Rien à régler" in page(browser, issue(make_line(session, "Offert", 0)))


def test_a_credit_note_is_called_one(browser: Browser, credit: Callable[[], Invoice]) -> None:
    note = credit()
    text = page(browser, note)
    assert f"Avoir {note.number}" in text and "Avoir de 216,00 € en votre faveur" in text
    assert "Comment payer" not in text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.placed, "Son paiement n’est pas encore confirmé"),
        (Status.failed, "n’a pas abouti"),
        (Status.refused, "a été refusé"),
        (Status.cancelled, "Cette commande est annulée"),
    ],
)
def test_what_is_neither_due_nor_settled_says_why(
    session: Session, browser: Browser, issue: Issue, status: Status, words: str
) -> None:
    invoice = issue()
    invoice.status = status
    session.commit()
    text = page(browser, invoice)
    assert words in text and "Comment payer" not in text


def test_a_lettered_order_shows_the_official_number_and_keeps_ours(
    session: Session, browser: Browser, issue: Issue
) -> None:
    session.query(Series).one().mode = Mode.portal_reference
    invoice = issue()
    invoice.lettering = invoice.lettering_folded = "FA-7"
    version_due(session, invoice.id, Facts(Heading.invoice, official_number="FA-7", duplicate=True), NOW)
    session.commit()
    text = page(browser, invoice)
    assert f"Facture {invoice.number}" in text and "Facture officielle n° FA-7" in text
    assert "Facture · Duplicata" in text and f"Commande n° {invoice.number}" in text


def test_a_quebec_invoice_is_paid_by_interac(session: Session, browser: Browser, issue: Issue) -> None:
    quebec = make_seller(session, Region.QC, cheque="Les Ateliers de la Lettre, Rimouski")
    text = page(browser, issue(by=quebec))
    assert "Par virement Interac" in text and "Virement Interac à comptabilite@ateliers-lettre.example" in text
    assert "Ou par chèque à l’ordre de : Les Ateliers de la Lettre, Rimouski" in text
    assert "IBAN" not in text and "QR" not in text
    assert "TPS 5 % sur 180,00 $" in text and "TVQ 9,975 % sur 180,00 $" in text


def test_a_seller_without_a_bank_account_is_asked_how(session: Session, browser: Browser, issue: Issue) -> None:
    text = page(browser, issue(by=make_seller(session, iban="", bic="", prefix="S")))
    assert "Demandez à Les Ateliers de la Lettre comment payer" in text


def test_the_document_does_not_follow_the_customer_who_moves(
    session: Session, browser: Browser, issue: Issue, customer: Customer
) -> None:
    invoice = issue()
    session.execute(update(Customer).where(Customer.id == customer.id).values(last_name="Martin", city="Lyon"))
    session.commit()
    text = page(browser, invoice)
    assert "Élodie Lefèvre" in text and "Saint-Baldoph" in text and "Lyon" not in text


def test_the_page_names_its_pdf_and_its_size_once_there_is_one(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    assert "Télécharger le PDF Reste" in page(browser, invoice)
    browser.get(f"/mes-factures/{invoice.number}/pdf")
    assert re.search(r"Télécharger le PDF \d+ ko", page(browser, invoice))


def test_anothers_a_missing_one_and_a_draft_are_the_same_404(
    session: Session, browser: Browser, issue: Issue, customer: Customer, seller: Seller
) -> None:
    foreign = issue(to=make_customer(session, last_name="Voisin"))
    draft = make_draft(session, customer, seller)
    session.commit()
    bodies = {browser.get(f"/mes-factures/{which}").text for which in (foreign.number, "F2026-99999", str(draft.id))}
    assert browser.get(f"/mes-factures/{foreign.number}").status_code == 404
    assert len({re.sub(r'name="csrf_token" value="[^"]+"', "", body) for body in bodies}) == 1


def test_a_withdrawn_access_closes_the_page_at_once(
    session: Session, browser: Browser, issue: Issue, customer: Customer
) -> None:
    invoice = issue()
    session.delete(customer.access[0])
    session.commit()
    assert browser.get(f"/mes-factures/{invoice.number}").status_code == 404
    assert browser.get(f"/mes-factures/{invoice.number}/pdf").status_code == 404
