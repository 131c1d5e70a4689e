"""Odd files of entries and what once misled: each read exactly, or refused whole with the line that is wrong."""

from __future__ import annotations

import time
from typing import Final

import pytest
import xlsxwriter

from invoicing.accounting.plan import Column, Days, Plan
from invoicing.accounting.reading import choose, documents, recognise
from invoicing.imports.decoding import encoding_of
from tests.accounting.files import csv_of, read, refusal, sheet_of, told, workbook

FEC: Final = [
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
]  # fmt: skip
HEAD: Final = "N° facture;Date;Client;Réf. commande;Total TTC"


def entry(n: int, number: str, reference: str = "") -> list[list[str]]:
    """A sale of 60 euros: the customer's line, and the sale's."""
    reference = reference or f"FA{n}"
    who, day = [f"C{n}", f"Client {n}"], "20260113"
    return [
        ["VE", "Ventes", number, day, "411000", "Clients", *who, reference, day, f"B-20260113-{n}", "60,00", "0,00"],
        ["VE", "Ventes", number, day, "706000", "Ventes", "", "", reference, day, f"Atelier {n}", "0,00", "60,00"],
    ]


def fec(*entries: list[list[str]], order: list[int] | None = None, cut: int = 0) -> bytes:
    """A FEC with its columns in some order, and its last ones missing in the first row."""
    rows = [FEC, *([*row, "", "", "", "", ""] for lines in entries for row in lines)]
    placed = [[row[at] for at in order or range(len(FEC))] for row in rows]
    placed[1] = placed[1][: len(FEC) - cut]
    return csv_of(*("|".join(row) for row in placed))


@pytest.mark.parametrize("last", ["PieceRef", "JournalCode", "EcritureLib", "CompteNum"])
def test_a_row_that_lacks_a_column_which_is_needed_is_named_by_its_line(last: str) -> None:
    order = [at for at, name in enumerate(FEC) if name != last] + [FEC.index(last)]
    assert [one.reference for one in read(fec(entry(1, "1"), order=order))[1]] == ["FA1"]
    fault = refusal(fec(entry(1, "1"), order=order, cut=1))
    assert (fault.code, fault.facts) == ("ragged_row", {"line": 2, "expected": 18, "found": 17})


def test_entries_that_all_bear_one_number_are_told_apart_by_their_references() -> None:
    found = read(fec(*(entry(n, "1") for n in range(1, 40))))[1]
    assert [(one.reference, one.amount_cents, one.lines) for one in found] == [
        (f"FA{n}", 6000, 2) for n in range(1, 40)]  # fmt: skip
    assert "Atelier 3" in found[2].texts and "Atelier 4" not in found[2].texts


@pytest.mark.parametrize("reference", ["", "FA1"])
def test_entries_that_all_bear_one_number_take_no_longer_each_the_more_there_are(reference: str) -> None:
    content = fec(*(entry(n, "1", reference) for n in range(12_000)))
    before = time.process_time()
    assert len(read(content)[1]) == 12_000
    assert time.process_time() - before < 15


IMP: Final = ["<Version>", '"12001","1"', "</Version>"]
OPEN: Final = ["<SalInvoice>", '"Zoé",""', '"1","B-20260113-4","INV1","01-13-2026","0","","60.00","0"']


def test_an_invoice_of_sage_50_that_does_not_end_is_named_by_the_line_where_the_next_begins() -> None:
    assert told(csv_of(*IMP, *OPEN, "</SalInvoice>")) == [(4, "INV1", 6000, "2026-01-13")]
    fault = refusal(csv_of(*IMP, *OPEN, *OPEN, "</SalInvoice>"))
    assert (fault.code, fault.facts) == ("broken_line", {"line": 7})
    fault = refusal(csv_of(*IMP, *OPEN, "</SalInvoice>", "</SalInvoice>"))
    assert (fault.code, fault.facts) == ("broken_line", {"line": 8})


def test_days_of_iif_that_contradict_each_other_are_asked() -> None:
    heads = ["!TRNS\tTRNSTYPE\tDATE\tACCNT\tAMOUNT\tDOCNUM", "!SPL\tTRNSTYPE", "!ENDTRNS"]
    days = ("13/1/26", "1/13/26")
    rows = [row for n, day in enumerate(days) for row in (
        f"TRNS\tINVOICE\t{day}\tAccounts Receivable\t60.00\tN{n}", "SPL\tINVOICE", "ENDTRNS")]  # fmt: skip
    plan = recognise(csv_of(*heads, *rows))
    assert (plan.layout, plan.asks) == ("iif", ("days",))
    assert choose(plan, (), Days.iso, "", "").asks == ("days",)
    assert choose(plan, (), Days.month_first, "", "").asks == ()


