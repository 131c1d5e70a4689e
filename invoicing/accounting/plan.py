"""How a file of an accounting program is to be read: its layout, its columns, its dates and amounts. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

TABLE: Final = "table"  # a layout whose columns a person may change; every other one is fixed by its program


class Column(StrEnum):
    """What a column of a table holds."""

    reference = "reference"  # the official reference
    number = "number"  # our number: it is searched in the whole row too
    transaction = "transaction"
    day = "day"
    amount = "amount"  # signed, all taxes included
    debit = "debit"
    credit = "credit"
    sense = "sense"  # of the amount: D or C
    currency = "currency"
    customer = "customer"
    label = "label"
    journal = "journal"
    account = "account"
    kind = "kind"  # invoice, credit note, payment
    line_amount = "line_amount"  # of one line; a document's rows are summed
    quantity = "quantity"  # by which the first column of line amounts is multiplied
    entry = "entry"  # what number of an entry its lines share
    ignored = "ignored"


class Days(StrEnum):
    """How days are written, decided for the whole column."""

    iso = "iso"  # 2026-01-31, 20260131, and what a spreadsheet's date cell holds
    day_first = "day_first"
    month_first = "month_first"
    unknown = "unknown"  # both fit: a person must say


@dataclass(frozen=True)
class Plan:
    """How to read one file. `columns` and `headings` go by place; fixed layouts have none.

    `asks` names what a person must still say before the file can be judged: "reference", "days", "columns",
    "twice" (two columns for what only one can hold).
    """

    layout: str  # "table", or a program's own: fec, sage100, quadra, ximport, …
    program: str = ""  # as people call it; empty where it isn't known
    encoding: str = ""
    separator: str = ""
    header_line: int = 0  # 0: none
    headings: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    days: Days = Days.iso
    decimal: str = ""  # "," or "."; empty: each amount tells
    currency: str = ""  # where the file says none: a person may, else the document's own is taken
    recognised: tuple[int, ...] = ()  # places that were recognised by their headings or their values
    remembered: bool = False  # as a person said for a file with the same headings
    asks: tuple[str, ...] = ()
    styles: tuple[Days | None, ...] = ()  # by place: how the column writes days; None: it holds none
    marks: tuple[str, ...] = ()  # by place: the decimal mark that the whole column tells; "": each amount tells
    mac_days: bool = False  # a workbook that counts its days from 1904
    tabs: tuple[str, ...] = ()  # of a workbook with several sheets that hold anything: the one that is read, the others
    sample: tuple[tuple[str, ...], ...] = field(default=(), compare=False)  # the first rows
    rows: int = 0  # of the file, without its headings

    @property
    def is_table(self) -> bool:
        """Whether its columns may be changed."""
        return self.layout == TABLE

    def to_json(self, sample: bool = True) -> str:
        """For `ImportRun.options`, and without its sample for `ColumnLayout.plan`."""
        plan = self if sample else replace(self, sample=())
        return json.dumps(asdict(plan), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The inverse of `to_json`."""
        raw: Mapping[str, Any] = json.loads(text)
        lists = {name: tuple(raw.get(name, ())) for name in ("headings", "recognised", "asks", "marks", "tabs")}
        styles = tuple(Days(style) if style else None for style in raw["styles"])
        columns = tuple(Column(name) for name in raw["columns"])
        sample = tuple(tuple(row) for row in raw["sample"])
        found = {"columns": columns, "styles": styles, "sample": sample, "days": Days(raw["days"])}
        return cls(**{**raw, **lists, **found})


@dataclass(frozen=True)
class Official:
    """One official document as a file tells of it, from one row or from several.

    `texts` are all the cells of its rows, in which our numbers and transaction codes are looked for. Amounts are cents
    with their sign: a credit note's is negative. `cut` says that the reference is as long as the program keeps any, so
    that a part of it may be missing. `unread` names what can't be read without guessing ("amount", "day"), and
    `unread_text` is what stands there. `numbers` are the cells of the columns that hold our numbers alone
    (`Column.number`), where there are any: what has no letter counts as a number of ours there and nowhere else.
    """

    line: int  # as an editor or a spreadsheet counts it, from 1: where the document begins
    reference: str
    texts: Sequence[str]
    amount_cents: int | None = None
    currency: str = ""
    day: date | None = None
    customer: str = ""
    is_credit_note: bool = False
    cut: bool = False
    lines: int = 1  # rows of the file that tell of it
    unread: str = ""
    unread_text: str = ""
    numbers: Sequence[str] = ()
