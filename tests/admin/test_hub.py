"""The hub « Service commercial »: true figures, living links, and the one search box."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.delivery.models import DeliveryKind, DeliveryState
from invoicing.delivery.service import Outgoing, queue
from invoicing.invoices.models import Status
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.numbering import Mode
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Organisation, Region
from invoicing.shop.models import Category, Item
from tests.admin.desk import Desk
from tests.conftest import Browser
from tests.factories import (
    NOW,
    TODAY,
    make_credit,
    make_invoice,
    make_order,
    make_seller,
    make_shop,
    make_user,
    tax_set,
)


def strip(page: str) -> list[str]:
    """The figures of today's strip, without what stands beside them."""
    return re.findall(r'<span class="v[^"]*">(\d+)', page)


def test_the_hub_says_who_and_when(desk: Desk) -> None:
    page = desk.browser.get("/ventes").text
    assert "<h1>Service commercial</h1>" in page
    assert "Les Ateliers de la Lettre · dimanche 22 novembre 2026" in page


def test_with_nothing_to_do_it_says_so(desk: Desk) -> None:
    page = desk.browser.get("/ventes").text
    assert strip(page) == ["0", "0", "0", "0"]
    assert "rien n’est en retard" in page and "Aucun brouillon." in page


def test_failures_that_nobody_replaced_are_counted(desk: Desk) -> None:
    outgoing = Outgoing(DeliveryKind.invoice, "a@example.org", "fr_FR")
    with desk.writing() as s:
        for state in (DeliveryState.failed, DeliveryState.bounced, DeliveryState.sent):
            queue(s, outgoing, NOW, "example.org").state = state
    assert strip(desk.browser.get("/ventes").text)[1] == "2"


def test_overdue_invoices_are_summed_per_currency_since_the_oldest(desk: Desk) -> None:
    early = {"issued_on": date(2026, 9, 1), "due_on": date(2026, 9, 30)}
    with desk.writing() as s:
        make_invoice(s, desk.customer, desk.seller, **early)
        make_invoice(s, desk.customer, make_seller(s, Region.QC), **early)
        make_invoice(s, desk.customer, desk.seller)  # due in 30 days
    page = desk.browser.get("/ventes").text
    assert strip(page)[2] == "2"
    assert "206,96\xa0$" in page and "216,00\xa0€" in page
    assert "la plus ancienne depuis le 30/09/2026" in page


def test_what_was_paid_in_part_or_credited_is_overdue_for_the_rest_only(desk: Desk) -> None:
    early = {"issued_on": date(2026, 9, 1), "due_on": date(2026, 9, 30)}
    with desk.writing() as s:
        one, two = (make_invoice(s, desk.customer, desk.seller, **early).invoice_id for _ in range(2))
        content = PaymentContent(PaymentMethod.transfer, TODAY, amount_cents=600)
        record_payment(s, COMMAND, NOW, one, content, "a token")
        make_credit(s, one, (0, 5000))
        make_credit(s, two)
    page = desk.browser.get("/ventes").text
    assert strip(page)[2] == "1" and "150,00\xa0€" in page


def test_what_is_overdue_is_listed_at_a_click(desk: Desk) -> None:
    with desk.writing() as s:
        late = make_invoice(s, desk.customer, desk.seller, issued_on=date(2026, 9, 1), due_on=TODAY - timedelta(days=1))
        make_invoice(s, desk.customer, desk.seller, issued_on=date(2026, 9, 1), due_on=TODAY)
    link = re.search(r'<a href="(/ventes/factures[^"]*suivi=en-retard[^"]*)">', desk.browser.get("/ventes").text)
    assert link
    page = desk.browser.get(html.unescape(link[1])).text
    assert re.findall(r'<th scope="row"[^>]*><a href="[^"]*">([^<]+)</a>', page) == [late.number]
    assert "Échues, impayées" in page


