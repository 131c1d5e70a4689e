"""« Toutes les unités de ventes »: found, filtered, sorted, counted; each with its state of the day."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice, Status
from invoicing.shop import units_listing
from invoicing.shop.models import Item, Shop, SoldUnit
from invoicing.shop.rules import UnitsWanted as Wanted
from invoicing.shop.units_filter import UnitsBy, UnitsWanted
from invoicing.shop.units_rules import UnitState, Validity, state
from tests.admin.desk import Desk
from tests.factories import (
    NOW,
    TODAY,
    item_line,
    make_credit,
    make_customer,
    make_invoice,
    make_item,
    make_order,
    make_shop,
)

LIST = "/ventes/unites"
DAY = timedelta(days=1)
FOUND = re.compile(r'<th scope="row" class="num c-full (?:nowrap|brk)">([^<]+)<')


def references(text: str) -> list[str]:
    return FOUND.findall(text)


def get(desk: Desk, words: str = "") -> str:
    return html.unescape(desk.browser.get(f"{LIST}?{words}").text).replace("\u00a0", " ")


@pytest.fixture
def sold(desk: Desk) -> dict[str, int]:
    """Units in every state, of two shops; ids by name."""
    with desk.writing() as s:
        first, second = make_shop(s, desk.seller), make_shop(s, desk.seller)
        stage, book = make_item(s, first.catalogue, code="stage"), make_item(s, second.catalogue, "Ouvrage « Cœur »")
        other = make_customer(s, last_name="Zola", first_name="Émile")

        def order(shop: Shop, reference: str, valid: Validity = Validity(), **over: object) -> Invoice:  # noqa: B008
            item = stage if shop is first else book
            wanted = (Wanted((reference,), valid.starts_on, valid.ends_on),)
            customer = over.pop("customer", desk.customer)
            return make_order(s, shop, customer, item_line(item), units=wanted, **over)  # type: ignore[arg-type]

        order(first, "A-valid", Validity(TODAY - DAY, TODAY), ordered_at=_moment(5))
        order(first, "B-coming", Validity(TODAY + DAY), ordered_at=_moment(4))
        order(first, "C-ended", Validity(None, TODAY - DAY), ordered_at=_moment(3))
        order(second, "D-awaited", status=Status.pending, ordered_at=_moment(2), customer=other)
        make_credit(s, order(second, "E-taken", ordered_at=_moment(1)).id)
        order(second, "F-void_%", status=Status.failed)
        return {"first": first.id, "second": second.id, "stage": stage.id, "catalogue": second.catalogue_id}


def _moment(days: int) -> object:
    return NOW - days * DAY


def test_each_unit_says_what_whose_where_and_until_when(desk: Desk, sold: dict[str, int]) -> None:
    page = get(desk)
    assert references(page) == ["F-void_%", "E-taken", "D-awaited", "C-ended", "B-coming", "A-valid"]
    for words in ("6 unités", "Boutique 2", "du 21/11/2026 au 22/11/2026", "jusqu’au 21/11/2026", "sans fin"):
        assert words in page
    for word in ("En cours", "À venir", "Échue", "En attente", "Reprise", "Annulée"):
        assert page.count(word) >= 2  # in the filter, and on its unit


def test_a_unit_keeps_the_name_that_it_was_sold_under(desk: Desk, sold: dict[str, int]) -> None:
    with desk.writing() as s:
        s.get_one(Item, sold["stage"]).label = "Atelier renommé"
    text = get(desk)
    assert "aujourd’hui : Atelier renommé" in text and '">Stage de gravure' in text


def test_it_leads_to_the_invoice_the_customer_and_the_order_without_a_number(desk: Desk, sold: dict[str, int]) -> None:
    page = get(desk)
    links = set(re.findall(r'href="(/ventes/(?:factures|commandes|clients|catalogues)/[^"?]+)"', page))
    assert {desk.browser.get(link).status_code for link in links} == {200} and len(links) > 6


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("etat=en-cours", "A"), ("etat=a-venir", "B"), ("etat=echues", "C"), ("etat=en-attente", "D"),
        ("etat=reprises", "E"), ("etat=annulees", "F"),
        ("boutique={first}", "CBA"), ("article={stage}&tri=reference", "ABC"), ("catalogue={catalogue}", "FED"),
        ("q=a-VALID", "A"), ("q=coeur", "FED"), ("q=stage+b-", "B"), ("q=emile+zola", "D"), ("q=_%25", "F"),
        ("q=%25%25", ""), ("du=21/11/2026", "FE"), ("au=18/11/2026", "BA"), ("du=19/11/2026&au=20/11/2026", "DC"),
        ("valable-du=23/11/2026", "B"), ("valable-au=20/11/2026", "C"), ("valable-du=22/11/2026", "BA"),
        ("tri=reference", "ABCDEF"), ("tri=-reference", "FEDCBA"), ("tri=vente", "ABCDEF"), ("tri=fin", "CABDEF"),
        ("tri=client&etat=en-attente", "D"), ("tri=-article&boutique={second}", "FED"),
    ],
)  # fmt: skip
def test_units_are_found_filtered_and_sorted(desk: Desk, sold: dict[str, int], words: str, found: str) -> None:
    page = get(desk, words.format(**sold))
    assert [reference[0] for reference in references(page)] == list(found)
    assert (f"{len(found)} unité" if found else "Aucune unité ne correspond.") in page


@pytest.mark.parametrize("words", ["boutique=x", "etat=x", "du=hier", "du=2/1/2026&au=1/1/2026", "article=99999999999"])
def test_what_can_not_be_read_is_said_at_its_field(desk: Desk, sold: dict[str, int], words: str) -> None:
    page = get(desk, words)
    assert 'class="bad"' in page and len(references(page)) > 0


@pytest.mark.parametrize("by", UnitsBy)
@pytest.mark.parametrize("descending", [False, True])
def test_every_unit_comes_once_whatever_the_order_and_the_way(session: Session, by: UnitsBy, descending: bool) -> None:
    shop = make_shop(session)
    items = [make_item(session, shop.catalogue, f"Article {n}", validity_days=n or None) for n in range(3)]
    for n in range(3):
        make_order(session, shop, None, *(item_line(item, 15) for item in items), ordered_at=_moment(n))
    wanted = UnitsWanted(TODAY, by=by, descending=descending)
    whole = [row.id for row in units_listing.every_row(session, wanted)]
    first = units_listing.page(session, wanted, None, False)
    second = units_listing.page(session, wanted, first.rows[-1].id, False)
    third = units_listing.page(session, wanted, second.rows[-1].id, False)
    assert [row.id for page in (first, second, third) for row in page.rows] == whole and len(set(whole)) == 135
    assert (first.before, second.before, second.after, third.after) == (False, True, True, False)
    assert units_listing.page(session, wanted, third.rows[0].id, True) == second


def test_the_databases_state_and_the_rules_agree(session: Session) -> None:
    shop = make_shop(session)
    item = make_item(session, shop.catalogue)
    days = (None, TODAY - DAY, TODAY, TODAY + DAY)
    spans = [Validity(first, last) for first in days for last in days if not (first and last) or first <= last]
    for status in Status:
        make_order(
            session, shop, None, *(item_line(item) for _ in spans), status=status,
            units=tuple(Wanted((), span.starts_on, span.ends_on) for span in spans),
        )  # fmt: skip
    make_credit(session, session.scalars(select(Invoice.id).where(Invoice.status == Status.complete)).one(), (0, 9500))
    rows = {row.id: row for row in units_listing.every_row(session, UnitsWanted(TODAY))}
    taken = {unit.id: unit.credit_note_id is not None for unit in session.scalars(select(SoldUnit))}
    assert {row.state for row in rows.values()} == set(UnitState) and len(rows) == len(spans) * len(Status)
    for row in rows.values():
        assert row.state is state(taken[row.id], row.status, Validity(row.starts_on, row.ends_on), TODAY)
    for each in UnitState:
        asked = UnitsWanted(TODAY, state=each)
        found = {row.id for row in units_listing.every_row(session, asked)}
        assert found == {row.id for row in rows.values() if row.state is each}
        assert units_listing.count(session, asked).rows == len(found)


def test_a_row_for_many_pieces_counts_each_of_them(desk: Desk) -> None:
    with desk.writing() as s:
        shop = make_shop(s, desk.seller)
        make_invoice(s, desk.customer, desk.seller, item_line(make_item(s, shop.catalogue), 1500))
    page = get(desk)
    assert len(references(page)) == 1 and "1 500 unités" in page and "1 500 pièces" in page
    assert '<span class="count">1 500</span>' in html.unescape(desk.browser.get("/ventes").text).replace("\u00a0", " ")


def test_what_the_filter_shows_leaves_as_a_file(desk: Desk, sold: dict[str, int]) -> None:
    text = desk.browser.get(f"{LIST}/export.csv?etat=echues").get_data().decode("utf-8-sig")
    lines = text.strip().split("\r\n")
    assert len(lines) == 2 and lines[1].startswith('"C-ended";1;"Stage de gravure";')
    assert lines[1].endswith(f';{date(2026, 11, 19)};;{date(2026, 11, 21)};"Échue"')
    assert desk.browser.get(f"{LIST}/export.xlsx").status_code == 200


def test_without_any_it_says_where_units_come_from(desk: Desk) -> None:
    assert "Aucune unité vendue pour l’instant." in get(desk)


def test_a_manual_line_keeps_its_item_through_form_save_and_change(desk: Desk) -> None:
    with desk.writing() as s:
        item = make_item(s, make_shop(s, desk.seller).catalogue)
    path = f"/ventes/clients/{desk.customer.id}/facture"
    drawn = desk.send(path, desk.form(do="add-item", item=item.id))
    assert f'name="lines-1-item" value="{item.id}"' in drawn.text
    assert "Article : Stage de gravure" in html.unescape(drawn.text).replace("\u00a0", " ")
    desk.new(lines__0__item=item.id)
    draft = desk.one()
    edit = f"/ventes/brouillons/{draft.id}/lignes"
    assert f'name="lines-0-item" value="{item.id}"' in desk.browser.get(edit).text
    desk.send(edit, desk.form(lines__0__item=item.id, lines__0__label="Autre mot", revision=draft.revision))
    assert desk.one().lines[0].item_id == item.id
    assert desk.finalise(desk.one()).status_code == 303 and desk.count(SoldUnit) == 2


@pytest.mark.parametrize("item", ["99999", "99999999999999", "x", "-1"])
def test_a_line_of_no_item_that_is_there_is_a_free_line(desk: Desk, item: str) -> None:
    assert desk.new(lines__0__item=item).status_code == 303
    assert desk.one().lines[0].item_id is None
