"""Files as tables: rows of cells with the numbers of their lines, whatever program wrote them and however.

Any bytes are survived: what can't be read is refused with `Unreadable`, whose code says why.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invoicing.imports.decoding import decode
from invoicing.imports.rules import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Unreadable

__all__ = ["MAX_BYTES", "Row", "Unreadable", "decode", "table"]

UNPACKED_MAX: Final = 256 * 1024 * 1024  # bytes of all that a workbook holds
PATIENCE: Final = 180  # seconds for a workbook
SEPARATORS: Final = (";", "\t", ",", "|")
SAMPLE: Final = 60  # lines that a separator is guessed from
_READER: Final = Path(__file__).with_name("workbook.py")
_HTML: Final = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table|meta|style|div)\b", re.I)
_XML: Final = re.compile(rb"\s*<\?xml\b|\s*<[a-z][\w:-]*[\s>]", re.I)
_JSON: Final = re.compile(rb'\s*(?:\[\s*)?(?:\{\s*"|\[\s*["\d])')
_TOLD: Final = re.compile(r"sep=(.)\n", re.I)
_FROM_1904: Final = re.compile(rb'date1904="(?:1|true)"')
_EXITS: Final = {3: "password", 4: "damaged", 5: "empty"}


@dataclass(frozen=True)
class Row:
    """One row: the line of the file or sheet on which it begins, and its cells without outer blanks."""

    line: int
    cells: tuple[str, ...]


def table(content: bytes, file_name: str = "", tabs: list[str] | None = None) -> Iterator[Row]:
    """The rows that hold anything; what the file is tells itself, its name is only mentioned. Raises Unreadable.

    `tabs` takes the names of a workbook's sheets, of the one that is read, then of others that hold anything.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable("too_big", {"most": MAX_BYTES})
    if not content.strip(b"\x00 \t\r\n"):
        raise Unreadable("empty")
    if is_workbook(content):
        return _counted(_workbook(content, tabs))
    _check_text(content)
    return _counted(_text(decode(content)))


def is_workbook(content: bytes) -> bool:
    """Whether the first bytes are a workbook's, whatever its name."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\xd0\xcf\x11\xe0", b"\x09\x08"))


def mac_days(content: bytes) -> bool:
    """Whether an XLSX counts its days from 1904: what has no format of days is a bare number."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts, parts.open("xl/workbook.xml") as book:
            return bool(_FROM_1904.search(book.read(65_536)))
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, NotImplementedError, IndexError, EOFError, RuntimeError):
        return False
    except zlib.error:
        return False