def test_sums_to_look_at_are_said_and_listed(desk: Desk) -> None:
    assert "des sommes à vérifier" not in desk.browser.get("/ventes").text
    with desk.writing() as s:
        shop = make_shop(s, desk.seller)
        flagged, plain = (make_order(s, shop, desk.customer) for _ in range(2))
        flagged.to_check = "payback"
    page = desk.browser.get("/ventes").text
    assert "1 facture remboursée dans sa boutique a des sommes à vérifier." in page
    page = desk.browser.get("/ventes/factures?statut=toutes&suivi=a-verifier").text
    assert f">{flagged.number}</a>" in page and f">{plain.number}</a>" not in page


def test_taxes_and_proof_are_a_click_away(desk: Desk) -> None:
    page = desk.browser.get("/ventes").text
    for path, name in (("/ventes/taxes", "Gérer les taxes"), ("/ventes/preuve", "Preuve")):
        assert f'<a href="{path}">{name}</a>' in page
        assert desk.browser.get(path).status_code == 200


def test_the_latest_drafts_are_listed_and_all_are_counted(desk: Desk) -> None:
    drafts = [desk.draft(subject=f"Brouillon {n}") for n in range(12)]
    page = desk.browser.get("/ventes").text
    assert strip(page)[3] == "12"
    assert f'href="/ventes/brouillons/{drafts[-1].id}"' in page and "Les 10 derniers, sur 12." in page
    assert f'href="/ventes/brouillons/{drafts[0].id}"' not in page


def test_what_may_be_lettered_and_is_not_is_summed_per_currency(desk: Desk) -> None:
    long_ago = NOW - timedelta(days=91)
    with desk.writing() as s:
        french, quebec = make_shop(s, desk.seller), make_shop(s, make_seller(s, Region.QC))
        make_order(s, french, desk.customer, number="B-1", ordered_at=long_ago)
        make_order(s, quebec, desk.customer)
        lettered = make_order(s, french, desk.customer)
        letter(s, COMMAND, NOW, lettered.id, "FA-1", 0)
        make_order(s, french, desk.customer, status=Status.pending)
        make_invoice(s, desk.customer, desk.seller)
    page = desk.browser.get("/ventes").text
    assert strip(page)[0] == "2"
    assert "216,00\xa0€" in page and "206,96\xa0$" in page
    assert "dont 1 depuis plus de 90 jours" in page


def test_what_is_unpaid_counts_where_it_may_be_lettered(desk: Desk) -> None:
    with desk.writing() as s:
        make_order(s, make_shop(s, desk.seller), desk.customer, status=Status.pending)
        s.get_one(Organisation, 1).letters_unpaid = True
    page = desk.browser.get("/ventes").text
    assert strip(page)[0] == "1" and "aucune depuis plus de 90 jours" in page


def test_a_catalogue_says_what_it_holds(desk: Desk) -> None:
    with desk.writing() as s:
        catalogue = make_shop(s, desk.seller).catalogue
        catalogue.name, catalogue.description = "Catalogue de vente de cours", "Cours et <extensions>"
        catalogue.categories = [Category(name="Cours", position=1), Category(name="Stages", position=2)]
        exempt = tax_set(s, "FR_NONE").id
        catalogue.items = [Item(label=f"Cours {n}", price_e4=1, tax_set_id=exempt) for n in range(3)]
    page = desk.browser.get("/ventes").text
    assert "Administration des catalogues" in page and "Cours et &lt;extensions&gt;" in page
    assert re.findall(r'<td class="n(?: q)?" data-l="[^"]*">(\d+)', page) == ["2", "3"]


def test_an_order_that_its_shop_has_not_finished_is_no_draft_to_finalise(desk: Desk) -> None:
    with desk.writing() as s:
        make_order(s, make_shop(s, desk.seller), desk.customer, status=Status.draft)
    page = desk.browser.get("/ventes").text
    assert strip(page)[3] == "0" and "Aucun brouillon." in page