# amounts of a list ----------------------------------------------------------------------------------------------


def test_a_credit_is_a_payment_however_nothing_is_written_beside_it_and_a_negative_one_is_none() -> None:
    content = csv_of("N° facture;Date;Débit;Crédit", "FA-1;13/01/2026;0,00 €;60,00 €", "FA-2;13/01/2026;;-60,00",
                     "FA-3;13/01/2026;-;60,00", "FA-4;13/01/2026;60,00 €;0,00 €")  # fmt: skip
    found = read(content)[1]
    assert [(one.reference, one.amount_cents, one.currency) for one in found] == [
        ("FA-2", 6000, ""), ("FA-4", 6000, "EUR")]  # fmt: skip


# days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", ["Pièce;Date pièce;Tiers;Montant TTC", "Réf. facture;Date facturation;Réf. client;Total TTC"]
)
def test_days_that_fit_both_ways_are_asked_whatever_the_language_or_a_program_that_begins_with_the_year(
    head: str,
) -> None:
    content = csv_of(head, "FA-1;03/04/2026;Zoé;60,00", "FA-2;05/06/2026;Léo;60,00")
    plan = recognise(content)
    assert (plan.days, plan.asks) == (Days.unknown, ("days",))
    assert choose(plan, plan.columns, Days.iso, "", "").asks == ("days",)
    said = choose(plan, plan.columns, Days.day_first, "", "")
    assert [str(one.day) for one in documents(content, said)] == ["2026-04-03", "2026-06-05"]


@pytest.mark.parametrize(
    ("head", "days"),
    [("Numéro d'écriture;Numéro pièce comptable;Date;Montant", Days.day_first),
     ("Transaction Type;Num;Date;Amount", Days.month_first)],
)  # fmt: skip
def test_a_program_that_is_known_to_put_one_first_is_not_asked_about(head: str, days: Days) -> None:
    assert recognise(csv_of(head, "Invoice;FA-1;03/04/2026;60,00")).days is days


def test_cells_of_days_beside_texts_that_fit_both_ways_decide_nothing() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["N° facture", "Date", "Total TTC"])
        sheet.write_row(1, 0, ["FA-1", 46085, 60])
        sheet.write_row(2, 0, ["FA-2", "05/03/2026", 60])

    assert recognise(workbook(fill)).asks == ("days",)


def test_days_that_begin_with_the_year_are_read_so_whatever_a_person_says() -> None:
    content = csv_of("Invoice Number;Date;Total", "FA-1;20260113;5.00")
    plan = choose(recognise(content), recognise(content).columns, Days.day_first, "", "")
    assert [str(one.day) for one in documents(content, plan)] == ["2026-01-13"]


# what a person chooses ------------------------------------------------------------------------------------------


def test_two_columns_for_what_only_one_can_hold_are_asked_about() -> None:
    content = csv_of(HEAD, "FA-1;13/01/2026;Zoé;B-1;60,00")
    plan = recognise(content)
    columns = [Column.reference, Column.day, Column.customer, Column.reference, Column.amount]
    assert choose(plan, columns, Days.unknown, "", "").asks == ("twice",)
    columns[3] = Column.customer  # a name may stand in two
    assert choose(plan, columns, Days.unknown, "", "").asks == ()


# bytes and sheets -----------------------------------------------------------------------------------------------


def test_one_strange_byte_is_no_reason_to_misread_a_file_in_utf_8() -> None:
    rows = [f"FA-{n};13/01/2026;Zoé Étchevery;B-1;60,00" for n in range(3)]
    content = csv_of(HEAD, *rows) + "FA-9;13/01/2026;René;B-9;5,00\n".encode("cp1252")
    found = read(content)[1]
    assert [one.customer for one in found] == ["Zoé Étchevery"] * 3 + ["Ren\ufffd"]


def test_a_mark_of_utf_8_before_something_else_is_not_believed() -> None:
    content = b"\xef\xbb\xbf" + csv_of(HEAD, "FA-1;13/01/2026;Zoé Étchevery;B-1;60,00", encoding="cp1252")
    assert encoding_of(content) == "cp1252"
    assert [one.customer for one in read(content)[1]] == ["Zoé Étchevery"]


@pytest.mark.parametrize("content", [b'[{"number": "FA-1", "total": 60}]', b'{\n "number": "FA-1",\n "total": 60}'])
def test_json_is_no_table(content: bytes) -> None:
    assert refusal(content).code == "other_kind"


