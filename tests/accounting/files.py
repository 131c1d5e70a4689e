"""What tests read files of accounting programs with."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from invoicing.accounting.plan import Official, Plan
from invoicing.accounting.reading import documents, recognise
from invoicing.imports.rules import Unreadable

FOLDER = Path(__file__).parents[1] / "data" / "accounting"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text("utf-8"))["files"]


def sample(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def read(content: bytes) -> tuple[Plan, list[Official]]:
    plan = recognise(content)
    return plan, list(documents(content, plan))


def told(content: bytes) -> list[tuple[Any, ...]]:
    """Line, reference, cents and day of each document."""
    return [(one.line, one.reference, one.amount_cents, str(one.day or "")) for one in read(content)[1]]


def refusal(content: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        read(content)
    return refused.value


def workbook(fill: Callable[[xlsxwriter.Workbook], object], **options: Any) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, options) as book:
        fill(book)
    return made.getvalue()


def csv_of(*rows: str, encoding: str = "utf-8", end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode(encoding)


def sheet_of(*rows: Sequence[Any], **options: Any) -> bytes:
    """A workbook of one sheet."""

    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)

    return workbook(fill, **options)
