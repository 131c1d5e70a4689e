"""Two web servers and two workers as on four hosts, a balancer before them, PostgreSQL, S3 and a mail server behind."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import Settings
from invoicing.database import make_engine
from invoicing.migrations import upgrade
from tests.cluster.postgres import Cluster
from tests.conftest import make_settings
from tests.delivery.test_worker import PATIENCE, environ
from web.database import now

BUCKET = "lettrine"


@dataclass
class Host:
    """One process of the installation, with a folder of its own."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen[str] | None = None
    port: int = 0

    def start(self) -> None:
        """Starts it; a web server says where it listens, a worker that it works."""
        stderr = subprocess.PIPE if self.name.startswith("worker") else subprocess.DEVNULL
        self.process = subprocess.Popen(self.command, env=self.env, stdout=subprocess.PIPE, stderr=stderr, text=True)
        if self.name.startswith("web"):
            assert self.process.stdout is not None
            found = re.search(r":(\d+)$", self.process.stdout.readline().strip())
            assert found
            self.port = int(found[1])
        else:
            assert self.process.stderr is not None
            assert any("worker.started" in line for line in self.process.stderr)
            threading.Thread(target=self.process.stderr.read, daemon=True).start()  # nobody else empties the pipe

    def kill(self) -> None:
        """As the power cord would; gunicorn's own children end when their parent is gone."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self._close()

    def stop(self) -> None:
        """As an operator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(PATIENCE) == 0, self.name
            self._close()

    def _close(self) -> None:
        assert self.process is not None
        self.process.wait(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            with suppress(OSError, ValueError):
                if pipe:
                    pipe.close()


class Balancer:
    """Connections to one port go to the web servers in turn; one that doesn't answer is passed over."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self.listening.getsockname()[1])
        self.hosts: list[Host] = []
        self.turn = itertools.count()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(line,), daemon=True).start()

    def _carry(self, line: socket.socket) -> None:
        first = next(self.turn)
        for n in range(len(self.hosts)):
            host = self.hosts[(first + n) % len(self.hosts)]
            try:
                other = socket.create_connection(("127.0.0.1", host.port), timeout=5)
            except OSError:
                continue
            other.settimeout(None)
            back = threading.Thread(target=_pump, args=(other, line), daemon=True)
            back.start()
            _pump(line, other)
            back.join()
            other.close()
            break
        line.close()

    def close(self) -> None:
        """Takes no more."""
        self.listening.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@dataclass
class Installation:
    """All of it."""

    settings: Settings
    database: Cluster
    balancer: Balancer
    webs: list[Host] = field(default_factory=list)
    workers: list[Host] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where people and programs go."""
        return f"http://localhost:{self.balancer.port}"


@contextmanager
def installation(database: Cluster, folder: Path, smtp_port: int, **over: object) -> Iterator[Installation]:
    """Four processes on an upgraded, empty database; all of them end cleanly."""
    balancer = Balancer()
    with s3_server() as endpoint:
        values: dict[str, object] = {
            "public_url": f"http://localhost:{balancer.port}", "smtp_host": "localhost", "smtp_port": smtp_port,
            "queue_url": "database", "archive_url": f"s3://{BUCKET}/archive", "archive_endpoint": endpoint,
            "archive_region": "us-east-1", "archive_key_id": "test", "archive_key": "test", "sweep_seconds": 2,
            "smtp_timeout": 5, "lease_seconds": 20, "web_workers": 1, "web_threads": 4, "tries_per_address": 1000,
            "anchors": str(folder / "anchors"), **over,
        }  # fmt: skip
        settings = make_settings(database.url, folder, **values)
        engine = make_engine(settings.database)
        upgrade(engine)
        engine.dispose()
        made = Installation(settings, database, balancer)
        for n in (1, 2):
            env = {**environ(settings), "LETTRINE_DATA_DIR": str(folder / f"host{n}")}
            run = [sys.executable, "-m", "lettrine.running"]
            made.webs.append(Host(f"web{n}", [*run, "web", "--port", "0"], env))
            made.workers.append(Host(f"worker{n}", [*run, "worker"], env))
        try:
            for host in (*made.webs, *made.workers):
                host.start()
            balancer.hosts = made.webs
            yield made
        finally:
            balancer.close()
            for host in (*made.webs, *made.workers):
                host.stop()


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of an S3 server with one bucket."""
    command = [sys.executable, "-m", "tests.cluster.s3", "0", BUCKET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env={**os.environ, "PYTHONPATH": os.getcwd()}) as process:  # fmt: skip
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def moment() -> str:
    """Now, as a shop writes it."""
    return f"{now():%Y-%m-%dT%H:%M:%S}Z"
