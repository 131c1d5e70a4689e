"""A year of letterings in one import, beside raw SQL. `python bench/letterings.py [rows]` (default 100,000)

The floor, in the same run, on a copy of the same database: the file staged in a table, checked by SQL (number,
duplicates, taken, status, amount), documents updated in one statement, the search indexed again by its triggers, a row
of history each, one commit. Ours is the file kept, read, judged (the dry run) and applied by the worker's own code:
beside the floor's work a verdict per row, every row judged twice, states and seals for the proof, versions made due.
Each side is a process of its own, so that its memory is its own too; rounds are interleaved. Then the same file again,
which must change nothing, and how long the versions that are due take to draw.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, Final

from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import letterings_filling as filling  # noqa: E402
from invoicing.accounting.plan import Plan  # noqa: E402
from invoicing.database import is_sqlite, make_engine, transaction  # noqa: E402
from invoicing.documents import pdf  # noqa: E402
from invoicing.documents.archive import open_archive  # noqa: E402
from invoicing.documents.models import DocumentVersion, VersionState  # noqa: E402
from invoicing.documents.service import ensure_rendered  # noqa: E402
from invoicing.imports import queries, service  # noqa: E402
from invoicing.imports.models import ImportRun, RunKind, RunState  # noqa: E402
from invoicing.journal import COMMAND, JournalEntry  # noqa: E402
from invoicing.lettering.models import LetteringChange  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from lettrine.importer import Importer  # noqa: E402
from tests.conftest import JOURNAL_KEY, POSTGRES  # noqa: E402
from tests.factories import NOW  # noqa: E402

ROUNDS: Final = 3
DRAWN: Final = 500
STATE: Final = " ".join(["2", "a" * 64, "b" * 64, "c" * 64, "d" * 16, "e" * 16 + "," + "f" * 16])
Sessions = sessionmaker[Session]
Facts = dict[str, Any]


def opened(url: str) -> Sessions:
    """Sessions on a database."""
    return sessionmaker(make_engine(url), info={"journal_key": JOURNAL_KEY.encode()})


def timed(told: Facts, name: str, act: Callable[[], object]) -> None:
    """Does it and notes its seconds."""
    begun = time.perf_counter()
    act()
    told[name] = time.perf_counter() - begun


# ours ------------------------------------------------------------------------------------------------------------


def ours(url: str, rows: int) -> Facts:
    """The file judged and applied as a worker does it, then once more."""
    sessions, told = opened(url), Facts()
    content = filling.export(rows)
    first = _run(sessions, content, told, "dry", "apply")
    counts = _counts(sessions, first)
    assert counts.pop("lettered") == rows - filling.FAULTY, counts
    assert counts == filling.EXPECTED, counts
    told["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
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


# the floor -------------------------------------------------------------------------------------------------------

_STAGE = "CREATE TABLE stage (line int, number text, reference text, folded text, cents bigint)"
_CHECK = """
    CREATE TABLE good AS SELECT i.id, s.reference, s.folded FROM stage s
    JOIN invoice i ON i.number_folded = s.number
    JOIN (SELECT folded FROM stage GROUP BY folded HAVING count(*) = 1) o ON o.folded = s.folded
    LEFT JOIN invoice h ON h.lettering_folded = s.folded
    WHERE i.lettering_folded IS NULL AND i.frozen_at IS NOT NULL AND i.status IN ('complete', 'paid')
      AND i.total_cents = s.cents AND h.id IS NULL ORDER BY i.id
"""
_UPDATE = """
    UPDATE invoice SET lettering = g.reference, lettering_folded = g.folded, revision = revision + 1,
           search_text = search_text || ' ' || g.folded FROM good g WHERE g.id = invoice.id
"""
_HISTORY = """
    INSERT INTO lettering_change (invoice_id, at, actor_kind, after, reason, run_id, state, seal)
    SELECT id, '2026-11-22 09:30:00.000000', 'command', reference, '', 1, '{state}', '{seal}' FROM good
