"""The pages of items: found, filtered, sorted; changed for what is to come, retired where they were sold."""

from __future__ import annotations

import html
import re
from itertools import count

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicing.journal import JournalEntry
from invoicing.sellers.models import Region
from invoicing.shop.models import Catalogue, Category, Item, Shop
from tests.admin.desk import Desk, hidden
from tests.factories import item_line, make_item, make_order, make_seller, make_shop, tax_set

_counter = count(1)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    with desk.writing() as s:
        return make_shop(s, desk.seller)


@pytest.fixture
def page(shop: Shop) -> str:
    return f"/ventes/catalogues/{shop.catalogue_id}"


def form(desk: Desk, **over: object) -> dict[str, object]:
    return {"label": "Stage de gravure", "price": "95,00", "tax_set": desk.tax("FR_20"), "category": "", **over}


def only(desk: Desk) -> Item:
    desk.session.rollback()
    return desk.session.scalars(select(Item)).one()


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")


def labels(text: str) -> list[str]:
    return re.findall(r'articles/\d+">([^<]+)</a>', text)


def test_an_item_is_made_once_with_all_it_says(desk: Desk, page: str) -> None:
    values = form(desk, code=" Stage-Gravure ", description="matériel compris", gross="1", budget_post="706000",
                  validity_days="365")  # fmt: skip
    assert {desk.send(f"{page}/articles/nouveau", values).location for _ in range(2)} == {page}
    item = only(desk)
    assert (item.code, item.price_e4, item.gross, item.budget_post, item.validity_days, item.active) == (
        "stage-gravure", 950_000, True, "706000", 365, True,
    )  # fmt: skip
    text = shown(desk.browser.get(page))
    for words in ("95,00 €", "taxes comprises", "365 jours", "matériel compris · poste 706000", "TVA 20 %"):
        assert words in text


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"label": " "}, "label"),
        ({"label": "x" * 251}, "label"),
        ({"description": "x" * 501}, "description"),
        ({"price": "beaucoup"}, "price"),
        ({"price": ""}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "1,234"}, "price"),
        ({"tax_set": "99999"}, "tax_set"),
        ({"category": "99999"}, "category"),
        ({"code": "é è"}, "code"),
        ({"validity_days": "0"}, "validity_days"),
        ({"validity_days": "36501"}, "validity_days"),
        ({"validity_days": "un an"}, "validity_days"),
    ],
)
def test_mistakes_stand_at_their_fields(desk: Desk, page: str, over: dict[str, object], field: str) -> None:
    answer = desk.send(f"{page}/articles/nouveau", form(desk, budget_post="706000", **over))
    assert answer.status_code == 422 and f'id="{field}-e"' in answer.text and 'value="706000"' in answer.text
    assert desk.count(Item) == 0


def test_taxes_are_those_of_the_catalogues_currency(desk: Desk) -> None:
    with desk.writing() as s:
        quebec = make_shop(s, make_seller(s, Region.QC)).catalogue_id
        both, french = tax_set(s, "QC_TAXED").id, tax_set(s, "FR_20").id
    drawn = desk.browser.get(f"/ventes/catalogues/{quebec}/articles/nouveau").text
    assert f'<option value="{both}"' in drawn and f'<option value="{french}"' not in drawn
    answer = desk.send(f"/ventes/catalogues/{quebec}/articles/nouveau", form(desk))
    assert answer.status_code == 422 and 'id="tax_set-e"' in answer.text


def test_a_retired_tax_stays_on_the_item_that_has_it(desk: Desk, shop: Shop, page: str) -> None:
    with desk.writing() as s:
        item = make_item(s, s.get_one(Catalogue, shop.catalogue_id))
        tax_set(s, "FR_20").active = False
    option = f'<option value="{desk.tax("FR_20")}"'
    assert option in desk.browser.get(f"{page}/articles/{item.id}").text
    assert option not in desk.browser.get(f"{page}/articles/nouveau").text


def test_a_code_is_one_items_within_its_catalogue(desk: Desk, page: str) -> None:
    desk.send(f"{page}/articles/nouveau", form(desk, code="stage"))
    answer = desk.send(f"{page}/articles/nouveau", form(desk, label="Autre", code="STAGE"))
    assert answer.status_code == 422 and "L’article « Stage de gravure » a déjà ce code" in shown(answer)
    desk.send(f"{page}/articles/nouveau", form(desk, label="Sans code"))
    desk.send(f"{page}/articles/nouveau", form(desk, label="Sans code non plus"))
    assert desk.count(Item) == 3


