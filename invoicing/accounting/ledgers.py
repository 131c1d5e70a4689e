"""Tables of entries to documents: the customer lines of sales, whatever the program (see `entries`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from invoicing.accounting import entries, lists
from invoicing.accounting.cells import Reader, tried
from invoicing.accounting.entries import Entry
from invoicing.accounting.plan import Column, Official
from invoicing.accounting.words import account_class
from invoicing.imports.reading import Row, Unreadable
from invoicing.money import NotANumber

_C = Column
_HEADS: Final = (_C.entry, _C.kind, _C.reference, _C.day, _C.label, _C.customer, _C.journal)
_NO_NAME: Final = re.compile(r"\S*[\d=]\S*|\b(?:factures?|fact|invoices?|avoirs?|inv)\b\.?", re.I)


def officials(rows: Callable[[], Iterator[Row]], reader: Reader, fills_down: bool = False) -> Iterator[Official] | None:
    """The documents; None where no line is a customer's and the table may still be a list of invoices.

    Raises Unreadable where it can be no such list: its amounts are debits and credits.
    """
    if any(account_class(reader.text(row, _C.account)) == "customer" for row in rows()):
        return entries.officials(_entries(_filled(rows(), reader) if fills_down else _blocks(rows()), reader))
    if reader.has(_C.debit, _C.credit, _C.sense):
        raise Unreadable("no_customer_lines")
    return None


def _blocks(rows: Iterable[Row]) -> Iterator[tuple[int, Row]]:
    return ((0, row) for row in rows)


def _filled(rows: Iterable[Row], reader: Reader) -> Iterator[tuple[int, Row]]:
    """Each row with the line on which its block begins, and what only the block's first line says."""
    heads = [at for at, column in enumerate(reader.plan.columns) if column in _HEADS]
    marks = (_C.entry,) if reader.has(_C.entry) else (_C.day, _C.kind, _C.reference)
    head: Row | None = None
    for row in rows:
        if head is None or any(reader.text(row, mark) for mark in marks):
            head = row
        elif reader.text(row, _C.account):
            cells = [*row.cells, *[""] * (len(head.cells) - len(row.cells))]
            for at in heads:
                if at < len(cells) and at < len(head.cells):
                    cells[at] = cells[at] or head.cells[at]
            row = replace(row, cells=tuple(cells))
        yield head.line, row


def _entries(rows: Iterable[tuple[int, Row]], reader: Reader) -> Iterator[Entry]:
    own_names = reader.has(_C.customer)
    for block, row in rows:
        account = reader.text(row, _C.account)
        if not account:
            continue  # sums, and titles of groups
        role = account_class(account)
        reference, journal = reader.text(row, _C.reference), reader.text(row, _C.journal)
        number = reader.text(row, _C.entry)
        group = (block, journal) if block else (journal, number) if number.strip("0") else (
            journal, reader.text(row, _C.day), reference)  # fmt: skip
        entry = Entry(row.line, group, role, row.cells, reference, journal=journal, label=reader.text(row, _C.label))
        entry.kind = reader.text(row, _C.kind)
        if role == "customer":
            _complete(entry, row, reader, own_names)
        yield entry


def _complete(entry: Entry, row: Row, reader: Reader, own_names: bool) -> None:
    """What is read of a customer's line alone."""
    try:
        cents: int | NotANumber | None = lists.signed(row, reader)
    except NotANumber as error:
        cents = error
    entry.cents = None if isinstance(cents, NotANumber) else cents
    entry.day, entry.unread, entry.unread_text = tried(row, reader, cents)
    entry.customer = reader.text(row, _C.customer) if own_names else _named_in(entry.label, entry.reference)
    entry.customer_key = reader.text(row, _C.account) + "\x1f" + entry.customer
    entry.currency = reader.currency(row)


def _named_in(label: str, reference: str) -> str:
    """Who a label names where no column does: its words without figures, the likeliest thing to a name."""
    return " ".join(_NO_NAME.sub(" ", label.replace(reference, " ") if reference else label).split())
