"""The « fichier des écritures comptables » (art. A47 A-1 LPF): any separator, order of columns and padding."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from invoicing.accounting import entries
from invoicing.accounting.amounts import cents_of, currency_of
from invoicing.accounting.calendar import NotADay, day_of
from invoicing.accounting.entries import Entry
from invoicing.accounting.fixed import uncut
from invoicing.accounting.plan import Column, Days, Official, Plan
from invoicing.accounting.words import account_class
from invoicing.imports.headings import plain
from invoicing.imports.reading import Row, Unreadable
from invoicing.money import NotANumber

LAYOUT: Final = "fec"
NEEDED: Final = frozenset({"journalcode", "comptenum", "pieceref", "ecriturelib"})
_AMOUNTS: Final = ({"debit", "credit"}, {"montant", "sens"})
_SHOWN: Final = {
    "journalcode": Column.journal, "ecriturenum": Column.entry, "ecrituredate": Column.day,
    "comptenum": Column.account, "compauxlib": Column.customer, "pieceref": Column.reference,
    "ecriturelib": Column.label, "debit": Column.debit, "credit": Column.credit, "montant": Column.amount,
    "sens": Column.sense, "idevise": Column.currency,
}  # fmt: skip
_JOINED_MAX: Final = 20  # lines that one row is looked for in
Places = Mapping[str, int]


def names_of(headings: Sequence[str]) -> Places:
    """Heading → place."""
    found: dict[str, int] = {}
    for place, heading in enumerate(headings):
        found.setdefault(plain(heading).replace(" ", ""), place)
    return found


def is_heading(cells: Sequence[str]) -> bool:
    """Whether a row names what a FEC's first line does."""
    if len(cells) < 9:
        return False
    names = names_of(cells).keys()
    return names >= NEEDED and any(names >= both for both in _AMOUNTS)


def shown(headings: Sequence[str]) -> tuple[Column, ...]:
    """What a person is shown of each column."""
    return tuple(_SHOWN.get(plain(heading).replace(" ", ""), Column.ignored) for heading in headings)


def padding(lines: Sequence[str], separator: str, headings: Sequence[str]) -> Mapping[str, int]:
    """How wide references and labels are where a program pads them with blanks: what fills that width may be cut."""
    found = {}
    for name in ("pieceref", "ecriturelib"):
        place = names_of(headings)[name]
        cells = [parts[place] for line in lines if len(parts := line.split(separator)) > place]
        if len({len(cell) for cell in cells}) == 1 and any(cell.endswith(" ") for cell in cells):
            found[name] = len(cells[0])
    return found


def rows_of(
    lines: Iterator[tuple[int, str]], separator: str, headings: Sequence[str], padded: Mapping[str, int]
) -> Iterator[Row]:
    """The rows below the headings of a text. The law knows no quotation marks; programs write them all the same."""
    width, label = len(headings), names_of(headings)["ecriturelib"]
    for line, text in lines:
        if not text.strip(separator + " \t"):
            continue
        cells = _cells(text, separator, headings)
        joined = 0
        while cells is None and joined < _JOINED_MAX and text.count('"') % 2:
            follows = next(lines, None)
            if follows is None:
                break
            text, joined = f"{text}\n{follows[1]}", joined + 1
            cells = _cells(text, separator, headings)
        if cells is None:
            cells = _repaired(text.split(separator), headings)
        if cells is None:
            raise Unreadable("ragged_row", {"line": line, "expected": width, "found": text.count(separator) + 1})
        if "ecriturelib" in padded:
            cells[label] = uncut(cells[label], padded["ecriturelib"])
        yield Row(line, tuple(map(str.strip, cells)))


