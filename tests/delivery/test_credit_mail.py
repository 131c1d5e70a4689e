"""The e-mail of a credit note: what it is worth, which invoice it corrects, why, and what becomes of the money."""

from __future__ import annotations

from email.message import EmailMessage
from html import unescape

import pytest
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.money import NBSP
from invoicing.numbering import Mode
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against
from invoicing.sellers.models import Region
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox
from tests.delivery.test_mail import body
from tests.factories import (
    NOW,
    TODAY,
    make_credit,
    make_customer,
    make_invoice,
    make_line,
    make_order,
    make_seller,
    make_shop,
)


def money(cents: int | None = None) -> PaymentContent:
    return PaymentContent(PaymentMethod.transfer, TODAY, amount_cents=cents)


def sold(session: Session, price: int = 100, region: Region = Region.FR, **over: object) -> int:
    """An invoice that stands."""
    code = "FR_20" if region is Region.FR else "QC_TAXED"
    seller = make_seller(session, region)
    line = make_line(session, "Stage", price, code)
    return make_invoice(session, make_customer(session, **over), seller, line).invoice_id


def sent(office: Office, box: Letterbox) -> EmailMessage:
    """The only mail that leaves."""
    assert office.worker.deliver() == 1
    (mail,) = box.messages
    return mail


def plain(mail: EmailMessage) -> str:
    return body(mail, "plain").replace(NBSP, " ")


def test_it_says_its_worth_its_invoice_its_reason_and_what_remains(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        number = make_credit(session, sold(session), (0, 5000), reason="Séance annulée", email=True).number
    mail = sent(office, box)
    assert mail["Subject"] == f"Avoir {number} · Les Ateliers de la Lettre"
    text = plain(mail)
    assert text.split("\n")[:3] == [f"Votre avoir {number}", "60,00 €", "en votre faveur"]
    assert "votre avoir du 22 novembre 2026 sur la facture F2026-00001." in text
    assert "il reste 60,00 € à régler, au plus tard le 22 décembre 2026." in text
    assert "Facture corrigée : F2026-00001" in text and "Motif : Séance annulée" in text
    assert "IBAN" not in text and f"/mes-factures/{number}" in text
    html = unescape(body(mail, "html")).replace(NBSP, " ")
    assert "Séance annulée" in html and "il reste 60,00 € à régler" in html
    (part,) = mail.iter_attachments()
    assert part.get_filename() == f"{number}.pdf"


def test_it_settles_what_was_not_paid(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        make_credit(session, sold(session), email=True)
    assert "Il solde cette facture : vous n’avez rien à régler." in plain(sent(office, box))


@pytest.mark.parametrize(("given", "said"), [(0, "120,00 € vous seront remboursés, ou déduits d’une autre facture."),
                                              (12000, "120,00 € vous ont été remboursés.")])  # fmt: skip
def test_it_says_what_is_given_back(office: Office, box: Letterbox, given: int, said: str) -> None:
    with transaction(office.database.sessions) as session:
        invoice = sold(session)
        record_payment(session, COMMAND, NOW, invoice, money(), "one")
        make_credit(session, invoice, email=True)
        if given:
            refund(session, COMMAND, NOW, invoice, money(given), "two")
    assert said in plain(sent(office, box))


def test_it_says_what_was_set_against_another_invoice(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        invoice = session.get_one(Invoice, sold(session))
        record_payment(session, COMMAND, NOW, invoice.id, money(), "one")
        make_credit(session, invoice.id, email=True)
        other = make_invoice(session, invoice.customer, invoice.seller)
        set_against(session, COMMAND, NOW, invoice.id, other.invoice_id, 7000, "two")
    text = plain(sent(office, box))
    assert f"70,00 € ont été déduits de la facture {other.number}." in text
    assert "50,00 € vous seront remboursés" in text


def test_of_a_portal_reference_it_is_a_request(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        order = make_order(session, make_shop(session, mode=Mode.portal_reference))
        number = make_credit(session, order.id, email=True).number
    mail = sent(office, box)
    assert mail["Subject"].startswith(f"Demande d’avoir {number} ·")
    assert "votre demande d’avoir du 22 novembre 2026 sur la facture B-" in plain(mail)


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [("fr_CA", "Note de crédit", "il reste 57,49 $ à régler"), ("en", "", "$57.49 remains to be paid")],
)
def test_a_quebec_credit_note_is_never_in_english_alone(
    office: Office, box: Letterbox, language: str, subject: str, said: str
) -> None:
    with transaction(office.database.sessions) as session:
        make_credit(session, sold(session, region=Region.QC, language=language), (0, 5000), email=True)
    mail = sent(office, box)
    assert mail["Subject"].startswith(subject) and said in plain(mail)
    if language == "en":
        assert "Credit note" in mail["Subject"] and "/" in mail["Subject"]


def test_what_was_paid_in_part_asks_for_the_rest(office: Office, box: Letterbox) -> None:
    made = office.invoice()
    with transaction(office.database.sessions) as session:
        record_payment(session, COMMAND, NOW, made.invoice_id, money(10000), "one")
    text = plain(sent(office, box))
    assert "dont 116,00 € restent à régler au plus tard le" in text
    assert "Déjà réglé : 100,00 €" in text and "Reste à régler : 116,00 €" in text
