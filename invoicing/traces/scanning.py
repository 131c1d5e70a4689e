"""The scan of a payment provider's log: which of its payments agree with our invoices (SPEC A9). Changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRun
from invoicing.imports.reading import Row, Unreadable, decode, table
from invoicing.imports.rules import Judged
from invoicing.invoices.models import Invoice
from invoicing.traces import columns as tables
from invoicing.traces.columns import SAMPLE, Columns
from invoicing.traces.reading import CODE_MAX, codes_in, entry_of, is_rubbish, lines_of, unknown_code
from invoicing.traces.rules import Entry, Known, Told, Verdict, judge

CHUNK: Final = 2_000  # lines whose codes are looked up together
BINDS: Final = 500
SNIFFED: Final = 65_536  # bytes by which rubbish is told from text
TOLD_MAX: Final = 8  # lines named where lines are only counted
_BOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # workbooks, which are tables or nothing
Item = TypeVar("Item")
Read = tuple[int, str, Entry | None]  # line, code ("": none), the payment that it tells of


def judge_log(session: Session, run: ImportRun, content: bytes, file_name: str, now: datetime) -> Iterator[Judged]:
    """A verdict per payment of the log, in its order; lines without a code or a payment are counted at the end.

    Where the run names a shop, only its invoices are looked at. Raises Unreadable for a workbook that can't be read,
    and for what is no log: it has neither a payment nor a code of ours.
    """
    if not content.startswith(_BOOKS) and is_rubbish(decode(content[:SNIFFED])):
        raise Unreadable("not_a_log")
    shop_id, told, is_log = run.shop_id, defaultdict[str, Told](Told), False
    counted, first = Counter[Verdict](), defaultdict[Verdict, list[int]](list)  # lines may be millions
    for read, known in _read(session, shop_id, content, file_name):
        for line, code, entry in read:
            is_log = is_log or entry is not None or code in known
            if entry is None:
                verdict = Verdict.no_payment if code else Verdict.no_code
                counted[verdict] += 1
                if counted[verdict] <= TOLD_MAX:
                    first[verdict].append(line)
            else:
                yield _judged(entry, known.get(code, ()), told[code])
    if not is_log:
        raise Unreadable("not_a_log")
    for verdict in (Verdict.no_payment, Verdict.no_code):
        if lines := first[verdict]:
            yield Judged(lines[0], verdict, "", None, {"count": counted[verdict], "lines": lines})


def _judged(entry: Entry, known: Sequence[Known], told: Told) -> Judged:
    one = known[0] if len(known) == 1 else None
    facts: dict[str, Any] = {
        "code": entry.code, "amount_cents": entry.amount_cents, "currency": entry.currency, "result": entry.result,
        "provider_id": entry.provider_id, "day": entry.day, "numbers": [each.number for each in known][:TOLD_MAX],
    }  # fmt: skip
    verdict = judge(entry, known, told)
    if one is not None:
        facts |= {"total_cents": one.total_cents, "invoiced_in": one.currency, "status": one.status}
    return Judged(entry.line, verdict, entry.code, None, facts, invoice_id=one.id if one else None)


Found = tuple[list[Read], Mapping[str, Sequence[Known]]]


def _read(session: Session, shop_id: int | None, content: bytes, file_name: str) -> Iterator[Found]:
    """What the log tells, some lines at a time, with the invoices that bear its codes: as a table, else by lines."""
    columns = _columns(session, shop_id, content, file_name)
    if columns is not None:
        yield from _rows(session, shop_id, columns, table(content, file_name))
    else:
        yield from _lines(session, shop_id, decode(content))


def _columns(session: Session, shop_id: int | None, content: bytes, file_name: str) -> Columns | None:
    """The columns of a table of payments that can be read to its end; None where it is to be read by lines."""
    try:
        rows = table(content, file_name)
        sample = list(islice(rows, SAMPLE))
        columns = tables.recognise(sample, lambda words: known_of(session, shop_id, words))
        if columns is not None:
            for _row in rows:  # a fault further down
                pass
    except Unreadable:
        if content.startswith(_BOOKS):
            raise
        return None
    return columns


def _rows(session: Session, shop_id: int | None, columns: Columns, rows: Iterator[Row]) -> Iterator[Found]:
    for some in _some(row for row in rows if not tables.is_frame(columns, row)):
        words = [tables.words_of(columns, row) for row in some]
        known = known_of(session, shop_id, {word for each in words for word in each})
        yield [_row(columns, row, each, known) for row, each in zip(some, words, strict=True)], known


def _row(columns: Columns, row: Row, words: Sequence[str], known: Mapping[str, Sequence[Known]]) -> Read:
    code = next((word for word in words if word in known), "") or tables.code_by_looks(columns, row)
    return row.line, code, tables.entry_of(columns, row, code) if code else None


def _lines(session: Session, shop_id: int | None, text: str) -> Iterator[Found]:
    for some in _some(lines_of(text)):
        words = [codes_in(line) for _number, line in some]
        known = known_of(session, shop_id, {word for each in words for word in each})
        yield [_line(number, line, each, known) for (number, line), each in zip(some, words, strict=True)], known


def _line(number: int, line: str, words: Sequence[str], known: Mapping[str, Sequence[Known]]) -> Read:
    code = next((word for word in words if word in known), "") or unknown_code(line)
    return number, code, entry_of(number, line, code) if code else None


def _some(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while some := list(islice(remaining, CHUNK)):
        yield some


def known_of(session: Session, shop_id: int | None, words: set[str]) -> dict[str, list[Known]]:
    """Our invoices by their transaction codes, of one shop or of all; one look-up for many codes."""
    found: dict[str, list[Known]] = defaultdict(list)
    wanted = sorted(word for word in words if 0 < len(word) <= CODE_MAX and word.isascii())
    columns = (Invoice.id, Invoice.transaction_code, Invoice.shop_id, Invoice.number, Invoice.currency,
               Invoice.total_cents, Invoice.paid_cents, Invoice.status)  # fmt: skip
    for at in range(0, len(wanted), BINDS):
        where = Invoice.transaction_code.in_(wanted[at : at + BINDS])
        query = select(*columns).where(where, *([Invoice.shop_id == shop_id] if shop_id else []))
        for row in session.execute(query.order_by(Invoice.id)):
            found[row.transaction_code].append(
                Known(row.id, row.transaction_code, row.shop_id, row.number or "", str(row.currency),
                      row.total_cents, row.paid_cents, row.status)
            )  # fmt: skip
    return found
