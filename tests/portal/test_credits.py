"""Credit notes, payments in part and refunds as a member sees them: what is due follows, each leads to the other."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against, undo_payment
from tests.conftest import Browser
from tests.factories import NOW, TODAY, make_credit, make_customer
from tests.portal.conftest import Issue


def plain(browser: Browser, path: str = "") -> str:
    """A page as it is read."""
    text = re.sub(r"<[^>]+>", " ", browser.get(f"/mes-factures{path}").text.replace("\u00a0", " "))
    return re.sub(r"\s+", " ", text)


def pay(session: Session, invoice: Invoice, cents: int | None, token: str = "one") -> int:
    content = PaymentContent(PaymentMethod.transfer, TODAY, amount_cents=cents)
    session.rollback()  # a page has noted that it was seen
    made = record_payment(session, COMMAND, NOW, invoice.id, content, token).id
    session.commit()
    return made


def credit(session: Session, invoice: Invoice, *nets: tuple[int, int]) -> str:
    session.rollback()  # a page has noted that it was seen
    number = make_credit(session, invoice.id, *nets).number or ""
    session.commit()
    return number


def test_a_credit_note_is_in_the_list_with_its_sign_and_its_invoice(
    session: Session, browser: Browser, issue: Issue
) -> None:
    invoice = issue()
    number = credit(session, invoice, (0, 5000))
    page = plain(browser)
    assert f"{number} · sur la facture {invoice.number}" in page and "−60,00 €" in page and "Avoir" in page
    assert f"{invoice.number} · reste 156,00 €" in page and "À régler au plus tard le 22 décembre 2026 156,00 €" in page
    assert "1 facture et 1 avoir" in page


def test_both_documents_lead_to_each_other(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    number = credit(session, invoice, (0, 5000))
    assert f'href="/mes-factures/{number}"' in browser.get(f"/mes-factures/{invoice.number}").text
    note = browser.get(f"/mes-factures/{number}").text
    assert f'href="/mes-factures/{invoice.number}"' in note
    assert "sur 216,00 €, dont 60,00 € déduits par avoir" in plain(browser, f"/{invoice.number}")
    pay(session, invoice, 1000)
    said = plain(browser, f"/{invoice.number}")
    assert "sur 216,00 €, dont 10,00 € déjà réglés et 60,00 € déduits par avoir" in said
    said = plain(browser, f"/{number}")
    assert "Avoir de 60,00 € en votre faveur" in said and "il reste 146,00 € à régler" in said


def asked_today(page: str) -> str:
    """The page without what the document asked for when it was made, which stays folded away."""
    return re.sub(r'<p class="quiet small">[^<]*</p>\s*<details>.*?</details>', "", page, flags=re.S)


def test_what_was_paid_in_part_says_what_remains_everywhere(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    payment = pay(session, invoice, 10000)
    assert "payé en partie : reste 116,00 €" in plain(browser)
    page = asked_today(browser.get(f"/mes-factures/{invoice.number}").text.replace("\u00a0", " "))
    assert "116,00 €" in page and "Code QR de virement SEPA : 116,00 €" in page and "Net à payer" not in page
    assert "Paiement par virement" in page and "−100,00 €" in page
    session.rollback()  # a page has noted that it was seen
    undo_payment(session, COMMAND, NOW, payment, "rejeté", "two")
    session.commit()
    assert "payé en partie" not in plain(browser)
    page = browser.get(f"/mes-factures/{invoice.number}").text.replace("\u00a0", " ")
    assert "Code QR de virement SEPA : 216,00 €" in page and "Net à payer" in page and "−100,00 €" not in page


def test_a_paid_invoice_does_not_ask_again(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    pay(session, invoice, None)
    page = plain(browser, f"/{invoice.number}")
    page = page.replace(page[page.index("Le document date d’avant") : page.index("Cette page dit ce que")], "")
    assert "Réglée le 22 novembre 2026, par virement" in page and "Net à payer" not in page
    assert "Total TTC 216,00 €" in page and page.count("216,00 €") == 1


def test_what_is_owed_back_is_said_until_it_is_given(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    pay(session, invoice, None)
    number = credit(session, invoice, (0, 5000))
    assert "à vous rendre : 60,00 €" in plain(browser)
    for path in (f"/{invoice.number}", f"/{number}"):
        assert "60,00 € vous seront remboursés, ou déduits d’une autre facture." in plain(browser, path)
    content = PaymentContent(PaymentMethod.transfer, TODAY)
    session.rollback()  # a page has noted that it was seen
    refund(session, COMMAND, NOW, invoice.id, content, "two")
    session.commit()
    page = plain(browser, f"/{invoice.number}")
    assert "à vous rendre" not in plain(browser) and "vous seront remboursés" not in page
    assert "Remboursement par virement 60,00 €" in page and f"Avoir {number} −60,00 €" in page
    assert "Cette facture est soldée." in plain(browser, f"/{number}")


def test_what_is_set_against_another_invoice_is_said_on_both(session: Session, browser: Browser, issue: Issue) -> None:
    invoice, other = issue(), issue()
    pay(session, invoice, None)
    credit(session, invoice)
    session.rollback()  # a page has noted that it was seen
    set_against(session, COMMAND, NOW, invoice.id, other.id, 10000, "two")
    session.commit()
    assert f"Déduit de la facture {other.number} 100,00 €" in plain(browser, f"/{invoice.number}")
    page = plain(browser, f"/{other.number}")
    assert f"d’après l’avoir sur la facture {invoice.number} −100,00 €" in page and "116,00 €" in page


def test_a_lettered_credit_note_shows_its_official_number(session: Session, browser: Browser, issue: Issue) -> None:
    number = credit(session, issue())
    note_id = session.query(Invoice).filter_by(number=number).one().id
    letter(session, COMMAND, NOW, note_id, "AV-2026-7", 0)
    session.commit()
    assert "Référence comptable : AV-2026-7" in plain(browser)


def test_a_document_that_went_to_another_customer_is_not_linked(
    session: Session, browser: Browser, issue: Issue, elodie: User
) -> None:
    invoice = issue()
    number = credit(session, invoice)
    session.query(Invoice).filter_by(number=number).update({"customer_id": make_customer(session).id})
    session.commit()
    assert number not in plain(browser) and number not in browser.get(f"/mes-factures/{invoice.number}").text
