"""`lettrine serve` and its children: they answer, come back when they die, and all end together."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import pytest

from lettrine.children import Child, supervise
from lettrine.running import address_of, listen
from tests.conftest import make_settings
from tests.delivery.smtp import closed_port
from tests.delivery.test_worker import PATIENCE, environ


@contextmanager
def serving(folder: Path, template: Path, *command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command on a free port, and its address as printed."""
    database = folder / "test.db"
    database.write_bytes(template.read_bytes())
    settings = make_settings(f"sqlite:///{database}", folder, smtp_port=closed_port(), web_workers=1, web_threads=2)
    words = [sys.executable, "-c", "from lettrine.cli import main; main()", *command, "--port", "0"]
    with subprocess.Popen(words, env=environ(settings), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://([\d.:]+)", process.stdout.readline())
            assert found
            yield process, found[1]
        finally:
            process.terminate()
            assert process.wait(PATIENCE) in (0, -signal.SIGKILL)


def status(address: str, host: str = "localhost") -> int:
    line = HTTPConnection(address, timeout=PATIENCE)
    line.request("GET", "/connexion", headers={"Host": host})
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status


def children_of(pid: int) -> dict[str, int]:
    """web and worker → their process ids."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if len(command) > 3:  # not one that is just dying or being born
            found[command[3].decode()] = int(child)
    return found


def until(what: object) -> None:
    """Waits for an event that no pipe announces."""
    end = time.monotonic() + PATIENCE
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        Event().wait(0.05)


@pytest.mark.slow
def test_serve_answers_and_brings_back_what_dies(tmp_path: Path, sqlite_template: Path) -> None:
    with serving(tmp_path, sqlite_template, "serve") as (process, address):
        assert status(address) == 200
        first = children_of(process.pid)
        assert set(first) == {"web", "worker"}
        os.kill(first["web"], signal.SIGKILL)
        until(lambda: children_of(process.pid).get("web", first["web"]) != first["web"])
        assert status(address) == 200  # the same address: the socket is the parent's
        os.kill(first["worker"], signal.SIGKILL)
        until(lambda: children_of(process.pid).get("worker", first["worker"]) != first["worker"])
        last = children_of(process.pid)
    for pid in last.values():
        assert not Path(f"/proc/{pid}").exists()


@pytest.mark.slow
def test_a_killed_serve_leaves_nobody_behind(tmp_path: Path, sqlite_template: Path) -> None:
    with serving(tmp_path, sqlite_template, "serve") as (process, _address):
        pids = children_of(process.pid).values()
        process.kill()
        process.wait()
        until(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_web_alone_prints_its_address_and_answers(tmp_path: Path, sqlite_template: Path) -> None:
    with serving(tmp_path, sqlite_template, "web") as (_process, address):
        assert status(address) == 200


def test_a_child_that_dies_at_once_is_started_with_growing_pauses() -> None:
    child = Child("x", [sys.executable, "-c", "pass"], 5, dict(os.environ))
    waits, moment = [], 0.0
    for _ in range(3):
        child.look(moment)
        assert child.process is not None
        child.process.wait()
        child.started = moment
        child.look(moment)
        waits.append(child.again_at - moment)
        moment = child.again_at
    assert waits == [1, 2, 5]


def test_a_child_that_does_not_stop_is_killed() -> None:
    code = "import signal, sys; signal.signal(15, signal.SIG_IGN); print('x', flush=True); signal.pause()"
    child = Child("x", [sys.executable, "-c", code], 0.2, dict(os.environ))
    stop = Event()
    thread = Thread(target=supervise, args=([child], stop))
    thread.start()
    until(lambda: child.process is not None)
    stop.set()
    thread.join(PATIENCE)
    assert child.process is not None and child.process.returncode is not None


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_the_printed_address_can_be_opened_here(host: str, shown: str) -> None:
    with listen(host, 0) as listening:
        assert address_of(listening) == f"http://{shown}:{listening.getsockname()[1]}"
