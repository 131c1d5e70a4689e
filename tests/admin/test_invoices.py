"""The page of an invoice that stands, and its PDF."""

from __future__ import annotations

import hashlib
from datetime import date
from urllib.parse import unquote

import pytest

from invoicing.accounts.models import Role
from invoicing.customers.models import Customer
from invoicing.delivery.service import claim, settle_failed, settle_sent
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.service import Finalised
from invoicing.sellers.models import Region
from tests.admin.desk import Desk
from tests.factories import NOW, make_customer, make_invoice, make_seller

PAGE = "/ventes/factures/F2026-00001"


def make(desk: Desk, customer: Customer | None = None, **over: object) -> Finalised:
    with desk.writing() as session:
        return make_invoice(session, customer or desk.customer, desk.seller, **over)  # type: ignore[arg-type]


def contact(desk: Desk) -> Customer:
    with desk.writing() as session:
        return make_customer(session, member=False)


def main(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]


def test_the_page_says_what_the_seed_says_in_its_order(desk: Desk) -> None:
    make(desk)
    text = main(desk.browser.get(PAGE).text)
    said = ["Facture\u00a0: F2026-00001", "dimanche 22 novembre 2026, 10:30", "En attente", "Code Transaction",
            "Mode de paiement", "Vendeur", "Acheteur", "Cotisation annuelle 2027", "TVA 20", "216,00", "Paiements",
            "Documents archivés", "Envois", "Historique"]  # fmt: skip
    places = [text.index(word) for word in said]
    assert places == sorted(places)


def test_an_earlier_date_of_issue_is_told_beside_the_day_of_finalising(desk: Desk) -> None:
    make(desk, issued_on=date(2026, 11, 1))
    text = desk.browser.get(PAGE).text
    assert "dimanche 1er novembre 2026, finalisée le 22/11/2026" in text


def test_two_ways_to_pass_it_on_are_always_explained(desk: Desk) -> None:
    make(desk)
    text = desk.browser.get(PAGE).text
    assert f'action="/ventes/clients/{desk.customer.id}/inviter"' in text and "Pas d’envoi demandé" in text
    letter = unquote(text.partition('href="mailto:')[2].partition('"')[0]).replace("&amp;", "&")
    assert letter.startswith(f"{desk.customer.email}?subject=Facture F2026-00001")
    assert "216,00\u00a0€" in letter and "zone membre" in letter and "le 22/12/2026" in letter


def test_a_contact_is_offered_the_second_way_and_membership(desk: Desk) -> None:
    customer = contact(desk)
    make(desk, customer)
    text = desk.browser.get(PAGE).text
    assert "/inviter" not in text and 'href="mailto:' in text and f"/ventes/clients/{customer.id}/membre" in text


def test_the_invoice_can_not_be_sent_again_once_it_was_sent(desk: Desk) -> None:
    made = make(desk, email=True)
    with desk.writing() as session:
        taken = claim(session, NOW, 60, only=made.delivery_id)
        assert taken and settle_sent(session, taken, "250 2.0.0 <accepted>", NOW)
    text = desk.browser.get(PAGE).text
    assert "250 2.0.0 &lt;accepted&gt;" in text and "/reessayer" not in text and "Envoyé" in text


def test_a_failed_e_mail_shows_why_and_how_to_retry_it(desk: Desk) -> None:
    made = make(desk, email=True)
    with desk.writing() as session:
        taken = claim(session, NOW, 60, only=made.delivery_id)
        assert taken and settle_failed(session, taken, "550 5.1.1 User unknown", "refused", NOW)
    text = desk.browser.get(PAGE).text
    assert "L’adresse n’existe pas." in text and "550 5.1.1 User unknown" in text
    assert f"/ventes/envois/{made.delivery_id}/reessayer" in text and 'name="recipient"' in text


def test_the_history_names_who_did_what(desk: Desk) -> None:
    desk.finalise(desk.draft(), send="1")
    text = desk.browser.get(PAGE).text
    assert "Finalisée, courriel demandé" in text and "par Nadia Benali" in text


def test_what_was_typed_stays_text(desk: Desk) -> None:
    make(desk, note="<img src=x onerror=alert(1)>", subject="<b>x</b>")
    text = desk.browser.get(PAGE).text
    assert "<img src=x" not in text and "&lt;img src=x" in text and "<b>x</b>" not in text


def test_a_quebec_invoice_shows_each_tax_and_its_number(desk: Desk) -> None:
    with desk.writing() as session:
        seller = make_seller(session, Region.QC)
        made = make_invoice(session, desk.customer, seller)
    text = desk.browser.get(f"/ventes/factures/{made.number}").text
    for said in ("9,00\u00a0$", "17,96\u00a0$", "206,96\u00a0$", "123456789RT0001", "1234567890TQ0001"):
        assert said in text


def test_a_reader_sees_everything_and_has_no_button(desk: Desk) -> None:
    make(desk, email=True)
    text = main(desk.browser_of(Role.reader).get(PAGE).text)
    assert "216,00" in text and "Historique" in text and "<button" not in text and "/paiement" not in text
    assert 'href="mailto:' in text


def test_a_draft_or_a_number_that_nobody_has_is_404(desk: Desk) -> None:
    desk.draft()
    for path in (PAGE, f"{PAGE}/pdf", f"{PAGE}/finalisee", "/ventes/factures/None"):
        assert desk.browser.get(path).status_code == 404


def test_the_pdf_is_rendered_once_and_then_the_same_bytes(desk: Desk) -> None:
    make(desk)
    first, second = desk.browser.get(f"{PAGE}/pdf"), desk.browser.get(f"{PAGE}/pdf?version=1")
    digest = hashlib.sha256(first.data).hexdigest()
    assert first.data.startswith(b"%PDF") and first.data == second.data
    assert first.get_etag()[0] == digest == desk.one().versions[0].sha256
    assert first.headers["Content-Disposition"] == "inline; filename=F2026-00001.pdf"
    assert desk.browser.get(f"{PAGE}/pdf", headers={"If-None-Match": f'"{digest}"'}).status_code == 304


def test_the_pdf_may_be_asked_for_as_a_download(desk: Desk) -> None:
    make(desk)
    answer = desk.browser.get(f"{PAGE}/pdf?telecharger=1")
    assert answer.headers["Content-Disposition"] == "attachment; filename=F2026-00001.pdf"


def test_head_writes_nothing(desk: Desk) -> None:
    make(desk)
    assert desk.browser.head(f"{PAGE}/pdf").status_code == 200
    assert desk.one().versions[0].state is VersionState.due and desk.count(DocumentVersion) == 1


@pytest.mark.parametrize("version", ["2", "0", "-1", "x", "", "9" * 30])
def test_a_version_that_is_not_there_is_404(desk: Desk, version: str) -> None:
    make(desk)
    assert desk.browser.get(f"{PAGE}/pdf?version={version}").status_code == 404


def test_members_see_no_page_of_staff(desk: Desk) -> None:
    make(desk)
    browser = desk.browser_of(Role.member)
    for path in ("", "/pdf", "/finalisee"):
        assert browser.get(PAGE + path).status_code == 403
