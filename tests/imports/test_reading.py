"""Any file is read as a table, or refused with the reason; no bytes break it."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from invoicing.imports.reading import Unreadable, decode, separator_of, table


def workbook(fill: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    """A workbook's bytes."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        fill(book)
    return made.getvalue()


def cells(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in table(content)]


def refusal(content: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        list(table(content))
    return refused.value.code


FRENCH = "Prénom;Nom\r\nÉlodie;Lefèvre à Çà et là, « sûr » n° 12 €\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso8859-15"])
def test_french_text_is_read_in_each_usual_encoding(encoding: str) -> None:
    text = FRENCH if encoding != "iso8859-15" else FRENCH.replace("« sûr »", "sûr")
    assert decode(text.encode(encoding)) == text.replace("\r\n", "\n")


def test_the_old_letters_of_dos_are_recognised() -> None:
    text = "Prénom;Élodie;réglée à la caisse;n° 12;François\r\n"
    assert decode(text.encode("cp850")) == text.replace("\r\n", "\n")


def test_utf_16_without_its_mark_is_recognised() -> None:
    assert decode(FRENCH.encode("utf-16-le")) == FRENCH.replace("\r\n", "\n")


def test_utf_8_cut_in_its_last_letter_stays_utf_8() -> None:
    assert decode("Élodie, à".encode()[:-1]) == "Élodie, "


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_each_kind_of_line_end_counts_one_line(end: str) -> None:
    assert cells(end.join(["a;b", "1;2", "3;4"]).encode()) == [(1, ("a", "b")), (2, ("1", "2")), (3, ("3", "4"))]


def test_a_file_of_bare_returns_takes_no_hours() -> None:
    before = time.monotonic()
    assert decode(b"a" + b"\r" * 2_000_000 + b"b").count("\n") == 2_000_000
    assert time.monotonic() - before < 10


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_the_one_that_makes_columns(separator: str) -> None:
    lines = [["Nom", "Montant", "Ville"], ["Zoé", "68.99", "Lyon"], ["Léo", "1.20", "Brest"]]
    assert separator_of("\n".join(separator.join(line) for line in lines)) == separator


def test_commas_in_amounts_separate_nothing() -> None:
    assert separator_of("Nom;HT;TTC\nZoé;60,00;72,00\nLéo;10,00;12,00\n") == ";"


def test_excels_own_first_line_names_the_separator() -> None:
    assert cells(b"sep=,\na,b\n1,2\n") == [(2, ("a", "b")), (3, ("1", "2"))]


def test_a_cell_may_hold_line_breaks_and_the_next_row_has_its_own_line() -> None:
    assert cells(b'a;b\n"x\ny";2\n\n3;4\n') == [(1, ("a", "b")), (2, ("x\ny", "2")), (5, ("3", "4"))]


def test_a_quotation_mark_that_nothing_closes_is_named_by_its_line() -> None:
    with pytest.raises(Unreadable) as refused:
        list(table(b"a;b\n1;2\n" + b'3;"x\n' + b"4;5\n" * 60_000))
    assert (refused.value.code, refused.value.facts["line"]) == ("unclosed_quote", 3)


def test_a_word_without_end_is_no_quotation_mark() -> None:
    with pytest.raises(Unreadable) as refused:
        list(table(b"a;b\n" + b"x" * 200_000))
    assert (refused.value.code, refused.value.facts["line"]) == ("long_line", 2)


def test_a_workbook_has_the_line_numbers_that_its_user_sees() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(3, 1, ["Nom", "Montant"])
        sheet.write_row(6, 1, ["Zoé", 68.99])

    assert cells(workbook(fill)) == [(4, ("", "Nom", "Montant")), (7, ("", "Zoé", "68.99"))]


def test_numbers_of_a_workbook_keep_their_cents() -> None:
    values = [0.1 + 0.2, 1234567.89, 60.0, 1e15, 0.00001, -3]
    content = workbook(lambda book: book.add_worksheet().write_row(0, 0, values))
    assert cells(content) == [(1, ("0.3", "1234567.89", "60", "1000000000000000", "0.000010000000", "-3"))]


def test_a_number_with_three_decimals_reads_one_way_only() -> None:
    content = workbook(lambda book: book.add_worksheet().write_row(0, 0, [1.234, 12.5]))
    assert cells(content) == [(1, ("1.2340", "12.5"))]


def test_a_workbook_brings_no_nul_in_which_no_database_keeps() -> None:
    made, given = io.BytesIO(), workbook(lambda book: book.add_worksheet().write_row(0, 0, ["A_x0000_B", "x"]))
    with zipfile.ZipFile(io.BytesIO(given)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"_x005F_x0000_", b"_x0000_"))
    assert cells(made.getvalue()) == [(1, ("AB", "x"))]


def test_the_hidden_first_sheet_is_passed_over() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        hidden, shown = book.add_worksheet(), book.add_worksheet()
        hidden.write_row(0, 0, ["secret", "x"])
        shown.write_row(0, 0, ["Nom", "Ville"])
        shown.activate()
        hidden.hide()

    assert cells(workbook(fill)) == [(1, ("Nom", "Ville"))]


def test_a_cell_at_the_end_of_the_world_costs_this_process_nothing() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Nom")
        sheet.write(1_048_575, 16_383, "loin")

    assert refusal(workbook(fill)) in ("too_much", "damaged")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", "<x/>")
        with parts.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(b" " * 1024 * 1024)
    assert refusal(made.getvalue()) == "too_much"


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet xmlns="http://schemas.'
    'openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c>'
    "</row></sheetData></worksheet>"
)


def test_entities_bring_nothing_in() -> None:
    content = workbook(lambda book: book.add_worksheet().write(0, 0, "x"))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, ENTITIES if name.endswith("sheet1.xml") else old.read(name))
    try:
        read = cells(made.getvalue())
    except Unreadable:
        read = []
    assert "root" not in str(read)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\x00 \r\n", "empty"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "html"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "html"),
        (b'<?xml version="1.0"?><Workbook/>', "xml"),
        (b"%PDF-1.7 ...", "other_kind"),
        (b"\x89PNG\r\n\x1a\n", "other_kind"),
        (bytes(range(1, 32)) * 20, "other_kind"),
        (b"PK\x03\x04 not really", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not really", "damaged"),
        (b"x" * (40 * 1024 * 1024 + 1), "too_big"),
    ],
    ids=["nothing", "blanks", "html", "marked html", "xml", "pdf", "png", "binary", "zip", "ole", "big"],
)
def test_what_is_no_table_says_why(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_zip_that_is_no_workbook_says_so() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parts:
        parts.writestr("photo.jpg", b"x")
    assert refusal(made.getvalue()) == "other_kind"


def test_a_workbook_without_a_cell_is_empty() -> None:
    assert refusal(workbook(lambda book: book.add_worksheet())) == "empty"


def survives(content: bytes) -> bool:
    try:
        return all(isinstance(row.line, int) for row in table(content))
    except Unreadable as refused:
        return bool(refused.code)


@given(st.binary(max_size=400))
@example(b'"')
@example(b"\xff\xfe\x00\xd8")
@example(b"a;b\x00\r\r\n\x85")
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_survived(content: bytes) -> None:
    assert survives(content)


GOOD = workbook(lambda book: book.add_worksheet().write_row(0, 0, ["Nom", 68.99, "Lyon"]))


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_workbook_is_survived(place: int, noise: bytes) -> None:
    assert survives(GOOD[:place] + noise + GOOD[place + len(noise) :])
