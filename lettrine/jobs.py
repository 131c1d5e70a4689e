"""Nudges: tell the worker at once what the sweep would find a minute later. A lost one costs only that minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import structlog
from huey import SqliteHuey
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from config.settings import Settings

log = structlog.get_logger("lettrine.jobs")
WAIT_SECONDS = 1  # how long a page may wait for the queue's file


class Hands(Protocol):
    """Who does the work that the queue names."""

    def deliver(self, only: int | None = None) -> int:
        """Sends one delivery, or all that are due."""

    def render(self, version_id: int) -> bool:
        """Renders one version."""

    def prove(self) -> None:
        """Begins the verification that waits, elsewhere."""

    def bring_in(self) -> None:
        """Judges or applies the files that wait, and makes those for the accountant, elsewhere."""


@dataclass(frozen=True)
class Queue:
    """Huey's queue; calling a task puts it there."""

    huey: Any
    deliver: Callable[[int | None], object]
    render: Callable[[int], object]
    prove: Callable[[], object]
    bring_in: Callable[[], object]


def open_queue(settings: Settings, hands: Hands | None = None) -> Queue:
    """Huey on a file of its own, with our four tasks; whoever only nudges has no hands."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    serializer = SignedSerializer(secret=settings.secret_key.get_secret_value(), salt="lettrine.jobs")
    huey: Any = SqliteHuey(
        "lettrine",
        filename=str(settings.data_dir / "jobs.db"),
        results=False,
        timeout=WAIT_SECONDS,
        fsync=False,
        serializer=serializer,
    )

    def deliver(delivery_id: int | None) -> None:
        if hands:
            hands.deliver(delivery_id)

    def render(version_id: int) -> None:
        if hands:
            hands.render(version_id)

    def prove() -> None:
        if hands:
            hands.prove()

    def bring_in() -> None:
        if hands:
            hands.bring_in()

    tasks = (huey.task(name=task.__name__)(task) for task in (deliver, render, prove, bring_in))
    return Queue(huey, *tasks)


class Nudge:
    """Called after a commit, from any thread: best effort, never an error, never long."""

    def __init__(self, settings: Settings):
        self._settings, self._lock = settings, Lock()
        self._opened: Queue | None = None

    def __call__(
        self,
        *,
        delivery_id: int | None = None,
        version_id: int | None = None,
        proof: bool = False,
        imports: bool = False,
    ) -> None:
        """Names a delivery, a version, the verification, files in or out, or nothing: then whatever is due."""
        try:
            queue = self._queue()
            if proof:
                queue.prove()
                return
            if imports:
                queue.bring_in()
                return
            if version_id is not None:
                queue.render(version_id)
            if delivery_id is not None or version_id is None:
                queue.deliver(delivery_id)
        except Exception as error:  # the sweep catches up, whatever is wrong with the queue
            log.warning("nudge.failed", error=type(error).__name__)

    def close(self) -> None:
        """Lets go of the queue's file in this thread."""
        if self._opened is not None:
            self._opened.huey.storage.close()

    def _queue(self) -> Queue:
        with self._lock:
            if self._opened is None:
                self._opened = open_queue(self._settings)
            return self._opened


class QuietConsumer(Consumer):  # type: ignore[misc]
    """Huey's consumer without its signal handlers: ours let the message in hand finish, on any signal."""

    def _set_signal_handlers(self) -> None:
        pass


def open_consumer(queue: Queue) -> Any:
    """One thread that does what the queue names."""
    return QuietConsumer(queue.huey, workers=1, periodic=False, max_delay=1.0, scheduler_interval=60)
