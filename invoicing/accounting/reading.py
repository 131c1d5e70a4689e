"""Recognises what an accounting program has exported, and reads its official documents (SPEC C9).

Any bytes are survived: `recognise` gives a plan or raises Unreadable, and so does `documents` while it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Final

from invoicing.accounting import cells, fec, layouts, ledgers, lists, programs, refusals, tables
from invoicing.accounting.layouts import bounded, numbered
from invoicing.accounting.plan import Column, Days, Official, Plan
from invoicing.imports.decoding import decode, encoding_of
from invoicing.imports.headings import plain
from invoicing.imports.reading import Row, Unreadable, is_workbook, mac_days, separator_of, table
from invoicing.imports.rules import MAX_BYTES

__all__ = ["choose", "documents", "fingerprint", "recognise"]

_FIRST: Final = 30  # rows among which a FEC's headings are looked for
_SAMPLED: Final = 100_000  # bytes by which it is told whether cells are padded
_PADDED: Final = 200  # lines
_C = Column


def recognise(content: bytes, file_name: str = "") -> Plan:
    """How the file is to be read, with what a person must still say; Unreadable where it can't or mustn't be read."""
    refusals.check(content)
    workbook = is_workbook(content)
    text = "" if workbook or len(content) > MAX_BYTES else decode(content)
    if not workbook and len(content) <= MAX_BYTES and not text.strip():
        raise Unreadable("empty")
    if text:
        refusals.check_text(text)
        plan = layouts.recognise(text)
        if plan is not None:
            return replace(plan, encoding=encoding_of(content), rows=layouts.count(text))
    separator, tabs = "" if workbook else separator_of(text), list[str]()
    sample = list(islice(table(content, file_name, tabs), _FIRST))
    plan = _fec(content, separator, sample[:1])
    if plan is None:
        refusals.check_rows(sample)
        plan = _fec(content, separator, sample) or _in_tab(table(content, file_name), tabs)
    encoding = "" if workbook else encoding_of(content)
    plan = replace(plan, encoding=encoding, separator=separator, mac_days=workbook and mac_days(content))
    return replace(plan, tabs=tuple(tabs) if len(tabs) > 1 else ())


def _in_tab(rows: Iterator[Row], tabs: Sequence[str]) -> Plan:
    """The plan of a table, where none is found with the sheet in which it was looked for and those left aside."""
    try:
        return tables.recognise(rows)
    except Unreadable as fault:
        if fault.code not in ("no_table", "only_headings") or len(tabs) < 2:
            raise
        raise Unreadable("other_tab", {"read": tabs[0], "others": list(tabs[1:])}) from None


def _fec(content: bytes, separator: str, sample: Iterable[Row]) -> Plan | None:
    head = next((row for row in sample if fec.is_heading(row.cells)), None)
    if head is None:
        return None
    plan = Plan(
        fec.LAYOUT, "FEC", separator=separator, header_line=head.line, headings=head.cells,
        columns=fec.shown(head.cells),
    )  # fmt: skip
    scan = tables.scanned(_fec_rows(content, plan))
    if not scan.rows:
        raise Unreadable("only_headings", {"line": head.line})
    told = tables.told_by(plan, scan, Days.day_first)
    return replace(tables.settled(told), asks=())


def _fec_rows(content: bytes, plan: Plan) -> Iterator[Row]:
    if not plan.separator:
        return (row for row in table(content) if row.line > plan.header_line)
    lines = ((n, line) for n, line in bounded(numbered(decode(content))) if n > plan.header_line)
    return fec.rows_of(lines, plan.separator, plan.headings, _padding(content, plan))


def _padding(content: bytes, plan: Plan) -> Mapping[str, int]:
    if not plan.separator:
        return {}
    head = decode(content[:_SAMPLED]).split("\n")[plan.header_line : -1]
    return fec.padding([line for line in head[:_PADDED] if line.strip()], plan.separator, plan.headings)


def documents(content: bytes, plan: Plan) -> Iterator[Official]:
    """The official documents of the file, read as the plan says. Raises Unreadable, with its line if it has one."""
    if plan.is_table:
        return _table(content, plan)
    if plan.layout == fec.LAYOUT:
        return fec.officials(_fec_rows(content, plan), plan, _padding(content, plan))
    return layouts.officials(decode(content), plan)


def _table(content: bytes, plan: Plan) -> Iterator[Official]:
    reader, program = cells.Reader(plan), programs.named(plan.program, plan.headings)

    def rows() -> Iterator[Row]:
        whole = cells.whole(tables.below(table(content), plan.header_line, plan.headings), reader)
        return (row for row in whole if reader.text(row, _C.reference)) if program.blanks else whole

    found = ledgers.officials(rows, reader, program.fills_down) if reader.has(_C.account) else None
    yield from found if found is not None else lists.officials(rows, reader, program.codes)


def fingerprint(plan: Plan) -> str:
    """What files of the same layout and headings share, whatever they hold."""
    headings = [plain(heading) for heading in plan.headings]
    said = json.dumps([plan.layout, headings, plan.program, 0 if headings else len(plan.columns)])
    return sha256(said.encode()).hexdigest()


def choose(plan: Plan, columns: Sequence[Column], days: Days, decimal: str, currency: str) -> Plan:
    """The plan of a table as a person wants it read, with what they must still say; any other plan takes a currency.

    Where the column of days tells itself how it is written, `unknown` takes its word for it; so does an empty decimal.
    That the year comes first no person can say of days that begin with another figure, nor the contrary.
    """
    days = Days.unknown if days is Days.iso else days
    if not plan.is_table:
        days = days if "days" in plan.asks else plan.days
        return replace(plan, currency=currency, days=days, asks=("days",) if days is Days.unknown else ())
    wanted = tuple(columns[: len(plan.columns)]) + plan.columns[len(columns) :]
    chosen = tables.settled(replace(plan, columns=wanted, currency=currency, asks=()))
    if days is not Days.unknown and chosen.days is not Days.iso:
        chosen = replace(chosen, days=days, asks=tuple(ask for ask in chosen.asks if ask != "days"))
    if decimal:
        blank = tuple("" if mark != decimal else mark for mark in chosen.marks)
        chosen = replace(chosen, decimal=decimal, marks=blank)
    return chosen
