"""Which documents of ours the texts of official ones name, looked up for many at once (SPEC C9)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import ARRAY, ColumnElement, Executable, Row, any_, bindparam, func, select
from sqlalchemy.orm import Session

from invoicing.database import is_sqlite
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.lettering.bulk_tokens import Tokens, longer, shape_of, shapes
from invoicing.numbering import Series, Source, prefix_of, write_number

_SOME: Final = 20  # numbers of an external series that tell what all of them look like


class Known(NamedTuple):
    """One of our documents, as things stand. The total is in cents, negative for a credit note."""

    id: int
    number: str
    kind: InvoiceKind
    status: Status
    is_frozen: bool
    lettering: str | None
    folded: str | None
    total_cents: int
    currency: str


class Named(NamedTuple):
    """What one official document names: ids by number, by code, and what looks like a number that nobody bears."""

    by_number: tuple[int, ...]
    by_code: tuple[int, ...]
    missing: tuple[str, ...]


class Lookup:
    """Asks the database about many official documents at once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._is_sqlite = is_sqlite(session.connection())
        self._looks = _looks(session)

    def named(self, many: Sequence[Tokens]) -> list[Named]:
        """For each, what it names. A number that may have been cut names every longer one too."""
        wanted = {number for tokens in many for number in tokens.numbers}
        wanted |= {each for tokens in many for number in tokens.cut for each in longer(number)}
        numbers = {folded: id_ for id_, folded in self._having(Invoice.number_folded, wanted)}
        unknown = {code for tokens in many for code in tokens.codes if code.lower() not in numbers}
        codes: dict[str, list[int]] = defaultdict(list)
        for id_, code in self._having(Invoice.transaction_code, unknown):
            codes[code].append(id_)
        return [self._of(tokens, numbers, codes) for tokens in many]

    def credits(self, named: Iterable[Named]) -> set[int]:
        """Those of the named documents that are credit notes."""
        ids = {id_ for each in named for id_ in (*each.by_number, *each.by_code)}
        query = select(Invoice.id).where(self._among(Invoice.id, sorted(ids)), Invoice.kind == InvoiceKind.credit_note)
        return set(self.session.scalars(query)) if ids else set()

    def _of(self, tokens: Tokens, numbers: dict[str, int], codes: dict[str, list[int]]) -> Named:
        found = [number for number in tokens.numbers if number in numbers]
        cut = {each for number in tokens.cut if number in numbers for each in longer(number) if each in numbers}
        by_number = dict.fromkeys(numbers[number] for number in [*found, *sorted(cut)])
        by_code = dict.fromkeys(id_ for code in tokens.codes for id_ in codes.get(code, ()))
        alike = {shape_of(number) for number in found} or self._looks
        missing = [number for number in tokens.numbers if number not in numbers and number not in tokens.cut]
        missing = [number for number in missing if shape_of(number) in alike & self._looks]
        return Named(tuple(by_number), tuple(by_code), tuple(missing))

    def _having(self, column: Any, values: Collection[str]) -> Iterator[tuple[int, str]]:
        query = select(Invoice.id, column).where(self._among(column, sorted(values))).order_by(Invoice.id)
        return ((row[0], row[1]) for row in self.session.execute(query)) if values else iter(())

    def _among(self, column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
        """Whether the column is one of the values, however many, as one bound value."""
        if self._is_sqlite:
            listed = func.json_each(json.dumps(values)).table_valued("value")
            return cast("ColumnElement[bool]", column.in_(select(listed.c.value)))
        return cast("ColumnElement[bool]", column == any_(bindparam(None, values, ARRAY(column.type), unique=True)))

    def documents(self, ids: Iterable[int]) -> dict[int, Known]:
        """These documents by id, as they stand now."""
        return {each.id: each for each in self._read(Invoice.id, sorted(set(ids)))}

    def holders(self, folded: Iterable[str]) -> dict[str, Known]:
        """Who bears these references now, by the reference."""
        wanted = sorted(set(folded))
        if self._is_sqlite and wanted:  # for IN it reads every document: most bear none, and it mistrusts the index
            listed = func.json_each(json.dumps(wanted)).table_valued("value")
            holder = select(Invoice.id).where(Invoice.lettering_folded == listed.c.value).scalar_subquery()
            ids = self.session.scalars(select(holder).select_from(listed))
            found: Iterable[Known] = self.documents(id_ for id_ in ids if id_ is not None).values()
        else:
            found = self._read(Invoice.lettering_folded, wanted)
        return {each.folded or "": each for each in found}

    def _read(self, column: Any, values: Sequence[Any]) -> Iterator[Known]:
        found = self.session.execute(_documents(self._among(column, values))) if values else ()
        return map(_known, found)


def _documents(where: ColumnElement[bool]) -> Executable:
    query = select(
        Invoice.id, Invoice.number, Invoice.kind, Invoice.status, Invoice.frozen_at.is_not(None), Invoice.lettering,
        Invoice.lettering_folded, Invoice.total_cents, Invoice.currency,
    )  # fmt: skip
    return query.where(where)


def _known(row: Row[Any]) -> Known:
    id_, number, kind, status, is_frozen, lettering, folded, cents, currency = tuple(row)
    signed = -cents if kind is InvoiceKind.credit_note else cents
    return Known(id_, number or "", kind, status, bool(is_frozen), lettering, folded, signed, str(currency))


def _looks(session: Session) -> frozenset[str]:
    """What numbers of ours look like: as generated formats write them, and as the last external ones are."""
    numbers = []
    for series in session.scalars(select(Series).order_by(Series.id)):
        if series.source is Source.generated:
            numbers.append(write_number(series.format, date(2026, 12, 31), 1))
            continue
        last = select(func.max(Invoice.id)).where(Invoice.series_id == series.id).scalar_subquery()
        own = select(Invoice.number).where(Invoice.series_id == series.id, Invoice.number.is_not(None))
        found = session.scalars(own.where(Invoice.id > last - 10 * _SOME).order_by(Invoice.id.desc()).limit(_SOME))
        numbers += [number for number in found if number] or [prefix_of(series.format) + "1"]
    return shapes(numbers)