def two_sheets(first: list[list[object]], second: list[list[object]]) -> bytes:
    def fill(book: xlsxwriter.Workbook) -> None:
        for name, rows in (("Janvier", first), ("Vide", []), ("Février", second)):
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
        book.add_worksheet("Secret").write(0, 0, "x")
        book.get_worksheet_by_name("Secret").hide()

    return workbook(fill)


TABLE: Final[list[list[object]]] = [["N° facture", "Date", "Total TTC"], ["FA-1", "2026-01-13", 60]]


def test_the_sheets_that_are_left_aside_are_told() -> None:
    plan, found = read(two_sheets(TABLE, TABLE))
    assert (plan.tabs, len(found)) == (("Janvier", "Février"), 1)
    assert Plan.from_json(plan.to_json()) == plan
    assert recognise(sheet_of(*TABLE)).tabs == ()


def test_a_first_sheet_without_a_table_is_refused_by_name_with_the_others() -> None:
    fault = refusal(two_sheets([["Bonjour"], ["À lire"]], TABLE))
    assert (fault.code, fault.facts) == ("other_tab", {"read": "Janvier", "others": ["Février"]})


# our own list ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    ["Numéro;Code transaction;Lettrage;Statut;Date;Acheteur sur le document;Client;Devise;Net;Total",
     "Number;Transaction code;Lettering;Status;Date;Buyer on the document;Customer;Currency;Net;Total"],
)  # fmt: skip
def test_our_own_list_comes_back_with_references_written_in_it(head: str) -> None:
    rows = ["B-20260113-4;abc;;Réalisée;2026-01-13;Zoé;Zoé;EUR;50,00;60,00",
            "B-20260114-5;def;FC-2;Réalisée;2026-01-14;Léo;Léo;CAD;50,00;70,00"]  # fmt: skip
    plan, found = read(csv_of(head, *rows))
    assert (plan.program, plan.asks) == ("Lettrine", ())
    assert [(one.line, one.reference, one.amount_cents, one.currency, one.numbers) for one in found] == [
        (3, "FC-2", 7000, "CAD", ("B-20260114-5",))]  # fmt: skip


# words that mislead -----------------------------------------------------------------------------------------------


def test_a_reference_with_a_day_and_figures_is_no_sum_whatever_its_word() -> None:
    content = csv_of(HEAD, "REPORT-1;13/01/2026;Zoé;B-1;60,00", "Balance-7;14/01/2026;Zoé;B-2;5,00",
                     "TOTAL;14/01/2026;;;65,00", "Total 2026;;;;65,00")  # fmt: skip
    assert [one[1] for one in told(content)] == ["REPORT-1", "Balance-7"]


def test_a_customer_named_total_is_one_even_where_the_day_is_missing() -> None:
    content = csv_of(HEAD, "FA-1;;Total Énergies;B-1;60,00", "FA-2;13/01/2026;Zoé;B-2;5,00")
    assert told(content) == [(2, "FA-1", 6000, ""), (3, "FA-2", 500, "2026-01-13")]


@pytest.mark.parametrize(
    ("state", "is_kept"),
    [("Payée par virement", True), ("Partiellement réglée (chèque)", True), ("Impayée", True), ("Paid by card", True),
     ("Facture (paiement reçu)", True), ("Paiement", False), ("Règlement client", False), ("Invoice payment", False),
     ("Payée puis annulée", False), ("Brouillon (paiement en attente)", False), ("Virement", False)],
)  # fmt: skip
def test_the_state_of_an_invoice_is_no_payment(state: str, is_kept: bool) -> None:
    rows = [f"FA-1;13/01/2026;{state};60,00", "FA-2;14/01/2026;Facture;5,00"]
    found = read(csv_of("N° facture;Date;État;Total TTC", *rows))[1]
    assert [one.reference for one in found] == (["FA-1"] if is_kept else []) + ["FA-2"]


def test_prices_and_quantities_of_lines_may_have_more_than_two_decimals() -> None:
    head = "*ContactName,*InvoiceNumber,Reference,*InvoiceDate,*Quantity,*UnitAmount,TaxAmount"
    rows = ["Zoé,INV-1,B-1,13/01/2026,1.125,30.3333,6.83", "Zoé,INV-1,B-1,13/01/2026,2,10.00,4.00",
            "Léo,INV-2,B-2,13/01/2026,1.00001,5.00,0.00"]  # fmt: skip
    found = read(csv_of(head, *rows))[1]
    assert [(one.reference, one.amount_cents, one.unread) for one in found] == [
        ("INV-1", 3412 + 683 + 2000 + 400, ""), ("INV-2", None, "amount")]  # fmt: skip
