"""« Mes factures »: what is listed, what is due, what the address filters; on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape

from flask import Flask
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Status
from invoicing.numbering import Mode, Series
from invoicing.sellers.models import Organisation, Region, Seller
from tests.conftest import Browser
from tests.factories import make_customer, make_draft, make_line, make_seller, make_user
from tests.portal.conftest import Issue, pay, signed_in


def shown(client: Browser, address: str = "/mes-factures") -> str:
    """The page's text, its blanks made plain."""
    answer = client.get(address)
    assert answer.status_code == 200
    body = answer.text.split("<main", 1)[1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).replace("\u00a0", " ")


def numbers(client: Browser, address: str = "/mes-factures") -> list[str]:
    """The numbers of the table, from top to bottom."""
    return re.findall(r'aria-label="Télécharger (\S+) en PDF"', client.get(address).text)


def href(text: str, words: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?{words}', text)
    assert found, words
    return unescape(found[1])


def test_a_member_without_invoices_is_told_so(browser: Browser) -> None:
    assert "Vous n’avez pas encore de facture" in shown(browser)


def test_a_draft_is_never_shown(session: Session, browser: Browser, customer: Customer, seller: Seller) -> None:
    make_draft(session, customer, seller, subject="Brouillon secret")
    session.commit()
    assert "Vous n’avez pas encore de facture" in shown(browser)


def test_an_invoice_shows_its_date_subject_number_status_and_amount(browser: Browser, issue: Issue) -> None:
    invoice = issue(subject="Cotisation 2027")
    text = shown(browser)
    assert f"22/11/2026 Cotisation 2027 {invoice.number} À régler 216,00 € PDF" in text
    assert "PDF 1 facture Plusieurs documents" in text


def test_the_newest_come_first(browser: Browser, issue: Issue) -> None:
    first, second = issue(), issue()
    assert numbers(browser) == [second.number, first.number]


def test_the_box_says_what_is_due_until_when(browser: Browser, issue: Issue) -> None:
    issue(due_on=date(2026, 12, 15))
    assert "À régler au plus tard le 15 décembre 2026 216,00 €" in shown(browser)


def test_what_is_overdue_is_said_calmly(browser: Browser, issue: Issue, seller: Seller) -> None:
    issue(issued_on=date(2026, 11, 1), due_on=date(2026, 11, 15))
    text = shown(browser)
    assert "À régler, échue le 15 novembre 2026" in text
    assert "échue le 15/11/2026" in text


def test_an_invoice_is_not_overdue_on_its_day(browser: Browser, issue: Issue) -> None:
    issue(due_on=date(2026, 11, 22))
    assert "échue" not in shown(browser)


def test_several_due_invoices_are_summed_per_currency(session: Session, browser: Browser, issue: Issue) -> None:
    quebec = make_seller(session, Region.QC)
    issue()
    issue()
    issue(by=quebec)
    text = shown(browser)
    assert "3 factures à régler" in text
    assert "432,00 €" in text and "206,96 $" in text


def test_only_the_most_urgent_are_named_in_the_box(browser: Browser, issue: Issue) -> None:
    for day in (30, 26, 28, 24):
        issue(subject=f"Pour le {day}", due_on=date(2026, 11, day))
    box = shown(browser).split("Année")[0]
    assert [f"Pour le {day}" in box for day in (24, 26, 28, 30)] == [True, True, True, False]
    assert "Voir toutes les factures à régler" in box


def test_a_paid_invoice_is_settled_and_nothing_is_due(session: Session, browser: Browser, issue: Issue) -> None:
    pay(session, issue(), date(2026, 11, 22))
    text = shown(browser)
    assert "Réglée" in text and "À régler au plus tard" not in text


def test_a_part_that_remains_is_what_is_due(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    invoice.status, invoice.paid_cents = Status.partial, 11_600
    session.commit()
    text = shown(browser)
    assert "100,00 €" in text.split("Année")[0] and "reste 100,00 €" in text


def test_a_credit_note_counts_negative(browser: Browser, issue: Issue, credit: Callable[[], Invoice]) -> None:
    issue()
    credit()
    text = shown(browser)
    assert "Avoir −216,00 €" in text
    assert "1 facture et 1 avoir" in text


def test_the_official_number_is_shown_once_lettered(session: Session, browser: Browser, issue: Issue) -> None:
    series = session.query(Series).one()
    series.mode = Mode.portal_reference
    invoice = issue()
    assert "Facture officielle" not in shown(browser)
    session.rollback()  # the look was noted meanwhile
    invoice.lettering = invoice.lettering_folded = "FA-2026-0729"
    session.commit()
    assert "Facture officielle n° FA-2026-0729" in shown(browser)


def test_a_lettered_official_invoice_shows_an_accounting_reference(
    session: Session, browser: Browser, issue: Issue
) -> None:
    invoice = issue()
    invoice.lettering = invoice.lettering_folded = "FA-2026-0729"
    session.commit()
    assert "Référence comptable : FA-2026-0729" in shown(browser)


def test_the_reference_is_not_shown_where_the_organisation_keeps_it_to_itself(
    session: Session, browser: Browser, issue: Issue
) -> None:
    invoice = issue()
    invoice.lettering = invoice.lettering_folded = "FA-2026-0729"
    session.get_one(Organisation, 1).shows_official = False
    session.commit()
    assert "FA-2026-0729" not in shown(browser)
    assert "FA-2026-0729" not in browser.get(f"/mes-factures/{invoice.number}").text


def test_the_address_filters_by_status(session: Session, browser: Browser, issue: Issue) -> None:
    due, paid = issue(), issue()
    pay(session, paid, date(2026, 11, 22))
    assert numbers(browser, "/mes-factures?statut=a-regler") == [due.number]
    assert numbers(browser, "/mes-factures?statut=reglees") == [paid.number]
    assert numbers(browser, "/mes-factures?statut=avoirs") == []


def test_the_address_filters_by_year_and_by_words(browser: Browser, issue: Issue) -> None:
    old = issue(subject="Cœur d’été", issued_on=date(2025, 5, 3), due_on=date(2025, 6, 3))
    new = issue(subject="Gravure")
    assert numbers(browser, "/mes-factures?annee=2025") == [old.number]
    assert numbers(browser, "/mes-factures?q=coeur+ETE") == [old.number]
    assert numbers(browser, f"/mes-factures?q={new.number.lower() if new.number else ''}") == [new.number]
    assert "PDF 2 factures depuis 2025" in shown(browser)


def test_a_filter_that_finds_nothing_says_so_and_keeps_what_was_typed(browser: Browser, issue: Issue) -> None:
    issue()
    assert "Aucune facture ne correspond" in shown(browser, "/mes-factures?q=zygomatique")
    assert 'value="zygomatique"' in browser.get("/mes-factures?q=zygomatique").text


def test_an_address_without_meaning_shows_everything(browser: Browser, issue: Issue) -> None:
    invoice = issue()
    odd = "/mes-factures?annee=20x6&statut=%3Cb%3E&avant=hier&avant=2026-99-99.1&avant=2026-11-22.99999999999999999999"
    assert numbers(browser, odd) == [invoice.number]


def test_older_and_newer_pages_lead_back_and_forth(browser: Browser, issue: Issue) -> None:
    made = [issue(subject=f"Cotisation {n}").number for n in range(queries.PAGE + 3)][::-1]
    first = browser.get("/mes-factures?q=cotisation")
    older = href(first.text, "Plus anciennes")
    assert numbers(browser, "/mes-factures") + numbers(browser, older) == made
    second = browser.get(older).text
    assert "Plus anciennes" not in second and "q=cotisation" in older
    assert href(second, "Plus récentes") == "/mes-factures?q=cotisation"


def test_another_members_invoices_stay_hidden(session: Session, browser: Browser, issue: Issue) -> None:
    issue(to=make_customer(session, last_name="Voisin"))
    mine = issue()
    assert numbers(browser) == [mine.number]


def test_several_customers_are_named_above_and_in_each_row(
    session: Session, browser: Browser, issue: Issue, elodie: User
) -> None:
    other = make_customer(session, users=(elodie,), last_name="Atelier")
    invoice = issue(to=other)
    text = shown(browser)
    assert "Factures : Élodie Atelier et Élodie Lefèvre" in text
    assert f"{invoice.number} · Élodie Atelier" in text


def test_one_customer_is_named_with_the_member_number(session: Session, browser: Browser, issue: Issue) -> None:
    number = issue().customer.member_number
    assert f"Élodie Lefèvre, membre n° {number}" in shown(browser)


def test_staff_without_a_customer_are_told_how_to_get_one(app: Flask, session: Session, seller: Seller) -> None:
    clerk = signed_in(app, session, make_user(session, Role.reader))
    assert "Aucun client n’est rattaché à votre compte" in shown(clerk)


def test_staff_with_a_customer_see_its_invoices(app: Flask, session: Session, issue: Issue) -> None:
    user = make_user(session, Role.sales)
    invoice = issue(to=make_customer(session, users=(user,)))
    assert numbers(signed_in(app, session, user)) == [invoice.number]


def test_a_member_whose_access_was_withdrawn_is_told_whom_to_ask(app: Flask, session: Session, seller: Seller) -> None:
    stranger = signed_in(app, session, make_user(session, Role.member))
    text = shown(stranger)
    assert "Aucune facture n’est rattachée à votre compte" in text and "tresorerie@ateliers-lettre.example" in text


def test_what_people_typed_is_escaped(session: Session, browser: Browser, issue: Issue) -> None:
    issue(make_line(session, "<script>alert(1)</script>"), subject="<b>gras</b>")
    page = browser.get("/mes-factures?q=%22%3E%3Cscript%3E").text + browser.get("/mes-factures").text
    assert "<b>gras" not in page and '"><script>' not in page and "&lt;b&gt;gras" in page


def test_nobody_sees_the_list_without_signing_in(client: Browser) -> None:
    answer = client.get("/mes-factures")
    assert answer.status_code == 302 and answer.location == "/connexion"
