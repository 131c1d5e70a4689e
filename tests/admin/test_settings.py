"""Settings: for administrators, every mistake at its field, old documents untouched."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from invoicing.legal.mandates import Mandate, all_mandates
from invoicing.numbering import Series
from invoicing.sellers.models import Organisation, Region, Seller
from invoicing.sellers.rules import Missing
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from tests.factories import make_invoice, make_seller, make_user
from web.faults import missing_sentence

SETTINGS, NEW = "/ventes/reglages", "/ventes/reglages/vendeurs/nouveau"
ORGANISATION = {"name": "La Lettre", "contact_email": "aide@lettre.example", "timezone": "America/Toronto",
                "language": "fr_CA"}  # fmt: skip
SELLER = {"name": "École", "region": "FR", "currency": "EUR", "tax_status": "nonprofit", "timezone": "Europe/Paris",
          "country": "FR", "rna": "W732001234", "due_days": "15", "format": "EC{year}-{n:05}"}  # fmt: skip


@pytest.fixture
def admin(desk: Desk) -> Browser:
    """An administrator's browser."""
    return desk.browser_of(Role.admin)


def save(admin: Browser, path: str, values: dict[str, str], follow_redirects: bool = False) -> TestResponse:
    """Sends a form of the settings as it was drawn just now."""
    revision = hidden(admin.get(path).text, "revision")
    return admin.send(path, {"revision": revision, **values}, follow_redirects=follow_redirects)


def page_of(seller: Seller) -> str:
    return f"{SETTINGS}/vendeurs/{seller.id}"


@pytest.mark.parametrize("role", [Role.member, Role.reader, Role.sales])
@pytest.mark.parametrize("path", [SETTINGS, NEW, f"{SETTINGS}/vendeurs/1"])
def test_only_administrators_may(desk: Desk, role: Role, path: str) -> None:
    browser = desk.browser_of(role)
    assert browser.get(path).status_code == 403
    assert browser.send(path, {"name": "X"}, form="/preferences").status_code == 403


def test_the_list_says_what_each_seller_lacks(desk: Desk, admin: Browser) -> None:
    with desk.writing() as s:
        make_seller(s, Region.QC)
        make_seller(s, name="Autre", siret="", vat_number="", prefix="X")
    page = admin.get(SETTINGS).text
    assert page.count("Complètes") == 2 and page.count("À compléter") == 1
    assert "Il manque le numéro SIRET" in page and "Il manque le numéro de TVA" in page and "Q2026-00001" in page


def test_the_organisation_is_renamed_at_once(desk: Desk, admin: Browser) -> None:
    answer = save(admin, SETTINGS, ORGANISATION, follow_redirects=True)
    assert "Réglages enregistrés." in answer.text and ">La Lettre</span>" in answer.text
    desk.session.rollback()
    assert desk.session.get_one(Organisation, 1).timezone == "America/Toronto"


@pytest.mark.parametrize("name", ["letters_unpaid", "shows_official", "sends_again"])
def test_each_switch_of_lettering_says_what_it_does_and_is_noted(desk: Desk, admin: Browser, name: str) -> None:
    before = getattr(desk.session.get_one(Organisation, 1), name)
    text = admin.get(SETTINGS).text
    assert f'aria-describedby="{name}-h"' in text and (f'name="{name}" value="1" checked' in text) is before
    both = {"letters_unpaid": "", "shows_official": "1", name: "" if before else "1"}
    save(admin, SETTINGS, {**ORGANISATION, **both})
    desk.session.rollback()
    assert getattr(desk.session.get_one(Organisation, 1), name) is not before
    entry = desk.session.scalars(select(JournalEntry).where(JournalEntry.action == "organisation.changed")).one()
    assert entry.facts()[name] == [before, not before]


def test_a_stale_form_says_how_a_switch_stands(desk: Desk, admin: Browser) -> None:
    save(admin, SETTINGS, {**ORGANISATION, "letters_unpaid": "1", "shows_official": "1"})
    answer = admin.send(SETTINGS, {**ORGANISATION, "revision": "1"})
    assert answer.status_code == 409
    text = answer.text.replace("\xa0", " ")
    assert "Lettrer aussi les factures en attente de paiement : oui" in text
    assert "Montrer la référence officielle aux membres : oui" in text