def test_a_change_is_journalled_and_an_older_form_is_told_so(desk: Desk, page: str) -> None:
    desk.send(f"{page}/articles/nouveau", form(desk))
    item = only(desk).id
    drawn = hidden(desk.browser.get(f"{page}/articles/{item}").text, "revision")
    changed = form(desk, price="100", active="1", revision=drawn)
    assert desk.send(f"{page}/articles/{item}", changed).status_code == 303
    answer = desk.send(f"{page}/articles/{item}", {**changed, "price": "110"})
    assert answer.status_code == 409 and "entre-temps" in answer.text and 'value="110"' in answer.text
    entry = desk.session.scalars(select(JournalEntry).where(JournalEntry.action == "item.changed")).one()
    assert entry.facts() == {"price_e4": [950_000, 1_000_000]}


def test_a_sold_item_is_not_deleted_but_retired(desk: Desk, shop: Shop, page: str) -> None:
    with desk.writing() as s:
        mine = s.get_one(Shop, shop.id)
        item = make_item(s, mine.catalogue)
        make_order(s, mine, desk.customer, item_line(item, 2))
    answer = desk.send(f"{page}/articles/{item.id}/supprimer", {}, form="/preferences")
    assert answer.status_code == 409 and "il est sur 2 lignes" in shown(answer) and "Retirez-le" in shown(answer)
    retired = form(desk, revision="1")  # without its tick
    assert desk.send(f"{page}/articles/{item.id}", retired).status_code == 303
    assert not only(desk).active
    assert "Stage de gravure" not in desk.browser.get(f"/ventes/clients/{desk.customer.id}/facture").text


def test_an_item_that_nothing_has_is_deleted(desk: Desk, page: str) -> None:
    desk.send(f"{page}/articles/nouveau", form(desk))
    assert desk.send(f"{page}/articles/{only(desk).id}/supprimer", {}).location == page
    assert desk.count(Item) == 0


@pytest.fixture
def several(desk: Desk, shop: Shop) -> str:
    with desk.writing() as s:
        catalogue = s.get_one(Catalogue, shop.catalogue_id)
        catalogue.categories = [Category(name="Stages", position=2), Category(name="Ouvrages", position=1)]
        s.flush()
        stages, books = catalogue.categories
        make_item(s, catalogue, "Stage d’été", category=stages, code="s-1", price_e4=300_000)
        make_item(s, catalogue, "Cœur de la lettre", category=books, price_e4=100_000, active=False)
        make_item(s, catalogue, "Don", price_e4=200_000, description="100 % libre")
        return f"/ventes/catalogues/{catalogue.id}?categorie={stages.id}"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Cœur de la lettre", "Stage d’été", "Don"]),
        ("tri=article", ["Cœur de la lettre", "Don", "Stage d’été"]),
        ("tri=-prix", ["Stage d’été", "Don", "Cœur de la lettre"]),
        ("tri=code", ["Stage d’été", "Cœur de la lettre", "Don"]),
        ("q=COEUR", ["Cœur de la lettre"]),
        ("q=s-1+ete", ["Stage d’été"]),
        ("q=100+%25", ["Don"]),
        ("q=_", []),
        ("etat=retires", ["Cœur de la lettre"]),
        ("etat=proposes&tri=-article", ["Stage d’été", "Don"]),
        ("categorie=sans", ["Don"]),
    ],
)
def test_items_are_found_filtered_and_sorted(desk: Desk, several: str, words: str, found: list[str]) -> None:
    text = shown(desk.browser.get(f"{several.partition('?')[0]}?{words}"))
    assert labels(text) == found
    assert (f"{len(found)} article" in text) if found else "Aucun article ne correspond." in text


def test_a_category_leads_to_its_items(desk: Desk, several: str) -> None:
    assert labels(shown(desk.browser.get(several))) == ["Stage d’été"]


def test_many_items_come_page_by_page_each_once(desk: Desk, shop: Shop, page: str) -> None:
    with desk.writing() as s:
        catalogue = s.get_one(Catalogue, shop.catalogue_id)
        for n in range(120):
            make_item(s, catalogue, f"Article {n % 3} {n:03}")
    seen, address = [], f"{page}?tri=article"
    for _ in range(3):
        text = desk.browser.get(address).text
        seen += labels(text)
        on = re.search(r'rel="next" href="([^"]+)"', text)
        address = html.unescape(on[1]) if on else ""
    assert len(seen) == len(set(seen)) == 120 and not address
    back = re.search(r'rel="prev" href="([^"]+)"', text)
    assert back and labels(desk.browser.get(html.unescape(back[1])).text) == seen[50:100]


def test_what_the_filter_shows_leaves_as_a_file(desk: Desk, several: str) -> None:
    path = several.partition("?")[0]
    text = desk.browser.get(f"{path}/export.csv?etat=proposes").get_data().decode("utf-8-sig")
    assert "Stage d’été" in text and "30,00" in text and "Cœur" not in text
    assert desk.browser.get(f"{path}/export.xlsx").status_code == 200
    assert desk.browser.get(f"{path}/export.pdf").status_code == 404
