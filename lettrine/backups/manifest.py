"""What a backup says of itself: written last, so that a torn one has none; keyed, so that an altered one is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from click import ClickException

from invoicing.journal import canonical

NAME: Final = "manifest.json"
FORMAT: Final = 1
_PIECE: Final = 1024 * 1024


class Unusable(ClickException):
    """A backup that can't be made, or restored from; the message says why, and exit is 1."""


@dataclass(frozen=True)
class Part:
    """A file of the backup: its name within it, its bytes, their hash."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One backup. `made_at` is ISO 8601 in UTC; `position` and `head` are the end of the journal's chain."""

    format: int
    lettrine: str
    made_at: str
    engine: str
    revision: list[str]
    database: Part
    files: Part  # a line per archived file: SHA-256 and size
    anchors: list[Part]
    file_count: int
    file_bytes: int
    missing: list[str]  # archived files that were missing or damaged already
    counts: dict[str, int]
    position: int
    head: str

    def write(self, folder: Path, key: bytes) -> None:
        """Puts it beside its parts, all at once."""
        content = asdict(self)
        content["mac"] = _mac(key, asdict(self))
        fresh = folder / f"{NAME}.new"
        write_flushed(fresh, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
        fresh.replace(folder / NAME)
        flush(folder)


def read(folder: Path, key: bytes, *, any_key: bool = False) -> Manifest:
    """The manifest of one backup; refuses one that is torn, altered, made with another key or by a later version."""
    try:
        content: dict[str, Any] = json.loads((folder / NAME).read_bytes())
    except FileNotFoundError:
        raise Unusable(f"{folder} holds no finished backup: it was interrupted before its end.") from None
    except (OSError, ValueError):
        raise Unusable(f"{folder / NAME} can't be read: the backup is torn or spoilt.") from None
    if content.get("format") != FORMAT:
        raise Unusable("This backup was made by a later version of Lettrine: install that version first.")
    told = str(content.pop("mac", ""))
    if not any_key and not hmac.compare_digest(told.encode(), _mac(key, content).encode()):
        raise Unusable(
            "The backup's manifest was altered, or made with another journal key. Put the key of the backed-up"
            " installation into the settings. (--other-key restores without it; its seals can't be checked then.)"
        )
    try:
        parts = {name: Part(**content[name]) for name in ("database", "files")}
        return Manifest(**{**content, **parts, "anchors": [Part(**part) for part in content["anchors"]]})
    except (TypeError, KeyError):
        raise Unusable(f"{folder / NAME} is not complete: the backup is spoilt.") from None


def part_of(path: Path, folder: Path) -> Part:
    """A file as the manifest names it."""
    return Part(path.relative_to(folder).as_posix(), path.stat().st_size, hash_of(path))


def check_part(folder: Path, part: Part) -> Path:
    """The file, if it is the one that was noted."""
    path = folder / part.name
    if not path.is_file():
        raise Unusable(f"{path} is missing: the backup is torn.")
    if path.stat().st_size != part.size or hash_of(path) != part.sha256:
        raise Unusable(f"{path} is not what was backed up: the backup is altered or damaged.")
    return path


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def write_flushed(path: Path, data: bytes) -> None:
    """Writes a file and puts it on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Puts a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mac(key: bytes, content: Mapping[str, Any]) -> str:
    return hmac.new(key, canonical(["backup", content]).encode(), hashlib.sha256).hexdigest()
