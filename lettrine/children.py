"""Child processes that are started again when they die, with growing pauses, and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Final

import structlog

log = structlog.get_logger("lettrine.children")
PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds
STEADY_SECONDS: Final = 60.0  # after this long the earlier deaths are forgotten
_PR_SET_PDEATHSIG: Final = 1


@dataclass
class Child:
    """One process and how it is kept alive."""

    name: str
    command: list[str]
    grace_seconds: float  # how long it may take to stop
    env: dict[str, str]
    fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started: float = 0.0
    again_at: float = 0.0

    def start(self) -> None:
        """Starts it, and gives it the sockets that it needs."""
        self.process = subprocess.Popen(self.command, env=self.env, pass_fds=self.fds)  # noqa: S603
        self.started = time.monotonic()

    def look(self, moment: float) -> None:
        """Notes a death and plans the next life; starts it when its pause is over."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self.deaths = 0 if moment - self.started > STEADY_SECONDS else self.deaths
            pause = PAUSES[min(self.deaths, len(PAUSES) - 1)]
            self.process, self.deaths, self.again_at = None, self.deaths + 1, moment + pause
            log.warning("child.died", name=self.name, code=code, again_in=pause)
        if self.process is None and moment >= self.again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    def wait(self, until: float) -> None:
        """Waits for its end, and ends it when its grace is over."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until + self.grace_seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("child.killed", name=self.name)
            self.process.kill()
            self.process.wait()


def supervise(children: list[Child], stop: Event) -> None:
    """Keeps them running until `stop` is set; then all of them end."""
    try:
        while not stop.is_set():
            for child in children:
                child.look(time.monotonic())
            stop.wait(0.2)
    finally:
        asked = time.monotonic()
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait(asked)


def follow(parent: int | None) -> None:
    """Linux: this process gets SIGTERM when its parent dies, so that a killed `serve` leaves nobody behind."""
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
