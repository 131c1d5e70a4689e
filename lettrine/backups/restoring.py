"""Makes an installation anew from a backup: archive first, then the database, last of all the proof."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from invoicing import migrations
from invoicing.database import begin_write, is_sqlite, make_engine, transaction
from invoicing.documents.archive import open_archive
from invoicing.journal import COMMAND
from invoicing.replacing import replace_all
from invoicing.restoring import settle
from lettrine.backups import files
from lettrine.backups.databases import POSTGRESQL, SQLITE, check_empty, opened, put_back
from lettrine.backups.manifest import Manifest, Unusable, check_part, flush, read
from lettrine.backups.taking import ARCHIVE
from lettrine.prover import anchor
from lettrine.proving import bring_up, progress_bar


class Restored(NamedTuple):
    """What was restored; how many e-mails are held; how many entries of the journal the backup didn't have."""

    manifest: Manifest
    held: int
    lost: int


def restore(
    engine: Engine, settings: Settings, folder: Path, now: datetime, *, any_key: bool = False, quiet: bool = False
) -> Restored:
    """One backup, into the empty database and the archive of the settings. Raises Unusable before anything is written,
    unless a part turns out to be damaged on the way: then there are files in the archive, and no database.
    """
    key = settings.journal_key.get_secret_value().encode()
    manifest = read(folder, key, any_key=any_key)
    _check_versions(engine, manifest)
    check_empty(engine)
    dump = check_part(folder, manifest.database)
    wanted = files.listed(check_part(folder, manifest.files))
    for part in manifest.anchors:
        check_part(folder, part)
    store = folder.parent / ARCHIVE
    files.check(store, wanted)
    with progress_bar("Archive", quiet) as progress:
        files.give(open_archive(settings.archive, settings.archive_access), store, wanted, progress)
    stamp = f"{now:%Y%m%dT%H%M%S}"
    known = files.give_anchors(folder, manifest.anchors, settings.anchor_dir, manifest.position, stamp)

    def settled(made: Engine) -> int:
        factory = sessionmaker(made, info={"journal_key": key})
        bring_up(settings, factory)
        with transaction(factory) as session:
            held = settle(session, COMMAND, now, manifest.made_at, manifest.position, known)
        anchor(factory, key, settings.anchor_dir, now)
        return held

    held = _database(engine, dump, manifest, settled)
    return Restored(manifest, held, max(0, known - manifest.position))


def _check_versions(engine: Engine, manifest: Manifest) -> None:
    steps = {step.revision for step in ScriptDirectory(str(migrations.HERE)).walk_revisions()}
    if not set(manifest.revision) <= steps:
        raise Unusable(
            f"The backup's schema ({', '.join(manifest.revision)}) is newer than this version of Lettrine:"
            f" install {manifest.lettrine} or later. Nothing was touched."
        )
    if manifest.engine == POSTGRESQL and is_sqlite(engine):
        raise Unusable("A backup of PostgreSQL can only be restored into PostgreSQL. Nothing was touched.")


def _database(engine: Engine, dump: Path, manifest: Manifest, settled: Callable[[Engine], int]) -> int:
    if is_sqlite(engine):
        return _into_file(Path(engine.url.database or ""), dump, settled)
    if manifest.engine == SQLITE:
        _move(engine, dump)
    else:
        put_back(engine, dump)
    return settled(engine)


def _into_file(path: Path, dump: Path, settled: Callable[[Engine], int]) -> int:
    """Complete and settled beside its place, then there at once."""
    with _copied(dump, path.parent) as fresh:
        made = make_engine(f"sqlite:///{fresh}")
        try:
            held = settled(made)
            with made.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            made.dispose()
        flush(fresh)
        fresh.rename(path)
        flush(path.parent)
    return held


def _move(engine: Engine, dump: Path) -> None:
    """A file of SQLite's becomes a PostgreSQL database: the installation has grown."""
    with _copied(dump, None) as fresh:
        source = make_engine(f"sqlite:///{fresh}")
        migrations.upgrade(source)
        source.dispose()
        migrations.upgrade(engine)
        factory = sessionmaker(engine)
        with opened(fresh) as rows, factory() as session:
            begin_write(session)
            replace_all(session.connection(), rows)
            session.commit()


@contextmanager
def _copied(dump: Path, where: Path | None) -> Iterator[Path]:
    """A copy to work on, in the folder or beside the dump; what is left of it goes."""
    folder = (where or dump.parent).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"restoring-{secrets.token_hex(4)}.db"
    try:
        shutil.copyfile(dump, fresh)
        yield fresh
    finally:
        for left in folder.glob(f"{fresh.name}*"):
            left.unlink()
