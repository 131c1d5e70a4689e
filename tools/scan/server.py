"""A server to be scanned, in a process of its own: a demo in which nobody is ever told to wait.

The limits are taken away here, in this process, by putting another function in their place. There is no setting for
it: the package knows nothing of this module, and isn't delivered with it. Nothing but a demo is served.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from config.settings import Environment, Settings
from invoicing.accounts import limits
from lettrine import logs
from lettrine.running import _Web, listen

KEPT = 200  # requests between two notes of the counts


class Counted:
    """Counts answers by status, and keeps the address of each that is our own fault (5xx)."""

    def __init__(self, app: Callable[..., Iterable[bytes]], folder: Path):
        self.app, self.folder = app, folder
        self.statuses: Counter[str] = Counter()
        self.lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The application's answer."""

        def noting(status: str, *rest: Any) -> Any:
            self.note(status[:3], f"{environ['REQUEST_METHOD']} {environ.get('RAW_URI', '')}")
            return start_response(status, *rest)

        return self.app(environ, noting)

    def note(self, status: str, asked: str) -> None:
        """One answer more."""
        with self.lock:
            self.statuses[status] += 1
            if status >= "500":
                with (self.folder / "faults.txt").open("a") as file:
                    file.write(f"{status} {asked}\n")
            if status >= "500" or sum(self.statuses.values()) % KEPT == 0:
                (self.folder / "answers.json").write_text(json.dumps(self.statuses))


class Scanned(_Web):
    """gunicorn as in production, one process."""

    def load(self) -> Any:
        """The application, counted."""
        app = super().load()
        app.wsgi_app = Counted(app.wsgi_app, self.settings.data_dir)
        return app


def main(port: int) -> None:
    """Serves until it is stopped."""
    settings = Settings()  # type: ignore[call-arg]
    if settings.environment is not Environment.demo:
        sys.exit("Only a demo is served without limits.")
    limits.count_try = lambda *_args, **_more: 0  # type: ignore[method-assign]
    logs.configure()
    with listen("127.0.0.1", port) as listening:
        Scanned(settings, listening.fileno()).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
