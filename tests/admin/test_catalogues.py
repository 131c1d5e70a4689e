"""The pages of catalogues and categories: true counts, mistakes at their fields, refusals in words."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.journal import JournalEntry
from invoicing.shop.models import Catalogue, Category, Item, Shop
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from tests.factories import item_line, make_invoice, make_item, make_order, make_shop

NEW = "/ventes/catalogues/nouveau"


@pytest.fixture
def shop(desk: Desk) -> Shop:
    with desk.writing() as s:
        return make_shop(s, desk.seller)


@pytest.fixture
def page(desk: Desk, shop: Shop) -> str:
    return f"/ventes/catalogues/{shop.catalogue_id}"


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")


def named(session: Session, name: str) -> Catalogue:
    session.rollback()
    return session.scalars(select(Catalogue).where(Catalogue.name == name)).one()


def actions(desk: Desk) -> list[str]:
    desk.session.rollback()
    query = select(JournalEntry.action).where(JournalEntry.subject_kind.in_(("catalogue", "category", "item")))
    return list(desk.session.scalars(query.order_by(JournalEntry.position)))


def test_a_catalogue_is_made_once_and_leads_to_its_page(desk: Desk) -> None:
    form = {"name": " Cours  en ligne ", "description": "Tous <nos> cours", "currency": "EUR"}
    answers = [desk.send(NEW, form) for _ in range(2)]
    made = named(desk.session, "Cours en ligne")
    assert {answer.location for answer in answers} == {f"/ventes/catalogues/{made.id}"}
    assert "Tous &lt;nos&gt; cours" in desk.browser.get(answers[0].location).text
    assert actions(desk) == ["catalogue.added"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": " ", "currency": "EUR"}, "name"),
        ({"name": "x" * 121, "currency": "EUR"}, "name"),
        ({"name": "Cours", "currency": "USD"}, "currency"),
        ({"name": "Catalogue 1", "currency": "CAD"}, "name"),
    ],
)
def test_mistakes_stand_at_their_fields_with_what_was_typed(
    desk: Desk, shop: Shop, form: dict[str, object], field: str
) -> None:
    answer = desk.send(NEW, {"description": "Écrit à la main", **form})
    assert answer.status_code == 422 and f'id="{field}-e"' in answer.text and "Écrit à la main" in answer.text
    assert desk.count(Catalogue) == 1


def test_the_hub_has_its_counts_and_the_commands(desk: Desk, shop: Shop, page: str) -> None:
    with desk.writing() as s:
        catalogue = s.get_one(Catalogue, shop.catalogue_id)
        catalogue.categories = [Category(name="Stages", position=1)]
        make_item(s, catalogue)
        make_item(s, catalogue, "Ouvrage", active=False)
    hub = desk.browser.get("/ventes").text
    assert re.findall(r'<td class="n(?: q)?" data-l="[^"]*">(\d+)', hub) == ["1", "2"]
    assert f'href="{NEW}"' in hub and f'href="{page}/articles/nouveau"' in hub and f'href="{page}/modifier"' in hub
    read_only = desk.browser_of(Role.reader).get("/ventes").text
    assert f'href="{page}"' in read_only and f'href="{page}/modifier"' not in read_only and NEW not in read_only


def test_a_changed_name_is_kept_and_an_older_form_is_told_so(desk: Desk, page: str) -> None:
    drawn = hidden(desk.browser.get(f"{page}/modifier").text, "revision")
    form = {"name": "Autre nom", "currency": "EUR", "revision": drawn}
    assert desk.send(f"{page}/modifier", form).status_code == 303
    answer = desk.send(f"{page}/modifier", {**form, "name": "Encore un autre"})
    assert answer.status_code == 409 and "entre-temps" in answer.text and 'value="Encore un autre"' in answer.text
    assert named(desk.session, "Autre nom").revision == 2
    again = {**form, "name": "Encore un autre", "revision": hidden(answer.text, "revision")}
    assert desk.send(f"{page}/modifier", again).status_code == 303


def test_a_mistake_in_an_older_form_does_not_make_it_new(desk: Desk, page: str) -> None:
    form = {"name": "Autre nom", "currency": "EUR", "revision": "1"}
    desk.send(f"{page}/modifier", form)
    answer = desk.send(f"{page}/modifier", {**form, "name": ""})
    assert answer.status_code == 422 and hidden(answer.text, "revision") == "1"


def test_the_currency_stays_once_a_shop_sells_it_or_an_item_is_priced(desk: Desk, shop: Shop, page: str) -> None:
    form = {"name": "Catalogue 1", "currency": "CAD", "revision": "1"}
    answer = desk.send(f"{page}/modifier", form)
    assert answer.status_code == 422 and "La boutique « Boutique 1 » vend ce catalogue" in shown(answer)
    desk.send(NEW, {"name": "Seul", "currency": "EUR"})
    alone = named(desk.session, "Seul").id
    with desk.writing() as s:
        make_item(s, s.get_one(Catalogue, alone))
    answer = desk.send(f"/ventes/catalogues/{alone}/modifier", {**form, "name": "Seul"})
    assert answer.status_code == 422 and "Ce catalogue a des articles" in shown(answer)


def test_a_catalogue_of_a_shop_is_not_deleted_and_says_which(desk: Desk, page: str) -> None:
    for answer in (desk.browser.get(f"{page}/supprimer"), desk.send(f"{page}/supprimer", {}, form="/preferences")):
        assert "la boutique « Boutique 1 » le vend" in shown(answer) and "pour de bon" not in shown(answer)
    assert desk.count(Catalogue) == 1


def test_a_catalogue_goes_with_all_it_holds_while_nothing_of_it_was_sold(desk: Desk) -> None:
    desk.send(NEW, {"name": "Seul", "currency": "EUR"})
    alone = named(desk.session, "Seul").id
    with desk.writing() as s:
        category = Category(catalogue_id=alone, name="Stages", position=1)
        s.add(category)
        make_item(s, s.get_one(Catalogue, alone), category=category)
    page = f"/ventes/catalogues/{alone}/supprimer"
    assert "1 catégorie et 1 article" in shown(desk.browser.get(page))
    assert desk.send(page, {}).location == "/ventes"
    assert [desk.count(table) for table in (Catalogue, Category, Item)] == [0, 0, 0]
    assert actions(desk)[-1] == "catalogue.deleted"


def test_a_catalogue_with_a_sold_item_stays(desk: Desk) -> None:
    desk.send(NEW, {"name": "Seul", "currency": "EUR"})
    alone = named(desk.session, "Seul").id
    with desk.writing() as s:
        line = item_line(make_item(s, s.get_one(Catalogue, alone)))
        make_invoice(s, desk.customer, desk.seller, line)
    answer = desk.send(f"/ventes/catalogues/{alone}/supprimer", {}, form="/preferences")
    assert answer.status_code == 409 and "l’article « Stage de gravure » est sur des factures" in shown(answer)


def test_categories_stand_in_their_order_and_a_new_one_at_the_end(desk: Desk, page: str) -> None:
    for form in ({"name": "Stages"}, {"name": "Ouvrages"}, {"name": "Cours", "position": "1"}, {"name": "Stages"}):
        assert desk.send(f"{page}/categories/nouvelle", form).status_code == 303
    drawn = desk.browser.get(page).text
    assert re.findall(r'categorie=\d+">([^<]+)</a>', drawn) == ["Stages", "Cours", "Ouvrages"]
    assert actions(desk) == ["category.added"] * 3


def test_a_category_is_renamed_from_its_own_form_only(desk: Desk, page: str) -> None:
    desk.send(f"{page}/categories/nouvelle", {"name": "Stages"})
    category = desk.session.scalars(select(Category.id)).one()
    form = {"name": "Stages d’été", "position": "2", "was_name": "Stages", "was_position": "1"}
    assert desk.send(f"{page}/categories/{category}", form).status_code == 303
    answer = desk.send(f"{page}/categories/{category}", {**form, "name": "Autre"})
    assert answer.status_code == 409 and "entre-temps" in answer.text
    answer = desk.send(f"{page}/categories/{category}", {**form, "position": "zéro"})
    assert answer.status_code == 422 and 'id="position-e"' in answer.text


def test_a_name_is_one_categorys_within_its_catalogue(desk: Desk, page: str) -> None:
    for name in ("Stages", "Cours"):
        desk.send(f"{page}/categories/nouvelle", {"name": name})
    first = desk.session.scalars(select(Category.id).order_by(Category.id)).first()
    was = {"was_name": "Stages", "was_position": "1", "position": "1"}
    answer = desk.send(f"{page}/categories/{first}", {"name": "Cours", **was})
    assert answer.status_code == 422 and "Ce nom est déjà pris" in shown(answer)
    answer = desk.send(f"{page}/categories/nouvelle", {"name": "stagés"})
    assert answer.status_code == 422 and "Ce nom est déjà pris" in shown(answer)


def test_a_category_with_items_stays_and_says_so(desk: Desk, shop: Shop, page: str) -> None:
    desk.send(f"{page}/categories/nouvelle", {"name": "Stages"})
    category = desk.session.scalars(select(Category.id)).one()
    with desk.writing() as s:
        item = make_item(s, s.get_one(Catalogue, shop.catalogue_id), category_id=category)
    answer = desk.send(f"{page}/categories/{category}/supprimer", {}, form="/preferences")
    assert answer.status_code == 409 and "elle a 1 article" in shown(answer)
    with desk.writing() as s:
        s.get_one(Item, item.id).category_id = None
    assert desk.send(f"{page}/categories/{category}/supprimer", {}).location == page
    assert desk.count(Category) == 0


def test_what_belongs_to_another_catalogue_is_missing_here(desk: Desk, page: str) -> None:
    with desk.writing() as s:
        other = make_shop(s, desk.seller).catalogue
        category = Category(catalogue=other, name="Ailleurs", position=1)
        s.add(category)
        item = make_item(s, other)
    for path in (f"categories/{category.id}", f"articles/{item.id}", f"articles/{item.id}/supprimer"):
        assert desk.browser.get(f"{page}/{path}").status_code == 404


def test_the_last_shop_that_sold_it_is_named_on_its_page(desk: Desk, page: str) -> None:
    assert "vendu par Boutique 1" in shown(desk.browser.get(page))


def test_orders_keep_a_catalogue_that_its_shop_has_left(desk: Desk, shop: Shop, page: str) -> None:
    with desk.writing() as s:
        mine = s.get_one(Shop, shop.id)
        make_order(s, mine, desk.customer, item_line(make_item(s, mine.catalogue)))
        mine.catalogue = Catalogue(name="Nouveau", currency=mine.currency)
    answer = desk.send(f"{page}/supprimer", {}, form="/preferences")
    assert answer.status_code == 409
    assert desk.session.scalar(select(func.count(Catalogue.id))) == 2


def test_readers_see_it_and_change_nothing(desk: Desk, page: str) -> None:
    reader: Browser = desk.browser_of(Role.reader)
    drawn = reader.get(page).text
    assert "Nouvel article" not in drawn and "Supprimer" not in drawn
    assert reader.get(f"{page}/modifier").status_code == 403
