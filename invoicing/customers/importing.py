"""A list of customers: judged row by row, then each row applied on its own (SPEC A7). The edge commits.

A customer is found by the member number alone. Who only looks like somebody is neither made nor changed: staff decide.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from invoicing.customers.importing_rules import (
    HEADINGS,
    NAMES,
    Said,
    Verdict,
    changed,
    content_after,
    faults_json,
    read,
)
from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import add_customer, change_customer, get, make_member
from invoicing.errors import FieldFaults
from invoicing.imports.headings import Record, records
from invoicing.imports.models import ImportRow, ImportRun
from invoicing.imports.reading import table
from invoicing.imports.rules import Judged, Unreadable
from invoicing.journal import Actor
from invoicing.sellers.models import Organisation, Seller

SOME: Final = 300  # rows whose likes are looked up together


@dataclass(frozen=True)
class _Known:
    """Of some rows: customers by member number, by e-mail address and by name."""

    numbers: Mapping[str, Customer]
    emails: Mapping[str, Customer]
    names: Mapping[str, Customer]


@dataclass(frozen=True)
class _Seen:
    """What the file has said before a row, by e-mail address and by name: line and row of the first."""

    emails: dict[str, tuple[int, Said]]
    names: dict[str, tuple[int, Said]]

    def alike(self, line: int, said: Said) -> int | None:
        """The line of whoever the row looks like, as `_alike` will find them once they are in; else it is kept."""
        email, number = said.content.email.lower(), said.member_number
        for before, other in filter(None, (self.emails.get(email), self.names.get(said.sort_name))):
            if not _told_apart(number, other.member_number, email, other.content.email):
                return before
        if email:
            self.emails.setdefault(email, (line, said))
        self.names.setdefault(said.sort_name, (line, said))
        return None


def judge(session: Session, run: ImportRun, content: bytes, now: datetime) -> Iterator[Judged]:
    """A verdict for every row of the file; nothing is written. Raises Unreadable."""
    country, language = _usual(session)
    numbers = Counter(record["member_number"] for record in _records(content, run.file_name))
    rows, seen = _records(content, run.file_name), _Seen({}, {})
    while some := list(islice(rows, SOME)):
        read_rows = [(record.line, _read(record, country, language)) for record in some]
        known = _known(session, [said for _line, said in read_rows if isinstance(said, Said)])
        for line, said in read_rows:
            if isinstance(said, FieldFaults):
                yield Judged(line, Verdict.faults, "", None, {"faults": faults_json(said)})
            elif said.member_number and numbers[said.member_number] > 1:
                yield Judged(line, Verdict.duplicate, said.subject, None, {"number": said.member_number})
            else:
                yield _judged(known, line, said, seen)


def _records(content: bytes, file_name: str) -> Iterator[Record]:
    found = records(table(content, file_name), HEADINGS, ())
    for n, record in enumerate(found):
        if not n and not any(name in record.values for name in NAMES):
            raise Unreadable("no_columns", {"missing": [HEADINGS[name][0] for name in NAMES]})
        yield record


def _read(record: Record, country: str, language: str) -> Said | FieldFaults:
    try:
        return read(record, country, language)
    except FieldFaults as refused:
        return refused


def _usual(session: Session) -> tuple[str, str]:
    """Country and language of a customer who says none: those of the first seller and of the organisation."""
    country = session.scalar(select(Seller.country).order_by(Seller.id).limit(1)) or "FR"
    return country, session.scalar(select(Organisation.language)) or "fr_FR"


def _known(session: Session, rows: Iterable[Said]) -> _Known:
    rows = list(rows)
    numbers = {said.member_number for said in rows if said.member_number}
    emails = {said.content.email.lower() for said in rows if said.content.email}
    names = {said.sort_name for said in rows}
    query = select(Customer).where(Customer.merged_into_id.is_(None)).order_by(Customer.id.desc())
    by_email = func.lower(Customer.email).in_(emails)
    where = or_(Customer.member_number.in_(numbers), Customer.sort_name.in_(names), by_email)
    found = session.scalars(query.where(where)).all()
    return _Known(
        {c.member_number: c for c in found if c.member_number}, {c.email.lower(): c for c in found if c.email},
        {c.sort_name: c for c in found},
    )  # fmt: skip


def _judged(known: _Known, line: int, said: Said, seen: _Seen) -> Judged:
    """The verdict of a row; `seen` is what the file said before it."""
    found = known.numbers.get(said.member_number) if said.member_number else None
    if found is not None:
        fields = changed(found, said)
        verdict = Verdict.update if fields else Verdict.unchanged
        content = _to_json(said) if fields else None
        return Judged(line, verdict, said.subject, content, {"fields": list(fields)}, customer_id=found.id)
    alike, by = _alike(known, said)
    if alike is not None:
        facts = {"name": alike.name, "by": by, "member": alike.member_number or ""}
        return Judged(line, Verdict.alike, said.subject, None, facts, customer_id=alike.id)
    if (before := seen.alike(line, said)) is not None:
        return Judged(line, Verdict.duplicate, said.subject, None, {"line": before})
    verdict = Verdict.member if said.is_member else Verdict.contact
    return Judged(line, verdict, said.subject, _to_json(said), {"number": said.member_number})


def _alike(known: _Known, said: Said) -> tuple[Customer | None, str]:
    """Whom the row looks like: the same address, or the same name, where nothing tells them apart."""
    email = said.content.email
    for by, found in (("email", known.emails.get(email.lower())), ("name", known.names.get(said.sort_name))):
        if found is not None and not _told_apart(said.member_number, found.member_number, email, found.email):
            return found, by
    return None, ""


def _told_apart(number: str, other_number: str | None, email: str, other_email: str) -> bool:
    """Whether two of one name or address are two: each has a member number, or another address."""
    differs = email and other_email and email.lower() != other_email.lower()
    return bool((number and other_number) or differs)


def _to_json(said: Said) -> dict[str, object]:
    return {"content": asdict(said.content), "given": list(said.given), "number": said.member_number,
            "member": said.is_member}  # fmt: skip


def _from_json(text: str) -> Said:
    raw = json.loads(text)
    return Said(CustomerContent(**raw["content"]), tuple(raw["given"]), raw["number"], raw["member"])


def apply(session: Session, actor: Actor, now: datetime, run: ImportRun, row: ImportRow) -> Judged | None:
    """Judges the row as things stand now, and writes what it still changes. Refuses what customers' changes refuse."""
    said = _from_json(row.content)
    now_judged = _judged(_known(session, [said]), row.line, said, _Seen({}, {}))
    if now_judged.content is None:
        return now_judged
    if now_judged.verdict == Verdict.update:
        customer_id = now_judged.customer_id or 0
        _update(session, actor, now, customer_id, said)
    else:
        customer_id = add_customer(session, actor, now, said.content).id
        if said.is_member:
            make_member(session, actor, now, customer_id, said.member_number)
    return Judged(row.line, now_judged.verdict, row.subject, None, now_judged.facts, customer_id=customer_id)


def _update(session: Session, actor: Actor, now: datetime, customer_id: int, said: Said) -> None:
    from invoicing.invoices.service import refresh_search  # invoices know customers; here their search follows

    customer = get(session, customer_id, lock=True)
    change_customer(session, actor, now, customer_id, customer.revision, content_after(customer, said))
    refresh_search(session, customer_id)
