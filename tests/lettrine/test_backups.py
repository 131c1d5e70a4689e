"""Backup and restore: the whole comes back and is proven; what is torn, altered or in the way is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select, text

from invoicing.accounts.models import SignInSession
from invoicing.database import make_engine
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.journal import JournalEntry
from lettrine.cli import main
from tests.conftest import Database, own_database
from tests.proof.conftest import Desk, desk
from tests.proof.test_command import env

assert desk
assert env
Env = dict[str, str]


def run(env: Env, *words: object) -> Result:
    """One command."""
    return CliRunner().invoke(main, [str(word) for word in words], env=env)


def backed_up(env: Env, folder: Path, *words: object) -> Path:
    """The folder of a new backup in `folder`."""
    done = run(env, "backup", folder, "--json", *words)
    assert done.exit_code == 0, done.output
    return Path(json.loads(done.stdout)["folder"])


@pytest.fixture
def elsewhere(database: Database, env: Env, tmp_path: Path, worker_id: str) -> Iterator[Env]:
    """The same keys on a machine that has nothing yet."""
    folder = tmp_path / "new"
    moved = {**env, "LETTRINE_DATA_DIR": str(folder), "LETTRINE_ANCHORS": str(folder / "anchors")}
    if database.engine.dialect.name == "sqlite":
        yield {**moved, "LETTRINE_DATABASE_URL": ""}
    else:
        with own_database(f"lettrine_restored_{os.getpid()}_{worker_id}") as url:
            yield {**moved, "LETTRINE_DATABASE_URL": url}


def counts(env: Env) -> dict[str, int]:
    """Rows of the tables that a restore leaves as they were."""
    url = env["LETTRINE_DATABASE_URL"] or f"sqlite:///{env['LETTRINE_DATA_DIR']}/lettrine.db"
    engine = make_engine(url)
    tables = ("invoice", "invoice_line", "payment", "document_version", "customer", "delivery", "lettering_change")
    with engine.connect() as connection:
        found = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}
    engine.dispose()
    return found


def archived(folder: str) -> dict[str, bytes]:
    """File name → its bytes."""
    return {path.name: path.read_bytes() for path in Path(folder, "archive").rglob("*") if path.is_file()}


def test_everything_comes_back_and_is_proven(desk: Desk, env: Env, elsewhere: Env, tmp_path: Path) -> None:
    before = desk.verify().position
    backed_up(env, tmp_path / "backup")
    done = run(elsewhere, "restore", tmp_path / "backup")
    assert done.exit_code == 0, done.output
    assert "Tout est intact" in done.stdout.replace("\u00a0", " ")
    told = done.stdout.replace("\u00a0", " ")
    assert f"{before + 3} écritures" in told  # restored, sealed as an upgrade does, anchored
    assert counts(elsewhere) == counts(env)
    assert archived(elsewhere["LETTRINE_DATA_DIR"]) == archived(env["LETTRINE_DATA_DIR"])
    assert run(elsewhere, "db", "check").exit_code == 0


def opened(env: Env) -> Iterator[object]:
    """A connection to what an environment names."""
    engine = make_engine(env["LETTRINE_DATABASE_URL"] or f"sqlite:///{env['LETTRINE_DATA_DIR']}/lettrine.db")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_restore_is_journalled_and_no_mail_leaves_by_itself(
    desk: Desk, env: Env, elsewhere: Env, tmp_path: Path
) -> None:
    backed_up(env, tmp_path / "backup")
    told = json.loads(run(elsewhere, "restore", tmp_path / "backup", "--json").stdout)
    assert (told["ok"], told["held"], told["lost_entries"]) == (True, 1, 0)
    for connection in opened(elsewhere):
        query = select(JournalEntry.action, JournalEntry.actor_kind).order_by(JournalEntry.position.desc())
        assert ("installation.restored", "command") in connection.execute(query).all()[:2]  # type: ignore[attr-defined]
        waiting = connection.execute(select(Delivery.state, Delivery.reason)).all()  # type: ignore[attr-defined]
        assert waiting == [(DeliveryState.failed, "restored")]
        assert connection.scalar(select(func.count(SignInSession.id))) == 0  # type: ignore[attr-defined]


def test_nobody_else_reads_a_backup(desk: Desk, env: Env, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir(mode=0o755)
    made = backed_up(env, tmp_path / "b")
    assert {path.stat().st_mode & 0o077 for path in (made, tmp_path / "b" / "archive")} == {0}


def test_what_is_there_already_is_not_copied_again(desk: Desk, env: Env, tmp_path: Path) -> None:
    first = json.loads(run(env, "backup", tmp_path / "b", "--json").stdout)
    second = json.loads(run(env, "backup", tmp_path / "b", "--json", "--keep", "1").stdout)
    assert first["copied"] == first["file_count"] > 5
    assert (second["copied"], second["file_count"]) == (0, first["file_count"])
    assert not Path(first["folder"]).exists() and Path(second["folder"]).exists()


def test_a_spoilt_copy_is_mended_on_demand(desk: Desk, env: Env, tmp_path: Path) -> None:
    backed_up(env, tmp_path / "b")
    path = next(p for p in (tmp_path / "b/archive").rglob("*") if p.is_file())
    spoilt = path.read_bytes()[::-1]
    path.write_bytes(spoilt)
    assert json.loads(run(env, "backup", tmp_path / "b", "--json").stdout)["copied"] == 0
    assert json.loads(run(env, "backup", tmp_path / "b", "--json", "--again").stdout)["copied"] == 1
    assert path.read_bytes() != spoilt


def test_an_archive_that_has_lost_a_file_is_backed_up_and_told(desk: Desk, env: Env, tmp_path: Path) -> None:
    desk.file("F2026-00001").unlink()
    done = run(env, "backup", tmp_path / "b")
    assert done.exit_code == 1 and "1 archived files were missing" in done.stderr


def test_a_target_that_holds_anything_is_left_alone(desk: Desk, env: Env, tmp_path: Path) -> None:
    backed_up(env, tmp_path / "b")
    before = counts(env)
    done = run(env, "restore", tmp_path / "b")
    assert done.exit_code == 1 and "Nothing was touched" in done.stderr
    assert counts(env) == before


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def newer(path: Path) -> None:
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "position": content["position"] + 1}))


SPOILERS: list[tuple[Callable[[Path], object], str]] = [
    (lambda b: (b / "manifest.json").unlink(), "interrupted"),
    (lambda b: (b / "manifest.json").write_text("{"), "torn or spoilt"),
    (lambda b: newer(b / "manifest.json"), "altered"),
    (lambda b: alter(next(b.glob("database.*"))), "altered or damaged"),
    (lambda b: next(b.glob("database.*")).unlink(), "torn"),
    (lambda b: alter(b / "files.txt"), "altered or damaged"),
    (lambda b: alter(next((b / "anchors").iterdir())), "altered or damaged"),
    (lambda b: next(p for p in (b.parent / "archive").rglob("*") if p.is_file()).unlink(), "missing or cut"),
    (lambda b: alter(next(p for p in (b.parent / "archive").rglob("*") if p.is_file())), "altered or damaged"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILERS, ids=range(len(SPOILERS)))
def test_a_torn_or_altered_backup_is_refused(
    desk: Desk, env: Env, elsewhere: Env, tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(backed_up(env, tmp_path / "b"))
    done = run(elsewhere, "restore", tmp_path / "b")
    assert done.exit_code == 1 and said in done.stderr
    assert not Path(elsewhere["LETTRINE_DATA_DIR"], "lettrine.db").exists()


def test_a_later_backup_that_was_interrupted_is_passed_over(
    desk: Desk, env: Env, elsewhere: Env, tmp_path: Path
) -> None:
    whole = backed_up(env, tmp_path / "b")
    (tmp_path / "b/99991231T000000Z-abcd").mkdir()
    done = run(elsewhere, "restore", tmp_path / "b")
    assert done.exit_code == 0 and f"{whole.name} is restored" in done.stderr
    backed_up(env, tmp_path / "b")
    assert not (tmp_path / "b/99991231T000000Z-abcd").exists()


def test_two_at_once_are_one(desk: Desk, env: Env, tmp_path: Path) -> None:
    import fcntl

    backed_up(env, tmp_path / "b")
    handle = os.open(tmp_path / "b/.lock", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    done = run(env, "backup", tmp_path / "b")
    os.close(handle)
    assert done.exit_code == 1 and "under way" in done.stderr
