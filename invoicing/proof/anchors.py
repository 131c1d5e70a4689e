"""Anchors: the head of the journal's chain, noted outside the database, so that a cut-off end can be told.

One file per month, `2026-11.jsonl`; a line per anchor, canonical JSON of format, position, hash, at (ISO 8601) and mac:
HMAC-SHA256(journal key, canonical JSON of ["anchor", format, position, hash, at]). Lines are only ever added.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.journal import JournalEntry, canonical

ANCHOR_FORMAT: Final = 1
_TAIL: Final = 4096  # bytes: more than the longest line


class Head(NamedTuple):
    """The end of the chain."""

    position: int
    hash: str


@dataclass(frozen=True)
class Anchor:
    """One line: the chain had this entry at this position, at this moment."""

    format: int
    position: int
    hash: str
    at: str
    mac: str

    def is_ours(self, key: bytes) -> bool:
        """Whether it was written with the key."""
        return hmac.compare_digest(self.mac, _mac(key, self.format, Head(self.position, self.hash), self.at))


@dataclass(frozen=True)
class Found:
    """A line of an anchor file; `anchor` is None where it can't be read: torn by a crash, or spoilt."""

    file: str
    line: int
    anchor: Anchor | None


def head_of(session: Session) -> Head | None:
    """The end of the chain; None of an empty journal."""
    query = select(JournalEntry.position, JournalEntry.hash).order_by(JournalEntry.position.desc()).limit(1)
    row = session.execute(query).first()
    return Head(*row) if row else None


def append(folder: Path, key: bytes, head: Head, now: datetime) -> bool:
    """Adds the head to this month's file and flushes it to the disk; False where it stands there already.

    Several may do so at once. Raises OSError where the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = _last(folder)
    if known and (known.position, known.hash) == head:
        return False
    path = folder / f"{now:%Y-%m}.jsonl"
    fresh = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go when it is closed
        written = _append(handle, _line(key, head, now), head)
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        _flush(folder)
    return written


def read(folder: Path) -> Iterator[Found]:
    """Every line, oldest first; nothing where there is no folder yet."""
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if line.strip():
                yield Found(path.name, number, parse(line))


def parse(line: bytes) -> Anchor | None:
    """The anchor on a line; None where it can't be read."""
    try:
        raw = json.loads(line)
        found = Anchor(**raw)
    except (ValueError, TypeError):
        return None
    texts = (found.hash, found.at, found.mac)
    whole = type(found.position) is int and type(found.format) is int and all(isinstance(t, str) for t in texts)
    return found if whole and all(t.isascii() for t in texts) else None


def _append(handle: int, line: bytes, head: Head) -> bool:
    """Under the lock: whoever waited looks again at what stands last."""
    size = os.fstat(handle).st_size
    tail = os.pread(handle, _TAIL, max(0, size - _TAIL))
    last = parse(tail.rstrip(b"\n").rpartition(b"\n")[2]) if tail else None
    if last and last.position == head.position and last.hash == head.hash:
        return False
    torn = bool(tail) and not tail.endswith(b"\n")
    data = (b"\n" if torn else b"") + line
    if os.write(handle, data) != len(data):
        raise OSError("the anchor was not written whole")
    return True


def _line(key: bytes, head: Head, now: datetime) -> bytes:
    at = now.isoformat(timespec="microseconds")
    anchor = Anchor(ANCHOR_FORMAT, head.position, head.hash, at, _mac(key, ANCHOR_FORMAT, head, at))
    return canonical(asdict(anchor)).encode() + b"\n"


def _mac(key: bytes, format: int, head: Head, at: str) -> str:
    parts = ["anchor", format, head.position, head.hash, at]
    return hmac.new(key, canonical(parts).encode(), hashlib.sha256).hexdigest()


def _last(folder: Path) -> Anchor | None:
    """What stands last in the newest file."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        return None
    lines = files[-1].read_bytes()[-_TAIL:].splitlines()
    return parse(lines[-1]) if lines else None


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
