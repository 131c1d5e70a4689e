"""What lies beside the code: locks, vendored files, the log of changes."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from tests.house.source import ROOT

MANIFEST = json.loads((ROOT / "web/static/vendor/MANIFEST.json").read_text("utf-8"))
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))


def test_both_locks_are_there() -> None:
    assert LOCKS == ["requirements-dev.lock", "requirements.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.findall(r"^\s*(?:-i\b|--(?:extra-)?index-url|--find-links|--trusted-host).*|\w+://\S+", text, re.M)


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    blocks = re.split(r"^(?=\w)", (ROOT / name).read_text("utf-8"), flags=re.M)[1:]
    assert len(blocks) > 20
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_that_was_noted(entry: dict[str, str]) -> None:
    assert hashlib.sha256((ROOT / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["licence"] and entry["version"]


def test_every_vendored_file_is_noted() -> None:
    noted = {entry["file"] for entry in MANIFEST}
    folder = ROOT / "web/static/vendor"
    files = {path.relative_to(ROOT).as_posix() for path in folder.iterdir() if path.is_file()}
    assert files - noted == {"web/static/vendor/MANIFEST.json"}


def test_changes_are_logged() -> None:
    assert (ROOT / "CHANGELOG.md").read_text("utf-8").startswith("# ")


def test_test_folders_are_packages() -> None:
    """Without it, tests/admin would stand before admin."""
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert not [folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()]
