"""Asking for an export for the accountant, and giving out what was made. The edge commits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import FieldFaults, NotFound
from invoicing.journal import Actor
from invoicing.ledger.fec import COLUMNS
from invoicing.ledger.models import LedgerExport, LedgerKind, LedgerPart, LedgerState
from invoicing.ledger.rules import Asked, OtherExport, faults
from invoicing.sellers.queries import seller as seller_of

PAGE: Final = 50
SUBJECT: Final = "ledger"  # of the journal's entries
_BREAK: Final = b"\r\n"
_ENTRY: Final = COLUMNS.index("EcritureNum")


def ask(session: Session, actor: Actor, now: datetime, asked: Asked, form_token: str) -> LedgerExport:
    """Notes that an export is wanted; the worker makes it. The same form twice asks once.

    Refuses NotFound, FieldFaults, OtherExport (the form has asked for another one).
    """
    query = select(LedgerExport).where(LedgerExport.form_token == form_token)
    if (same := session.scalar(query)) is not None:
        return _same(same, asked)
    seller = seller_of(session, asked.seller_id)
    if found := faults(asked, seller.currency, seller.siret):
        raise FieldFaults(found)
    wanted = LedgerExport(**vars(asked), asked_at=now, asked_by_id=actor.account_id, form_token=form_token)
    try:
        with session.begin_nested():
            session.add(wanted)
    except IntegrityError:  # sent twice in the same instant: the other one has just asked
        if (same := session.scalar(query)) is None:
            raise
        return _same(same, asked)
    told: dict[str, tuple[Any, Any]] = {name: (None, value) for name, value in vars(asked).items()}
    journal.record(session, actor, now, "ledger.asked", (SUBJECT, wanted.id), told)
    return wanted


def _same(export: LedgerExport, asked: Asked) -> LedgerExport:
    if asked_of(export) != asked:
        raise OtherExport(export.id)
    return export


def asked_of(export: LedgerExport) -> Asked:
    """What it was asked to hold."""
    return Asked(export.seller_id, export.kind, export.first_day, export.last_day, export.only_new)


@dataclass(frozen=True)
class Page:
    """Some exports, the newest first; `after` begins the next page, None on the last."""

    exports: Sequence[LedgerExport]
    after: int | None


def exports(session: Session, before: int | None = None) -> Page:
    """All that was asked for, the newest first, from below this id."""
    query = select(LedgerExport).order_by(LedgerExport.id.desc()).limit(PAGE + 1)
    found = session.scalars(query if before is None else query.where(LedgerExport.id < before)).all()
    return Page(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def made(session: Session, number: int) -> LedgerExport:
    """The export of that number; NotFound otherwise."""
    query = select(LedgerExport).where(LedgerExport.number == number, LedgerExport.state == LedgerState.made)
    if (found := session.scalar(query)) is None:
        raise NotFound
    return found


def content(session: Session, export_id: int) -> Iterator[bytes]:
    """Its bytes, as they were made, part after part."""
    position = 0
    while (part := session.get(LedgerPart, (export_id, position))) is not None:
        some = zlib.decompress(part.content)
        session.expunge(part)
        position += 1
        yield some


def without_entry(session: Session, export: LedgerExport) -> int:
    """How many documents of a journal have no entry, since they come to nothing; entries are numbered from 1."""
    if export.kind is not LedgerKind.fec or export.state is not LedgerState.made:
        return 0
    newest = select(func.max(LedgerPart.position)).where(LedgerPart.export_id == export.id)
    position = session.scalar(newest)
    while position is not None and position >= 0:  # the last parts may be empty
        part = session.get_one(LedgerPart, (export.id, position))
        if last := zlib.decompress(part.content).removesuffix(_BREAK).rsplit(_BREAK, 1)[-1]:
            number = last.split(b"\t")[_ENTRY]
            return export.documents - (int(number) if number.isdigit() else 0)  # else the headings
        position -= 1
    return 0
