"""Two workers, each forked from a process that has everything loaded; « kill » on standard input kills one, -9.

Settings come from the environment. Whoever was killed is replaced at once; the end of the input ends both.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from datetime import timedelta
from threading import Event

from flask import Flask

from config.settings import Settings
from invoicing.delivery import rules
from lettrine.app import create_app
from lettrine.worker import make_worker

WORKERS = 2
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0.2, 0.3, 0.5, 0.5, 0.5, 0.5, 1, 1, 1))  # instead of days


def begin(app: Flask, settings: Settings) -> int:
    """A new worker's number."""
    child = os.fork()
    if child:
        return child
    os.dup2(2, 1)  # standard output belongs to the conversation with the test
    try:
        make_worker(app, settings).run(Event())
    finally:
        os._exit(1)


def main() -> None:
    """Says « ready », then « killed » for each that was."""
    rules.PAUSES = PAUSES  # type: ignore[misc]
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    app = create_app(settings)
    children = [begin(app, settings) for _ in range(WORKERS)]
    print("ready", flush=True)
    for n in itertools.count():
        if sys.stdin.readline().strip() != "kill":
            break
        place = n % WORKERS
        os.kill(children[place], signal.SIGKILL)
        os.waitpid(children[place], 0)
        children[place] = begin(app, settings)
        print("killed", flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
