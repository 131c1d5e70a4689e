"""The append-only journal: who, when, what, from, to, chained by a keyed hash.

Format 2 of an entry's hash: HMAC-SHA256(key, canonical JSON of [format, position, at, actor_kind, actor_id,
action, subject_kind, subject_id, changes, state, previous_hash]), in hexadecimal; `at` as ISO 8601 with microseconds.
Format 1 is the same without `state`, the digests of a whole document as the change left it (`invoicing.proof.states`).
The key lives outside the database. Entries hold numbers of people, never names.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Integer, String, Text, event, select, text
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from invoicing.database import Base, enum, is_sqlite

FORMAT = 2
DOCUMENT = "invoice"  # the kind of subject whose state is kept
GENESIS = "0" * 64
_LOCK = 7_204_581_944_113_001  # PostgreSQL advisory lock: one writer at the end of the chain at a time


class ActorKind(StrEnum):
    """Who acted."""

    user = "user"
    system = "system"  # worker, migration
    command = "command"  # somebody at the command line
    shop = "shop"


@dataclass(frozen=True)
class Actor:
    """Who acts, and when it is for them; `user_id` only for users (a shop's number for shops)."""

    kind: ActorKind
    user_id: int | None = None

    @property
    def account_id(self) -> int | None:
        """The user who acts; None for shops, commands and the system."""
        return self.user_id if self.kind is ActorKind.user else None


SYSTEM = Actor(ActorKind.system)
COMMAND = Actor(ActorKind.command)


class JournalEntry(Base):
    """One change. `changes` is JSON: field → [from, to]."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_subject", "subject_kind", "subject_id"),)

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    format: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime)
    actor_kind: Mapped[ActorKind] = mapped_column(enum(ActorKind))
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int | None]
    changes: Mapped[str] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)  # of the whole document as this change left it
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    def facts(self) -> dict[str, list[Any]]:
        """The changes as a dictionary field → [from, to]."""
        found: dict[str, list[Any]] = json.loads(self.changes)
        return found


_Noted = tuple[SessionTransaction, JournalEntry]


def canonical(value: object) -> str:
    """JSON in the one spelling that is hashed."""
    return json.dumps(value, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # of `canonical`, for plain lists


def _plain(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def entry_hash(key: bytes, entry: JournalEntry) -> str:
    """The keyed hash of an entry, from its columns (see the module's text for the formats)."""
    at = entry.at.isoformat(timespec="microseconds")
    subject = (entry.subject_kind, entry.subject_id)
    return hash_of(key, entry.format, entry.position, at, (entry.actor_kind.value, entry.actor_id), entry.action,
                   subject, entry.changes, entry.state, entry.previous_hash)  # fmt: skip


def hash_of(
    key: bytes,
    format: int,
    position: int,
    at: str,
    actor: tuple[str, int | None],
    action: str,
    subject: tuple[str, int | None],
    changes: str,
    state: str | None,
    previous_hash: str,
) -> str:
    """The keyed hash, from plain values; `at` as it is hashed. Raises UnknownFormat."""
    if format not in (1, 2):
        raise UnknownFormat(format)
    lasting: Sequence[str | None] = (state,) if format > 1 else ()
    parts = [format, position, at, *actor, action, *subject, changes, *lasting, previous_hash]
    return hmac.digest(key, _ENCODE(parts).encode(), "sha256").hex()


class UnknownFormat(ValueError):
    """An entry of a format that this version doesn't know."""


def record(
    session: Session,
    actor: Actor,
    now: datetime,
    action: str,
    subject: tuple[str, int | None],
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:
    """Notes a change; it is chained and written when the transaction commits, and gone if it rolls back.

    `action` is "noun.verb"; `subject` is (kind, id); `changes` is field → (from, to).
    """
    entry = JournalEntry(
        format=FORMAT,
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        action=action,
        subject_kind=subject[0],
        subject_id=subject[1],
        changes=canonical({field: list(pair) for field, pair in (changes or {}).items()}),
    )
    under = session.get_nested_transaction() or session.get_transaction()
    if under is None:
        raise RuntimeError("recorded outside a transaction")
    session.info.setdefault("journal", []).append((under, entry))


def write_noted(session: Session) -> None:
    """Writes what was noted so far, for a transaction with very many changes; the chain stays locked until it ends."""
    _chain(session)
    session.flush()


def _chain(session: Session) -> None:
    """Writes what was noted, last of all, so that no lock is taken after the chain's."""
    pending: list[_Noted] = session.info.get("journal") or []
    if not pending or session.in_nested_transaction():
        return
    session.flush()
    if not is_sqlite(session.connection()):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    last = session.execute(
        select(JournalEntry.position, JournalEntry.hash).order_by(JournalEntry.position.desc()).limit(1)
    ).first()
    position, head = last or (0, GENESIS)
    _keep_states(session, [entry for _under, entry in pending])
    for _under, entry in pending:
        position += 1
        entry.position, entry.previous_hash = position, head
        entry.hash = head = entry_hash(session.info["journal_key"], entry)
        session.add(entry)
    session.info["journal"] = []


def _keep_states(session: Session, entries: Sequence[JournalEntry]) -> None:
    """Each document as this transaction leaves it; None for one that is gone."""
    from invoicing.proof import states  # the proof knows the journal

    ids = {entry.subject_id for entry in entries if entry.subject_kind == DOCUMENT and entry.subject_id is not None}
    if not ids:
        return
    found = states.states_of(session.connection(), ids)
    for entry in entries:
        if entry.subject_kind == DOCUMENT:
            entry.state = found.get(entry.subject_id or 0)


def _forget(session: Session, undone: SessionTransaction) -> None:
    """Drops what was noted in the transaction or savepoint that was rolled back, and below it."""
    noted: list[_Noted] = session.info.get("journal") or []
    session.info["journal"] = [pair for pair in noted if not _is_below(pair[0], undone)]


def _is_below(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer


event.listen(Session, "before_commit", _chain)
event.listen(Session, "after_soft_rollback", _forget)
