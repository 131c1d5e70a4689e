"""The pages of shops: opened with a series, changed, closed; their keys shown once."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.accounts.secrets import digest
from invoicing.journal import JournalEntry
from invoicing.numbering import Mode, Series, Source
from invoicing.sellers.models import Region
from invoicing.shop.keys import bearer
from invoicing.shop.models import Shop, ShopKey
from invoicing.tables import metadata
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from tests.factories import make_credit, make_order, make_seller, make_shop

LIST, NEW = "/ventes/boutiques", "/ventes/boutiques/nouvelle"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.browser_of(Role.admin)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    with desk.writing() as s:
        return make_shop(s, desk.seller)


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")


def form(shop: Shop, **over: object) -> dict[str, object]:
    """A new shop on the catalogue and seller of one that is there."""
    values: dict[str, object] = {
        "name": "Boutique neuve", "catalogue_id": shop.catalogue_id, "seller_id": shop.seller_id, "series": "new",
        "source": "external", "mode": "portal_reference", "prefix": "W-", "calendar": "dated", "digits": "1",
        "way-0-label": "Carte", "way-0-method": "card",
    }  # fmt: skip
    return values | {name.replace("__", "-"): value for name, value in over.items()}


def named(session: Session, name: str) -> Shop:
    session.rollback()
    return session.scalars(select(Shop).where(Shop.name == name)).one()


def test_a_shop_is_opened_once_with_a_series_of_its_own(desk: Desk, admin: Browser, shop: Shop) -> None:
    answers = [admin.send(NEW, form(shop)) for _ in range(2)]
    made = named(desk.session, "Boutique neuve")
    assert {answer.location for answer in answers} == {f"{LIST}/{made.id}"}
    assert (made.series.format, made.series.source, made.series.mode) == ("W-", Source.external, Mode.portal_reference)
    assert [(way.label, way.method.value) for way in made.payment_methods] == [("Carte", "card")]
    assert desk.session.scalars(select(JournalEntry.action).order_by(JournalEntry.position)).all()[-2:] == [
        "series.added", "shop.added",
    ]  # fmt: skip


def test_a_name_that_a_shop_has_is_refused_where_the_form_says_something_else(
    desk: Desk, admin: Browser, shop: Shop
) -> None:
    admin.send(NEW, form(shop))
    for over in ({"prefix": "X-"}, {"mode": "official"}, {"source": "generated"}, {"series": str(shop.series_id)}):
        answer = admin.send(NEW, form(shop, **over))
        assert answer.status_code == 422 and 'id="name-e"' in answer.text, over
    assert named(desk.session, "Boutique neuve").series.format == "W-"


def test_numbers_that_are_given_here_have_a_prefix(desk: Desk, admin: Browser, shop: Shop) -> None:
    answer = admin.send(NEW, form(shop, source="generated", prefix=" "))
    assert answer.status_code == 422 and "Il faut un préfixe" in shown(answer)


def test_numbers_may_be_given_here_and_a_series_shared(desk: Desk, admin: Browser, shop: Shop) -> None:
    admin.send(NEW, form(shop, source="generated", mode="official", prefix="W-"))
    made = named(desk.session, "Boutique neuve").series
    assert (made.format, made.source, made.mode) == ("W-{date}-{n}", Source.generated, Mode.official)
    admin.send(NEW, form(shop, name="Une autre", series=made.id))
    assert named(desk.session, "Une autre").series_id == made.id
    assert make_order(desk.session, named(desk.session, "Une autre"), desk.customer).number == "W-20261122-1"


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Boutique 1", "way__0__label": "Autre"}, "name"),
        ({"catalogue_id": "99999"}, "catalogue_id"),
        ({"seller_id": ""}, "seller_id"),
        ({"series": "99999"}, "series"),
        ({"prefix": "- -"}, "prefix"),
        ({"prefix": "b-"}, "prefix"),
        ({"prefix": "F2026-"}, "prefix"),
        ({"mode": "x"}, "mode"),
        ({"source": "x"}, "source"),
        ({"source": "generated", "prefix": "F", "calendar": "yearly"}, "prefix"),
        ({"way__0__method": ""}, "way-0-method"),
        ({"way__1__label": "Carte", "way__1__method": "cash"}, "way-1-label"),
    ],
)
def test_mistakes_stand_at_their_fields_and_nothing_is_made(
    desk: Desk, admin: Browser, shop: Shop, over: dict[str, object], field: str
) -> None:
    answer = admin.send(NEW, form(shop, **over))
    assert answer.status_code == 422 and f'id="{field}-e"' in answer.text
    assert (desk.count(Shop), desk.count(Series)) == (1, 2)


def test_a_catalogue_has_the_currency_of_its_seller(desk: Desk, admin: Browser, shop: Shop) -> None:
    with desk.writing() as s:
        quebec = make_seller(s, Region.QC).id
    answer = admin.send(NEW, form(shop, seller_id=quebec))
    assert answer.status_code == 422 and "Ce catalogue est en EUR, ce vendeur facture en CAD." in shown(answer)


def test_more_rows_keep_what_was_typed_and_save_nothing(desk: Desk, admin: Browser, shop: Shop) -> None:
    answer = admin.send(NEW, form(shop, do="more", name="À moitié"))
    assert answer.status_code == 200 and 'value="À moitié"' in answer.text and 'value="Carte"' in answer.text
    assert desk.count(Shop) == 1


def change(admin: Browser, shop_id: int, shop: Shop, **over: object) -> TestResponse:
    path = f"{LIST}/{shop_id}/modifier"
    revision = hidden(admin.get(path).text, "revision")
    return admin.send(path, form(shop, series=shop.series_id, active="1", revision=revision) | over, form=path)


def test_a_shop_is_renamed_closed_and_given_other_ways_to_pay(desk: Desk, admin: Browser, shop: Shop) -> None:
    over = {"name": "Nouveau nom", "active": "", "way-0-label": "Espèces", "way-0-method": "cash"}
    assert change(admin, shop.id, shop, **over).status_code == 303
    found = named(desk.session, "Nouveau nom")
    assert not found.active and [way.label for way in found.payment_methods] == ["Espèces"]
    assert "fermée" in shown(admin.get(f"{LIST}/{shop.id}"))


def test_an_older_form_is_told_so(desk: Desk, admin: Browser, shop: Shop) -> None:
    change(admin, shop.id, shop, name="Nouveau nom")
    answer = change(admin, shop.id, shop, name="Encore", revision="1")
    assert answer.status_code == 409 and "entre-temps" in answer.text and 'value="Encore"' in answer.text


def test_the_series_stays_once_an_order_has_come_in(desk: Desk, admin: Browser, shop: Shop) -> None:
    assert change(admin, shop.id, shop, series="new", prefix="V-").status_code == 303
    made = named(desk.session, "Boutique neuve")
    assert made.series.format == "V-"
    with desk.writing() as s:
        make_order(s, s.get_one(Shop, shop.id), desk.customer)
    change(admin, shop.id, named(desk.session, "Boutique neuve"), series="new", prefix="X-", name="Renommée")
    assert named(desk.session, "Renommée").series.format == "V-"
    assert "le vendeur et la série ne changent plus" in shown(admin.get(f"{LIST}/{shop.id}/modifier"))


def key_page(
    admin: Browser, shop: Shop, label: str = "site", scopes: tuple[str, ...] = ("read", "orders")
) -> TestResponse:
    path = f"{LIST}/{shop.id}"
    return admin.send(f"{path}/cles", {"label": label, "scopes": list(scopes)}, form=path)


def secret_of(answer: TestResponse) -> str:
    found = re.search(r'id="secret">(ltr_[\w-]+)<', answer.text)
    assert found
    return found[1]


def test_a_key_is_shown_once_and_kept_as_its_hash_alone(desk: Desk, admin: Browser, shop: Shop) -> None:
    answer = key_page(admin, shop)
    secret = secret_of(answer)
    assert answer.headers["Cache-Control"] == "no-store" and f'"Authorization: Bearer {secret}"' in shown(answer)
    desk.session.rollback()
    tables = [str(row) for table in metadata.sorted_tables for row in desk.session.execute(select(table))]
    assert not [row for row in tables if secret in row] and [row for row in tables if digest(secret) in row]
    assert secret not in admin.get(f"{LIST}/{shop.id}").text
    found = bearer(desk.session, secret)
    assert found and found.shop_id == shop.id and found.scopes == {"read", "orders"}


def test_the_same_form_again_makes_no_second_key(desk: Desk, admin: Browser, shop: Shop) -> None:
    key_page(admin, shop)
    again = key_page(admin, shop)
    assert again.status_code == 422 and "ltr_" not in again.text.split('id="label-e"')[1] and desk.count(ShopKey) == 1


def test_a_key_needs_a_name_and_something_to_do(desk: Desk, admin: Browser, shop: Shop) -> None:
    answer = key_page(admin, shop, "", ())
    assert answer.status_code == 422 and 'id="label-e"' in answer.text and 'id="scopes-e"' in answer.text
    assert desk.count(ShopKey) == 0


def test_a_key_is_withdrawn_after_a_question_and_opens_nothing_more(desk: Desk, admin: Browser, shop: Shop) -> None:
    secret = secret_of(key_page(admin, shop))
    desk.session.rollback()
    key = desk.session.scalars(select(ShopKey.id)).one()
    path = f"{LIST}/{shop.id}/cles/{key}/retirer"
    assert "Retirer la clé « site » ?" in shown(admin.get(path))
    assert admin.send(path).status_code == 303
    desk.session.rollback()
    found = bearer(desk.session, secret)
    assert found is None or "withdrawn" in repr(found).lower()
    again = admin.send(path, form="/preferences", follow_redirects=True)
    assert "Cette clé est déjà retirée." in shown(again)


def test_a_key_of_another_shop_is_missing_here(desk: Desk, admin: Browser, shop: Shop) -> None:
    with desk.writing() as s:
        other = make_shop(s, desk.seller).id
    key_page(admin, shop)
    desk.session.rollback()
    key = desk.session.scalars(select(ShopKey.id)).one()
    path = f"{LIST}/{other}/cles/{key}/retirer"
    assert admin.get(path).status_code == 404 and admin.send(path, form="/preferences").status_code == 404


def test_the_list_counts_and_finds_shops(desk: Desk, admin: Browser, shop: Shop) -> None:
    with desk.writing() as s:
        make_credit(s, make_order(s, s.get_one(Shop, shop.id), desk.customer).id)  # which is no order
        make_shop(s, desk.seller, name="Élan", active=False)
    names = re.compile(r'boutiques/\d+">([^<]+)</a>')
    for words, found in (
        ("", ["Boutique 1", "Élan"]), ("tri=-nom", ["Élan", "Boutique 1"]), ("tri=commandes", ["Élan", "Boutique 1"]),
        ("q=elan", ["Élan"]), ("etat=ouvertes", ["Boutique 1"]), ("q=%25", []),
    ):  # fmt: skip
        assert names.findall(desk.browser.get(f"{LIST}?{words}").text) == found, words
    assert desk.browser.get(f"{LIST}?apres={shop.id}&tri=-nom").status_code == 200  # the last one: nothing follows
    text = desk.browser.get(f"{LIST}/export.csv").get_data().decode("utf-8-sig")
    assert '"Boutique 1"' in text and ";1;2026-11-22;" in text


def test_staff_see_shops_but_only_administrators_their_keys_and_forms(desk: Desk, admin: Browser, shop: Shop) -> None:
    key_page(admin, shop)
    page = desk.browser.get(f"{LIST}/{shop.id}").text
    assert "Clés de son programme" not in page and "ltr_" not in page and "modifier" not in page
    assert 'href="/ventes/boutiques"' in desk.browser.get("/ventes").text
