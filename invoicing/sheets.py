"""Tables for spreadsheets, however long: CSV as bytes that stream, XLSX as a file. No text in them is ever run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, BinaryIO, Final, Literal, TypeAlias, cast
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from invoicing.money import plain_scaled

Kind = Literal["text", "cents", "e4", "e5", "whole", "day", "moment"]
Cell: TypeAlias = "str | int | date | None"  # a datetime is a date; an amount is cents or, as « e4 » or « e5 », finer
Row: TypeAlias = Sequence[Cell]

UTC: Final = ZoneInfo("UTC")
CHUNK: Final = 64 * 1024  # bytes that are handed on at a time
ROWS_MAX: Final = 1_048_575  # of one sheet of a workbook, below its heading
TEXT_MAX: Final = 32_767  # characters of a workbook's cell
_BOM: Final = "\ufeff"
_FIRST_YEAR: Final = 1900  # a workbook knows no earlier day
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")  # in XML
_UNNAMED: Final = re.compile(r"[\s\[\]:*?/\\]+")  # in the name of a sheet
_NAME_MAX: Final = 26  # characters, and room for the number of a further sheet
_BREAKS: Final = re.compile("\r\n?")
# What programs take for a formula, also behind what they skip: blanks, quotes, marks without width.
_FORMULA: Final = re.compile("[\\s\"'`´‘’“”«»\u200b-\u200f\u2060\ufeff]*[=+\\-@＝＋－＠\u2212]|[\t\r\n]")
_WIDTHS: Final = {"text": 24, "cents": 14, "e4": 14, "e5": 10, "whole": 10, "day": 12, "moment": 17}
_FORMATS: Final = {
    "cents": "#,##0.00", "e4": "#,##0.00##", "e5": "General", "whole": "0", "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its heading, and what its cells hold (amounts as int cents, moments as naive UTC)."""

    name: str
    kind: Kind = "text"


def csv_bytes(
    columns: Sequence[Column], rows: Iterable[Row], zone: ZoneInfo = UTC, *, headed: bool = True
) -> Iterator[bytes]:
    """UTF-8 with its mark, semicolons, « 1234,56 », ISO dates; each text between quotes, and never a formula.

    Without `headed` they are rows that follow others: neither mark nor headings come first.
    """
    written = [_CSV[column.kind] for column in columns]
    lines = [_BOM + ";".join(_csv_text(column.name, zone) for column in columns)] if headed else []
    size = sum(map(len, lines))
    for row in rows:
        lines.append(";".join(
            "" if cell is None else write(cell, zone) for write, cell in zip(written, row, strict=True)
        ))  # fmt: skip
        size += len(lines[-1])
        if size > CHUNK:
            yield "".join(line + "\r\n" for line in lines).encode()
            lines, size = [], 0
    if lines or headed:
        yield "".join(line + "\r\n" for line in lines).encode()


def plain(text: str) -> str:
    """The text without characters that no file of this kind may hold, its line breaks the usual ones."""
    return _ILLEGAL.sub("", _BREAKS.sub("\n", text))


def _csv_text(text: Any, _zone: ZoneInfo) -> str:
    if not text:
        return ""
    kept = plain(text)
    guard = "'" if _FORMULA.match(text) or _FORMULA.match(kept) else ""
    return '"' + guard + kept.replace('"', '""') + '"'


def _csv_cents(cents: Any, _zone: ZoneInfo) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole},{rest:02}"


def _csv_exact(places: int, least: int) -> Callable[[Any, ZoneInfo], str]:
    return lambda number, _zone: plain_scaled(number, places, "fr", least=least)


def there(moment: datetime, zone: ZoneInfo) -> datetime:
    """A naive UTC moment on the clock of the zone."""
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


_CSV: Final[dict[Kind, Callable[[Any, ZoneInfo], str]]] = {
    "text": _csv_text,
    "cents": _csv_cents,
    "e4": _csv_exact(4, 2),
    "e5": _csv_exact(3, 0),  # a rate, in per cent
    "whole": lambda whole, _zone: str(whole),
    "day": lambda day, _zone: day.isoformat(),
    "moment": lambda moment, zone: there(moment, zone).isoformat(" ", "minutes"),
}


