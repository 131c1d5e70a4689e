"""Archived files and anchors, into a backup and back."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from obstore.exceptions import BaseError
from sqlalchemy import Connection, inspect, select

from invoicing.documents.archive import Archive, ArchiveDamaged, place
from invoicing.documents.models import COLUMNS, DocumentVersion
from invoicing.journal import JournalEntry
from invoicing.proof import anchors
from invoicing.proof.service import Progress
from invoicing.sellers.models import Seller
from lettrine.backups.manifest import Part, Unusable, check_part, hash_of, write_flushed

T = TypeVar("T")
THREADS: Final = 4
AT_ONCE: Final = 500  # files between two words about progress
LOGO: Final = "seller.logo_changed"


class Named(NamedTuple):
    """An archived file; its size is known of documents only, -1 else."""

    sha256: str
    size: int


def named(connection: Connection) -> list[Named]:
    """Every file that the database names: documents with what lies beside them, and the logos that sellers have or
    had, for drafts of then.
    """
    columns = inspect(connection).get_columns(DocumentVersion.__tablename__)
    there = {column["name"] for column in columns}  # fewer, before an upgrade
    sizes: dict[str, int] = {}
    for names in COLUMNS.values():
        sha256, size = (getattr(DocumentVersion, name) for name in names)
        if names[0] in there:
            found = connection.execute(select(sha256, size).where(sha256.is_not(None)))
            sizes |= {str(name): length if length is not None else -1 for name, length in found}
    logos = set(connection.scalars(select(Seller.logo).where(Seller.logo != "")))
    for changes in connection.scalars(select(JournalEntry.changes).where(JournalEntry.action == LOGO)):
        logos.update(sha256 for sha256 in json.loads(changes).get("logo", ()) if sha256)
    return sorted(Named(*pair) for pair in (dict.fromkeys(logos, -1) | sizes).items())


def written(files: Iterable[Named]) -> bytes:
    """The list of files as it lies in the backup."""
    return "".join(f"{file.sha256} {file.size}\n" for file in files).encode()


def listed(path: Path) -> list[Named]:
    """The list read back."""
    pairs = (line.split(" ") for line in path.read_text().splitlines())
    return [Named(sha256, int(size)) for sha256, size in pairs]


class Taken(NamedTuple):
    """What copying came to: all bytes of the backup, files copied now, those that could not be."""

    size: int
    copied: int
    missing: list[str]


def take(archive: Archive, folder: Path, files: list[Named], progress: Progress, *, again: bool) -> Taken:
    """Copies into the folder what isn't there yet; `again`: also reads what is there, and mends it.

    A file that the archive hasn't any more, or has altered, is told and stops nothing; a good copy of before stays.
    """

    def one(file: Named) -> tuple[int, bool]:
        path = folder / place(file.sha256)
        known = path.stat().st_size if path.is_file() else -1
        if known >= 0 and file.size in (-1, known) and (not again or hash_of(path) == file.sha256):
            return known, False
        try:
            data = archive.get(file.sha256)
        except ArchiveDamaged:
            return -1, False
        _put(path, data)
        return len(data), True

    folder.mkdir(mode=0o700, exist_ok=True)  # whatever the folder around it allows
    size, copied, missing = 0, 0, []
    for file, (length, is_new) in _each(one, files, progress):
        size += max(length, 0)
        copied += is_new
        if length < 0:
            missing.append(file.sha256)
    return Taken(size, copied, missing)


def check(folder: Path, files: list[Named]) -> None:
    """Refuses a backup that lacks a file, before anything is written."""
    for file in files:
        path = folder / place(file.sha256)
        length = path.stat().st_size if path.is_file() else -1
        if length < 0 or file.size not in (-1, length):
            raise Unusable(f"{path} is missing or cut: the backup is damaged. Nothing was touched.")


def give(archive: Archive, folder: Path, files: list[Named], progress: Progress) -> None:
    """Puts every file into the archive, its bytes hashed on the way; refuses the first that is another."""

    def one(file: Named) -> None:
        path = folder / place(file.sha256)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise Unusable(f"{path} is not what was backed up: the backup is altered or damaged. No database was made.")
        archive.put(data, flush=False)

    for _done in _each(one, files, progress):
        pass
    os.sync()  # once for all of them: the database that names them comes after


def _each(act: Callable[[Named], T], files: list[Named], progress: Progress) -> Iterator[tuple[Named, T]]:
    """Some at once, in their order."""
    left, done = iter(files), 0
    progress(0, len(files))
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(left, AT_ONCE)):
            try:
                yield from zip(some, pool.map(act, some), strict=True)
            except BaseError as error:
                raise Unusable(f"The archive can't be reached or written ({type(error).__name__}).") from None
            done += len(some)
            progress(done, len(files))


def _put(path: Path, data: bytes) -> None:
    """All of it under its name, or nothing; the disk is told later, for all files at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


# anchors ---------------------------------------------------------------------------------------------------------


def take_anchors(source: Path, folder: Path) -> list[Part]:
    """Copies them, before the database's moment: later ones would speak of what isn't in it."""
    parts = []
    for path in sorted(source.glob("*.jsonl")):
        (folder / "anchors").mkdir(exist_ok=True)
        target = folder / "anchors" / path.name
        write_flushed(target, path.read_bytes())
        parts.append(Part(f"anchors/{path.name}", target.stat().st_size, hash_of(target)))
    return parts


def give_anchors(folder: Path, parts: list[Part], target: Path, position: int, stamp: str) -> int:
    """Puts them where they belong. Those that are still there are worth more and stay; what they say of entries after
    the backup, which are lost, is set aside under another name. Returns the last position that they knew.
    """
    found = list(anchors.read(target))
    if not found:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in parts:
            write_flushed(target / Path(part.name).name, check_part(folder, part).read_bytes())
        return position
    known = [line.anchor.position for line in found if line.anchor is not None]
    for name in {line.file for line in found if line.anchor is not None and line.anchor.position > position}:
        _set_aside(target / name, position, stamp)
    return max(known, default=position)


def _set_aside(path: Path, position: int, stamp: str) -> None:
    kept = []
    for line in path.read_bytes().splitlines():
        anchor = anchors.parse(line)
        if anchor is None or anchor.position <= position:
            kept.append(line)
    path.rename(path.with_name(f"{path.name}.before-{stamp}"))
    if kept:
        write_flushed(path, b"\n".join(kept) + b"\n")
