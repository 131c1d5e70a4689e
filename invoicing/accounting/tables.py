"""Recognises a table: its headings, its columns, and what each whole column tells of days and decimal marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, zip_longest
from operator import eq
from typing import Final

from invoicing.accounting import columns as by_heading
from invoicing.accounting import headless, programs
from invoicing.accounting.amounts import column_marks
from invoicing.accounting.calendar import column_style, told
from invoicing.accounting.plan import TABLE, Column, Days, Plan
from invoicing.imports.headings import plain
from invoicing.imports.reading import Row, Unreadable

SAMPLE: Final = 200  # rows by which a table is recognised
SHOWN: Final = 8  # of them kept in the plan
CHUNK: Final = 2_000
CELL_SHOWN: Final = 120  # characters
_C = Column


@dataclass
class Scan:
    """What all rows tell, column by column."""

    rows: int = 0
    marks: list[set[str]] = field(default_factory=list)
    styles: list[set[Days]] = field(default_factory=list)
    first: list[Row] = field(default_factory=list)

    def take(self, rows: Sequence[Row]) -> None:
        """Some more rows."""
        self.rows += len(rows)
        self.first += rows[: max(0, SAMPLE - len(self.first))]
        for place, cells in enumerate(zip_longest(*(row.cells for row in rows), fillvalue="")):
            if place == len(self.marks):
                self.marks.append(set())
                self.styles.append(set())
            some = {cell for cell in cells if cell and len(cell) <= 40}
            some = {cell for cell in some if cell[0] in _STARTS or cell[-1] in _DIGITS}
            self.marks[place] |= column_marks(some)
            self.styles[place] |= {style for cell in some if (style := told(cell)) is not None}


_DIGITS: Final = frozenset("0123456789")
_STARTS: Final = _DIGITS | frozenset("-+(€$.,\u2212")


def recognise(rows: Iterator[Row]) -> Plan:
    """The plan of a table, with what a person must still say; Unreadable where it is none."""
    sample = list(islice(rows, SAMPLE))
    found = by_heading.find(sample)
    if found is None:
        return _unnamed(sample, rows)
    scan = scanned(below(chain(sample, rows), found.line, found.headings))
    if not scan.rows:
        raise Unreadable("only_headings", {"line": found.line})
    program = programs.of(found)
    found = by_heading.doubted(scan.first, programs.corrected(program, found), bool(program.name))
    guesses = by_heading.by_values(scan.first, found.columns)
    columns = tuple(guesses.get(place, column) for place, column in enumerate(found.columns))
    plan = Plan(
        TABLE, program.name, header_line=found.line, headings=found.headings, columns=columns,
        recognised=tuple(sorted({*found.places, *guesses})),
    )  # fmt: skip
    return settled(told_by(plan, scan, convention(program.days)))


def _unnamed(sample: Sequence[Row], rows: Iterator[Row]) -> Plan:
    """A table without headings that anybody knows: of a layout known by its values, else a person must say."""
    if not any(sum(map(bool, row.cells)) > 1 for row in sample):
        raise Unreadable("no_table")
    if columns := headless.ebp(sample):
        plan = Plan(TABLE, "EBP", columns=columns, recognised=tuple(range(len(columns))))
        return settled(told_by(plan, scanned(chain(sample, rows)), Days.day_first))
    first = next((n for n, row in enumerate(sample) if sum(map(bool, row.cells)) * 2 > len(row.cells)), 0)
    row = sample[first]
    headings = row.cells if headless.is_heading(row, sample[first + 1 :]) else ()
    line = row.line if headings else 0
    scan = scanned(below(chain(sample, rows), line, headings) if headings else chain(sample, rows))
    if not scan.rows:
        raise Unreadable("only_headings", {"line": line})
    width = len(headings) or max(len(row.cells) for row in sample)
    blank = by_heading.headed(line, headings).columns if headings else (_C.ignored,) * width
    guesses = by_heading.by_values(scan.first, blank)
    columns = tuple(guesses.get(place, column) for place, column in enumerate(blank))
    recognised = tuple(place for place, column in enumerate(columns) if column is not _C.ignored)
    plan = Plan(TABLE, header_line=line, headings=tuple(headings), columns=columns, recognised=recognised)
    plan = settled(told_by(plan, scan, Days.unknown))
    return replace(plan, asks=("columns", *plan.asks))


def scanned(rows: Iterable[Row]) -> Scan:
    """What all rows tell of their columns."""
    scan, rows = Scan(), iter(rows)
    while some := list(islice(rows, CHUNK)):
        scan.take(some)
    return scan


def told_by(plan: Plan, scan: Scan, usual: Days) -> Plan:
    """The plan with what the scan has found."""
    marks = tuple(next(iter(marks)) if len(marks) == 1 else "" for marks in scan.marks)
    styles = tuple(column_style(styles, usual) if styles else None for styles in scan.styles)
    sample = tuple(tuple(cell[:CELL_SHOWN] for cell in row.cells) for row in scan.first[:SHOWN])
    return replace(plan, rows=scan.rows, marks=marks, styles=styles, sample=sample)


def settled(plan: Plan) -> Plan:
    """The plan with its days and decimal mark as its columns tell them, and what a person must still say."""
    days = next((plan.styles[at] for at in places(plan, _C.day) if at < len(plan.styles)), None)
    amounts = {plan.marks[at] for at in places(plan, *AMOUNTS) if at < len(plan.marks)} - {""}
    asks = [] if places(plan, _C.reference) else ["reference"]
    asks += ["twice"] if doubled(plan.columns) else []
    if days is Days.unknown:
        asks.append("days")
    decimal = amounts.pop() if len(amounts) == 1 else ""
    return replace(plan, days=days or Days.iso, decimal=decimal, asks=tuple(asks))


def doubled(columns: Sequence[Column]) -> list[int]:
    """The places of columns that say what an earlier one says already, where only one can."""
    alone = by_heading.UNIQUE - {_C.customer}  # a name may stand in two
    return [at for at, column in enumerate(columns) if column in alone and column in columns[:at]]


AMOUNTS: Final = (_C.amount, _C.debit, _C.credit, _C.line_amount)


def places(plan: Plan, *wanted: Column) -> list[int]:
    """The places of the columns that hold this."""
    return [place for place, column in enumerate(plan.columns) if column in wanted]


def convention(days: Days) -> Days:
    """How days are written where the column doesn't tell: as its program does, if that puts day or month first.

    A program that puts the year first hasn't written such days: a spreadsheet has, and whose, nobody knows. Nor does
    the language of the headings tell: French headings are written in Quebec too.
    """
    return days if days in (Days.day_first, Days.month_first) else Days.unknown


def below(rows: Iterable[Row], line: int, headings: Sequence[str]) -> Iterator[Row]:
    """The rows below the headings, without those that repeat them, sums and what stands alone above or below."""
    top = [plain(heading) for heading in headings]
    for row in rows:
        if row.line > line and is_data(row, headings, top):
            yield row


def is_data(row: Row, headings: Sequence[str], top: Sequence[str]) -> bool:
    """Whether a row is more than a title, a footer or the headings of a further page."""
    if len(row.cells) - row.cells.count("") < 2 and len(headings) > 1:
        return False
    if not any(map(eq, row.cells, headings)):
        return True
    filled = [cell for cell in row.cells if cell]
    alike = sum(1 for cell, heading in zip(row.cells, headings, strict=False) if cell and cell == heading)
    if alike > 1 and alike * 2 >= len(filled):
        return False
    cells = enumerate(row.cells[: len(top)])
    return not (alike and all(plain(cell) in top[at] for at, cell in cells if cell))
