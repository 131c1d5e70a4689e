"""A shop's export of its invoices: judged row by row, then each row applied on its own (SPEC Q2). The edge commits.

No e-mail is ever promised here. Numbers are the series' prefix, the order's day and the shop's own id.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing.customers.rules import text_faults
from invoicing.errors import Refused
from invoicing.imports.headings import Record, records
from invoicing.imports.models import ImportRow, ImportRun
from invoicing.imports.reading import table
from invoicing.imports.rules import Judged, Unreadable
from invoicing.invoices.models import Status
from invoicing.journal import Actor
from invoicing.shop import importing_writing as writing
from invoicing.shop.importing_customers import content_of
from invoicing.shop.importing_known import Target, known_of, reference_of, target_of
from invoicing.shop.importing_rules import ESSENTIAL, HEADINGS, Said, Unfit, Verdict, moment_of, read
from invoicing.shop.importing_verdicts import Plan, plan
from invoicing.shop.rules import SKEW, Totals

SOME: Final = 500  # rows whose orders are looked up together


@dataclass(frozen=True)
class _Twice:
    """What the file says of more than one row."""

    ids: frozenset[str]
    codes: frozenset[str]
    references: frozenset[str]


def judge(session: Session, run: ImportRun, content: bytes, now: datetime) -> Iterator[Judged]:
    """A verdict for every row of the file; nothing is written. Raises Unreadable."""
    target = target_of(session, run.shop_id)
    twice = _twice(_records(content, run.file_name))
    rows = _records(content, run.file_name)
    while some := list(islice(rows, SOME)):
        read_rows = [(record, _read(record, target, twice, now)) for record in some]
        known = known_of(session, target, (said for _record, said in read_rows if isinstance(said, Said)))
        for record, said in read_rows:
            if isinstance(said, Unfit):
                yield Judged(record.line, said.verdict, _subject(record), None, _priced(target, said.facts))
            else:
                reference = reference_of(said.lettering)
                doubled = reference is not None and reference.folded in twice.references
                yield _judged(target, record.line, said, _planned(target, plan(target, known, said, doubled), said))


def _records(content: bytes, file_name: str) -> Iterator[Record]:
    return records(table(content, file_name), HEADINGS, ESSENTIAL)


def _twice(rows: Iterable[Record]) -> _Twice:
    ids: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    references: Counter[str] = Counter()
    for record in rows:
        ids[record["id"]] += 1
        codes[record["code"]] += 1
        if record["lettering"] and (reference := reference_of(record["lettering"])):
            references[reference.folded] += 1
    return _Twice(*(frozenset(key for key, n in found.items() if key and n > 1) for found in (ids, codes, references)))


def _read(record: Record, target: Target, twice: _Twice, now: datetime) -> Said | Unfit:
    """What the row says, or why it can't come in."""
    try:
        for column, value, doubled in (("ID", record["id"], twice.ids), ("TxID", record["code"], twice.codes)):
            if value in doubled:
                raise Unfit(Verdict.duplicate, column=column, value=value[:64])
        said = read(record, target.prefix)
        for column, day in (("created", said.created), ("lastmove", said.moved)):
            if moment_of(day, target.timezone) > now + SKEW:
                raise Unfit(Verdict.bad_date, column=column, value=day.isoformat(), why="future")
        for label, code in said.lines:
            for fault in text_faults("Product Names", label, 250) + text_faults("Items", code, 500):
                raise Unfit(Verdict.bad_text, column=fault.field, code=fault.code, **fault.facts)
    except Unfit as unfit:
        return unfit
    return said


def _planned(target: Target, planned: Plan, said: Said) -> Plan:
    """The same, unless the order would come in with a customer who can't be written."""
    if not planned.takes:
        return planned
    try:
        content_of(said.customer, target)
    except Unfit as unfit:
        return Plan(unfit.verdict, unfit.facts)
    return planned


def _subject(record: Record) -> str:
    """What names a row that can't be read."""
    return " · ".join(filter(None, (record["id"], record["title"])))[:200]


def _judged(target: Target, line: int, said: Said, planned: Plan) -> Judged:
    """The row's verdict, with what applying it would write."""
    content = None
    if planned.writes:
        keeps = planned.letters or planned.facts.get("why") not in ("bad", "twice")
        content = {**_to_json(said), "lettering": said.lettering if keeps else ""}
    known = planned.order.id if planned.order else None
    return Judged(line, planned.verdict, said.subject, content, _priced(target, planned.facts), known)


def _priced(target: Target, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, with the currency of their amounts."""
    return {**facts, "currency": target.currency}


def _to_json(said: Said) -> dict[str, Any]:
    return {**asdict(said), "lines": [list(line) for line in said.lines]}


def _from_json(text: str) -> Said:
    raw: Mapping[str, Any] = json.loads(text)
    return Said(
        **{
            **raw, "status": Status(raw["status"]), "created": date.fromisoformat(raw["created"]),
            "moved": date.fromisoformat(raw["moved"]), "totals": Totals(**raw["totals"]),
            "lines": tuple((label, code) for label, code in raw["lines"]),
        }
    )  # fmt: skip


def apply(session: Session, actor: Actor, now: datetime, run: ImportRun, row: ImportRow) -> Judged:
    """Judges the row as things stand now, and writes what it still changes. Refuses what orders and credit notes do."""
    target, said = target_of(session, run.shop_id), _from_json(row.content)
    planned = plan(target, known_of(session, target, [said]), said)
    invoice_id, customer_id = planned.order.id if planned.order else None, None
    try:
        if planned.writes:
            invoice_id, customer_id, trouble = writing.write(session, actor, now, target, said, planned)
            planned = trouble or planned
    except Unfit as unfit:
        planned = Plan(unfit.verdict, unfit.facts)
    return _outcome(target, row, planned, invoice_id, customer_id)


def apply_many(
    session: Session, actor: Actor, now: datetime, run: ImportRun, rows: Sequence[ImportRow]
) -> dict[int, Judged]:
    """Those of the rows that are plainly new, by the row's id, all together; none where one of them can't come in."""
    try:
        target = target_of(session, run.shop_id)
    except Unreadable:  # it was closed since: each row is told
        return {}
    said = {row.id: _from_json(row.content) for row in rows}
    known = known_of(session, target, said.values())
    planned = {row.id: plan(target, known, said[row.id]) for row in rows}
    plain = [row for row in rows if planned[row.id].takes and not planned[row.id].pays_back]
    if len(plain) < 2:
        return {}
    try:
        with session.begin_nested():
            pairs = [(said[row.id], planned[row.id]) for row in plain]
            written = writing.write_new(session, actor, now, target, pairs)
    except (Refused, Unfit, IntegrityError):
        return {}
    return {
        row.id: _outcome(target, row, trouble or planned[row.id], invoice_id, customer_id)
        for row, (invoice_id, customer_id, trouble) in zip(plain, written, strict=True)
    }


def _outcome(target: Target, row: ImportRow, planned: Plan, invoice_id: int | None, customer_id: int | None) -> Judged:
    """What became of the row: as it was judged, unless something else has come of it."""
    facts = json.loads(row.facts)
    lacked = row.verdict == Verdict.lettering and not planned.letters  # what stood in its way stands there still
    as_told = planned.verdict == row.verdict or (lacked and planned.verdict in (facts.get("also"), Verdict.update))
    verdict, facts = (row.verdict, facts) if as_told else (planned.verdict, _priced(target, planned.facts))
    return Judged(row.line, verdict, row.subject, None, facts, invoice_id, customer_id)
