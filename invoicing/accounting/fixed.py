"""Fixed-width lines: Cegid Quadra's ASCII file and the XIMPORT.TXT of Sage 50 and Ciel (places as in FORMATS)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from invoicing.accounting.amounts import cents_of
from invoicing.accounting.calendar import NotADay, day_of
from invoicing.accounting.entries import Entry
from invoicing.accounting.plan import Days
from invoicing.accounting.words import account_class
from invoicing.imports.rules import Unreadable
from invoicing.money import NotANumber

Lines = Iterable[tuple[int, str]]
_QUADRA: Final = re.compile(r"M.{8}.{2}.{3}\d{6}.{21}[DC][+\- ]\d{12}")
_QUADRA_ACCOUNT: Final = re.compile(r"C\S.{7}.{30}")
_COLLECTIVE: Final = re.compile(r"\s(411\d{2,8})\s")
_XIMPORT: Final = re.compile(r"[ \d]{4}\d.{2}\d{8}(?:\d{8}| {8}).{12}.{11}.{25}[ \d.,-]{12}\d[DC]")


def is_quadra(lines: Sequence[str]) -> bool:
    """Whether the first lines are Quadra's."""
    return any(_QUADRA.match(line) for line in lines) and all(
        _QUADRA.match(line) or (line[:1] != "M" and line[:1].isupper() and len(line) > 30) for line in lines
    )


def is_ximport(lines: Sequence[str]) -> bool:
    """Whether the first lines are Ciel's."""
    return bool(lines) and all(_XIMPORT.match(line) for line in lines)


def quadra(lines: Lines) -> Iterator[Entry]:
    """Quadra's entries; a customer's account is the one whose C line names a collective account 411."""
    names: dict[str, tuple[str, bool]] = {}
    for number, line in lines:
        if _QUADRA_ACCOUNT.match(line):
            names[line[1:9].strip()] = (line[9:39].strip(), bool(_COLLECTIVE.search(f"{line[39:]} ")))
        elif line[:1] == "M":
            if not _QUADRA.match(line):
                raise Unreadable("broken_line", {"line": number})
            yield _quadra(number, line, names)


def _quadra(number: int, line: str, names: dict[str, tuple[str, bool]]) -> Entry:
    account, journal = line[1:9].strip(), (line[110:113].strip() or line[9:11].strip())
    name, is_customer = names.get(account, ("", False))
    reference = (line[148:158] if len(line) > 148 else line[99:107]).strip()
    cut = len(reference) >= (10 if len(line) > 148 else 8)
    label = uncut(line[116:146], 30) or uncut(line[21:41], 20)
    texts = (account, name, label, uncut(line[21:41], 20), reference)
    role = "customer" if is_customer else account_class(account)
    entry = Entry(number, (journal, line[14:20], reference), role, texts, reference, journal=journal, label=label)
    entry.customer, entry.customer_key, entry.cut = name, account, cut
    entry.currency = line[107:110].strip() if line[107:110].strip().isalpha() else ""
    cents = int(line[43:55]) * (-1 if line[42] == "-" else 1)
    entry.cents = cents if line[41] == "D" else -cents
    _dated(entry, line[14:20], Days.day_first)
    return entry


def ximport(lines: Lines) -> Iterator[Entry]:
    """Ciel's entries."""
    for number, line in lines:
        if not _XIMPORT.match(line):
            raise Unreadable("broken_line", {"line": number})
        account, reference, label = line[35:46].strip(), line[23:35].strip(), uncut(line[46:71], 25)
        name = line[103:137].strip()
        texts = (account, reference, label, name)
        group, journal = (line[:5].strip(), line[5:7]), line[5:7].strip()
        entry = Entry(number, group, account_class(account), texts, reference, journal=journal, label=label)
        entry.customer, entry.customer_key, entry.cut = name, account, len(reference) >= 12
        try:
            cents = cents_of(line[71:84].strip())
            entry.cents = -cents if cents is not None and line[84] == "C" else cents
        except NotANumber:
            entry.unread, entry.unread_text = "amount", line[71:84].strip()
        _dated(entry, line[7:15], Days.iso)
        yield entry


def uncut(text: str, width: int) -> str:
    """A text that fills its width may be cut: without its last word, which might be another number than it was."""
    plain = text.strip()
    if len(text.rstrip()) < width:
        return plain
    return plain.rpartition(" ")[0].rstrip()


def _dated(entry: Entry, text: str, style: Days) -> None:
    try:
        entry.day = day_of(text, style)
    except NotADay:
        entry.unread, entry.unread_text = entry.unread or "day", entry.unread_text or text
