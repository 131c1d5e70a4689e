"""What a file tells of its official documents: each in short, and which of them contradict each other. Pure."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from invoicing.accounting.plan import Official
from invoicing.lettering import bulk_tokens
from invoicing.lettering.rules import BadReference, read
from invoicing.lettering.suggesting_rules import Suggestion
from invoicing.text import clean

NAME_MAX: Final = 250
LINES_MAX: Final = 10  # other lines of the file that a verdict names


class Told(NamedTuple):
    """One official document without its texts. `targets` are the documents of ours that it names, in their order.

    `fault` says why its reference is none ("" where it is one); `odd` is what of it can't be printed. `is_weak`: it is
    named by its transaction code alone. `missing` looks like a number of ours, and `original` is the number of the
    invoice that a credit note quotes. `fits` are suggestions, `group` the numbers of what only
    together comes to its amount.
    """

    line: int
    typed: str
    folded: str
    fault: str
    odd: str
    amount_cents: int | None
    currency: str
    day: date | None
    customer: str
    cut: bool
    unread: tuple[str, str]
    targets: tuple[int, ...] = ()
    is_weak: bool = False
    missing: tuple[str, ...] = ()
    original: int | None = None
    fits: tuple[Suggestion, ...] = ()
    group: tuple[str, ...] = ()


def told_of(official: Official) -> Told:
    """The document in short, with its reference read or refused, before anything is looked up."""
    typed, folded, fault, odd = _reference(official.reference)
    return Told(
        official.line, typed, folded, fault, odd, official.amount_cents, official.currency, official.day,
        _shown(official.customer[: 2 * NAME_MAX]), official.cut, (official.unread, official.unread_text[:60]),
    )  # fmt: skip


def _reference(text: str) -> tuple[str, str, str, str]:
    """As typed (of a bad one what can be shown), as compared, why it is none, and what can't be printed."""
    try:
        found = read(text)
    except BadReference as bad:
        fault = bad.faults[0]
        return _shown(text[: 2 * NAME_MAX]), "", fault.code, str(fault.facts.get("characters", ""))
    if found is None:
        return "", "", "empty", ""
    if bulk_tokens.is_placeholder(found.folded):
        return found.typed, "", "placeholder", ""
    return found.typed, found.folded, "", ""


@lru_cache(maxsize=4096)  # names come back
def _shown(text: str) -> str:
    """What people see of a text."""
    return clean(text)[:NAME_MAX]


def is_credit(official: Official) -> bool:
    """Whether it is a credit note, by its kind or by its sign."""
    return official.is_credit_note or (official.amount_cents or 0) < 0


class Groups:
    """Which documents of a file have one reference, and which name one document of ours.

    Two that have one reference for different documents, or two references for one document, stand in each other's
    way. What repeats an earlier one, reference and documents, is no contradiction.
    """

    def __init__(self) -> None:
        self._by_reference: dict[str, tuple[int, tuple[int, ...]]] = {}  # the first: its line, and what it names
        self._by_document: dict[int, tuple[int, str]] = {}  # the first: its line and its reference
        self._other_documents: dict[str, dict[tuple[int, ...], int]] = {}  # where there are several: each one's line
        self._other_references: dict[int, dict[str, int]] = {}
        self.repeated: set[str] = set()  # references that several lines give to the same documents

    def add(self, told: Told) -> None:
        """One more document, in the order of the file; what has no reference or names nothing is no matter."""
        if not told.folded or not told.targets:
            return
        line, targets = self._by_reference.setdefault(told.folded, (told.line, told.targets))
        if targets != told.targets:
            some = self._other_documents.setdefault(told.folded, {targets: line})
            if len(some) <= LINES_MAX:
                some.setdefault(told.targets, told.line)
        elif line != told.line:
            self.repeated.add(told.folded)
        for target in told.targets:
            line, folded = self._by_document.setdefault(target, (told.line, told.folded))
            if folded != told.folded:
                others = self._other_references.setdefault(target, {folded: line})
                if len(others) <= LINES_MAX:
                    others.setdefault(told.folded, told.line)

    def against(self, told: Told) -> list[int]:
        """The lines that contradict it, some of them where they are many."""
        if not told.folded or not told.targets:
            return []
        of_reference = self._other_documents.get(told.folded, {})
        lines = {line for targets, line in of_reference.items() if targets != told.targets}
        for target in told.targets:
            of_document = self._other_references.get(target, {})
            lines |= {line for folded, line in of_document.items() if folded != told.folded}
        return sorted(lines)[:LINES_MAX]

    def line_of(self, folded: str) -> int | None:
        """The first line that gives this reference to a document of ours."""
        found = self._by_reference.get(folded)
        return found[0] if found else None

    def names(self, invoice_id: int) -> bool:
        """Whether some line names this document of ours."""
        return invoice_id in self._by_document
