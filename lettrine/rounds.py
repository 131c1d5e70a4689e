"""What threads of the worker do until it stops: look for work, wait to be asked or for the next sweep, look again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import structlog

log = structlog.get_logger("lettrine.rounds")


def go_round(name: str, look: Callable[[], bool], stopping: Event, asked: Event, seconds: float) -> None:
    """`look` does one piece of work, and says whether there was any; whatever it raises, the next look tries again."""
    while not stopping.is_set():
        try:
            while look() and not stopping.is_set():
                log.info(f"{name}.worked")
        except Exception:
            log.exception(f"{name}.failed")
        asked.wait(seconds)
        asked.clear()
