"""The database in a backup: a whole file of SQLite's, or a dump of pg_dump's; both are one moment, writers go on."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import URL

from invoicing.database import is_sqlite
from invoicing.proof.service import Progress
from lettrine.backups.manifest import Unusable, flush

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
NAMES: Final = {SQLITE: "database.db", POSTGRESQL: "database.dump"}
QUEUE: Final = "huey_"  # tables of the queue: they only nudge, and begin empty
_PAGES: Final = 2000  # copied between two words about progress


@contextmanager
def frozen(engine: Engine, folder: Path, progress: Progress) -> Iterator[tuple[Path, Connection]]:
    """Writes the database's copy into the folder; gives its path and a connection that sees the very same moment."""
    path = folder / NAMES[engine.dialect.name]
    if is_sqlite(engine):
        _copy(Path(engine.url.database or ""), path, progress)
        with opened(path) as connection:
            yield path, connection
        return
    tool = _tool("pg_dump", engine)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        moment = connection.scalar(text("SELECT pg_export_snapshot()"))
        _run([tool, f"--snapshot={moment}", "--format=custom", "--no-owner", "--no-privileges", "--no-comments",
              f"--exclude-table={QUEUE}*", f"--file={path}"], engine.url)  # fmt: skip
        flush(path)
        yield path, connection


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """A copy of SQLite's, read only; nothing is written beside it."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def check_empty(engine: Engine) -> None:
    """Refuses a target that holds anything."""
    if is_sqlite(engine):
        path = Path(engine.url.database or "")
        there = [p for p in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))) if p.exists()]
        if there:
            raise Unusable(f"{there[0]} is there already: restore where there is no database. Nothing was touched.")
        return
    tables = [name for name in inspect(engine).get_table_names() if not name.startswith(QUEUE)]
    if tables:
        raise Unusable(
            f"The database holds {len(tables)} tables already: restore into an empty one. Nothing was touched."
        )


def put_back(engine: Engine, dump: Path) -> None:
    """PostgreSQL: all of the dump, or nothing."""
    tool = _tool("pg_restore", engine)
    _run([tool, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
          f"--dbname={_address(engine.url)}", str(dump)], engine.url)  # fmt: skip


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """A reader's view, held from the first page to the last: writers neither wait nor make it begin again."""
    if not source.is_file():
        raise Unusable(f"{source}: there is no database to back up.")
    with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)) as reading:
        reading.execute("PRAGMA busy_timeout=15000")
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            reading.backup(copy, pages=_PAGES, progress=lambda _state, left, total: progress(total - left, total))
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, and none beside it
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        reading.execute("ROLLBACK")
    if said != "ok":
        raise Unusable(f"The database's file is damaged ({said}): it can't be backed up as it is. Keep older backups.")
    flush(target)


def _tool(name: str, engine: Engine) -> str:
    """PostgreSQL's own program, of the server's version or a later one."""
    found = shutil.which(name)
    if found is None:
        raise Unusable(f"{name} is missing: install PostgreSQL's client programs on this machine.")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    ours = int((re.findall(r"\d+", told) or ["0"])[0])
    with engine.connect() as connection:
        server = int((connection.dialect.server_version_info or (0,))[0])
    if ours < server:
        raise Unusable(
            f"{name} is of version {ours}, the server of {server}: install the programs of version {server}."
        )
    return found


def _run(command: list[str], url: URL) -> None:
    """Runs it; the password goes by the environment, where other users don't see it."""
    if "--dbname=" not in " ".join(command):
        command = [*command, f"--dbname={_address(url)}"]
    around = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(command, env=around, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [""])[-1]
        raise Unusable(f"{Path(command[0]).name} failed: {said}")


def _address(url: URL) -> str:
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return plain.render_as_string(hide_password=False)
