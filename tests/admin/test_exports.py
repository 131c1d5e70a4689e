"""Lists as files: what the address shows, in the person's language, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from invoicing.accounts.models import Role, User
from tests.admin.desk import Desk
from tests.factories import make_credit, make_customer, make_draft, make_invoice, make_line

LIST = "/ventes/factures"


def table(desk: Desk, address: str) -> list[dict[str, str]]:
    """The rows of a CSV file by their headings."""
    answer = desk.browser.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=";"))


def fill(desk: Desk) -> list[str]:
    """An invoice with its credit note and a draft; the numbers."""
    with desk.writing() as session:
        made = make_invoice(session, desk.customer, desk.seller, make_line(session, "=HYPERLINK(1)", price=1030))
        credit = make_credit(session, made.invoice_id)
        make_draft(session, make_customer(session, last_name="Autre"), desk.seller)
        return [made.number, str(credit.number)]


def test_a_file_holds_what_the_tab_and_the_filter_show(desk: Desk) -> None:
    numbers = fill(desk)
    assert [row["Numéro"] for row in table(desk, f"{LIST}/export.csv?statut=avoirs")] == numbers[1:]
    assert len(table(desk, f"{LIST}/export.csv?statut=toutes")) == 3
    assert table(desk, f"{LIST}/export.csv?statut=annulees") == []
    assert [row["Statut"] for row in table(desk, f"{LIST}/export.csv?q=autre")] == ["Brouillon"]


def test_amounts_are_numbers_and_credit_notes_negative(desk: Desk) -> None:
    fill(desk)
    [row] = table(desk, f"{LIST}/export.csv?statut=avoirs")
    assert [row[name] for name in ("Net", "TVA", "Taxes", "Total", "Devise")] == [
        "-1030,00", "-206,00", "-206,00", "-1236,00", "EUR"]  # fmt: skip
    assert row["Document"] == "Avoir" and row["Date"] == "2026-11-22"


def test_taxes_and_rounding_add_up_to_the_total(desk: Desk) -> None:
    with desk.writing() as session:
        line = replace(make_line(session), price_e4=100_500, gross=True)
        make_invoice(session, desk.customer, desk.seller, line)
        make_draft(session, desk.customer, desk.seller, line)
    names = ("Net", "TVA", "Taxes non détaillées", "Taxes", "Arrondi", "Total")
    found = [[row[name] for name in names] for row in table(desk, f"{LIST}/export.csv?statut=toutes&tri=numero")]
    assert sorted(found) == [
        ["8,38", "", "1,68", "1,68", "-0,01", "10,05"], ["8,38", "1,68", "0,00", "1,68", "-0,01", "10,05"]]  # fmt: skip


def test_what_was_typed_runs_nowhere(desk: Desk) -> None:
    fill(desk)
    assert table(desk, f"{LIST}/export.csv?statut=avoirs")[0]["Articles"] == "'=HYPERLINK(1)"
    book = load_workbook(io.BytesIO(desk.browser.get(f"{LIST}/export.xlsx?statut=avoirs").data))
    cells = [cell for cell in book.worksheets[0][2] if cell.value == "=HYPERLINK(1)"]
    assert [cell.data_type for cell in cells] == ["s"]


def test_a_workbook_of_an_order_by_total(desk: Desk) -> None:
    fill(desk)
    answer = desk.browser.get(f"{LIST}/export.xlsx?statut=toutes&tri=total")
    assert "filename=factures-2026-11-22.xlsx" in answer.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.data))["Factures"]
    headings = [cell.value for cell in sheet[1]]
    totals = [row[headings.index("Total")] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert totals == [-1236, 216, 1236]


def test_headings_and_name_are_in_the_persons_language(desk: Desk) -> None:
    fill(desk)
    with desk.writing() as session:
        session.get_one(User, desk.user.id).language = "en"
    answer = desk.browser.get(f"{LIST}/export.csv?statut=avoirs")
    assert "filename=invoices-" in answer.headers["Content-Disposition"]
    assert answer.data.decode("utf-8-sig").startswith('"Number";"Transaction code";') and '"Credit note"' in answer.text


@pytest.mark.parametrize("kind", ["pdf", "CSV", "csv.exe", "%00"])
def test_other_kinds_are_not_there(desk: Desk, kind: str) -> None:
    assert desk.browser.get(f"{LIST}/export.{kind}").status_code == 404


def test_what_cannot_be_read_in_the_address_counts_for_nothing(desk: Desk) -> None:
    fill(desk)
    assert len(table(desk, f"{LIST}/export.csv?statut=toutes&min=x&du=99&tri=--")) == 3


def test_the_list_links_to_its_own_filter(desk: Desk) -> None:
    fill(desk)
    page = desk.browser.get(f"{LIST}?statut=toutes&annee=2026&tri=client").text
    link = page.split(f'href="{LIST}/export.csv?')[1].split('"')[0]
    assert set(unquote(link).replace("&amp;", "&").split("&")) == {"statut=toutes", "annee=2026", "tri=client"}


def test_readers_may_export(desk: Desk) -> None:
    assert desk.browser_of(Role.reader).get(f"{LIST}/export.csv").status_code == 200


def test_e_mails_of_a_tab_leave_as_a_file(desk: Desk) -> None:
    with desk.writing() as session:
        number = make_invoice(session, desk.customer, desk.seller, email=True).number
    [row] = table(desk, "/ventes/envois/export.csv?etat=en-file")
    assert (row["Facture"], row["Client"], row["État"]) == (number, desk.customer.name, "En file")
    assert table(desk, "/ventes/envois/export.csv") == []
    assert desk.browser.get("/ventes/envois/export.csv?etat=x").status_code == 404
    assert "/ventes/envois/export.xlsx?etat=en-file" in desk.browser.get("/ventes/envois?etat=en-file").text
