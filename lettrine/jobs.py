"""Nudges: tell the worker at once what the sweep would find a minute later. A lost one costs only that minute."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final, Protocol

import structlog
from huey import PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.serializer import SignedSerializer
from sqlalchemy.engine import make_url

from config.settings import Settings

log = structlog.get_logger("lettrine.jobs")
WAIT_SECONDS: Final = 1  # how long a page may wait for the queue
READ_SECONDS: Final = 5  # how long a worker waits for an answer of Redis: more than the second that it listens
BEAT: Final = "lettrine.beat"  # under this name a worker says that it is alive
_LOCK: Final = 7_204_581_944_113_004  # PostgreSQL advisory lock: one makes the queue's tables


class Hands(Protocol):
    """Who does the work that the queue names."""

    def mail(self, only: int | None = None) -> object:
        """Sends one delivery; all that are due, elsewhere."""

    def render(self, version_id: int) -> bool:
        """Renders one version."""

    def prove(self) -> None:
        """Begins the verification that waits, elsewhere."""

    def bring_in(self) -> None:
        """Judges or applies the files that wait, makes those for the accountant, and campaigns, elsewhere."""


@dataclass(frozen=True)
class Queue:
    """Huey's queue; calling a task puts it there."""

    huey: Any
    deliver: Callable[[int | None], object]
    render: Callable[[int], object]
    prove: Callable[[], object]
    bring_in: Callable[[], object]


def open_queue(settings: Settings, hands: Hands | None = None) -> Queue:
    """Huey where the settings say, with our four tasks; whoever only nudges has no hands."""
    serializer = SignedSerializer(secret=settings.secret_key.get_secret_value(), salt="lettrine.jobs")
    common = {"results": False, "serializer": serializer}
    if settings.queue_url == "database":
        huey = _in_database(settings, common)
    elif settings.queue_url:
        huey = _in_redis(settings, READ_SECONDS if hands else WAIT_SECONDS, common)
    else:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file = str(settings.data_dir / "jobs.db")
        huey = SqliteHuey("lettrine", filename=file, timeout=WAIT_SECONDS, fsync=False, **common)

    def deliver(delivery_id: int | None) -> None:
        if hands:
            hands.mail(delivery_id)

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


def _in_redis(settings: Settings, seconds: int, common: dict[str, Any]) -> Any:
    """Installations that share a server are told apart by their key."""
    from redis import ConnectionPool

    pool = ConnectionPool.from_url(
        settings.queue_url, socket_connect_timeout=WAIT_SECONDS, socket_timeout=seconds, health_check_interval=30
    )
    mark = hashlib.sha256(settings.secret_key.get_secret_value().encode()).hexdigest()[:12]
    return RedisHuey(f"lettrine_{mark}", connection_pool=pool, read_timeout=WAIT_SECONDS, **common)


def _in_database(settings: Settings, common: dict[str, Any]) -> Any:
    """Tables `huey_…` beside ours, made by whoever comes first."""
    import psycopg

    place = make_url(settings.database).set(drivername="postgresql").render_as_string(hide_password=False)
    huey: Any = PostgresHuey(
        "lettrine", connection=lambda: psycopg.connect(place, connect_timeout=2), read_timeout=WAIT_SECONDS,
        create_tables=False, **common,
    )  # fmt: skip
    with huey.storage.db(commit=True, close=True) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for statement in huey.storage.ddl:
            cursor.execute(statement)
    return huey


def beat(queue: Queue, moment: datetime) -> None:
    """A worker says that it is alive; best effort."""
    try:
        queue.huey.storage.put_data(BEAT, moment.isoformat().encode())
    except Exception as error:  # the queue only nudges: it may be away
        log.warning("beat.failed", error=type(error).__name__)


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
        """Names a delivery, a version, the verification, files and campaigns, or nothing: then whatever is due.

        Without a name the worker's postman wakes, which takes links first; many such nudges together wake it once.
        """
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

    def last_beat(self) -> datetime | None:
        """When a worker last said that it is alive (naive UTC); None where none has, or the queue is away."""
        try:
            return datetime.fromisoformat(self._queue().huey.storage.peek_data(BEAT).decode())
        except Exception:  # nobody has said a word, or nobody can be heard
            return None

    def close(self) -> None:
        """Lets go of the queue in this thread."""
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
