"""Draws one paper after the other in a process of its own, within limits of time and memory.

For whoever draws a few: e-mails and the worker's sweep. The process is started by the first paper (about a second),
kept for the next ones, and ends by itself when there is nothing to draw for a while. One that draws for too long is
killed, whatever it is doing; one that wants too much memory gets none. Neither can hang, stop or bloat the worker.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

import structlog

from invoicing.documents.making import Drawn, Renderer
from invoicing.documents.paper import Paper
from lettrine.children import follow
from lettrine.drawing import PAPER_BYTES, PAPER_SECONDS, PAPERS_MAX, TooLong

log = structlog.get_logger("lettrine.drawing")
START_SECONDS: Final = 60.0  # until a process has loaded what it needs: a busy machine takes its time
IDLE_SECONDS: Final = 120.0  # after which it ends by itself
_READY, _DRAWN, _FAILED, _OVER = "ready", "drawn", "failed", "over"


class Died(RuntimeError):
    """The process that was drawing ended: killed, or out of memory."""


class _Child(NamedTuple):
    process: Any
    talk: Connection


class Limited:
    """A renderer that has `renderer` (importable by name) draw elsewhere; safe to share between threads, one at a time.

    Raises TooLong and Died, and what the renderer raises.
    """

    def __init__(self, renderer: Renderer, idle_seconds: float = IDLE_SECONDS) -> None:
        self.renderer, self.idle_seconds = renderer, idle_seconds
        self._lock = Lock()
        self._child: _Child | None = None

    def __call__(self, paper: Paper, logo: Path | None = None, xml: bytes | None = None) -> Drawn:
        """The paper as PDF, drawn in another process."""
        with self._lock:
            try:
                kind, result = self._ask((paper, logo, xml))
            except BaseException:
                self._end()
                raise
        if kind == _FAILED:
            if isinstance(result, MemoryError):  # the next paper begins with an empty process
                self.close()
            raise result
        return result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Ends the process, if there is one."""
        with self._lock:
            self._end()

    def _ask(self, what: tuple[Paper, Path | None, bytes | None]) -> tuple[str, Any]:
        """What the process answers; one that was just ending by itself is followed by another."""
        for _ in range(2):
            child = self._alive()
            with suppress(BrokenPipeError, ConnectionResetError):
                child.talk.send(what)
            answer = _heard(child, PAPER_SECONDS)
            if answer[0] != _OVER:
                return answer
            self._end()
        raise Died("the process that draws ends at once")

    def _alive(self) -> _Child:
        """The process that is there and has said nothing since; else a new one."""
        if self._child is not None and self._child.talk.poll():  # it has ended, by itself or not
            self._end()
        if self._child is None:
            self._child = self._started()
        return self._child

    def _started(self) -> _Child:
        context = get_context("spawn")
        here, there = context.Pipe()
        wanted = (there, self.renderer, self.idle_seconds, os.getpid())
        process = context.Process(target=_draw_all, args=wanted, name="paper", daemon=True)
        process.start()
        there.close()
        Thread(target=process.join, name="paper-end", daemon=True).start()  # so that its end is taken note of
        child = self._child = _Child(process, here)
        _heard(child, START_SECONDS)
        return child

    def _end(self) -> None:
        if self._child is not None:
            self._child.process.kill()
            self._child.talk.close()
            self._child = None


def _heard(child: _Child, seconds: float) -> tuple[str, Any]:
    """The next word of the process. Raises TooLong and Died."""
    if not child.talk.poll(seconds):
        log.warning("paper.too_long", seconds=seconds)
        raise TooLong(f"not drawn in {seconds:.0f} seconds")
    try:
        return child.talk.recv()  # type: ignore[no-any-return]
    except (EOFError, ConnectionResetError):
        log.warning("paper.process_died")
        raise Died("the process that was drawing ended") from None


# in the process of its own ---------------------------------------------------------------------------------------


def _draw_all(talk: Connection, renderer: Renderer, idle_seconds: float, parent: int) -> None:
    """Draws what it is told until nobody says anything any more; a signal to the terminal is its parent's matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    follow(parent)
    resource.setrlimit(resource.RLIMIT_AS, (PAPER_BYTES, PAPER_BYTES))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        talk.send((_READY, None))
        for _ in range(PAPERS_MAX):
            if not talk.poll(idle_seconds):
                break
            talk.send(_answer(renderer, *talk.recv()))
        talk.send((_OVER, None))


def _answer(renderer: Renderer, paper: Paper, logo: Path | None, xml: bytes | None) -> tuple[str, Any]:
    try:
        return _DRAWN, renderer(paper, logo, xml)
    except Exception as error:
        return _FAILED, _sendable(error)


def _sendable(error: Exception) -> Exception:
    """The error itself where it can travel, else its kind."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        return RuntimeError(type(error).__name__)
    return error