@pytest.mark.parametrize("role", [Role.reader, Role.sales, Role.admin])
def test_every_link_of_the_hub_leads_to_a_page(desk: Desk, role: Role) -> None:
    desk.draft()
    browser = desk.browser_of(role)
    body = browser.get("/ventes").text.partition("<main")[2]
    links = set(re.findall(r'href="(/[^"#]*)"', body.partition("</main>")[0]))
    assert len(links) >= 3
    assert {path: browser.get(path).status_code for path in links} == dict.fromkeys(links, 200)


def test_only_administrators_get_a_link_to_the_settings(desk: Desk) -> None:
    assert 'href="/ventes/reglages"' in desk.browser_of(Role.admin).get("/ventes").text
    page = desk.browser.get("/ventes").text
    assert "Réglages généraux" in page and "administrateurs" in page and 'href="/ventes/reglages"' not in page


@pytest.mark.parametrize("path", ["/ventes", "/ventes/recherche?q=x", "/ventes/clients"])
def test_members_are_refused_and_strangers_are_sent_to_sign_in(desk: Desk, path: str) -> None:
    assert desk.browser_of(Role.member).get(path).status_code == 403
    answer = desk.app.test_client().get(path)
    assert (answer.status_code, answer.location) == (302, "/connexion")


def test_without_a_seller_it_says_what_is_missing(clock: None, session: Session, client: Browser) -> None:
    admin = make_user(session, Role.admin)
    session.commit()
    page = client.become(admin).get("/ventes").text
    assert "Il manque un vendeur" in page and 'href="/ventes/reglages/vendeurs/nouveau"' in page


def test_a_number_in_any_case_opens_its_invoice(desk: Desk) -> None:
    with desk.writing() as s:
        number = make_invoice(s, desk.customer, desk.seller).number
    assert desk.browser.get(f"/ventes/recherche?q= {number.lower()} ").location == f"/ventes/factures/{number}"


@pytest.mark.parametrize(("asked", "location"), [("Lefèvre", "?q=Lef%C3%A8vre"), ("F2026-00009", "?q=F2026-00009")])
def test_anything_else_is_looked_for_among_the_customers(desk: Desk, asked: str, location: str) -> None:
    assert desk.browser.get("/ventes/recherche", query_string={"q": asked}).location == f"/ventes/clients{location}"


def test_what_is_to_be_lettered_leads_to_the_same_documents(desk: Desk) -> None:
    with desk.writing() as s:
        make_order(s, make_shop(s, desk.seller), desk.customer)
        make_order(s, make_shop(s, desk.seller), desk.customer)
        make_order(s, make_shop(s, desk.seller, mode=Mode.official), desk.customer)  # the document is the invoice
    page = desk.browser.get("/ventes").text
    assert strip(page)[0] == "2" and 'href="/ventes/a-lettrer"' in page.partition('class="today"')[2]
    listed = desk.browser.get("/ventes/a-lettrer").text
    assert "1 sur 2" in listed and len(re.findall(r'<th scope="row" class="num nowrap">', listed)) == 1


def test_the_eight_places_of_the_sales_administration_stand_in_their_order(desk: Desk) -> None:
    with desk.writing() as s:
        make_shop(s, desk.seller)
    doors = desk.browser.get("/ventes").text.partition('id="sales"')[2].partition("</ul>")[0]
    assert re.findall(r"<(?:a href=\"[^\"]+\"|b)>([^<]+)</", doors) == [
        "Toutes les boutiques", "Toutes les factures", "Toutes les unités de ventes", "Tous les clients",
        "Gérer les taxes", "Scanner les traces marchandes", "Réglages généraux", "Réinitialiser la boutique",
    ]  # fmt: skip
    assert re.findall(r'<span class="count">(\d+)', doors) == ["1", "0", "0", "1", "6"]
    assert doors.count("administrateurs") == 2 and "/ventes/reinitialiser" not in doors
    assert 'href="/ventes/reinitialiser"' in desk.browser_of(Role.admin).get("/ventes").text
