"""What threads of the worker do until it stops: look for work, wait to be asked or for the next sweep, look again.

What another worker has in hand is looked at again when that one, if it is dead, will have been silent for too long.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Thread
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from invoicing.database import transaction

log = structlog.get_logger("lettrine.rounds")
SOONEST: Final = 1.0  # seconds between two looks at what seems free and can't be had
BEAT_SECONDS: Final = 5.0  # how often a worker says that it is alive, where one step may take long
BEATS: Final = 360  # half an hour: what hangs is not kept in hand for ever


def go_round(
    name: str,
    look: Callable[[], bool],
    stopping: Event,
    asked: Event,
    seconds: float,
    rest: Callable[[], float] = lambda: math.inf,
) -> None:
    """`look` does one piece of work, and says whether there was any; whatever it raises, the next look tries again.

    Between two looks at most `seconds` pass, or `rest()` where that is less.
    """
    while not stopping.is_set():
        pause = seconds
        try:
            while look() and not stopping.is_set():
                log.info(f"{name}.worked")
            pause = min(seconds, rest())
        except Exception:
            log.exception(f"{name}.failed")
        asked.wait(pause)
        asked.clear()


def until_free(
    sessions: sessionmaker[Session], clock: Callable[[], datetime], free_at: Callable[[Session], datetime | None]
) -> float:
    """Seconds until what is in other hands is anybody's, should these be dead; infinite where nothing is."""
    with sessions() as session:
        moment = free_at(session)
    return math.inf if moment is None else max(SOONEST, (moment - clock()).total_seconds() + 0.1)


@contextmanager
def beating(
    sessions: sessionmaker[Session],
    tell: Callable[[Session], None],
    lost: type[Exception],
    every: float = BEAT_SECONDS,
) -> Iterator[None]:
    """Says now and then, in a transaction of its own, that the worker is alive, however long one step takes.

    `tell` raises `lost` where somebody else has the work in hand: whoever works is told at its own next word.
    """
    ended = Event()

    def beat() -> None:
        with suppress(lost):
            for _ in range(BEATS):
                if ended.wait(every):
                    return
                with suppress(OperationalError), transaction(sessions) as session:
                    tell(session)

    thread = Thread(target=beat, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
