"""Entries to documents: one official document is the customer line of an entry of the sales journal. Pure.

The other lines of the entry, payments that bear the same reference and opening entries are no documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from invoicing.accounting.plan import Official
from invoicing.accounting.words import is_sales_journal, kind_of, says_credit

SHARED_MAX: Final = 20  # documents among which the other lines of an entry may still belong to each


@dataclass(slots=True)
class Entry:
    """One line of an entry. `group` is what the lines of one entry share; cents are debit less credit.

    `role` is what its account is for (`words.account_class`); amounts and days are read of customers' lines alone.
    """

    line: int
    group: object
    role: str
    texts: Sequence[str]
    reference: str = ""
    cents: int | None = None
    day: date | None = None
    journal: str = ""
    journal_name: str = ""
    customer: str = ""
    customer_key: str = ""
    label: str = ""
    kind: str = ""
    currency: str = ""
    cut: bool = False
    unread: str = ""
    unread_text: str = ""
    codes: bool = False  # kinds are numbered as Dolibarr does


def officials(entries: Iterable[Entry]) -> Iterator[Official]:
    """The documents, in the order of their entries."""
    for _key, lines in groupby(entries, key=lambda entry: entry.group):
        entry = list(lines)
        if any(line.role == "customer" for line in entry):
            yield from _documents(entry)


def _documents(entry: Sequence[Entry]) -> Iterator[Official]:
    is_sale = _is_sale(entry)
    if is_sale is False:
        return
    parts: dict[tuple[str, str], list[Entry]] = {}
    others: dict[str, list[Entry]] = {}  # by reference: some programs give all entries of a file the same number
    for line in entry:
        if line.role == "customer":
            parts.setdefault((line.reference, line.customer_key), []).append(line)
        else:
            others.setdefault(line.reference, []).append(line)
    sharing = Counter(reference for reference, _customer in parts)
    for (reference, _customer), lines in parts.items():
        if is_sale is None and sum(line.cents or 0 for line in lines) <= 0 and not _says_credit(lines[0]):
            continue  # of customers' lines alone, a credit is rather a payment
        own = others.get(reference, []) if len(parts) == 1 or (reference and sharing[reference] <= SHARED_MAX) else []
        shared = others.get("", []) if reference and len(parts) <= SHARED_MAX else []
        yield _official(lines, [*own, *shared])


def _is_sale(entry: Sequence[Entry]) -> bool | None:
    """Whether an entry is a sale: as its kind, its journal, or else its accounts say; None where nothing tells."""
    kinds = {kind_of(line.kind, line.codes) for line in entry if line.kind}
    if "other" in kinds:
        return False
    journal = is_sales_journal(entry[0].journal, entry[0].journal_name)
    if journal is not None:
        return journal
    if kinds & {"invoice", "credit"}:
        return True
    roles = {line.role for line in entry}
    if "treasury" in roles:
        return False
    return True if "revenue" in roles else None if roles == {"customer"} else False


def _official(lines: Sequence[Entry], others: Sequence[Entry]) -> Official:
    first = lines[0]
    unread = next((line for line in lines if line.unread), first)
    known = [line.cents for line in lines if line.cents is not None]
    cents = sum(known) if known and unread.unread != "amount" else None
    credit = _says_credit(first)
    if cents is not None and cents > 0 and kind_of(first.kind, first.codes) == "credit":
        cents = -cents
    texts = dict.fromkeys(text for line in lines for text in line.texts)
    texts |= dict.fromkeys(line.label for line in others if line.label)
    return Official(
        first.line, first.reference, tuple(texts), cents, first.currency, first.day, first.customer,
        credit or (cents or 0) < 0, any(line.cut for line in lines), len(lines) + len(others), unread.unread,
        unread.unread_text,
    )  # fmt: skip


def _says_credit(line: Entry) -> bool:
    return kind_of(line.kind, line.codes) == "credit" or says_credit(line.label)
