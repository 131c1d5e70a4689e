"""The form of a draft: nothing typed is lost, nothing is saved before « Voir le total »."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice
from invoicing.invoices.reading import DraftContent
from invoicing.invoices.service import change_draft
from invoicing.journal import COMMAND
from invoicing.money import Currency
from invoicing.numbering import Series
from invoicing.sellers.models import Region, Seller
from invoicing.shop.models import Catalogue, Item
from tests.admin.desk import Desk, hidden
from tests.factories import NOW, make_customer, make_invoice, make_line, make_seller


def new_page(desk: Desk) -> str:
    return f"/ventes/clients/{desk.customer.id}/facture"


def test_the_form_opens_on_today_and_the_usual_delay(desk: Desk) -> None:
    page = desk.browser.get(new_page(desk)).text
    assert 'value="22/11/2026"' in page and 'value="22/12/2026"' in page
    assert desk.count(Invoice) == 0


def test_enter_in_a_field_shows_the_total(desk: Desk) -> None:
    form = desk.browser.get(new_page(desk)).text.partition("<h1>")[2].partition("<form")[2]
    first = re.search(r"<button[^>]*>", form)
    assert first and 'value="total"' in first[0]


def test_voir_le_total_saves_a_draft_and_shows_the_preview(desk: Desk) -> None:
    answer = desk.new()
    draft = desk.one()
    assert (answer.status_code, answer.location) == (303, f"/ventes/brouillons/{draft.id}")
    assert (draft.total_cents, draft.number, draft.created_by_id) == (3000, None, desk.user.id)


@pytest.mark.parametrize("price", ["12,50", "12.50", "12,5 €", "12,5000"])
def test_a_comma_and_a_point_read_the_same(desk: Desk, price: str) -> None:
    desk.new(lines__0__price=price)
    assert desk.one().net_cents == 2500


@pytest.mark.parametrize("do", ["add-line", "add-item", "remove-7", "remove-x", "seller", "odd"])
def test_other_buttons_save_nothing_and_keep_what_was_typed(desk: Desk, do: str) -> None:
    answer = desk.new(do=do, lines__0__label="Stage de reliure", note="À bientôt", issued_on="pas une date")
    assert answer.status_code == 200 and desk.count(Invoice) == 0
    for typed in ("Stage de reliure", "À bientôt", "pas une date", 'value="12,50"'):
        assert typed in answer.text


def test_a_line_more_bears_the_tax_of_the_line_before_and_has_the_focus(desk: Desk) -> None:
    page = desk.new(do="add-line").text
    label = re.search(r'<input[^>]*id="lines-1-label"[^>]*>', page)
    assert label and "autofocus" in label[0]
    assert page.count(f'<option value="{desk.tax("FR_20")}" selected>') == 2


def test_a_line_can_be_taken_out(desk: Desk) -> None:
    page = desk.new(do="remove-0", lines__1__label="Revue", lines__1__price="60").text
    assert "Cotisation" not in page and 'id="lines-0-label" name="lines-0-label" value="Revue"' in page


def make_item(desk: Desk, currency: Currency, label: str, code: str) -> Item:
    with desk.writing() as session:
        item = Item(label=label, price_e4=605000, tax_set_id=desk.tax(code))
        session.add(Catalogue(name="Catalogue", currency=currency, items=[item]))
    return item


def test_an_item_of_the_catalogue_fills_a_line(desk: Desk) -> None:
    item = make_item(desk, Currency.EUR, "Revue « Caractères »", "FR_55")
    page = desk.new(do="add-item", item=item.id).text
    assert 'id="lines-1-label" name="lines-1-label" value="Revue « Caractères »"' in page
    assert 'value="60,50"' in page and f'<option value="{item.tax_set_id}" selected>' in page


def test_an_item_in_another_currency_cannot_be_added(desk: Desk) -> None:
    item = make_item(desk, Currency.CAD, "Cours", "QC_TAXED")
    assert "lines-1-label" not in desk.new(do="add-item", item=item.id).text


def test_every_mistake_stands_at_its_field_and_in_the_summary(desk: Desk) -> None:
    answer = desk.new(lines__1__label="Revue", lines__1__price="soixante", due_on="32/12/2026", paid="yes")
    assert answer.status_code == 422 and desk.count(Invoice) == 0
    for field in ("lines-1-price", "lines-1-tax_set", "due_on", "paid_on", "paid_method"):
        assert f'href="#{field}"' in answer.text and f'id="{field}-e"' in answer.text
    assert 'value="soixante"' in answer.text and "n’est pas un montant" in answer.text


def test_a_date_before_the_series_last_is_named_beside_other_mistakes(desk: Desk) -> None:
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    page = desk.new(issued_on="21/11/2026", lines__0__price="").text
    assert 'href="#issued_on"' in page and "est du 22/11/2026" in page and 'href="#lines-0-price"' in page


def test_a_form_without_any_line_asks_for_one(desk: Desk) -> None:
    answer = desk.new(lines__0__label="", lines__0__price="")
    assert answer.status_code == 422 and "au moins une ligne" in answer.text


def test_markup_that_was_typed_stays_text(desk: Desk) -> None:
    nasty = '"><script>alert(1)</script>'
    refused = desk.new(lines__0__label=nasty, note=nasty, lines__0__price="x").text
    assert desk.new(lines__0__label=nasty, note=nasty, subject=nasty).status_code == 303
    draft = desk.one()
    for page in (refused, desk.browser.get(f"/ventes/brouillons/{draft.id}").text):
        assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_one_form_sent_twice_makes_one_draft(desk: Desk) -> None:
    form = desk.form()
    answers = [desk.send(new_page(desk), form) for _ in range(2)]
    assert answers[0].location == answers[1].location and desk.count(Invoice) == 1


def test_one_form_sent_eight_times_at_once_makes_one_draft(desk: Desk) -> None:
    path = new_page(desk)
    values, cookie = {**desk.form(), "csrf_token": desk.browser.token(path)}, desk.browser.get_cookie("lettrine")

    def post(_: int) -> int:
        browser = desk.app.test_client()
        browser.set_cookie("lettrine", cookie.value if cookie else "")
        return browser.post(path, data=values).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, range(8))) == {303}
    assert desk.count(Invoice) == 1


def test_a_seller_without_a_series_is_told_with_what_was_typed_kept(desk: Desk) -> None:
    with desk.writing() as session:
        session.execute(update(Series).values(active=False))
    for price in ("60", "soixante"):
        answer = desk.new(lines__0__label="Stage", lines__0__price=price)
        assert answer.status_code == 422 and 'value="Stage"' in answer.text
    assert desk.count(Invoice) == 0


def test_going_back_and_sending_the_form_with_another_price_changes_that_draft(desk: Desk) -> None:
    form = desk.form()
    first = desk.send(new_page(desk), form)
    second = desk.send(new_page(desk), {**form, "lines-0-price": "20"})
    assert first.location == second.location
    assert desk.one().total_cents == 4800


def test_the_first_form_after_the_draft_was_finalised_leads_to_the_invoice(desk: Desk) -> None:
    form = desk.form()
    desk.send(new_page(desk), form)
    desk.finalise(desk.one())
    again = desk.send(new_page(desk), form)
    assert again.location == "/ventes/factures/F2026-00001" and desk.count(Invoice) == 1


def test_a_draft_is_edited_with_all_it_holds(desk: Desk) -> None:
    draft = desk.draft(subject="Cotisation 2027", note="Merci")
    page = desk.browser.get(f"/ventes/brouillons/{draft.id}/lignes").text
    for held in ("Cotisation annuelle 2027", 'value="180,00"', "Cotisation 2027", "Merci"):
        assert held in page


def test_a_stale_form_is_told_so_keeps_what_was_typed_and_may_then_replace(desk: Desk) -> None:
    draft = desk.draft()
    with desk.writing() as session:
        change_draft(session, COMMAND, NOW, draft.id, 1, DraftContent((make_line(session, price=5),)))
    path = f"/ventes/brouillons/{draft.id}/lignes"
    answer = desk.send(path, desk.form(lines__0__label="Ma version"))
    assert answer.status_code == 409 and "Ma version" in answer.text and "Quelqu’un d’autre" in answer.text
    again = desk.send(path, desk.form(lines__0__label="Ma version", revision=hidden(answer.text, "revision")))
    assert again.status_code == 303


def test_five_hundred_lines_are_accepted_and_one_more_is_refused_in_words(desk: Desk) -> None:
    def lines(most: int) -> dict[str, object]:
        names = ("label", "quantity", "price", "discount", "tax_set")
        row = ("Jeton", "1", "1", "", str(desk.tax("FR_20")))
        return {f"lines-{n}-{name}": value for n in range(most) for name, value in zip(names, row, strict=True)}

    refused = desk.send(new_page(desk), {**desk.form(), **lines(501)})
    assert refused.status_code == 422 and "501 lignes, pour 500 au plus" in refused.text and desk.count(Invoice) == 0
    assert 'id="lines-500-label"' in refused.text
    assert desk.send(new_page(desk), {**desk.form(), **lines(500)}).status_code == 303


def make_quebec(desk: Desk) -> Seller:
    with desk.writing() as session:
        return make_seller(session, Region.QC)


def test_changing_the_seller_keeps_the_lines_and_asks_for_their_taxes_again(desk: Desk) -> None:
    quebec = make_quebec(desk)
    page = desk.new(do="seller", seller_id=quebec.id).text
    assert "Cotisation" in page and "Prix unitaire ($)" in page and "TPS + TVQ" in page
    assert f'<option value="{quebec.id}" selected>' in page


def test_a_seller_changed_without_the_button_is_refused_at_the_tax(desk: Desk) -> None:
    quebec = make_quebec(desk)
    answer = desk.new(seller_id=quebec.id)
    assert answer.status_code == 422 and 'href="#lines-0-tax_set"' in answer.text


def test_quebec_lines_show_each_tax_apart(desk: Desk) -> None:
    quebec = make_quebec(desk)
    with desk.writing() as session:
        customer = make_customer(session, seller_id=quebec.id, language="fr_CA", country="CA", province="Québec")
    assert f'<option value="{quebec.id}" selected>' in desk.browser.get(f"/ventes/clients/{customer.id}/facture").text
    sent = desk.new(customer, seller_id=quebec.id, lines__0__price="170", lines__0__tax_set=desk.tax("QC_TAXED"))
    page = desk.browser.get(sent.location).text
    for amount in ("17,00\u00a0$", "33,92\u00a0$", "390,92\u00a0$"):
        assert amount in page


def test_a_date_for_which_a_tax_has_no_rate_is_named(desk: Desk) -> None:
    quebec = make_quebec(desk)
    answer = desk.new(seller_id=quebec.id, lines__0__tax_set=desk.tax("QC_TAXED"), issued_on="01/01/2005", due_on="")
    assert answer.status_code == 422 and 'href="#issued_on"' in answer.text and "n’a pas de taux" in answer.text


@pytest.mark.parametrize("odd", ["²", "9" * 40, "-1", "x", ""])
def test_odd_numbers_in_a_form_are_mistakes_and_never_errors(desk: Desk, odd: str) -> None:
    assert desk.new(lines__0__tax_set=odd).status_code == 422
    assert desk.new(seller_id=odd).status_code == 303
    assert desk.new(revision=odd, form_token=odd).status_code == 303


@pytest.mark.parametrize("role", [Role.reader, Role.member])
def test_who_may_not_make_invoices_gets_403(desk: Desk, role: Role) -> None:
    browser, draft = desk.browser_of(role), desk.draft()
    token = {"csrf_token": browser.token("/preferences")}
    for path in (new_page(desk), f"/ventes/brouillons/{draft.id}/lignes", f"/ventes/brouillons/{draft.id}/supprimer"):
        assert browser.get(path).status_code == 403
        assert browser.post(path, data={**desk.form(), **token}).status_code == 403
    assert desk.count(Invoice) == 1


def test_a_customer_or_draft_that_is_not_there_is_404(desk: Desk) -> None:
    for path in ("/ventes/clients/999/facture", "/ventes/brouillons/999", "/ventes/brouillons/999/lignes"):
        assert desk.browser.get(path).status_code == 404


def test_a_house_without_a_seller_says_what_comes_first(desk: Desk) -> None:
    with desk.writing():
        desk.seller.active = False
    answer = desk.browser.get(new_page(desk))
    assert answer.status_code == 409 and "Aucun vendeur" in answer.text


def test_a_persons_invoice_to_a_company_is_led_to_the_companys_own_record(desk: Desk) -> None:
    with desk.writing():
        desk.customer.organisation_name = "Atelier SARL"
    told = "Pour une société, prenez plutôt sa propre fiche de client"
    assert told in desk.browser.get(new_page(desk)).text
    with desk.writing():
        desk.customer.professional = True  # what they need is printed already
    shown = desk.browser.get(new_page(desk)).text
    assert "Établie au nom de" in shown and told not in shown
