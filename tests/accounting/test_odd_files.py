"""Odd and hostile files: each read exactly, or refused whole with a reason that names the line where there is one."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date
from typing import Final

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from invoicing.accounting.plan import Column, Days
from invoicing.accounting.reading import choose, documents, fingerprint, recognise
from invoicing.imports.rules import Unreadable
from tests.accounting.files import FOLDER, csv_of, read, refusal, sample, sheet_of, told, workbook
from web.imports import why_unreadable

HEAD: Final = "N° facture;Date;Client;Réf. commande;Total TTC"
ROWS: Final = ("FA-1;13/01/2026;Zoé Étchevery;B-20260113-21;1 234,56", "FA-2;14/01/2026;Éléonore;B-20260114-22;60,00")
BOTH: Final = [(2, "FA-1", 123456, "2026-01-13"), (3, "FA-2", 6000, "2026-01-14")]
PLAIN: Final = csv_of(HEAD, *ROWS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850",
                                      "iso8859-15"])  # fmt: skip
def test_any_usual_encoding_is_read(encoding: str) -> None:
    content = csv_of(HEAD, *ROWS, encoding=encoding)
    assert told(content) == BOTH
    assert [one.customer for one in read(content)[1]] == ["Zoé Étchevery", "Éléonore"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\r\r\n"])
def test_any_line_end_is_read(end: str) -> None:
    assert told(csv_of(HEAD, *ROWS, end=end)) == BOTH


def test_nul_bytes_are_passed_over() -> None:
    assert told(PLAIN.replace(b"FA-1", b"F\x00A-1")) == BOTH


def test_the_last_line_may_lack_its_end() -> None:
    assert told(PLAIN.rstrip(b"\n")) == BOTH


def test_repeated_headings_blank_lines_and_sums_are_no_documents() -> None:
    content = csv_of(
        "SOCIÉTÉ;;;;", "Journal des ventes;;;;", "", HEAD, ROWS[0], ";;;Sous-total;1 234,56", "", HEAD,
        "Report;;;;1 234,56", ROWS[1], "TOTAL GÉNÉRAL;;;;1 294,56", "Édité le 02/11/2026;;;;",
    )  # fmt: skip
    assert [one[:3] for one in told(content)] == [(5, "FA-1", 123456), (10, "FA-2", 6000)]


def test_a_customer_named_total_is_a_customer() -> None:
    assert told(csv_of(HEAD, "FA-1;13/01/2026;Total Énergies;;5,00", ROWS[1]))[0][:3] == (2, "FA-1", 500)


def test_only_headings_are_refused_with_their_line() -> None:
    fault = refusal(csv_of("Journal;;;;", HEAD))
    assert (fault.code, fault.facts) == ("only_headings", {"line": 2})


def test_a_row_with_a_cell_too_many_is_named_by_its_line() -> None:
    fault = refusal(csv_of("Invoice Number,Date,Total", "FA-1,2026-01-13,60.00", "FA-2,2026-01-14,70,00"))
    assert (fault.code, fault.facts) == ("ragged_row", {"line": 3, "expected": 3, "found": 4})


def test_a_row_that_a_line_break_parts_is_named_by_its_line() -> None:
    fault = refusal(csv_of(HEAD, "FA-1;13/01/2026;Zoé", "Étchevery;B-20260113-21;1 234,56", ROWS[1]))
    assert (fault.code, fault.facts["line"]) == ("ragged_row", 2)


def test_a_quoted_line_break_parts_nothing() -> None:
    content = csv_of(HEAD, 'FA-1;13/01/2026;"Zoé\nÉtchevery";B-20260113-21;1 234,56', ROWS[1])
    assert told(content) == [BOTH[0], (4, "FA-2", 6000, "2026-01-14")]


def test_a_quotation_mark_that_nothing_closes_is_named_by_its_line() -> None:
    content = csv_of(HEAD, ROWS[0], 'FA-3;13/01/2026;"Zoé;x;5,00', *[ROWS[1]] * 3000)
    assert (refusal(content).code, refusal(content).facts["line"]) == ("unclosed_quote", 3)


def test_a_quotation_mark_that_nothing_closes_near_the_end_letters_nothing_wrong() -> None:
    content = csv_of(HEAD, ROWS[0], 'FA-3;13/01/2026;"Zoé;x;5,00', ROWS[1])
    assert (refusal(content).code, refusal(content).facts["line"]) == ("unclosed_quote", 3)


def test_a_quotation_mark_that_a_later_row_closes_is_named_by_its_line() -> None:
    content = csv_of(HEAD, 'FA-3;13/01/2026;"Zoé;B-20260113-21;5,00', 'FA-2;14/01/2026;"Léo";B-20260114-22;60,00')
    assert (refusal(content).code, refusal(content).facts["line"]) == ("unclosed_quote", 2)
    content = csv_of(HEAD, 'FA-3;13/01/2026;"Zoé;B-20260113-21;5,00', 'FA-2;14/01/2026;Léo";B-20260114-22;60,00')
    assert (refusal(content).code, refusal(content).facts["line"]) == ("unclosed_quote", 2)


def test_a_file_that_is_cut_in_its_last_row_is_refused() -> None:
    assert (refusal(PLAIN[:-25]).code, refusal(PLAIN[:-25]).facts["line"]) == ("ragged_row", 3)


def test_one_huge_cell_is_refused_with_its_line() -> None:
    fault = refusal(csv_of(HEAD, ROWS[0], f"FA-2;14/01/2026;{'x' * 200_000};;5,00"))
    assert (fault.code, fault.facts["line"]) == ("long_line", 3)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"%PDF-1.7\n%\xe2\xe3", "other_kind"), (b"<html><body><table></table></body></html>", "html"), (b"", "empty"),
     (b"\x89PNG\r\n\x1a\n" + bytes(100), "other_kind"), (b"PK\x03\x04" + bytes(100), "damaged"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"), (b"\x1f\x8b\x08" + bytes(50), "other_kind"),
     (b"\xff\xfe", "empty"), (b"a\n" * 50, "no_table"), (b'<?xml version="1.0"?><comptabilite/>', "xml")],
)  # fmt: skip
def test_what_is_no_table_is_refused_whatever_its_name(content: bytes, code: str) -> None:
    assert refusal(content).code == code


# amounts ---------------------------------------------------------------------------------------------------------

AMOUNTS: Final = {
    "68,99": 6899, "0000000068,99": 6899, "68.99000000": 6899, "1 234,56 €": 123456, "1\u202f234,56\u00a0€": 123456,
    "$1,234.56": 123456, "12.5": 1250, "-68,99": -6899, "68,99-": -6899, "(68,99)": -6899, "\u221268,99": -6899,
    "+31070,11": 3107011, "1.234.567,89": 123456789, "1'234.50": 123450, "60": 6000, "0,00": 0, "": None,
    "€ 60,00": 6000, "60,00 EUR": 6000, "CA$60.00": 6000, "4.626,81": 462681, "1,653.75": 165375, "-0.00000000": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", AMOUNTS)
def test_an_amount_is_read_in_each_way_of_writing(text: str) -> None:
    content = csv_of("Invoice Number;Customer;Total", f'FA-1;Zoé;"{text}"')
    assert [(one.reference, one.amount_cents, one.unread) for one in read(content)[1]] == [("FA-1", AMOUNTS[text], "")]


def test_an_amount_that_reads_two_ways_is_told_by_its_column() -> None:
    content = csv_of("Invoice Number;Total", "FA-1;1,234", "FA-2;12.50", "FA-3;1,234.00")
    assert [one.amount_cents for one in read(content)[1]] == [123400, 1250, 123400]
    content = csv_of("N° facture;Total TTC", "FA-1;1.234", "FA-2;12,50")
    assert [one.amount_cents for one in read(content)[1]] == [123400, 1250]


@pytest.mark.parametrize("text", ["1,234", "000000006899", "12,345", "1.2.3", "12,34,5", "abc", "12,3456", "²", "1e5"])
def test_an_amount_that_can_only_be_guessed_is_not(text: str) -> None:
    _plan, found = read(csv_of("Invoice Number;Total;Note", f"FA-1;{text};x"))
    assert [(one.amount_cents, one.unread, bool(one.unread_text)) for one in found] == [(None, "amount", True)]


def test_marks_that_contradict_each_other_leave_each_amount_to_itself() -> None:
    _plan, found = read(csv_of("Invoice Number;Total", "FA-1;12,50", "FA-2;12.50", "FA-3;1,234"))
    assert [(one.amount_cents, one.unread) for one in found] == [(1250, ""), (1250, ""), (None, "amount")]


# days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "days", "first"),
    [(["05/02/2026", "13/02/2026"], Days.day_first, "2026-02-05"), (["05/02/2026", "05/13/2026"], Days.month_first,
     "2026-05-02"), (["2026-02-05", "2026-03-01"], Days.iso, "2026-02-05"), (["20260205", "20260301"], Days.iso,
     "2026-02-05"), (["05022026", "13022026"], Days.day_first, "2026-02-05"), (["5/2/26", "25/2/26"], Days.day_first,
     "2026-02-05"), (["02-05-2026", "02-25-2026"], Days.month_first, "2026-02-05"), (["5 févr. 2026", "6 mars 2026"],
     Days.iso, "2026-02-05"), (["46058", "46059"], Days.iso, "2026-02-05"), (["Feb 5, 2026", "Mar 6, 2026"], Days.iso,
     "2026-02-05"), (["2026-02-05 14:30:00", "2026-02-06"], Days.iso, "2026-02-05")],
)  # fmt: skip
def test_a_whole_column_tells_how_its_days_are_written(texts: list[str], days: Days, first: str) -> None:
    plan, found = read(csv_of("Invoice Number;Date;Total", *(f'FA-{n};"{text}";5.00' for n, text in enumerate(texts))))
    assert (plan.days, plan.asks, str(found[0].day), found[0].unread) == (days, (), first, "")


def test_days_that_fit_both_ways_are_asked_and_a_persons_word_holds() -> None:
    content = csv_of("Invoice Number;Date;Total", "FA-1;05/02/2026;5.00", "FA-2;06/03/2026;5.00")
    plan = recognise(content)
    assert (plan.days, plan.asks) == (Days.unknown, ("days",))
    chosen = choose(plan, plan.columns, Days.month_first, "", "")
    assert chosen.asks == () and [str(one.day) for one in documents(content, chosen)] == ["2026-05-02", "2026-06-03"]


def test_days_that_contradict_each_other_are_asked_even_of_a_known_program() -> None:
    heads = "Date,Transaction Type,Num,Name,Amount"
    plan = recognise(csv_of(heads, "13/01/2026,Invoice,1,Zoé,5.00", "01/13/2026,Invoice,2,Zoé,5.00"))
    assert (plan.program, plan.asks) == ("QuickBooks", ("days",))


def test_a_day_that_does_not_fit_its_column_refuses_its_row_alone() -> None:
    _plan, found = read(csv_of(HEAD, *ROWS, "FA-3;hier;Zoé;;5,00", "FA-4;31/02/2026;Zoé;;5,00"))
    assert [(one.day is None, one.unread) for one in found] == [(False, ""), (False, ""), (True, "day"), (True, "day")]


# workbooks -------------------------------------------------------------------------------------------------------

HEADS: Final = ["N° facture", "Date", "Client", "Réf. commande", "Total TTC"]


def test_days_from_1904_are_read_with_a_format_and_without() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADS)
        sheet.write_row(1, 0, ["FA-1", "", "Zoé", "B-1", 5])
        sheet.write_datetime(1, 1, date(2026, 1, 13), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_row(2, 0, ["FA-2", (date(2026, 1, 14) - date(1904, 1, 1)).days, "Zoé", "B-1", 6])

    assert told(workbook(fill, date_1904=True)) == [(2, "FA-1", 500, "2026-01-13"), (3, "FA-2", 600, "2026-01-14")]


def test_a_hidden_first_sheet_merged_titles_and_numbers_as_text_are_no_trouble() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Secret").write_row(0, 0, HEADS)
        sheet = book.add_worksheet("Ventes")
        sheet.merge_range(0, 0, 0, 4, "ÉTAT DES FACTURES")
        sheet.merge_range(2, 0, 2, 1, "Pièce")
        sheet.merge_range(2, 2, 2, 3, "Client")
        sheet.write(2, 4, "Montants")
        sheet.write_row(3, 0, ["N°", "Date", "Nom", "N° commande web", "TTC"])
        sheet.write_row(4, 0, ["FA-1", "13/01/2026", "Zoé", "B-20260113-21", "1 234,56"])
        sheet.write_row(5, 0, ["FA-2", "14/01/2026", "Zoé", "B-20260114-22", 60])
        sheet.activate()
        book.get_worksheet_by_name("Secret").hide()

    assert told(workbook(fill)) == [(5, "FA-1", 123456, "2026-01-13"), (6, "FA-2", 6000, "2026-01-14")]


def test_a_formula_counts_by_the_value_that_was_kept_of_it() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADS)
        sheet.write_row(1, 0, ["FA-1", "2026-01-13", "Zoé", "B-1"])
        sheet.write_formula(1, 4, "=50+10", None, 60)
        sheet.write_row(2, 0, ["FA-2", "2026-01-13", "Zoé", "B-2", 5])

    assert [one[:3] for one in told(workbook(fill))] == [(2, "FA-1", 6000), (3, "FA-2", 500)]


def test_an_empty_first_column_and_rows_shift_no_line() -> None:
    rows = ["", "FA-1", "2026-01-13", "Zoé", "B-1", 5], ["", "", "", "Total", "", 5]
    content = sheet_of([], [], ["", *HEADS], [], *rows)
    assert told(content) == [(5, "FA-1", 500, "2026-01-13")]


def test_a_zip_that_unpacks_to_gigabytes_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", "<x/>")
        with parts.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(b" " * 1024 * 1024)
    assert refusal(made.getvalue()).code == "too_much"


def test_a_workbook_of_a_fec_is_a_fec() -> None:
    rows = [line.split("\t") for line in sample("812345678FEC20261231.txt").decode("utf-8-sig").split("\n") if line]
    plan, found = read(sheet_of(*rows))
    assert (plan.layout, len(found), found[0].reference, found[0].amount_cents) == ("fec", 23, "FA2026-0036", 6000)


# lists -----------------------------------------------------------------------------------------------------------


def test_rows_of_one_invoice_that_stand_apart_are_one_document() -> None:
    _plan, found = read(csv_of(HEAD, *ROWS, ROWS[0]))
    assert sorted((one.line, one.reference, one.lines) for one in found) == [(2, "FA-1", 2), (3, "FA-2", 1)]


def test_one_reference_with_two_of_our_numbers_is_two_documents() -> None:
    again = ROWS[0].replace("B-20260113-21", "B-20260113-99")
    assert [one.reference for one in read(csv_of(HEAD, ROWS[0], again))[1]] == ["FA-1", "FA-1"]


@pytest.mark.parametrize(
    ("head", "row"),
    [("Type;N° facture;Date;Total TTC", "Avoir;AV-1;13/01/2026;60,00"), ("N° facture;Date;Libellé;Total TTC",
     "AV-1;13/01/2026;Avoir sur B-20260113-21;60,00"), ("N° facture;Date;Total TTC;Sens", "AV-1;13/01/2026;60,00;C"),
     ("N° facture;Date;Total TTC", "AV-1;13/01/2026;-60,00"), ("Document type;Number;Date;Total",
     "Credit note;AV-1;13/01/2026;60.00")],
)  # fmt: skip
def test_a_credit_note_is_told_by_its_kind_its_label_its_side_or_its_sign(head: str, row: str) -> None:
    _plan, found = read(csv_of(head, row))
    assert [(one.reference, one.amount_cents, one.is_credit_note) for one in found] == [("AV-1", -6000, True)]


def test_an_empty_reference_is_kept_for_judging() -> None:
    assert [one[1] for one in told(csv_of(HEAD, ROWS[0], ROWS[1].removeprefix("FA-2")))] == ["FA-1", ""]


def test_a_ledger_without_customers_accounts_is_refused() -> None:
    content = csv_of("Journal;Date;Compte;Pièce;Débit;Crédit", "VE;13/01/2026;706000;FA-1;0,00;60,00")
    assert refusal(content).code == "no_customer_lines"


# what a person chooses -------------------------------------------------------------------------------------------


def test_a_person_sets_columns_that_nothing_names() -> None:
    content = csv_of("FA-1;13/01/2026;Jean;60,00", "FA-2;14/01/2026;Zoé;70,00", "FA-3;15/01/2026;Léo;80,00")
    plan = recognise(content)
    columns = (Column.reference, Column.day, Column.customer, Column.amount)
    chosen = choose(plan, columns, Days.unknown, "", "CAD")
    assert (chosen.asks, chosen.days) == ((), Days.day_first)
    assert [(one.line, one.reference, one.amount_cents, str(one.day), one.customer, one.currency)
            for one in documents(content, chosen)][:1] == [(1, "FA-1", 6000, "2026-01-13", "Jean", "CAD")]  # fmt: skip


def test_without_a_reference_column_it_is_asked_for() -> None:
    plan = recognise(PLAIN)
    columns = [Column.ignored if column is Column.reference else column for column in plan.columns]
    assert choose(plan, columns, plan.days, "", "").asks == ("reference",)


def test_a_decimal_mark_that_a_person_says_holds() -> None:
    content = csv_of("Invoice Number;Total", "FA-1;1,234", "FA-2;5,678")
    plan = choose(recognise(content), recognise(content).columns, Days.iso, ".", "")
    assert [one.amount_cents for one in documents(content, plan)] == [123400, 567800]


def test_files_with_the_same_headings_share_a_fingerprint() -> None:
    assert fingerprint(recognise(PLAIN)) == fingerprint(recognise(csv_of(HEAD.upper(), ROWS[1])))
    assert fingerprint(recognise(PLAIN)) != fingerprint(recognise(csv_of(HEAD.replace("Client", "Nom"), ROWS[1])))


def test_a_column_that_counts_the_rows_is_no_reference() -> None:
    content = csv_of("N°;Date;Référence;Total TTC", "1;13/01/2026;FA-1;5,00", "2;14/01/2026;FA-2;6,00")
    assert [one[1] for one in told(content)] == ["FA-1", "FA-2"]
    plan = recognise(csv_of("N°;Date;Total TTC", "1;13/01/2026;5,00", "2;14/01/2026;6,00"))
    assert plan.asks == ("reference",)


def test_a_column_of_numbers_of_our_shape_is_no_official_reference() -> None:
    content = csv_of("Numéro de facture;Pièce;Date;Total TTC", "B-20260113-21;FA-1;13/01/2026;5,00")
    plan, found = read(content)
    assert [one.reference for one in found] == ["FA-1"] and plan.columns[0] is Column.number
    assert recognise(csv_of("Numéro de facture;Date", "B-20260113-21;13/01/2026")).asks == ("reference",)


# any bytes -------------------------------------------------------------------------------------------------------


def survives(content: bytes) -> None:
    """Read, or refused with a sentence; within seconds."""
    before, refused = time.monotonic(), None
    try:
        plan = recognise(content)
        assert all(one.line > 0 for one in documents(content, plan))
    except Unreadable as fault:
        refused = fault
    assert refused is None or why_unreadable(refused)
    assert time.monotonic() - before < 20


HEADINGS: Final = st.sampled_from(
    ["N° facture", "Date", "Débit", "Crédit", "Compte", "Total TTC", "Sens", "Num", "Transaction Type", "", "Libellé"]
)
CELLS: Final = st.one_of(
    st.sampled_from(["FA-1", "411000", "60,00", "13/01/2026", "1,234", "D", "C", "TOTAL", "-", "(", '"', "²", "٣"]),
    st.text(max_size=12),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(HEADINGS, min_size=2, max_size=6), st.lists(st.lists(CELLS, max_size=7), max_size=6),
       st.sampled_from([";", ",", "\t", "|"]))  # fmt: skip
def test_any_cells_are_survived(head: list[str], rows: list[list[str]], separator: str) -> None:
    survives("\n".join(separator.join(row) for row in [head, *rows]).encode("utf-8", "replace"))


STARTS: Final = [path.read_bytes()[:1500] for path in sorted(FOLDER.glob("*.txt")) + sorted(FOLDER.glob("*.TXT"))] + [
    b"!TRNS\tTRNSTYPE\tDATE\tACCNT\n!SPL\nTRNS\tINVOICE\t",
    b"<Version>\n</Version>\n<SalInvoice>\n",
    b"##Fichier",
    b"",
]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(STARTS), st.binary(max_size=300), st.integers(0, 1500))
@example(b"", b"\xff\xfe\x00\xd8", 0)
def test_any_bytes_are_survived(start: bytes, more: bytes, place: int) -> None:
    survives(start[:place] + more + start[place:])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 7_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_survived(place: int, more: bytes) -> None:
    given_bytes = sample("odoo_account_move.xlsx")
    survives(given_bytes[:place] + more + given_bytes[place + len(more) :])


@pytest.mark.slow
def test_two_hundred_thousand_rows_are_read_in_bounded_time() -> None:
    rows = (f"FA-{n};{n % 28 + 1:02d}/01/2026;Client {n % 900};B-20260113-{n};{n % 900},50" for n in range(200_000))
    content = csv_of(HEAD, *rows)
    before = time.process_time()
    plan = recognise(content)
    assert sum(1 for _ in documents(content, plan)) == plan.rows == 200_000
    assert time.process_time() - before < 30
