"""`lettrine verify` and what `lettrine db upgrade` seals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.settings import Settings
from lettrine.cli import main
from tests.conftest import make_settings
from tests.proof.conftest import Desk
from tests.proof.test_sealing import older


@pytest.fixture
def env(desk: Desk) -> dict[str, str]:
    """The desk's settings as a process reads them."""
    settings = make_settings(desk.database.url, desk.folder)
    values = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        values[f"LETTRINE_{name.upper()}"] = str(getattr(value, "get_secret_value", lambda v=value: v)())
    return values


def run(env: dict[str, str], *args: str) -> Result:
    """One command."""
    return CliRunner().invoke(main, args, env=env)


def test_intact_is_one_line(desk: Desk, env: dict[str, str]) -> None:
    done = run(env, "verify")
    position = desk.one("SELECT max(position) FROM journal")
    said = f"Tout est intact : 8 documents, {position} écritures au journal.\n"
    assert (done.exit_code, done.stdout.replace("\u00a0", " ")) == (0, said)


def test_a_fault_is_a_sentence_and_exit_1(desk: Desk, env: dict[str, str]) -> None:
    desk.file("F2026-00001").unlink()
    done = run(env, "verify")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "F2026-00001, version 1 : le PDF archivé manque. Ne supprimez rien" in done.stderr.replace("\u00a0", " ")


def test_it_speaks_the_organisation_s_language(desk: Desk, env: dict[str, str]) -> None:
    desk.tamper("UPDATE organisation SET language = 'en'", "DELETE FROM payment WHERE reference = '12'")
    done = run(env, "verify")
    assert done.exit_code == 1
    assert done.stderr.startswith("F2026-00001 no longer matches what was sealed. Correct nothing by hand")
    assert done.stderr.rstrip().endswith("(And 1 other discrepancy.)")


def test_for_a_program_it_is_json(desk: Desk, env: dict[str, str]) -> None:
    whole = json.loads(run(env, "verify", "--json").stdout)
    assert whole["intact"] is True and {check["name"]: check["wrong"] for check in whole["checks"]}["chain"] == 0
    desk.file("F2026-00001").write_bytes(b"x")
    done = run(env, "verify", "--json")
    told = json.loads(done.stdout)
    (fault,) = [fault for check in told["checks"] for fault in check["faults"]]
    assert (done.exit_code, told["intact"], fault["code"], len(told["says_of_faults"])) == (1, False, "file_altered", 1)


def test_an_upgrade_seals_an_older_installation_and_anchors_it(desk: Desk, env: dict[str, str]) -> None:
    older(desk)
    for path in desk.anchors.iterdir():
        path.unlink()
    assert "8 documents were sealed." in run(env, "db", "upgrade").output
    assert "sealed" not in run(env, "db", "upgrade").output
    assert len(list(Path(desk.anchors).iterdir())) == 1
    assert desk.faults() == []
