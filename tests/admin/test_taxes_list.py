"""The list of taxes: searched, filtered, sorted, exported; days without a rate are told."""

from __future__ import annotations

import html
from datetime import date

import pytest
from sqlalchemy import select

from invoicing.taxes.models import Tax, TaxRate
from invoicing.taxes.rates import gaps
from tests.admin.desk import Desk
from tests.factories import make_invoice

LIST = "/ventes/taxes"


def shown(desk: Desk, words: str = "") -> str:
    answer = desk.browser.get(LIST + words)
    assert answer.status_code == 200
    return html.unescape(answer.text).replace("\u00a0", " ")


def test_the_filter_leaves_one_region_and_says_so_where_nothing_is_left(desk: Desk) -> None:
    assert "TVQ 9,975 %" not in shown(desk, "?region=fr") and "TVQ 9,975 %" in shown(desk, "?region=qc")
    assert "Aucune taxe ne correspond." in shown(desk, "?q=zzz")
    assert "Choisissez" in shown(desk, "?region=mars")


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [("tvq", "TVQ 9,975 %", "TVA 20 %"), ("19,6", "TVA 20 %", "TVQ 9"), ("t_a", "Aucune taxe ne", "TVA 20 %")],
)
def test_a_search_finds_codes_names_and_rates(desk: Desk, query: str, there: str, gone: str) -> None:
    page = shown(desk, f"?q={query}")
    assert there in page and gone not in page


def test_what_is_used_is_told_from_what_is_not(desk: Desk) -> None:
    with desk.writing():
        make_invoice(desk.session, desk.customer, desk.seller)
        desk.session.scalars(select(Tax).where(Tax.code == "TVQ")).one().active = False
    assert (
        "TVA 20 %" in shown(desk, "?etat=utilisees") and "TVA 20 %" not in shown(desk, "?etat=libres").split("sets-")[0]
    )
    assert "TVQ 9,975 %" in shown(desk, "?etat=retirees")


def test_columns_sort_both_ways(desk: Desk) -> None:
    for words, places in (("?region=fr&tri=taux", ("2,1 %", "20 %")), ("?region=fr&tri=-taux", ("20 %", "2,1 %"))):
        page = shown(desk, words).partition("taxes-1")[2]
        assert page.index(f'data-l="Taux du jour">{places[0]}') < page.index(f'data-l="Taux du jour">{places[1]}')


def test_days_without_a_rate_are_told_in_the_list_and_on_the_page(desk: Desk) -> None:
    with desk.writing():
        tax = desk.session.scalars(select(Tax).where(Tax.code == "TVQ")).one()
        tax.rates[-1].valid_to = date(2026, 1, 31)
        desk.session.add(
            TaxRate(tax_id=tax.id, rate_e5=10_000, valid_from=date(2026, 3, 1), valid_to=date(2026, 12, 31))
        )
        desk.session.flush()
        desk.session.expire(tax)
        assert gaps(tax) == [(date(2026, 2, 1), date(2026, 2, 28)), (date(2027, 1, 1), None)]
        tax_id = tax.id
    for page in (shown(desk), shown(desk, f"/{tax_id}")):
        assert "Aucun taux du 01/02/2026 au 28/02/2026. Aucun taux à partir du 01/01/2027." in page


def test_the_reference_taxes_have_no_gap(desk: Desk) -> None:
    taxes = desk.session.scalars(select(Tax)).all()
    assert taxes and not [tax.code for tax in taxes if gaps(tax)]


def test_the_list_is_exported_with_every_dated_rate(desk: Desk) -> None:
    table = desk.browser.get(f"{LIST}/export.csv?region=fr").data.decode("utf-8-sig")
    assert "TVA20" in table and "19,6" in table and "TVQ" not in table
    assert desk.browser.get(f"{LIST}/export.xlsx").data.startswith(b"PK")