def xlsx_file(columns: Sequence[Column], rows: Iterable[Row], zone: ZoneInfo = UTC, name: str = "") -> BinaryIO:
    """A workbook in a file without a name, at its beginning: whoever closes it leaves nothing behind.

    Row after row goes to the disk; what doesn't fit one sheet goes on in the next. `name` is the sheets'.
    """
    made = TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
    try:
        with TemporaryDirectory() as folder:
            options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False,
                       "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip
            with Workbook(made, options) as book:
                _fill(_Book(book, columns, zone, name), rows)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    return cast(BinaryIO, made)


class _Book:
    """A workbook that is being filled: its formats, the sheet at work."""

    def __init__(self, book: Workbook, columns: Sequence[Column], zone: ZoneInfo, name: str):
        self.book, self.columns, self.zone = book, columns, zone
        self.name = _UNNAMED.sub(" ", plain(name))[:_NAME_MAX].strip(" '")
        self.bold = book.add_format({"bold": True, "bottom": 1})
        self.formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        self.writers = [_XLSX[column.kind] for column in columns]

    def sheet(self) -> Worksheet:
        """The next sheet, under its headings."""
        made = self.book.add_worksheet(self._next_name())
        made.freeze_panes(1, 0)
        for at, column in enumerate(self.columns):
            made.set_column(at, at, _WIDTHS[column.kind])
            made.write_string(0, at, plain(column.name)[:TEXT_MAX], self.bold)
        return made

    def _next_name(self) -> str | None:
        """« Factures », then « Factures 2 »; what the program calls it where there is no name."""
        count = len(self.book.worksheets())
        return f"{self.name} {count + 1}" if self.name and count else self.name or None


def _fill(book: _Book, rows: Iterable[Row]) -> None:
    sheet, line = book.sheet(), 0
    for row in rows:
        if line == ROWS_MAX:
            sheet, line = book.sheet(), 0
        line += 1
        for at, (write, cell) in enumerate(zip(book.writers, row, strict=True)):
            if cell is not None:
                write(book, sheet, line, at, cell)


def _xlsx_text(_book: _Book, sheet: Worksheet, line: int, at: int, text: Any) -> None:
    if text:
        sheet.write_string(line, at, plain(text)[:TEXT_MAX])


def _xlsx_cents(book: _Book, sheet: Worksheet, line: int, at: int, cents: Any) -> None:
    sheet.write_number(line, at, cents / 100, book.formats["cents"])  # a cell holds nothing else; none reckons with it


def _xlsx_e4(book: _Book, sheet: Worksheet, line: int, at: int, price: Any) -> None:
    sheet.write_number(line, at, price / 10_000, book.formats["e4"])


def _xlsx_e5(book: _Book, sheet: Worksheet, line: int, at: int, rate: Any) -> None:
    sheet.write_number(line, at, rate / 1000, book.formats["e5"])


def _xlsx_whole(book: _Book, sheet: Worksheet, line: int, at: int, whole: Any) -> None:
    sheet.write_number(line, at, whole, book.formats["whole"])


def _xlsx_day(book: _Book, sheet: Worksheet, line: int, at: int, day: Any) -> None:
    if day.year < _FIRST_YEAR:
        return _xlsx_text(book, sheet, line, at, day.isoformat())
    sheet.write_datetime(line, at, day, book.formats["day"])
    return None


def _xlsx_moment(book: _Book, sheet: Worksheet, line: int, at: int, moment: Any) -> None:
    local = there(moment, book.zone)
    if local.year < _FIRST_YEAR:
        return _xlsx_text(book, sheet, line, at, local.isoformat(" ", "minutes"))
    sheet.write_datetime(line, at, local, book.formats["moment"])
    return None


_XLSX: Final[dict[Kind, Callable[[_Book, Worksheet, int, int, Any], None]]] = {
    "text": _xlsx_text,
    "cents": _xlsx_cents,
    "e4": _xlsx_e4,
    "e5": _xlsx_e5,
    "whole": _xlsx_whole,
    "day": _xlsx_day,
    "moment": _xlsx_moment,
}
