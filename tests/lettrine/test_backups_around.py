"""Keys, anchors, queues and full disks, around backup and restore."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from invoicing import journal
from invoicing.database import transaction
from invoicing.journal import COMMAND
from lettrine.backups import files
from lettrine.jobs import Nudge
from tests.conftest import Database, make_settings
from tests.factories import NOW
from tests.lettrine.test_backups import Env, backed_up, counts, desk, elsewhere, env, opened, run
from tests.proof.conftest import Desk

__all__ = ["desk", "elsewhere", "env"]


def test_another_journal_key_is_noticed_and_proves_nothing(
    desk: Desk, env: Env, elsewhere: Env, tmp_path: Path
) -> None:
    backed_up(env, tmp_path / "b")
    other = {**elsewhere, "LETTRINE_JOURNAL_KEY": "quite another key, of more than 32 characters"}
    done = run(other, "restore", tmp_path / "b")
    assert done.exit_code == 1 and "another journal key" in done.stderr
    done = run(other, "restore", tmp_path / "b", "--other-key")
    assert done.exit_code == 1 and "Tout est intact" not in done.stdout  # it is there, and can't be proven
    assert counts(other) == counts(env)


def test_anchors_that_outlived_the_rest_tell_what_is_lost(desk: Desk, env: Env, elsewhere: Env, tmp_path: Path) -> None:
    backed_up(env, tmp_path / "b")
    with transaction(desk.database.sessions) as session:  # one more entry, anchored, that no backup has
        journal.record(session, COMMAND, NOW, "organisation.changed", ("organisation", 1))
    assert desk.anchor()
    kept = {**elsewhere, "LETTRINE_ANCHORS": str(desk.anchors)}
    done = json.loads(run(kept, "restore", tmp_path / "b", "--json").stdout)
    assert (done["ok"], done["lost_entries"]) == (True, 1)
    assert len(list(desk.anchors.glob("*.before-*"))) == 1


def test_keys_are_apart_and_for_their_owner_alone(desk: Desk, env: Env, tmp_path: Path) -> None:
    refused = run(env, "backup", tmp_path / "b", "--keys", tmp_path / "b/keys.env")
    assert refused.exit_code == 1 and not (tmp_path / "b/keys.env").exists()
    backed_up(env, tmp_path / "b", "--keys", tmp_path / "keys.env")
    backed_up(env, tmp_path / "b", "--keys", tmp_path / "keys.env")  # the same words: nothing to say
    assert stat.S_IMODE((tmp_path / "keys.env").stat().st_mode) == 0o600
    assert f"LETTRINE_JOURNAL_KEY={env['LETTRINE_JOURNAL_KEY']}\n" in (tmp_path / "keys.env").read_text()
    (tmp_path / "keys.env").write_text("other")
    assert run(env, "backup", tmp_path / "b", "--keys", tmp_path / "keys.env").exit_code == 1
    backed_up(env, tmp_path / "c", "--keys", tmp_path / "c/keys.env", "--keys-inside")
    key = env["LETTRINE_JOURNAL_KEY"].encode()
    assert not [p for p in (tmp_path / "b").rglob("*") if p.is_file() and key in p.read_bytes()]


def test_nothing_half_made_is_left_behind(
    desk: Desk, env: Env, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    whole = backed_up(env, tmp_path / "b")
    desk.file("F2026-00001")
    for path in (tmp_path / "b/archive").rglob("*"):
        if path.is_file():
            path.unlink()
    monkeypatch.setattr(files, "_put", full)
    done = run(env, "backup", tmp_path / "b")
    assert done.exit_code == 1 and "No space left on device" in done.stderr
    assert [path.name for path in (tmp_path / "b").glob("*Z-*")] == [whole.name]


def test_a_full_disk_leaves_no_database(
    desk: Desk, env: Env, elsewhere: Env, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> None:
        raise OSError(28, "No space left on device")

    backed_up(env, tmp_path / "b")
    monkeypatch.setattr(files, "give_anchors", full)
    done = run(elsewhere, "restore", tmp_path / "b")
    assert done.exit_code == 1 and "No space left on device. There is no database." in done.stderr
    monkeypatch.undo()
    assert run(elsewhere, "restore", tmp_path / "b").exit_code == 0  # begun again: nothing stands in the way


def test_the_tables_of_the_queue_stay_out_of_it(
    desk: Desk, env: Env, elsewhere: Env, tmp_path: Path, database: Database
) -> None:
    if database.engine.dialect.name == "sqlite":
        return
    queued = {**env, "LETTRINE_QUEUE_URL": "database"}
    nudge = Nudge(make_settings(database.url, tmp_path, queue_url="database"))
    nudge(delivery_id=1)
    nudge.close()
    backed_up(queued, tmp_path / "b")
    assert run(elsewhere, "restore", tmp_path / "b").exit_code == 0
    for connection in opened(elsewhere):
        found = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'huey%'"))  # type: ignore[attr-defined]
        assert found == 0
    with database.engine.begin() as dropping:
        for table in ("kv", "schedule", "task", "counter"):
            dropping.execute(text(f"DROP TABLE huey_{table}"))
