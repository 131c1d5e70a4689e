"""Files whose lines are flags and fields: Sage 100 (#FLG … #MECG … #FIN) and Sage 50 Canada (.IMP)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from invoicing.accounting.amounts import cents_of
from invoicing.accounting.calendar import NotADay, day_of
from invoicing.accounting.entries import Entry
from invoicing.accounting.fixed import uncut
from invoicing.accounting.plan import Days, Official
from invoicing.accounting.words import account_class
from invoicing.imports.rules import Unreadable
from invoicing.money import NotANumber

Lines = Iterable[tuple[int, str]]
SAGE_FIELDS: Final = 38
SAGE_WIDTH: Final = 17  # characters of an invoice's number, and of a reference
IMP_WIDTH: Final = 20
_AMERICAN: Final = re.compile(r"\d\d-\d\d-\d{4}\Z", re.ASCII)


def is_sage100(lines: Sequence[str]) -> bool:
    """Whether the first line is Sage 100's."""
    return bool(lines) and lines[0].startswith("#FLG")


def sage100(lines: Lines) -> Iterator[Entry]:
    """Sage 100's entries: 38 fields below each #MECG; other blocks are passed over. Empty lines count as fields."""
    rows, currency, ended = iter(lines), "", False
    for number, line in rows:
        if line.startswith("#DEV"):
            currency = line[4:].strip()
        if line.strip() == "#MECG":
            fields = [text for _number, (_at, text) in zip(range(SAGE_FIELDS), rows, strict=False)]
            after = next(rows, (number, ""))[1]
            if len(fields) < SAGE_FIELDS or after.strip() or not _is_entry(fields):
                raise Unreadable("broken_line", {"line": number})
            yield _sage(number, fields, currency)
        ended = ended or line.strip() == "#FIN"
    if not ended:
        raise Unreadable("cut_file")


def _is_entry(fields: Sequence[str]) -> bool:
    return fields[1].isdigit() and len(fields[1]) == 6 and fields[16].strip() in ("0", "1")


def _sage(number: int, fields: Sequence[str], currency: str) -> Entry:
    journal, day, piece, reference, account = (fields[at].strip() for at in (0, 1, 3, 4, 6))
    label, other = uncut(fields[10], 35), uncut(fields[32], SAGE_WIDTH)
    texts = (reference, account, fields[8].strip(), label, other)
    group = (journal, day, piece, reference)
    entry = Entry(number, group, account_class(account), texts, reference, journal=journal, label=label)
    entry.customer, entry.customer_key, entry.currency = fields[10].strip(), fields[8].strip() or account, currency
    entry.cut = len(reference) >= SAGE_WIDTH
    try:
        cents = cents_of(fields[17].strip(), ",")
        entry.cents = -cents if cents is not None and fields[16].strip() == "1" else cents
    except NotANumber:
        entry.unread, entry.unread_text = "amount", fields[17].strip()[:60]
    try:
        entry.day = day_of(day, Days.day_first)
    except NotADay:
        entry.unread, entry.unread_text = entry.unread or "day", entry.unread_text or day
    return entry


def is_sage50(lines: Sequence[str]) -> bool:
    """Whether the first lines are those of Sage 50 Canada."""
    plain = [line.strip().casefold() for line in lines if not line.startswith("<!")]
    return bool(plain) and plain[0] == "<version>"


def sage50(lines: Lines) -> Iterator[Official]:
    """Sage 50 Canada's invoices: a line for the customer, one for the invoice, then its details."""
    inside, found = 0, list[list[str]]()
    for number, line in lines:
        tag = line.strip().casefold()
        if tag.startswith("<!") or not tag:
            continue
        if (tag == "<salinvoice>") if inside else (tag == "</salinvoice>"):  # one within another, or the end of none
            raise Unreadable("broken_line", {"line": number})
        if tag == "<salinvoice>":
            inside, found = number, []
        elif tag == "</salinvoice>":
            yield _invoice(inside, found)
            inside = 0
        elif inside:
            found.append([cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))])
    if inside:
        raise Unreadable("broken_line", {"line": inside})


def _invoice(number: int, rows: Sequence[Sequence[str]]) -> Official:
    if len(rows) < 2 or len(rows[1]) < 7 or not _AMERICAN.match(rows[1][3]) or not rows[0]:
        raise Unreadable("broken_line", {"line": number})
    order, reference, day, total = rows[1][1], rows[1][2], rows[1][3], rows[1][6]
    texts = (reference, uncut(order, IMP_WIDTH), *rows[0], *(cell for row in rows[2:] for cell in row if cell))
    cents, unread, text, dated = None, "", "", None
    try:
        cents = cents_of(total, ".")
        dated = day_of(day, Days.month_first)
    except NotANumber:
        unread, text = "amount", total[:60]
    except NotADay:
        unread, text = "day", day
    return Official(
        number, reference, texts, cents, "", dated, rows[0][0], (cents or 0) < 0, len(reference) >= IMP_WIDTH,
        len(rows), unread, text,
    )  # fmt: skip
