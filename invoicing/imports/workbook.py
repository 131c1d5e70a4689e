"""Prints the rows of a workbook given on standard input, as JSON lines; a process of its own, with bounded memory.

Run by `reading`, never imported there: a file that claims a million columns, or unpacks to gigabytes, ends this process
and nothing else. Each line is [line number, [cell, …]]; the last one is "end". With the argument "tabs", the first is
{"tabs": [the name of the sheet that is read, those of others that hold anything]}.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any, Final

MEMORY: Final = 2 * 1024 * 1024 * 1024  # bytes of addresses
SECONDS: Final = 120  # of processor
PASSWORD, DAMAGED, NO_SHEET = 3, 4, 5  # exit codes
CELL_MAX: Final = 32_767  # characters, as in Excel


def text_of(value: Any) -> str:
    """A cell as text: numbers with a point and at most 15 figures (all that a spreadsheet keeps), days in ISO 8601."""
    if isinstance(value, str):
        return value[:CELL_MAX]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    written = f"{value:.15g}"
    if "e" in written:
        return f"{value:.0f}" if "e+" in written else f"{value:.12f}"
    # Three decimals read two ways in a text, 1.234 and 1234; a cell's number has but one.
    return f"{written}0" if len(written.partition(".")[2]) == 3 else written


def main() -> int:
    """Reads the first visible sheet that holds anything; any trouble is an exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    import python_calamine as calamine

    try:
        book = calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        shown = [s.name for s in book.sheets_metadata if s.visible == calamine.SheetVisibleEnum.Visible]
        names = shown or book.sheet_names
        sheets = (book.get_sheet_by_name(name) for name in names)
        sheet = next((found for found in sheets if found.height), None)
        if sheet is not None and sys.argv[1:] == ["tabs"]:
            others = [name for name in names[names.index(sheet.name) + 1 :] if book.get_sheet_by_name(name).height]
            sys.stdout.write(json.dumps({"tabs": [sheet.name, *others]}) + "\n")
    except calamine.PasswordError:
        return PASSWORD
    except Exception:  # whatever a damaged file makes the library say
        return DAMAGED
    return _print(sheet) if sheet is not None else NO_SHEET


def _print(sheet: Any) -> int:
    """`iter_rows` counts lines from the first of the sheet, but columns from the first that holds anything."""
    before = [""] * (sheet.start or (0, 0))[1]
    for line, row in enumerate(sheet.iter_rows(), start=1):
        cells = [text_of(value) for value in row]
        if any(cells):
            sys.stdout.write(json.dumps([line, before + cells]) + "\n")
    sys.stdout.write('"end"\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
