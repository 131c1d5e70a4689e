"""Discounts on the whole document and prices that include tax: typed, kept, drawn again, shown before finalising."""

from __future__ import annotations

import html

import pytest

from invoicing.invoices.models import Invoice
from invoicing.money import Currency
from invoicing.shop.models import Catalogue, Item
from tests.admin.desk import Desk


def edit_page(desk: Desk) -> str:
    return html.unescape(desk.browser.get(f"/ventes/brouillons/{desk.one().id}/lignes").text)


def shown(desk: Desk) -> str:
    text = html.unescape(desk.browser.get(f"/ventes/brouillons/{desk.one().id}").text)
    return text.replace("\u00a0", " ")


def test_a_percentage_is_saved_shown_and_drawn_again(desk: Desk) -> None:
    assert desk.new(discount_all="10 %", lines__0__price="50").status_code == 303
    draft = desk.one()
    assert (draft.discount_e4, draft.allowance_cents, draft.total_cents) == (1000, 1000, 10_800)
    page = shown(desk)
    assert "Remise 10 %" in page and "−10,00 €" in page and "Sous-total HT" in page
    form = edit_page(desk)
    assert 'name="discount_all" type="text" value="10"' in form
    assert '<option value="percent" selected>' in form


def test_an_amount_is_saved_and_drawn_again(desk: Desk) -> None:
    desk.new(discount_all="5,50", discount_kind="amount")
    draft = desk.one()
    assert (draft.discount_cents, draft.allowance_cents, draft.net_cents) == (550, 550, 1950)
    form = edit_page(desk)
    assert 'value="5,50"' in form and '<option value="amount" selected>' in form


@pytest.mark.parametrize("kind", ["percent", "amount"])
def test_what_is_no_discount_stands_at_its_field(desk: Desk, kind: str) -> None:
    answer = desk.new(discount_all="beaucoup", discount_kind=kind)
    assert answer.status_code == 422 and desk.count(Invoice) == 0
    assert 'id="discount_all-e"' in answer.text and 'value="beaucoup"' in answer.text
    assert f'<option value="{kind}" selected>' in answer.text


def test_more_than_the_lines_come_to_is_refused_at_the_field(desk: Desk) -> None:
    answer = desk.new(discount_all="25,01", discount_kind="amount")
    assert answer.status_code == 422 and desk.count(Invoice) == 0
    assert 'id="discount_all-e"' in answer.text and "dépasse le total des lignes" in answer.text
    assert desk.new(discount_all="25,00", discount_kind="amount").status_code == 303
    assert desk.one().total_cents == 0


def test_a_price_with_tax_is_what_is_paid(desk: Desk) -> None:
    desk.new(lines__0__quantity="1", lines__0__price="10,05", lines__0__gross="1")
    draft = desk.one()
    assert (draft.net_cents, draft.tax_cents, draft.rounding_cents, draft.total_cents) == (838, 168, -1, 1005)
    assert draft.lines[0].gross
    page = shown(desk)
    assert "Prix unitaire TTC" in page and "Arrondi" in page and "−0,01 €" in page
    assert 'name="lines-0-gross" value="1" checked' in edit_page(desk)


def test_a_button_that_saves_nothing_keeps_discount_and_choice(desk: Desk) -> None:
    page = desk.new(do="add-line", lines__0__gross="1", discount_all="7", discount_kind="amount").text
    assert page.count('value="1" checked') == 2  # the line after it is priced alike
    assert 'value="7"' in page and '<option value="amount" selected>' in page


def test_an_item_brings_its_own_choice(desk: Desk) -> None:
    with desk.writing() as session:
        item = Item(label="Revue", price_e4=120_000, tax_set_id=desk.tax("FR_20"), gross=True)
        session.add(Catalogue(name="Catalogue", currency=Currency.EUR, items=[item]))
    with desk.writing():
        number = item.id
    page = desk.new(do="add-item", item=number).text
    assert 'name="lines-1-gross" value="1" checked' in page
    assert 'name="lines-0-gross" value="1" checked' not in page


def test_the_discount_is_part_of_what_was_shown(desk: Desk) -> None:
    desk.new(discount_all="10", lines__0__price="50")
    draft = desk.one()
    assert desk.finalise(draft).status_code == 303
    assert desk.one().snapshot and '"allowance_cents":1000' in (desk.one().snapshot or "")


def test_an_amount_off_prices_with_tax_is_said_to_be_before_tax(desk: Desk) -> None:
    page = desk.new(do="add-line", lines__0__gross="1", discount_kind="amount").text
    assert "le total baisse de ce montant plus ses taxes" in page
    assert 'aria-describedby="discount_kind-h"' in page


def test_a_phone_says_too_that_a_price_includes_tax(desk: Desk) -> None:
    desk.new(lines__0__gross="1")
    assert "× 12,50 € TTC" in " ".join(shown(desk).split())
