"""kill -9 at any moment of an apply: all of the run or nothing, and the next worker finishes it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from invoicing.documents.archive import open_archive
from invoicing.proof.rules import Fault
from invoicing.proof.service import verify
from tests.conftest import JOURNAL_KEY, Database
from tests.lettering.many import copies
from tests.lettering.planning import apply, history, planned, references, undo, verdicts

ROWS = 3_000
ROUNDS = 8
ROOT = Path(__file__).parents[2]


def worker(database: Database, run_id: int) -> subprocess.Popen[str]:
    """A process that applies the run."""
    command = [sys.executable, "-m", "tests.lettering.applying_apart", database.url, str(run_id)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def steps_until(process: subprocess.Popen[str], last: int) -> list[str]:
    """What the process says, up to so many lines; it is killed in the midst of the last, or ends by itself."""
    told: list[str] = []
    with process:
        assert process.stdout
        for line in process.stdout:
            told.append(line.strip())
            if len(told) == last:
                os.kill(process.pid, signal.SIGKILL)
                break
    return told


def fault(database: Database, folder: Path) -> Fault | None:
    """The first thing that isn't as it was written."""
    archive = open_archive((folder / "archive").as_uri())
    return verify(database.engine, JOURNAL_KEY.encode(), archive, folder / "anchors").first


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_all_or_nothing(database: Database, tmp_path: Path) -> None:
    ids = copies(database, ROWS)
    wanted = {number: f"VE-2026-{number}" for number in ids}
    run_id, spare = planned(database, wanted), planned(database, {ids[0]: "VE-1"})
    steps = len(steps_until(worker(database, spare), 0))  # how many a small one takes: a large one takes more
    assert undo(database, spare) == 1
    moments = [*random.Random(ROWS).sample(range(2, steps - 2), ROUNDS - 2), steps - 1, steps]
    died_at = set()
    for moment in moments:
        told = steps_until(worker(database, run_id), moment)
        died_at.add(told[-1])
        found = references(database)
        assert found in ({}, wanted), told[-1]
        if found:
            break
        assert len(history(database)) == 2 and set(verdicts(database, run_id).values()) == {"will_letter"}
    assert len(died_at) > ROUNDS // 2
    assert apply(database, run_id) in (0, ROWS)
    assert references(database) == wanted
    assert set(verdicts(database, run_id).values()) == {"lettered"}
    assert fault(database, tmp_path) is None


@pytest.mark.slow
@pytest.mark.parametrize("last", ["commit", "committed"])
def test_a_worker_that_is_killed_as_it_commits_leaves_all_or_nothing(
    database: Database, tmp_path: Path, last: str
) -> None:
    wanted = {number: f"VE-2026-{number}" for number in copies(database, ROWS // 10)}
    run_id = planned(database, wanted)
    process = worker(database, run_id)
    with process:
        assert process.stdout
        for line in process.stdout:
            if line.strip() == last:
                os.kill(process.pid, signal.SIGKILL)
                break
    found = references(database)
    assert found == wanted if last == "committed" else found in ({}, wanted)
    assert apply(database, run_id) == (0 if found else len(wanted))
    assert references(database) == wanted and fault(database, tmp_path) is None
