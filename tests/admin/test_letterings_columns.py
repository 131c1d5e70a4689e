"""The step « Colonnes » of an import of letterings: what it asks, where it says what is wrong, what it keeps."""

from __future__ import annotations

import re

from invoicing.imports.models import RunState
from tests.accounting.test_odd_entries import TABLE, two_sheets
from tests.admin.desk import Desk
from tests.admin.test_letterings import Work, bring, plan_of, state_of, work

__all__ = ["work"]

UNDECIDED = "Pièce;Date pièce;Relance;Montant TTC\r\nFA-1;03/04/2026;05/06/2026;60,00\r\n".encode()


def plain(page: str) -> str:
    """The page without the blanks of French typography."""
    return page.replace("\u00a0", " ").replace("\u202f", " ")


def field(page: str, name: str) -> str:
    """The select of this name with what is said right above it."""
    found = re.search(rf'<label[^>]* for="{name}">(?:(?!<label).)*?</select>', page, re.S)
    return found[0] if found else ""


def test_days_that_fit_both_ways_are_asked_at_their_field_and_what_was_chosen_stays(desk: Desk, work: Work) -> None:
    address = bring(desk.browser, UNDECIDED).location
    work()
    page = desk.browser.get(address).text
    days = field(page, "days")
    assert '<option value="" selected>' in days and "day_first" in days and "month_first" in days
    assert 'value="iso"' not in days  # the year doesn't come first
    answer = desk.browser.send(f"{address}/colonnes", {"days": "", "currency": "CAD"}, form=address)
    assert answer.status_code == 422 and 'href="#days"' in answer.text
    assert "dites si le jour ou le mois vient d’abord" in field(answer.text, "days")
    assert '<option value="CAD" selected>' in answer.text and state_of(desk) is RunState.mapping
    assert desk.browser.send(f"{address}/colonnes", {"days": "day_first"}, form=address).status_code == 303
    assert plan_of(desk).days == "day_first"


def test_another_column_of_days_that_fit_both_ways_is_asked_about_where_nothing_was(desk: Desk, work: Work) -> None:
    content = UNDECIDED.replace(b"03/04/2026", b"2026-04-03")
    address = bring(desk.browser, content).location
    work()
    assert not field(desk.browser.get(address).text, "days")
    form = {"column-1": "ignored", "column-2": "day"}
    answer = desk.browser.send(f"{address}/colonnes", form, form=address)
    assert answer.status_code == 422 and "dites si le jour ou le mois" in field(answer.text, "days")


def test_two_columns_for_one_thing_are_told_at_the_second_one(desk: Desk, work: Work) -> None:
    address = bring(desk.browser, UNDECIDED).location
    work()
    form = {"column-2": "reference", "days": "day_first"}
    answer = desk.browser.send(f"{address}/colonnes", form, form=address)
    assert answer.status_code == 422 and 'href="#column-2"' in answer.text
    assert "Deux colonnes sont dites pareilles" in field(answer.text, "column-2")
    assert '<option value="day_first" selected>' in field(answer.text, "days")


def test_a_file_that_is_refused_once_its_columns_are_said_tells_its_line(desk: Desk, work: Work) -> None:
    content = b"Pi\xc3\xa8ce;Date;Montant TTC\r\nFA-1;13/01/2026;60,00\r\nFA-2;14/01/2026\r\n"
    address = bring(desk.browser, content).location
    work()
    assert desk.browser.send(f"{address}/colonnes", {}, form=address).status_code == 303
    work()
    page = desk.browser.get(address).text
    assert state_of(desk) is RunState.mapping and "À la ligne 3, il y a 2 cases pour 3 titres" in page


def test_the_sheets_that_are_left_aside_are_said(desk: Desk, work: Work) -> None:
    address = bring(desk.browser, two_sheets(TABLE, TABLE), "ventes.xlsx").location
    work()
    assert "Seule la feuille « Janvier » de ce classeur est lue. À côté : Février." in plain(
        desk.browser.get(address).text
    )


def test_a_workbook_whose_first_sheet_is_no_table_names_it(desk: Desk, work: Work) -> None:
    address = bring(desk.browser, two_sheets([["Bonjour"]], TABLE), "ventes.xlsx").location
    work()
    page = plain(desk.browser.get(address).text)
    assert state_of(desk) is RunState.unreadable and "Seule la feuille « Janvier »" in page and "Février" in page


def test_a_file_without_a_sale_shows_the_way_to_another_one(desk: Desk, work: Work) -> None:
    address = bring(desk.browser, b"!TRNS\tTRNSTYPE\tDATE\tACCNT\n!SPL\tTRNSTYPE\n!ENDTRNS\n").location
    work()
    desk.browser.send(f"{address}/colonnes", {}, form=address)
    work()
    page = desk.browser.get(address).text
    assert "Ce fichier ne contient aucune facture de vente." in page and "Choisir un autre fichier" in page


def test_an_amount_that_reads_in_two_ways_reads_as_the_sign_of_decimals_says(desk: Desk, work: Work) -> None:
    content = "Pièce;Date pièce;Montant TTC\r\nFA-1;2026-04-03;1,234\r\nFA-2;2026-04-03;2,345\r\n".encode()
    address = bring(desk.browser, content).location
    work()
    assert '<option value="" selected>' in field(desk.browser.get(address).text, "decimal")
    desk.browser.send(f"{address}/colonnes", {"decimal": ""}, form=address)
    work()
    assert "ou se lit de deux façons" in plain(desk.browser.get(address).text)
    for sign, reads in ((".", True), (",", False)):  # no amount has three decimals
        desk.browser.send(f"{address}/revoir", {}, form=address)
        desk.browser.send(f"{address}/colonnes", {"decimal": sign}, form=address)
        work()
        page = plain(desk.browser.get(address).text)
        assert plan_of(desk).decimal == sign and ("de deux façons" not in page) is reads
        assert ("1 234,00" in page) is reads