def _cells(text: str, separator: str, headings: Sequence[str]) -> list[str] | None:
    """The cells of one row; None where there aren't as many as headings."""
    if '"' in text:
        try:
            cells = next(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
        except (csv.Error, StopIteration):
            cells = []
        if _fits(cells, headings):
            return cells
        if "\n" in text:
            return None
    cells = text.split(separator)
    return cells if _fits(cells, headings) else None


def _fits(cells: Sequence[str], headings: Sequence[str]) -> bool:
    """As many cells as headings; a last separator more or less does no harm where all stands in its place."""
    width = len(headings)
    if len(cells) == width:
        return True
    is_near = len(cells) == width - 1 or (len(cells) > width and not any(cell.strip() for cell in cells[width:]))
    at = names_of(headings)
    return is_near and max(at[name] for name in NEEDED) < len(cells) and _reads_well(cells, at)


def _repaired(cells: list[str], headings: Sequence[str]) -> list[str] | None:
    """A separator within the label makes more cells: joined again where all that follows then reads well."""
    at = names_of(headings)
    label = at["ecriturelib"]
    for extra in range(len(cells) - len(headings), 0, -1):
        joined = [*cells[:label], " ".join(cells[label : label + extra + 1]), *cells[label + extra + 1 :]]
        if _reads_well(joined, at):
            return joined
    return None


def _reads_well(cells: Sequence[str], at: Places) -> bool:
    """Whether its days and amounts are where they belong, and of both amounts one is nothing."""
    try:
        amounts = [cents_of(cells[at[name]], ",") for name in ("debit", "credit", "montant") if name in at]
        days = [day_of(cells[at[name]].strip(), Days.iso) for name in ("ecrituredate", "validdate") if name in at]
    except (NotANumber, NotADay, IndexError):
        return False
    return any(amounts) and sum(1 for cents in amounts if cents) == 1 and days[:1] != [None]


def officials(rows: Iterator[Row], plan: Plan, padded: Mapping[str, int]) -> Iterator[Official]:
    """The documents of a FEC."""
    return entries.officials(_entries(rows, names_of(plan.headings), plan, padded.get("pieceref", 0)))


def _entries(rows: Iterator[Row], at: Places, plan: Plan, widest: int) -> Iterator[Entry]:
    journal, name, number, day, reference = (
        at.get(key, -1) for key in ("journalcode", "journallib", "ecriturenum", "ecrituredate", "pieceref")
    )
    account, label, last = at["comptenum"], at["ecriturelib"], max(at[name] for name in NEEDED)
    for row in rows:
        cells = row.cells
        if len(cells) <= last:
            continue
        role = account_class(cells[account])
        entry = cells[number] if 0 <= number < len(cells) else ""
        group = (cells[journal], entry) if entry.strip("0") else (cells[journal], _at(cells, day), cells[reference])
        made = Entry(row.line, group, role, cells, cells[reference], journal=cells[journal], label=cells[label])
        made.journal_name = _at(cells, name)
        if role == "customer":
            _complete(made, cells, at, plan)
            made.cut = 0 < widest <= len(cells[reference])
        yield made


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if 0 <= place < len(cells) else ""


def _complete(entry: Entry, cells: Sequence[str], at: Places, plan: Plan) -> None:
    """What is read of a customer's line alone; an amount in another currency is taken in that currency."""
    auxiliary, own = _at(cells, at.get("compauxlib", -1)), _at(cells, at.get("comptelib", -1))
    entry.customer = auxiliary or (own if len(cells[at["comptenum"]].rstrip("0")) > 3 else "")
    entry.customer_key = _at(cells, at.get("compauxnum", -1)) + "\x1f" + cells[at["comptenum"]] + entry.customer
    entry.currency = "EUR"
    try:
        entry.cents = _cents(cells, at, plan.decimal)
        _foreign(entry, cells, at, plan.decimal)
    except NotANumber as error:
        entry.unread, entry.unread_text = "amount", str(error)[:60]
    try:
        entry.day = day_of(_at(cells, at.get("ecrituredate", -1)), plan.days)
    except NotADay as error:
        if not entry.unread:
            entry.unread, entry.unread_text = "day", str(error)[:60]


def _cents(cells: Sequence[str], at: Places, mark: str) -> int | None:
    if "debit" in at and "credit" in at:
        debit, credit = (cents_of(_at(cells, at[name]), mark) for name in ("debit", "credit"))
        return None if debit is None and credit is None else (debit or 0) - (credit or 0)
    cents, sense = cents_of(_at(cells, at["montant"]), mark), _at(cells, at["sens"]).upper()
    if cents is None or sense in ("D", "+1", "1", "+"):
        return cents
    if sense in ("C", "-1", "-"):
        return -cents
    raise NotANumber(f"{_at(cells, at['montant'])} {sense}")


def _foreign(entry: Entry, cells: Sequence[str], at: Places, mark: str) -> None:
    currency = currency_of(_at(cells, at.get("idevise", -1)))
    amount = cents_of(_at(cells, at.get("montantdevise", -1)), mark) if currency not in ("", "EUR") else None
    if amount and entry.cents:
        entry.currency, entry.cents = currency, abs(amount) if entry.cents > 0 else -abs(amount)
