"""Tables for spreadsheets: nothing typed is run, numbers stay numbers, a million rows take no room."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from invoicing import sheets
from invoicing.sheets import Column, csv_bytes, xlsx_file

ALL = [Column("Nom"), Column("Net", "cents"), Column("Pièces", "whole"), Column("Jour", "day"), Column("À", "moment")]
ROW = ("Élodie", -123456, 3, date(2026, 11, 22), datetime(2026, 11, 22, 23, 30))  # noqa: DTZ001 - naive UTC
PARIS = ZoneInfo("Europe/Paris")
DANGEROUS = ["=1+1", "+33 6 12", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", '"=1', "'=1", "« =1", "\u200b=1", "\x00=1",
             "＝1", "\ufeff@x", "\n-1", "\tx"]  # fmt: skip


def in_csv(*texts: str) -> list[list[str]]:
    """One row of texts, written and read again."""
    data = b"".join(csv_bytes([Column("x")] * len(texts), [texts])).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(data, newline=""), delimiter=";"))


def in_xlsx(columns: list[Column], *rows: tuple[object, ...]) -> Worksheet:
    """The first sheet of a workbook, written and read again."""
    with xlsx_file(columns, rows, PARIS) as file:  # type: ignore[arg-type]
        sheet = load_workbook(io.BytesIO(file.read())).worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def test_csv_is_what_a_french_spreadsheet_reads() -> None:
    data = b"".join(csv_bytes(ALL, [ROW, (None,) * 5], PARIS))
    assert data.decode("utf-8").split("\r\n") == [
        '\ufeff"Nom";"Net";"Pièces";"Jour";"À"', '"Élodie";-1234,56;3;2026-11-22;2026-11-23 00:30', ";;;;", "",
    ]  # fmt: skip


def test_prices_and_rates_are_numbers() -> None:
    columns = [Column("Prix", "e4"), Column("Taux (%)", "e5")]
    assert b"".join(csv_bytes(columns, [(123_456, 9975)])).decode().split("\r\n")[1] == "12,3456;9,9750"
    [_heading, cells] = in_xlsx(columns, (123_456, 9975)).iter_rows(values_only=True)
    assert [repr(cell) for cell in cells] == ["12.3456", "9.975"]


def test_sheets_bear_the_name_of_their_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 1)
    with xlsx_file([Column("n", "whole")], [(1,), (2,)], name="Articles : l’été / 2026 [tous les articles]") as file:
        names = load_workbook(io.BytesIO(file.read())).sheetnames
    assert names == ["Articles l’été 2026 tous l", "Articles l’été 2026 tous l 2"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_is_a_formula_in_csv(text: str) -> None:
    [_heading, [cell]] = in_csv(text)
    assert cell[0] == "'" and sheets.plain(text) == cell[1:]


def test_texts_that_are_no_formulas_stay_as_they_are() -> None:
    texts = ["Cours = 3 séances", 'dit « "oui" »', "a;b,c", "deux\nlignes", "d'Été", "F2026-00001", "100 % bio"]
    assert in_csv(*texts)[1] == texts


def test_headings_are_defused_as_well() -> None:
    data = b"".join(csv_bytes([Column("=TVA()", "cents")], [(-5,)])).decode("utf-8-sig")
    assert data == '"\'=TVA()"\r\n-0,05\r\n'


@given(st.text(max_size=40))
def test_whatever_is_typed_comes_back_or_is_defused(text: str) -> None:
    [_heading, row] = in_csv(text)
    assert row in ([sheets.plain(text)], ["'" + sheets.plain(text)]) or (not text and row == [])


@given(st.integers(-(10**15), 10**15))
def test_amounts_are_exact_to_the_cent(cents: int) -> None:
    data = b"".join(csv_bytes([Column("Net", "cents")], [(cents,)])).decode("utf-8-sig").split("\r\n")[1]
    assert int(data.replace(",", "")) == cents and data[-3] == ","


def test_a_workbook_has_real_numbers_and_days() -> None:
    sheet = in_xlsx(ALL, ROW)
    cells = [cell.value for cell in sheet[2]]
    assert cells == ["Élodie", -1234.56, 3, datetime(2026, 11, 22), datetime(2026, 11, 23, 0, 30)]  # noqa: DTZ001
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "n", "d", "d"]


def test_texts_of_a_workbook_are_never_formulas_nor_links() -> None:
    texts = (*DANGEROUS, "https://example.org", "mailto:x@example.org", "{=1}", "12")
    sheet = in_xlsx([Column("x")] * len(texts), texts)
    assert [cell.value for cell in sheet[2]] == [sheets.plain(text) for text in texts]
    assert {cell.data_type for cell in sheet[2]} == {"s"} and not any(cell.hyperlink for cell in sheet[2])


def test_what_looks_like_an_escape_is_escaped_itself() -> None:
    assert in_xlsx([Column("x")], ("_x0041_",))["A2"].value == "_x005F_x0041_"  # read literally: spreadsheets undo it


def test_characters_that_xml_forbids_are_left_out() -> None:
    sheet = in_xlsx([Column("x")], ("a\x00b\x0bc\ud800d\ufffee<&>",))
    assert sheet["A2"].value == "abcde<&>"


def test_a_very_long_text_is_cut_to_what_a_cell_holds() -> None:
    assert len(in_xlsx([Column("x")], ("é" * 40_000,))["A2"].value) == sheets.TEXT_MAX  # type: ignore[arg-type]


def test_days_before_1900_are_texts_in_a_workbook() -> None:
    assert in_xlsx([Column("x", "day")], (date(1899, 12, 31),))["A2"].value == "1899-12-31"


def test_what_does_not_fit_one_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 2)
    with xlsx_file([Column("n", "whole")], ((n,) for n in range(5))) as file:
        book = load_workbook(io.BytesIO(file.read()))
    assert [[row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in book.worksheets] == [
        [0, 1], [2, 3], [4]]  # fmt: skip


def test_a_row_that_does_not_fit_its_columns_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(csv_bytes(ALL, [("x",)]))


def test_a_workbook_that_fails_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        xlsx_file([Column("n", "whole")], ((1 // n,) for n in (1, 0)))
    assert not list(tmp_path.iterdir())


_MANY = """
import resource
from invoicing.sheets import Column, csv_bytes, xlsx_file
kinds = [Column("a"), Column("b", "cents"), Column("c", "whole")]
def rows(count): return (("Élodie Lefèvre", n, n) for n in range(count))
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sum(map(len, csv_bytes(kinds, rows(1000)))); xlsx_file(kinds, rows(1000)).close()
before = peak()
sum(map(len, csv_bytes(kinds, rows(1_000_000)))); xlsx_file(kinds, rows(100_000)).close()
print(peak() - before)
"""


@pytest.mark.slow
def test_a_million_rows_take_no_more_room_than_a_thousand() -> None:
    done = subprocess.run([sys.executable, "-c", _MANY], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 8 * 1024  # kilobytes
