"""Takes a backup of a running installation."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, func, inspect, select

from config.settings import Settings
from invoicing.database import is_sqlite
from invoicing.documents.archive import open_archive
from invoicing.journal import GENESIS, JournalEntry
from invoicing.tables import metadata
from lettrine.backups import files
from lettrine.backups.databases import POSTGRESQL, SQLITE, frozen
from lettrine.backups.manifest import FORMAT, NAME, Manifest, Unusable, part_of, write_flushed
from lettrine.proving import progress_bar

ARCHIVE: Final = "archive"
LIST: Final = "files.txt"
_STAMP: Final = "%Y%m%dT%H%M%S.%fZ"  # names sort as the backups follow one another


class Backup(NamedTuple):
    """One that was taken: where, what it says of itself, how many files were copied for it."""

    folder: Path
    manifest: Manifest
    copied: int


def take(
    engine: Engine,
    settings: Settings,
    root: Path,
    now: datetime,
    *,
    keep: int = 7,
    again: bool = False,
    quiet: bool = False,
) -> Backup:
    """A backup in a folder of its own below `root`, and the archive's new files beside it; older ones than the last
    `keep`, and torn ones, go at the end. Raises Unusable; what was begun is removed then.
    """
    key = settings.journal_key.get_secret_value().encode()
    with _alone(root):
        folder = root / f"{now:{_STAMP}}-{secrets.token_hex(2)}"
        folder.mkdir(mode=0o700)
        try:
            manifest, copied = _fill(engine, settings, folder, now, again=again, quiet=quiet)
            os.sync()
            manifest.write(folder, key)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise Unusable(f"The backup can't be written: {error.strerror}.") from None
            raise
        _prune(root, keep)
    return Backup(folder, manifest, copied)


def finished(root: Path) -> list[Path]:
    """The folders of finished backups, oldest first."""
    return sorted(path.parent for path in root.glob(f"*Z-*/{NAME}"))


def torn(root: Path) -> list[Path]:
    """The folders of those that were interrupted."""
    return sorted(path for path in root.glob("*Z-*") if path.is_dir() and not (path / NAME).exists())


def _fill(
    engine: Engine, settings: Settings, folder: Path, now: datetime, *, again: bool, quiet: bool
) -> tuple[Manifest, int]:
    anchored = files.take_anchors(settings.anchor_dir, folder)
    with progress_bar("Database", quiet) as progress, frozen(engine, folder, progress) as (path, connection):
        wanted = files.named(connection)
        facts = _facts(connection)
    write_flushed(folder / LIST, files.written(wanted))
    archive = open_archive(settings.archive, settings.archive_access)
    with progress_bar("Archive", quiet) as progress:
        taken = files.take(archive, folder.parent / ARCHIVE, wanted, progress, again=again)
    if taken.missing:
        gone = set(taken.missing)
        write_flushed(folder / LIST, files.written(file for file in wanted if file.sha256 not in gone))
    manifest = Manifest(
        format=FORMAT, lettrine=version("lettrine"), made_at=now.isoformat(timespec="seconds"),
        engine=SQLITE if is_sqlite(engine) else POSTGRESQL, database=part_of(path, folder),
        files=part_of(folder / LIST, folder), anchors=anchored, file_count=len(wanted) - len(taken.missing),
        file_bytes=taken.size, missing=taken.missing, **facts,
    )  # fmt: skip
    return manifest, taken.copied


def _facts(connection: Connection) -> dict[str, Any]:
    """What the moment holds: schema, rows per table, the end of the journal."""
    last = connection.execute(
        select(JournalEntry.position, JournalEntry.hash).order_by(JournalEntry.position.desc()).limit(1)
    ).first()
    there = set(inspect(connection).get_table_names())  # a backup before an upgrade: some are not made yet
    tables = [table for table in metadata.sorted_tables if table.name in there]
    return {
        "revision": sorted(MigrationContext.configure(connection).get_current_heads()),
        "counts": {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables},
        "position": last.position if last else 0,
        "head": last.hash if last else GENESIS,
    }


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One backup at a time in a folder."""
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unusable(f"{root} can't be written: {error.strerror}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Unusable(f"Another backup into {root} is under way.") from None
    try:
        yield
    finally:
        os.close(handle)


def _prune(root: Path, keep: int) -> None:
    for folder in [*torn(root), *finished(root)[:-keep]]:
        shutil.rmtree(folder, ignore_errors=True)
