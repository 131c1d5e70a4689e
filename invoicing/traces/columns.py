"""Which column of a log says what: by its name, in French and English, else by what it holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from invoicing.imports.reading import Row
from invoicing.search import fold
from invoicing.traces.reading import amount_of, codes_in, currency_of, is_coded_shape, result_of, unknown_code
from invoicing.traces.rules import Entry, Known, Result

SAMPLE: Final = 300  # rows that a file is recognised by
HEADINGS: Final = 30  # rows among which the heading is looked for
_NAMES: Final[dict[str, tuple[str, ...]]] = {  # by role; the first name that is there wins
    "code": ("code transaction", "transaction code", "order id", "orderid", "vads order id", "txid", "order reference",
             "reference commande", "numero de commande", "n de commande", "merchant reference", "reference marchand",
             "invoice number", "invoice id", "numero de facture", "n de facture", "no de facture", "id de factura",
             "client reference id", "commande", "order"),
    "text": ("description", "libelle", "label", "memo", "note", "objet", "subject", "motif", "commentaire", "details"),
    "amount": ("gross", "gross amount", "montant brut", "brut", "avant commission", "amount", "montant", "montant ttc",
               "tarif", "montant tarif", "origin amount", "total"),
    "currency": ("currency", "currency code", "devise", "code devise", "monnaie"),
    "status": ("transaction status", "status", "etat", "statut", "statut de la commande", "result", "resultat",
               "state"),
    "type": ("transaction type", "operation type", "reporting category", "type", "type de transaction", "nature"),
    "id": ("transaction id", "source id", "provider id", "payment id", "numero de transaction", "n de transaction",
           "no de transaction", "de transaction", "charge id", "balance transaction id", "id"),
    "day": ("payment date", "created utc", "created date utc", "created", "date", "date de la commande", "jour"),
}  # fmt: skip
_HEADS: Final = frozenset({"entete", "header"})  # SystemPay and its like: what kind of line it is, in the first cell
_FRAME: Final = frozenset({"titre", "title", "entete", "header", "fin", "end"})


@dataclass(frozen=True)
class Columns:
    """Places of the columns, by role; `cents`: amounts are whole cents; `inside`: the code stands in a longer text."""

    at: Mapping[str, int]
    heading: int = 0  # its line; 0: there is none
    framed: bool = False  # rows say in their first cell what they are
    cents: bool = False
    inside: bool = False


def recognise(sample: Sequence[Row], find: Callable[[set[str]], Mapping[str, Sequence[Known]]]) -> Columns | None:
    """The columns of a log; None where it is no table of payments. `find` looks codes up."""
    known = find({word for row in sample for cell in row.cells for word in _words(cell)})
    columns = _named(sample)
    rows = [row for row in sample if row.line > columns.heading]
    columns = _coded(columns, rows, known)
    columns = _priced(columns, rows, known)
    return columns if {"code", "amount"} <= columns.at.keys() else None


def _named(sample: Sequence[Row]) -> Columns:
    """By the heading: of the first rows the one with the most names that we know, two at least."""
    best: tuple[int, Row | None] = (1, None)
    for candidate in sample[:HEADINGS]:
        if (names := len(_roles(candidate))) > best[0]:
            best = (names, candidate)
    row = best[1]
    if row is None:
        return Columns({})
    framed = fold(row.cells[0]) in _HEADS
    return Columns(_roles(row), row.line, framed, cents=framed)


def _roles(row: Row) -> dict[str, int]:
    names = [re.sub(r"[^a-z0-9]+", " ", fold(cell)).strip() for cell in row.cells]
    found: dict[str, int] = {}
    for role, known in _NAMES.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None and place not in found.values():
            found[role] = place
    return found


def _words(cell: str) -> list[str]:
    """What a cell may hold as a code: itself, and any word of it."""
    return [cell, *codes_in(cell)] if 0 < len(cell) <= 500 else []


def _coded(columns: Columns, rows: Sequence[Row], known: Mapping[str, Sequence[Known]]) -> Columns:
    """The column that holds the codes: where most of ours are, else the one that is named so, else by their looks."""
    counts = _counted(rows, lambda cell: any(word in known for word in _words(cell)))
    if not counts and "code" in columns.at:
        return columns
    counts = counts or _counted(rows, lambda cell: bool(unknown_code(cell)))
    if not counts:
        return columns
    place = max(counts, key=lambda at: (counts[at], at == columns.at.get("code"), -at))
    inside = not any(row.cells[place] in known or is_coded_shape(row.cells[place]) for row in rows if _has(row, place))
    others = {role: at for role, at in columns.at.items() if at != place and role != "code"}
    return replace(columns, at={**others, "code": place}, inside=inside)


def _counted(rows: Sequence[Row], holds: Callable[[str], bool]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for row in rows:
        for place, cell in enumerate(row.cells):
            if holds(cell):
                counts[place] = counts.get(place, 0) + 1
    return counts


def _priced(columns: Columns, rows: Sequence[Row], known: Mapping[str, Sequence[Known]]) -> Columns:
    """The column of amounts, where none is named: the one that has most of our totals; and whether in cents."""
    place = columns.at.get("code")
    if place is None or columns.framed:
        return columns
    scores: dict[tuple[int, bool], int] = {}
    for row in rows:
        totals = {one.total_cents for one in _known_in(row, place, known)}
        for at, cell in enumerate(row.cells if totals else ()):
            for cents in (False, True):
                read = amount_of(cell, cents=cents) if at != place else None
                scores[at, cents] = scores.get((at, cents), 0) + (read is not None and abs(read) in totals)
    named = columns.at.get("amount")
    fitting = {key: count for key, count in scores.items() if count and named in (None, key[0])}
    if not fitting:
        return columns
    at, cents = max(fitting, key=lambda key: (fitting[key], not key[1], -key[0]))
    return replace(columns, at={**columns.at, "amount": at}, cents=cents)


def _known_in(row: Row, place: int, known: Mapping[str, Sequence[Known]]) -> list[Known]:
    cell = row.cells[place] if _has(row, place) else ""
    return [one for word in _words(cell) for one in known.get(word, ())]


def _has(row: Row, place: int) -> bool:
    return place < len(row.cells)


def is_frame(columns: Columns, row: Row) -> bool:
    """Whether the row is no data: the heading and what is above it, title and end."""
    return row.line <= columns.heading or (columns.framed and fold(row.cells[0]) in _FRAME)


def words_of(columns: Columns, row: Row) -> list[str]:
    """What may be the row's code."""
    cell = _cell(columns, row, "code")
    return _words(cell) if columns.inside else [cell] if cell else []


def code_by_looks(columns: Columns, row: Row) -> str:
    """The row's code where we know none of its words: its cell, or the part of it that looks like one."""
    cell = _cell(columns, row, "code")
    return unknown_code(cell) if columns.inside or len(cell) > 64 else cell


def entry_of(columns: Columns, row: Row, code: str) -> Entry | None:
    """The payment that a row tells of; None where it tells of none."""
    cents = amount_of(_cell(columns, row, "amount"), cents=columns.cents)
    result = result_of(_cell(columns, row, "status"), _cell(columns, row, "type"))
    if cents is None or result is None:
        return None
    if cents < 0 and result is Result.accepted:
        result = Result.refunded
    currency, provider_id = currency_of(_cell(columns, row, "currency")), _cell(columns, row, "id")[:64]
    return Entry(row.line, code, abs(cents), result, currency, provider_id, _cell(columns, row, "day")[:40])


def _cell(columns: Columns, row: Row, role: str) -> str:
    place = columns.at.get(role)
    return row.cells[place] if place is not None and _has(row, place) else ""
