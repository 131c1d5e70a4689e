"""A PostgreSQL cluster of the test's own, which may be killed: initdb, a free port, its own folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import REQUIRED

PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt")


def program(name: str) -> str:
    """One of the server's programs; skipped, plainly, where there is none."""
    found = [str(p) for place in PLACES for p in sorted(Path(place).glob(f"*/bin/{name}"))]
    path = shutil.which(name) or (found[-1] if found else "")
    if not path:
        if "postgresql" in REQUIRED:
            raise RuntimeError(f"{name} is not here")
        pytest.skip(f"{name} is not on this machine: no cluster of the test's own")
    return path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


class Cluster:
    """One server; root may not run it, so the account `postgres` does then."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            self.who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its database."""
        return f"postgresql+psycopg://lettrine@127.0.0.1:{self.port}/lettrine"

    def make(self) -> None:
        """An empty cluster with a role and a database of ours."""
        command = [program("initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                   "--locale=C.UTF-8", "-N"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self.who)
        self.start()
        admin = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres",
                              isolation_level="AUTOCOMMIT")  # fmt: skip
        with admin.connect() as connection:
            connection.execute(text("CREATE ROLE lettrine LOGIN"))
            connection.execute(text("CREATE DATABASE lettrine OWNER lettrine"))
        admin.dispose()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder),
                   "-c", "listen_addresses=127.0.0.1", "-c", "logging_collector=off"]  # fmt: skip
        self.process = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **self.who)
        probe = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres")
        for _ in range(600):
            try:
                with probe.connect():
                    break
            except Exception:
                assert self.process.poll() is None
                Event().wait(0.1)
        probe.dispose()

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends it; SIGQUIT as a crash would."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running one, gone at the end with its folder."""
    folder = Path(tempfile.mkdtemp(prefix="lettrine-pg-"))
    made = Cluster(folder, free_port())
    try:
        made.make()
        yield made
    finally:
        made.stop(signal.SIGQUIT)
        shutil.rmtree(folder)