def test_mistakes_of_the_organisation_keep_what_was_typed(desk: Desk, admin: Browser) -> None:
    answer = admin.send(SETTINGS, {"name": " ", "contact_email": "<b>@", "timezone": "Mars/Nord", "language": "xx"})
    assert answer.status_code == 422 and 'value="&lt;b&gt;@"' in answer.text
    assert all(f'href="#{name}"' in answer.text for name in ("name", "contact_email", "timezone", "language"))


def test_an_installation_without_anything_is_set_up_here(clock: None, session: Session, client: Browser) -> None:
    user = make_user(session, Role.admin)
    session.commit()
    browser = client.become(user)
    assert "Aucun vendeur pour l’instant." in browser.get(SETTINGS).text
    save(browser, SETTINGS, ORGANISATION)
    browser.send(NEW, SELLER)
    session.rollback()
    assert session.get_one(Organisation, 1).name == "La Lettre"
    assert session.scalars(select(Series.format)).all() == ["EC{year}-{n:05}"]


def test_a_second_seller_has_a_series_of_its_own(desk: Desk, admin: Browser) -> None:
    answer = admin.send(NEW, SELLER, follow_redirects=True)
    assert "Vendeur enregistré : École." in answer.text.replace("\xa0", " ") and "EC2026-00001" in answer.text
    desk.session.rollback()
    made = desk.session.scalars(select(Seller).where(Seller.name == "École")).one()
    assert (made.due_days, made.region, made.rna) == (15, Region.FR, "W732001234")


def test_every_mistake_of_a_new_seller_is_named_in_the_order_of_the_form(desk: Desk, admin: Browser) -> None:
    wrong = {**SELLER, "name": "", "iban": "FR76 0000", "due_days": "366", "accent": "rouge", "mail_from": "ici",
             "tax_status": "small_supplier", "gst": "12", "siret": "1", "format": "F{year}-{n}"}  # fmt: skip
    answer = admin.send(NEW, wrong)
    listed = re.findall(r'<li><a href="#([a-z_]+)">', answer.text)
    assert listed == ["name", "tax_status", "siret", "gst", "due_days", "iban", "mail_from", "accent", "format"]
    assert answer.status_code == 422 and 'value="FR76 0000"' in answer.text and desk.count(Seller) == 1


def test_a_change_is_kept_and_old_documents_stay(desk: Desk, admin: Browser) -> None:
    with desk.writing() as s:
        made = make_invoice(s, desk.customer, desk.seller)
    before = desk.session.get_one(Invoice, made.invoice_id).snapshot
    changed = {"name": "Nouveau nom", "siret": "812 345 676 00017"}
    answer = save(admin, page_of(desk.seller), changed, follow_redirects=True)
    assert "Les documents déjà établis ne changent pas." in answer.text
    desk.session.rollback()
    assert (desk.seller.name, desk.seller.siret) == ("Nouveau nom", "81234567600017")
    assert desk.session.get_one(Invoice, made.invoice_id).snapshot == before


def test_registrations_of_quebec_are_added_changed_and_removed(desk: Desk, admin: Browser) -> None:
    with desk.writing() as s:
        seller = make_seller(s, Region.QC)
    assert 'value="123456789RT0001"' in admin.get(page_of(seller)).text
    save(admin, page_of(seller), {"gst": "987654321 rt0001", "qst": ""})
    desk.session.rollback()
    assert [row.number for row in seller.registrations] == ["987654321RT0001"]
    assert "Il manque les numéros d’inscription" in admin.get(page_of(seller)).text


def test_region_and_currency_stay_once_there_is_an_invoice(desk: Desk, admin: Browser) -> None:
    desk.draft()
    page = admin.get(page_of(desk.seller)).text
    assert "sa région et sa monnaie ne changent plus" in page and 'name="currency"' not in page
    answer = admin.send(page_of(desk.seller), {"currency": "CAD"})
    desk.session.rollback()
    assert answer.status_code == 422 and desk.seller.currency == "EUR"


def test_each_tax_status_says_what_follows_from_it(admin: Browser) -> None:
    page = admin.get(NEW).text
    assert page.count('name="tax_status"') == 5
    assert "TVA non applicable, art. 261-7-1° du CGI" in page
    assert "les deux numéros d’inscription sont obligatoires" in page


def test_a_missing_seller_is_not_found(admin: Browser) -> None:
    assert admin.get(f"{SETTINGS}/vendeurs/999").status_code == 404


IBAN = "FR7630006000011234567890189"


