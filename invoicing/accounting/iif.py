"""QuickBooks Desktop's IIF: blocks of tabbed lines under !TRNS and !SPL, whose headings name the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from invoicing.accounting.amounts import cents_of
from invoicing.accounting.calendar import NotADay, day_of, told
from invoicing.accounting.plan import Days, Official, Plan
from invoicing.accounting.words import account_class, says_credit
from invoicing.imports.rules import Unreadable
from invoicing.money import NotANumber

Lines = Iterable[tuple[int, str]]
_SALES: Final = frozenset({"INVOICE", "CREDIT MEMO"})
Names = Mapping[str, str]


def is_iif(lines: Sequence[str]) -> bool:
    """Whether a line among the first ones heads transactions."""
    return any(line.upper().startswith("!TRNS\t") for line in lines) or any(line.startswith("!HDR\t") for line in lines)


def officials(lines: Lines, plan: Plan) -> Iterator[Official]:
    """The invoices and credit notes: the TRNS line of each, on Accounts Receivable."""
    for number, block in _blocks(lines):
        if block[0].get("TRNSTYPE", "").upper() in _SALES and _is_customer(block[0]):
            yield _official(number, block, plan)


def styles(lines: Lines) -> Iterator[Days]:
    """What the days of the transactions tell of how they are written."""
    for _number, block in _blocks(lines):
        if style := told(block[0].get("DATE", "")):
            yield style


def _is_customer(first: Names) -> bool:
    account = first.get("ACCNT", "")
    return not account or account_class(account) == "customer"


def _blocks(lines: Lines) -> Iterator[tuple[int, list[Names]]]:
    headings: dict[str, list[str]] = {}
    start, block = 0, list[Names]()
    for number, line in lines:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter="\t"), [])]
        flag = cells[0].upper() if cells else ""
        if flag.startswith("!"):
            headings[flag[1:]] = [cell.upper() for cell in cells]
        elif flag in ("TRNS", "SPL"):
            names = headings.get(flag)
            if names is None or any(cells[len(names) :]) or (flag == "TRNS") == bool(block):
                raise Unreadable("broken_line", {"line": number})
            start = start if block else number
            block.append(dict(zip(names, cells, strict=False)))
        elif flag == "ENDTRNS" and block:
            yield start, block
            block = []
    if block:
        raise Unreadable("broken_line", {"line": start})


def _official(number: int, block: Sequence[Names], plan: Plan) -> Official:
    first = block[0]
    cents, day, unread, text = None, None, "", ""
    try:
        cents = cents_of(first.get("AMOUNT", ""), ".")
    except NotANumber:
        unread, text = "amount", first["AMOUNT"][:60]
    try:
        day = day_of(first.get("DATE", ""), plan.days)
    except NotADay:
        unread, text = unread or "day", text or first["DATE"][:60]
    credit = first.get("TRNSTYPE", "").upper() == "CREDIT MEMO"
    cents = -abs(cents) if credit and cents is not None else cents
    texts = tuple(dict.fromkeys(cell for line in block for cell in line.values() if cell))
    is_credit = credit or (cents or 0) < 0 or says_credit(first.get("MEMO", ""))
    return Official(
        number, first.get("DOCNUM", ""), texts, cents, plan.currency, day, first.get("NAME", ""), is_credit,
        lines=len(block), unread=unread, unread_text=text,
    )  # fmt: skip
