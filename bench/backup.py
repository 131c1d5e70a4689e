"""`backup` and `restore` of many documents, beside a floor: the same bytes copied by the system and put on the disk.

`python bench/backup.py [documents]`; 10,000 unless told. Documents and their files are those of bench/verify.py, each
with a paper's size. First a backup into an empty folder, then a second one, then all is deleted and restored, proof
included. The goal is less than five minutes for the restore of 10,000.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.verify import KEY, Bench  # noqa: E402
from config.settings import Settings  # noqa: E402
from invoicing.database import make_engine  # noqa: E402
from lettrine.backups.restoring import restore  # noqa: E402
from lettrine.backups.taking import Backup, take  # noqa: E402
from lettrine.proving import proven  # noqa: E402
from tests.conftest import POSTGRES, make_settings  # noqa: E402
from web.database import now  # noqa: E402

FRESH = "lettrine_bench_restored"


def seconds(act: Callable[[], object]) -> float:
    """Wall time: what is awaited here is the disk."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def copied(source: Path, target: Path) -> None:
    """The floor."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    os.sync()


def measure(name: str, url: str, count: int, fresh: str) -> None:
    """Builds, backs up twice, deletes, restores."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("LETTRINE_BENCH_DIR")) as place:
        folder, store = Path(place) / "data", Path(place) / "backup"
        folder.mkdir()
        bench = Bench(url or f"sqlite:///{folder}/lettrine.db", folder, count)
        settings = make_settings(url, folder)
        floor = seconds(lambda: copied(folder / "archive", Path(place) / "floor"))
        taken: list[Backup] = []
        first = seconds(lambda: taken.append(take(bench.engine, settings, store, now(), quiet=True)))
        again = seconds(lambda: taken.append(take(bench.engine, settings, store, now(), quiet=True)))
        assert taken[0].copied >= count and taken[1].copied == 0
        bench.engine.dispose()
        shutil.rmtree(folder)
        back, proof = _restored(make_settings(fresh, folder), taken[1])
        size = taken[0].manifest.file_bytes / 1e6
        told = f"backup {first:.1f} s, once more {again:.1f} s   restore {back:.1f} s, its proof {proof:.1f} s"
        print(f"{name:11} {count} documents, {size:.0f} MB   {told}   floor (cp, sync) {floor:.1f} s", flush=True)


def _restored(settings: Settings, backup: Backup) -> tuple[float, float]:
    engine = make_engine(settings.database)
    factory = sessionmaker(engine, info={"journal_key": KEY})
    back = seconds(lambda: restore(engine, settings, backup.folder, now(), quiet=True))

    def prove() -> None:
        report, _said, _faults = proven(settings, factory, quiet=True)
        assert report.is_intact, report.first

    proof = seconds(prove)
    engine.dispose()
    return back, proof


def main() -> None:
    """Both engines; PostgreSQL only where one answers."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    measure("SQLite", "", count, "")
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    names = [f"lettrine_bench_{datetime.now():%H%M%S}", FRESH]  # noqa: DTZ005 - a name
    try:
        with admin.connect() as connection:
            for name in names:
                connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        print(f"PostgreSQL  none answers ({type(error).__name__})")
        return
    try:
        urls = [admin.url.set(database=name).render_as_string(hide_password=False) for name in names]
        measure("PostgreSQL", urls[0], count, urls[1])
    finally:
        with admin.connect() as connection:
            for name in names:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