def test_an_older_form_of_a_seller_does_not_undo_what_somebody_else_set(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        desk.seller.iban = ""
    old = {"revision": str(desk.seller.revision), "iban": "", "phone": "01 02 03 04 05", "paper": "letter"}
    assert save(admin, page_of(desk.seller), {"iban": IBAN}).status_code == 302
    answer = desk.browser_of(Role.admin).send(page_of(desk.seller), old)
    desk.session.rollback()
    assert answer.status_code == 409 and desk.seller.iban == IBAN and desk.seller.phone == ""
    shown = answer.text.replace("\xa0", " ")
    assert "Quelqu’un d’autre a changé ces réglages" in shown and 'value="01 02 03 04 05"' in shown
    assert f"<li>IBAN : {IBAN}</li>" in shown and "<li>Papier : A4</li>" in shown
    again = {**old, "revision": hidden(answer.text, "revision"), "iban": IBAN}
    assert admin.send(page_of(desk.seller), again).status_code == 302
    desk.session.rollback()
    assert (desk.seller.iban, desk.seller.phone, desk.seller.paper) == (IBAN, "01 02 03 04 05", "letter")


@pytest.mark.parametrize("revision", ["", "x", "-1", "7", "9" * 30])
def test_an_older_form_of_the_organisation_does_not_undo_either(desk: Desk, admin: Browser, revision: str) -> None:
    answer = admin.send(SETTINGS, {**ORGANISATION, "revision": revision})
    desk.session.rollback()
    assert answer.status_code == 409 and "Langue : français (France)" in answer.text.replace("\xa0", " ")
    assert 'value="La Lettre"' in answer.text and desk.session.get_one(Organisation, 1).name != "La Lettre"


def test_the_same_form_sent_twice_is_saved_once(desk: Desk, admin: Browser) -> None:
    revision = hidden(admin.get(SETTINGS).text, "revision")
    codes = [admin.send(SETTINGS, {**ORGANISATION, "revision": revision}).status_code for _ in range(2)]
    assert codes == [302, 302]


def test_the_facts_of_the_reform_are_kept_drawn_again_and_journalled(desk: Desk, admin: Browser) -> None:
    path = page_of(desk.seller)
    values = {"supplies": "mixed", "vat_on_debits": "1", "einvoicing_on": "01/09/2026", "closing_text": "Médiateur : X"}
    assert save(admin, path, values).status_code == 302
    desk.session.rollback()
    seller = desk.session.get_one(Seller, desk.seller.id)
    assert (seller.supplies, seller.vat_on_debits, seller.einvoicing_on.isoformat()) == ("mixed", True, "2026-09-01")
    assert seller.closing_text == "Médiateur : X"
    page = admin.get(path).text
    assert 'value="mixed" selected' in page and 'value="01/09/2026"' in page and 'value="1" selected' in page
    told = desk.session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc()).limit(1)).one()
    assert "einvoicing_on" in told.changes and "Médiateur" not in told.changes


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"supplies": "or"}, "supplies"),
        ({"einvoicing_on": "bientôt"}, "einvoicing_on"),
        ({"einvoicing_on": ""}, "einvoicing_on"),
        ({"einvoicing_on": "01/09/1999"}, "einvoicing_on"),
        ({"closing_text": "x" * 601}, "closing_text"),
    ],
)
def test_what_is_no_fact_of_the_reform_stands_at_its_field(
    desk: Desk, admin: Browser, values: dict[str, str], field: str
) -> None:
    answer = save(admin, page_of(desk.seller), values)
    assert answer.status_code == 422 and f'id="{field}-e"' in answer.text


def test_each_mandate_that_a_document_lacks_has_its_sentence_and_its_link(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        desk.customer.professional = True
        desk.seller.einvoicing_on = desk.seller.einvoicing_on.replace(year=2026)
    draft = desk.draft()
    page = admin.get(f"/ventes/brouillons/{draft.id}").text
    assert "Il manque le numéro SIREN du client" in page
    assert f"/ventes/clients/{desk.customer.id}/modifier#siren" in page
    answer = desk.finalise(draft)
    assert answer.status_code == 422 and desk.one().number is None


@pytest.mark.parametrize("mandate", all_mandates(), ids=lambda row: f"{row.whose}-{row.field}")
def test_every_mandate_can_be_said(desk: Desk, mandate: Mandate) -> None:
    with desk.app.test_request_context():
        assert missing_sentence(Missing(mandate.whose, mandate.field)).startswith("Il manque")