def _check_text(content: bytes) -> None:
    """Refuses what is no text, and the pages and documents that are sometimes named .xls or .csv."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf")
    if _HTML.match(start):
        raise Unreadable("html")
    if _JSON.match(start) or start.startswith(
        (b"%PDF", b"{\\rtf", b"\x1f\x8b", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc")
    ):
        raise Unreadable("other_kind")
    if _XML.match(start):
        raise Unreadable("xml")
    sample = decode(content[:8192])
    odd = sum(1 for char in sample if char < " " and char not in "\n\t\f")
    if odd * 20 > len(sample):
        raise Unreadable("other_kind")


def _counted(rows: Iterator[Row]) -> Iterator[Row]:
    """The same, and no more of them than anybody means."""
    for count, row in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise Unreadable("too_many_rows", {"most": MAX_ROWS})
        if len(row.cells) > MAX_COLUMNS and any(row.cells[MAX_COLUMNS:]):
            raise Unreadable("too_many_columns", {"most": MAX_COLUMNS, "line": row.line})
        yield row


# text ------------------------------------------------------------------------------------------------------------


def _text(text: str) -> Iterator[Row]:
    told = _TOLD.match(text)  # Excel's own first line
    separator = told[1] if told else separator_of(text)
    taken: list[str] = []  # the lines of one row
    reader = csv.reader(_noted(lines_of(text), taken), delimiter=separator)
    if told:
        next(reader)
    line = reader.line_num + 1
    while True:
        if len(taken) > 1 and _is_open(taken, separator):
            raise Unreadable("unclosed_quote", {"line": line - len(taken)})
        last, taken[:] = taken[-1:], []
        try:
            cells = next(reader, None)
        except csv.Error:  # a cell without end: within one line, or since a quotation mark that nothing closes
            raise Unreadable("long_line" if reader.line_num == line else "unclosed_quote", {"line": line}) from None
        if cells is None:
            if last and '"' in last[0] and _is_open(last, separator, at_end=True):
                raise Unreadable("unclosed_quote", {"line": line - 1})
            return
        stripped = tuple(map(str.strip, cells))
        if any(stripped):
            yield Row(line, stripped)
        line = reader.line_num + 1


def _noted(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _is_open(lines: list[str], separator: str, at_end: bool = False) -> bool:
    """Whether a quotation mark of a row isn't closed where its cell ends: what follows may be other rows, swallowed.

    `at_end`: only whether nothing closes it at all.
    """
    try:
        for _cells in csv.reader(lines, delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        return not at_end or "end of data" in str(error)
    return False


def lines_of(text: str) -> Iterator[str]:
    """The lines with their ends, one after another: all of them at once take the memory four times."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def separator_of(text: str) -> str:
    """The separator with which the first lines have most alike columns; « ; » where there is but one column.

    They are looked at as rows, whose cells may hold line breaks, and one by one: a quotation mark may not be closed.
    """
    lines = [line + "\n" for line in text[:200_000].split("\n")[:SAMPLE]]

    def alike(separator: str) -> tuple[int, int]:
        try:
            rows = _alike(csv.reader(lines, delimiter=separator))
            return max(rows, _alike(cells for line in lines for cells in csv.reader([line], delimiter=separator)))
        except csv.Error:
            return 0, 0

    return max(SEPARATORS, key=alike)


def _alike(rows: Iterable[list[str]]) -> tuple[int, int]:
    """How many in a hundred rows have the commonest width above one, and that width."""
    widths = Counter(len(cells) for cells in rows if any(cells))
    many = [(count, width) for width, count in widths.items() if width > 1]
    if not many:
        return 0, 0
    count, width = max(many)
    return count * 100 // widths.total(), width


# workbooks -------------------------------------------------------------------------------------------------------


def _workbook(content: bytes, tabs: list[str] | None) -> Iterator[Row]:
    """XLSX, XLSB, ODS and XLS, read by another process as they are asked for."""
    _check_unpacked(content)
    with tempfile.TemporaryFile() as given, _reader(given, content, tabs is not None) as process:
        try:
            ended = False
            for line in process.stdout or ():
                said = json.loads(line)
                if said == "end":
                    ended = True
                elif isinstance(said, dict):
                    (tabs if tabs is not None else []).extend(said["tabs"])
                else:
                    yield Row(said[0], tuple(cell.replace("\0", "").strip() for cell in said[1]))  # as of a text
            code = process.wait(PATIENCE)
        except (ValueError, subprocess.TimeoutExpired):
            raise Unreadable("damaged") from None
        finally:
            process.kill()
    if not ended or code:
        raise Unreadable(_EXITS.get(code, "too_much"))


def _reader(given: io.BufferedRandom, content: bytes, tells_tabs: bool) -> subprocess.Popen[bytes]:
    given.write(content)
    given.seek(0)
    command = [sys.executable, "-I", str(_READER), *(["tabs"] if tells_tabs else [])]
    return subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603


def _check_unpacked(content: bytes) -> None:
    """Sums what the parts of a zip say that they unpack to, before anything is unpacked."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
            names = set(parts.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, IndexError):
        raise Unreadable("damaged") from None
    if unpacked > UNPACKED_MAX:
        raise Unreadable("too_much")
    is_written = any(name.startswith(("word/", "ppt/")) for name in names)
    if is_written or not names & {"[Content_Types].xml", "content.xml", "mimetype"}:
        raise Unreadable("other_kind")