"""


def floor(url: str, rows: int) -> Facts:
    """The same by plain SQL."""
    engine, told = make_engine(url), Facts()
    content = filling.export(rows)
    with sessionmaker(engine)() as session, session.begin():
        session.add(ImportRun(kind=RunKind.letterings, file_name="", sha256="", size=0, asked_at=NOW))
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        raw: Any = connection.connection.driver_connection

        def stage() -> None:
            raw.execute(_STAGE)
            if is_sqlite(engine):
                raw.executemany("INSERT INTO stage VALUES (?, ?, ?, ?, ?)", _staged(content))
                return
            with raw.cursor() as cursor, cursor.copy("COPY stage FROM STDIN") as copy:
                for row in _staged(content):
                    copy.write_row(row)

        timed(told, "stage", stage)
        timed(told, "check", lambda: raw.execute(_CHECK))
        timed(told, "update", lambda: raw.execute(_UPDATE))
        timed(told, "history", lambda: raw.execute(_HISTORY.format(state=STATE, seal="f" * 64)))
        begun = time.perf_counter()
    told["commit"] = time.perf_counter() - begun
    with engine.connect() as connection:
        done = connection.execute(text("SELECT count(*) FROM lettering_change")).scalar_one()
        assert done == rows - filling.FAULTY, done
    told["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return told


def _staged(content: bytes) -> Any:
    for line, text_of in enumerate(content.decode().splitlines()[1:], start=2):
        _journal, _day, reference, _name, label, amount = text_of.split(";")
        number = label.partition(" ")[0].lower()
        yield line, number, reference, reference.lower(), int(amount.replace(",", ""))


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
        ensure_rendered(sessions, archive, pdf.render, ids[0], NOW)  # fonts are read once
        work = time.process_time()
        timed(told, "wall", lambda: [ensure_rendered(sessions, archive, pdf.render, id_, NOW) for id_ in ids[1:]])
        return {"count": len(ids) - 1, "work": time.process_time() - work, **told}


# both engines ----------------------------------------------------------------------------------------------------


class Lite:
    """SQLite: each side works on a copy of the file."""

    def __init__(self, folder: str) -> None:
        self.folder, self.url = Path(folder), f"sqlite:///{folder}/filled.db"

    def copy(self, name: str) -> str:
        """A fresh copy's address."""
        for left in self.folder.glob(f"{name}.db*"):
            left.unlink()
        shutil.copy(self.folder / "filled.db", self.folder / f"{name}.db")
        return f"sqlite:///{self.folder}/{name}.db"

    def close(self) -> None:
        """Nothing is left but the folder."""


class Postgres:
    """PostgreSQL: each side works on a database made from the filled one."""

    def __init__(self) -> None:
        self.admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
        self.name, self.made = f"lettrine_bench_letterings_{os.getpid()}", set[str]()
        self.url = self._make(self.name, "")

    def _make(self, name: str, template: str) -> str:
        with self.admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name} {template}"))
            connection.execute(text("CHECKPOINT"))
        self.made.add(name)
        return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)

    def copy(self, name: str) -> str:
        """A fresh copy's address."""
        return self._make(f"{self.name}_{name}", f"TEMPLATE {self.name}")

    def close(self) -> None:
        """Drops them all."""
        with self.admin.connect() as connection:
            for name in sorted(self.made):
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        self.admin.dispose()


def apart(side: str, url: str, rows: int) -> Facts:
    """One side in a process of its own."""
    command = [sys.executable, str(Path(__file__)), str(rows), side, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Facts = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, store: Lite | Postgres, rows: int) -> None:
    """Fills, then interleaved rounds."""
    engine = make_engine(store.url)
    upgrade(engine)
    begun = time.perf_counter()
    filling.fill(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()}), rows)
    engine.dispose()
    print(f"{name}, {rows} rows (filled in {time.perf_counter() - begun:.0f} s)", flush=True)
    ratios = []
    for _ in range(ROUNDS):
        bare = apart("floor", store.copy("floor"), rows)
        full = apart("ours", store.copy("ours"), rows)
        peaks = bare.pop("peak"), full.pop("peak")
        least, whole = sum(bare.values()), full["dry"] + full["apply"]
        ratios.append(whole / least)
        print(f"  floor {least:6.1f} s ({_told(bare)}; {peaks[0]:.0f} MB)   ours {whole:6.1f} s ({_told(full)}; "
              f"{peaks[1]:.0f} MB)   x {whole / least:.2f}", flush=True)  # fmt: skip
    url = f"sqlite:///{store.folder}/ours.db" if isinstance(store, Lite) else f"{store.url}_ours"
    found = apart("drawn", url, rows)
    each = found["work"] / found["count"]
    print(f"  median x {statistics.median(ratios):.2f}; a due version takes {each * 1000:.1f} ms of one core "
          f"({found['wall'] / found['count'] * 1000:.1f} ms by the clock): {rows} take {each * rows / 60:.0f} min of "
          "one core", flush=True)  # fmt: skip


def _told(parts: Facts) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())


def main() -> None:
    """Both engines; PostgreSQL only where one answers."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 3:
        print(json.dumps({"floor": floor, "ours": ours, "drawn": drawn}[sys.argv[2]](sys.argv[3], rows)))
        return
    which = sys.argv[2:] or ["sqlite", "postgresql"]
    if "sqlite" in which:
        with tempfile.TemporaryDirectory(dir=os.environ.get("LETTRINE_BENCH_DIR")) as folder:
            measure("SQLite", Lite(folder), rows)
    if "postgresql" in which:
        store = Postgres()
        try:
            measure("PostgreSQL", store, rows)
        finally:
            store.close()


if __name__ == "__main__":
    main()
