"""The layouts of programs that are no tables: which one a text has, and its documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from invoicing.accounting import entries, fixed, flagged, iif
from invoicing.accounting.calendar import column_style
from invoicing.accounting.entries import Entry
from invoicing.accounting.plan import Days, Official, Plan
from invoicing.imports.rules import MAX_ROWS, Unreadable

HEAD: Final = 40  # lines by which a layout is recognised
HEAD_MAX: Final = 40_000  # characters of them
LINE_MAX: Final = 20_000  # characters
Lines = Iterator[tuple[int, str]]


@dataclass(frozen=True)
class Layout:
    """One layout: its name, its program, how its first lines are told, and what is read of all of them."""

    name: str
    program: str
    is_it: Callable[[Sequence[str]], bool]
    read: Callable[[Lines, Plan], Iterator[Official]]
    blanks: bool = False  # empty lines mean something


def _by_entries(read: Callable[[Lines], Iterator[Entry]]) -> Callable[[Lines, Plan], Iterator[Official]]:
    return lambda lines, plan: entries.officials(_with_customers(read(lines)))


def _with_customers(lines: Iterator[Entry]) -> Iterator[Entry]:
    """The same; Unreadable where not one is a customer's."""
    found = False
    for line in lines:
        found = found or line.role == "customer"
        yield line
    if not found:
        raise Unreadable("no_customer_lines")


LAYOUTS: Final = (
    Layout("sage100", "Sage 100", flagged.is_sage100, _by_entries(flagged.sage100), blanks=True),
    Layout("sage50", "Sage 50", flagged.is_sage50, lambda lines, plan: flagged.sage50(lines)),
    Layout("iif", "QuickBooks", iif.is_iif, iif.officials),
    Layout("quadra", "Quadra", fixed.is_quadra, _by_entries(fixed.quadra)),
    Layout("ximport", "Ciel", fixed.is_ximport, _by_entries(fixed.ximport)),
)
_NAMED: Final = {layout.name: layout for layout in LAYOUTS}


def recognise(text: str) -> Plan | None:
    """The plan of such a text, once it is read to its end; None where it is none. Raises Unreadable."""
    head = [line for line in text[:HEAD_MAX].split("\n") if line.strip()][:HEAD]
    if head and head[0].casefold().startswith("##fichier"):
        raise Unreadable("rimport")
    layout = next((layout for layout in LAYOUTS if layout.is_it(head)), None)
    if layout is None:
        return None
    days = Days.iso
    if layout.name == "iif":
        days = column_style(iif.styles(_lines(text, layout)), Days.month_first)
    plan = Plan(layout.name, layout.program, days=days, asks=("days",) if days is Days.unknown else ())
    for _official in officials(text, plan):  # a fault further down
        pass
    return plan


def officials(text: str, plan: Plan) -> Iterator[Official]:
    """The documents of a text of this layout."""
    layout = _NAMED[plan.layout]
    return layout.read(_lines(text, layout), plan)


def count(text: str) -> int:
    """Its lines that hold anything."""
    return sum(1 for _number, line in numbered(text) if line.strip())


def _lines(text: str, layout: Layout) -> Lines:
    for number, line in numbered(text):
        if len(line) > LINE_MAX:
            raise Unreadable("long_line", {"line": number})
        if layout.blanks or line.strip():
            yield number, line


def numbered(text: str) -> Lines:
    """The lines with their numbers, one after another: all of them at once take the memory twice."""
    at, number = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield number, text[at:end]
        at, number = end + 1, number + 1


def bounded(lines: Lines) -> Lines:
    """No more of them than anybody means."""
    for count_so_far, line in enumerate(lines, start=1):
        if count_so_far > MAX_ROWS:
            raise Unreadable("too_many_rows", {"most": MAX_ROWS})
        yield line
