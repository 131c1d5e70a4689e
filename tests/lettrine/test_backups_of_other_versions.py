"""A backup made before an upgrade restores into the newest schema; one of a later version is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlalchemy.orm import sessionmaker

from invoicing import guards, migrations, search_index
from invoicing.database import make_engine
from invoicing.invoices import tallies
from lettrine.backups.manifest import Unusable, read
from lettrine.backups.restoring import restore
from lettrine.backups.taking import take
from lettrine.proving import proven
from tests.conftest import JOURNAL_KEY, make_settings
from web.database import now

KEY = JOURNAL_KEY.encode()
BEFORE = "0008"


def test_a_backup_of_before_an_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = make_settings("", tmp_path / "old"), make_settings("", tmp_path / "new")
    (tmp_path / "old").mkdir()
    engine = make_engine(old.database)
    with monkeypatch.context() as before:  # guards and indexes are those of the newest schema
        for module in (guards, search_index, tallies):
            before.setattr(module, "install", lambda _connection: None)
            before.setattr(module, "remove", lambda _connection: None)
        command.upgrade(migrations.configuration(engine), BEFORE)
    backup = take(engine, old, tmp_path / "backup", now(), quiet=True)
    known = set(inspect(engine).get_table_names())
    engine.dispose()
    assert backup.manifest.revision == [BEFORE] and set(backup.manifest.counts) <= known
    made = make_engine(new.database)
    restore(made, new, backup.folder, now(), quiet=True)
    report, said, _faults = proven(new, sessionmaker(made, info={"journal_key": KEY}), quiet=True)
    assert report.is_intact, said
    assert migrations.is_current(made)
    made.dispose()


def test_a_backup_of_a_later_version_is_refused(sqlite_template: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/lettrine.db").write_bytes(sqlite_template.read_bytes())
    old, new = make_settings("", tmp_path / "old"), make_settings("", tmp_path / "new")
    engine = make_engine(old.database)
    backup = take(engine, old, tmp_path / "backup", now(), quiet=True)
    engine.dispose()
    replace(backup.manifest, revision=["9999"], lettrine="9.0").write(backup.folder, KEY)
    made = make_engine(new.database)
    with pytest.raises(Unusable, match=r"newer than this version of Lettrine: install 9\.0 or later"):
        restore(made, new, backup.folder, now(), quiet=True)
    replace(backup.manifest, format=2).write(backup.folder, KEY)
    with pytest.raises(Unusable, match="made by a later version"):
        read(backup.folder, KEY)
    made.dispose()
    assert not (tmp_path / "new").exists()
