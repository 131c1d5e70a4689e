"""Each command in a process of its own, as an operator types it: nothing was imported before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).parents[2]


def lettrine(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What `lettrine …` does in an installation that lives in this folder."""
    names = ("SECRET", "CODE", "JOURNAL")
    keys = {f"LETTRINE_{name}_KEY": f"{name} of these tests, long enough for a key" for name in names}
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LETTRINE_")}, **keys,
        "LETTRINE_SEAL_KEYS": Fernet.generate_key().decode(), "LETTRINE_ENVIRONMENT": "test",
        "LETTRINE_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-c", "from lettrine.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_an_operator_gets_from_nothing_to_a_first_administrator(tmp_path: Path) -> None:
    for words in (
        ("db", "upgrade"), ("db", "upgrade"), ("db", "check"),
        ("user", "add", "a@example.org", "--role", "admin", "--print-link"), ("user", "invite", "a@example.org"),
        ("user", "disable", "a@example.org"), ("user", "enable", "a@example.org"),
    ):  # fmt: skip
        done = lettrine(tmp_path, *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert (tmp_path / "var" / "lettrine.db").stat().st_mode & 0o077 == 0


def test_without_a_schema_nothing_is_served(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    for command in ("web", "worker", "serve"):
        done = lettrine(tmp_path, command)
        assert done.returncode == 1
        assert "lettrine db upgrade" in done.stderr


@pytest.mark.parametrize("more", [(), ("--new",)])
def test_the_demo_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lettrine.db").write_text("precious")
    done = lettrine(tmp_path, "demo", "--check", "--folder", str(tmp_path / "mine"), *more)
    assert done.returncode == 1
    assert (tmp_path / "mine" / "lettrine.db").read_text() == "precious"
