"""An export in a worker's hands: claimed, its parts kept, made or refused. The edge commits.

A worker has it in hand as long as it says so; one that falls silent is followed by the next, which begins again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from invoicing import journal, silence
from invoicing.database import changed_one, is_sqlite
from invoicing.journal import COMMAND, Actor, ActorKind
from invoicing.ledger.models import LedgerExport, LedgerItem, LedgerPart, LedgerState
from invoicing.ledger.reading import last_made
from invoicing.ledger.rules import Asked, NotMade, Tally, file_name, items_digest
from invoicing.ledger.service import SUBJECT, asked_of
from invoicing.sellers.models import Seller

_LOCK: Final = 7_204_581_944_113_012  # PostgreSQL advisory lock: one export is numbered at a time
_S = LedgerState


class LostExport(RuntimeError):
    """Another worker has the export in hand now, or another export was made that had the same documents."""


@dataclass(frozen=True)
class Claim:
    """An export in a worker's hands, since `started_at`."""

    export_id: int
    started_at: datetime
    asked: Asked
    asked_by_id: int | None

    @property
    def actor(self) -> Actor:
        """Who asked for it."""
        return Actor(ActorKind.user, self.asked_by_id) if self.asked_by_id else COMMAND


def claim(session: Session, now: datetime) -> Claim | None:
    """Takes an export that waits, or whose worker has died; None where there is none."""
    silent = silence.is_silent(LedgerExport.beat_at, now)
    free = or_(LedgerExport.state == _S.waiting, (LedgerExport.state == _S.making) & silent)
    found = session.scalar(select(LedgerExport).where(free).order_by(LedgerExport.id).limit(1))
    if found is None:
        return None
    taken = Claim(found.id, now, asked_of(found), found.asked_by_id)
    values = {"state": _S.making, "started_at": now, "beat_at": now, "documents": 0, "rows": 0}
    if not changed_one(session, update(LedgerExport).where(LedgerExport.id == found.id, free).values(values)):
        return None
    _forget(session, found.id)  # what a dead worker left of it
    return taken


def free_at(session: Session) -> datetime | None:
    """When the first that is in hand is anybody's, if its worker is dead; None where none is."""
    return silence.free_at(session, LedgerExport.beat_at, LedgerExport.state == _S.making)


def tell(session: Session, claim: Claim, now: datetime) -> None:
    """Says that the worker is alive. Raises LostExport."""
    _settle(session, claim, {"beat_at": now})


def keep_part(
    session: Session, claim: Claim, now: datetime, position: int, content: bytes, ids: Sequence[int], tally: Tally
) -> None:
    """Keeps some bytes, and which documents are new among them. Raises LostExport."""
    _settle(session, claim, {"beat_at": now, "documents": tally.documents, "rows": tally.rows})
    row = {"export_id": claim.export_id, "position": position, "content": zlib.compress(content)}
    session.execute(insert(LedgerPart), row)
    if ids:
        session.execute(insert(LedgerItem), [{"export_id": claim.export_id, "invoice_id": number} for number in ids])


@dataclass(frozen=True)
class Made:
    """What came out: the bytes' size and digest, what they hold, and the state of the books that was read."""

    size: int
    sha256: str
    tally: Tally
    since_id: int | None
    until_position: int


def finish(session: Session, claim: Claim, now: datetime, made: Made) -> int:
    """Numbers the export, dates it and closes it for ever; gives its number. Raises LostExport, NotMade.

    Of what is new only, none may have been made meanwhile: it would have held the same documents.
    """
    if not made.tally.documents or made.tally.last_day is None:
        raise NotMade("nothing_new" if claim.asked.only_new else "nothing")
    if not is_sqlite(session.connection()):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if claim.asked.only_new and last_made(session, claim.asked) != made.since_id:
        raise LostExport
    number = (session.scalar(select(func.max(LedgerExport.number))) or 0) + 1
    siret = session.scalars(select(Seller.siret).where(Seller.id == claim.asked.seller_id)).one()
    name = file_name(claim.asked, number, siret, made.tally.last_day)
    told = {"number": number, "sha256": made.sha256, "size": made.size, "documents": made.tally.documents,
            "rows": made.tally.rows, "until_position": made.until_position, "file_name": name}  # fmt: skip
    totals = json.dumps(made.tally.totals, sort_keys=True)
    since = made.since_id if claim.asked.only_new else None
    kept = {"state": _S.made, "made_at": now, "beat_at": now, "totals": totals, "since_id": since, "fault": ""}
    _settle(session, claim, {**told, **kept})
    items = select(LedgerItem.invoice_id).where(LedgerItem.export_id == claim.export_id)
    _count, digest = items_digest(session.scalars(items.order_by(LedgerItem.invoice_id)))
    proven = {**told, "totals": totals, "since_id": since, "items": digest}
    changes: Mapping[str, tuple[Any, Any]] = {name: (None, value) for name, value in proven.items()}
    journal.record(session, claim.actor, now, "ledger.made", (SUBJECT, claim.export_id), changes)
    return number


def refuse(session: Session, claim: Claim, now: datetime, fault: NotMade) -> None:
    """It can't be made: why is kept, what there was of it isn't. Raises LostExport."""
    _settle(session, claim, {"state": _S.refused, "beat_at": now, "documents": 0, "rows": 0, "fault": fault.to_json()})
    _forget(session, claim.export_id)
    journal.record(session, claim.actor, now, "ledger.refused", (SUBJECT, claim.export_id), {"code": ("", fault.code)})


def let_go(session: Session, claim: Claim) -> None:
    """Puts it back for whoever comes next; nothing happens where it is in other hands."""
    ours = update(LedgerExport).where(_ours(claim))
    session.execute(ours.values(state=_S.waiting, beat_at=None).execution_options(synchronize_session=False))


def _settle(session: Session, claim: Claim, values: Mapping[str, Any]) -> None:
    if not changed_one(session, update(LedgerExport).where(_ours(claim)).values(values)):
        raise LostExport


def _ours(claim: Claim) -> Any:
    ours = (LedgerExport.id == claim.export_id) & (LedgerExport.started_at == claim.started_at)
    return ours & (LedgerExport.state == _S.making)


def _forget(session: Session, export_id: int) -> None:
    for rows in (LedgerPart, LedgerItem):
        session.execute(delete(rows).where(rows.export_id == export_id))
