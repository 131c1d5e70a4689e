"""A year of letterings in one import, beside raw SQL. `python bench/letterings.py [rows] [engine] [rounds]`

The floor, in the same run, on a copy of the same database: the file staged in a table, checked by SQL (number,
duplicates, taken, status, amount), documents updated in one statement, the search indexed again by its triggers, a row
of history each, one commit. Ours is the file kept, read, judged (the dry run) and applied by the worker's own code:
beside the floor's work a verdict per row, every row judged twice, states and seals for the proof, versions made due.
Each side is a process of its own, so that its memory is its own too; rounds are interleaved. Then the same file again,
which must change nothing, and how long the versions that are due take to draw. 100,000 rows unless told, on both
engines, three rounds. "Work" is the processor's time of the side's own process: on SQLite all of it, on PostgreSQL
without the server's.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import letterings_filling as filling  # noqa: E402
from bench.letterings_floor import Facts, floor, timed  # noqa: E402
from bench.stores import Lite, Postgres  # noqa: E402
from invoicing.accounting.plan import Plan  # noqa: E402
from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.documents.archive import open_archive  # noqa: E402
from invoicing.documents.models import DocumentVersion, VersionState  # noqa: E402
from invoicing.documents.press import press  # noqa: E402
from invoicing.documents.service import ensure_rendered  # noqa: E402
from invoicing.imports import queries, service  # noqa: E402
from invoicing.imports.models import RunKind, RunState  # noqa: E402
from invoicing.journal import COMMAND, JournalEntry  # noqa: E402
from invoicing.lettering.models import LetteringChange  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from lettrine.importer import Importer  # noqa: E402
from tests.conftest import JOURNAL_KEY  # noqa: E402
from tests.factories import NOW  # noqa: E402

BEGUN: Final = time.process_time()  # imports cost neither side
DRAWN: Final = 500
FLOOR: Final = ("stage", "check", "update", "history", "commit")
Sessions = sessionmaker[Session]


def opened(url: str) -> Sessions:
    """Sessions on a database."""
    return sessionmaker(make_engine(url), info={"journal_key": JOURNAL_KEY.encode()})


def _end(told: Facts) -> Facts:
    """With the process's own work in seconds and its peak of memory in megabytes.

    Not `ru_maxrss`, which a process has from the one that started it.
    """
    peak = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return told | {"work": time.process_time() - BEGUN, "peak": int(peak.split()[1]) / 1024}


# ours ------------------------------------------------------------------------------------------------------------


def ours(url: str, rows: int) -> Facts:
    """The file judged and applied as a worker does it, then once more."""
    sessions, told = opened(url), Facts()
    content = filling.export(rows)
    first = _run(sessions, content, told, "dry", "apply")
    counts = _counts(sessions, first)
    assert counts.pop("lettered") == rows - filling.FAULTY, counts
    assert counts == filling.EXPECTED, counts
    told = _end(told)
    before = _written(sessions)
    again = _run(sessions, content, told, "dry again", "")
    counts = _counts(sessions, again)
    assert counts["already"] == rows - filling.FAULTY and "will_letter" not in counts, counts
    assert _written(sessions) == before
    return told


def _run(sessions: Sessions, content: bytes, told: Facts, dry: str, apply: str) -> int:
    with transaction(sessions) as session:
        token = f"bench {apply}"
        run_id = service.start(session, COMMAND, NOW, RunKind.letterings, "ventes.csv", content, None, token).id
    importer = Importer(sessions, lambda: NOW, Event())

    def judge() -> None:
        importer.work(run_id)
        with transaction(sessions) as session:
            plan = Plan.from_json(queries.run(session, run_id).options)
            service.map_columns(session, COMMAND, NOW, run_id, plan)
        importer.work(run_id)

    timed(told, dry, judge)
    if apply:
        with transaction(sessions) as session:
            service.ask(session, COMMAND, NOW, run_id)
        timed(told, apply, lambda: importer.work(run_id))
    return run_id


def _counts(sessions: Sessions, run_id: int) -> dict[str, int]:
    with sessions() as session:
        run = queries.run(session, run_id)
        assert run.state in (RunState.judged, RunState.applied), (run.state, run.fault)
        found: dict[str, int] = json.loads(run.counts)
        return found


def _written(sessions: Sessions) -> tuple[int | None, ...]:
    """How many rows of history, versions, and journal about letterings there are."""
    with sessions() as session:
        lettered = select(func.count()).where(JournalEntry.action.contains("letter"))
        tables = [select(func.count(model.id)) for model in (LetteringChange, DocumentVersion)]
        return tuple(session.scalar(query) for query in (*tables, lettered))


# the versions that are due ---------------------------------------------------------------------------------------


def drawn(url: str, _rows: int) -> Facts:
    """Some of the versions, drawn and archived one after the other, as one of the workers does."""
    sessions = opened(url)
    with sessions() as session:
        due = select(DocumentVersion.id).where(DocumentVersion.state == VersionState.due, DocumentVersion.position > 1)
        ids = list(session.scalars(due.order_by(DocumentVersion.id).limit(DRAWN)))
    told = Facts()
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(Path(folder).as_uri())
        made = press(schematron=False)
        ensure_rendered(sessions, archive, made, ids[0], NOW)  # fonts are read once
        work = time.process_time()
        timed(told, "wall", lambda: [ensure_rendered(sessions, archive, made, id_, NOW) for id_ in ids[1:]])
        return {"count": len(ids) - 1, "work": time.process_time() - work, **told}


# both engines ----------------------------------------------------------------------------------------------------


def apart(side: str, url: str, rows: int) -> Facts:
    """One side in a process of its own."""
    command = [sys.executable, str(Path(__file__)), str(rows), side, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Facts = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, store: Lite | Postgres, rows: int, rounds: int) -> None:
    """Fills, then interleaved rounds."""
    engine = make_engine(store.url)
    upgrade(engine)
    begun = time.perf_counter()
    filling.fill(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()}), rows)
    engine.dispose()
    print(f"{name}, {rows} rows (filled in {time.perf_counter() - begun:.0f} s)", flush=True)
    ratios = []
    for _ in range(rounds):
        bare = apart("floor", store.copy("floor"), rows)
        full = apart("ours", store.copy("ours"), rows)
        least, whole = sum(bare[part] for part in FLOOR), full["dry"] + full["apply"]
        ratios.append(whole / least)
        work = f", x {full['work'] / bare['work']:.2f} by work" if isinstance(store, Lite) else ""
        print(f"  floor {least:6.1f} s ({_told(bare)})\n  ours  {whole:6.1f} s ({_told(full)})\n"
              f"  x {whole / least:.2f} by the clock{work}", flush=True)  # fmt: skip
    url = f"sqlite:///{store.folder}/ours.db" if isinstance(store, Lite) else f"{store.url}_ours"
    found = apart("drawn", url, rows)
    each = found["work"] / found["count"]
    print(f"  median x {statistics.median(ratios):.2f}; a due version takes {each * 1000:.1f} ms of one core "
          f"({found['wall'] / found['count'] * 1000:.1f} ms by the clock): {rows} take {each * rows / 60:.0f} min of "
          "one core", flush=True)  # fmt: skip


def _told(parts: Facts) -> str:
    return ", ".join(f"{name} {value:.1f}{' MB' if name == 'peak' else ''}" for name, value in parts.items())


def main() -> None:
    """Both engines, or one of them."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    side = sys.argv[2] if len(sys.argv) > 2 else ""
    if side in _SIDES:
        print(json.dumps(_SIDES[side](sys.argv[3], rows)))
        return
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    if side in ("", "sqlite"):
        with tempfile.TemporaryDirectory(dir=os.environ.get("LETTRINE_BENCH_DIR")) as folder:
            measure("SQLite", Lite(folder), rows, rounds)
    if side in ("", "postgresql"):
        store = Postgres()
        try:
            measure("PostgreSQL", store, rows, rounds)
        finally:
            store.close()


_SIDES: Final = {"floor": lambda url, rows: _end(floor(url, rows)), "ours": ours, "drawn": drawn}

if __name__ == "__main__":
    main()
