"""/healthz, /readyz and /metrics, before everything else: no host name, no cookie, no database row stands in the way.

/healthz: this process answers. /readyz: it can do its work: database, schema, archive. Whether a worker is alive is
told there too and changes nothing: a web server isn't taken away because somebody else is. Neither says why: that is
in the log.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("lettrine.health")
KEPT_SECONDS: Final = 3.0  # an answer serves so long: however often it is asked, the database is asked no oftener
OK: Final = "ok"
FAILED: Final = "failed"
JSON: Final = "application/json"
PLAIN: Final = "text/plain; charset=utf-8"
Check = Callable[[], object]  # returns if all is well, raises if not


@dataclass
class Readiness:
    """What this process needs for its work; each answer is kept for a moment, one request at a time asks anew."""

    needed: dict[str, Check]
    told: dict[str, Callable[[], str]]
    _lock: Lock = field(default_factory=Lock)
    _answer: tuple[bool, dict[str, str]] = (False, {})
    _until: float = 0.0

    def __call__(self) -> tuple[bool, dict[str, str]]:
        """Whether it is ready, and a word per part."""
        if time.monotonic() >= self._until and self._lock.acquire(blocking=False):
            try:
                self._answer = self._ask()
                self._until = time.monotonic() + KEPT_SECONDS
            finally:
                self._lock.release()
        return self._answer

    def _ask(self) -> tuple[bool, dict[str, str]]:
        words: dict[str, str] = {}
        for name, check in self.needed.items():
            try:
                check()
                words[name] = OK
            except Exception as error:
                log.warning("ready.not", part=name, error=type(error).__name__)
                words[name] = FAILED
        ready = all(word == OK for word in words.values())
        return ready, words | {name: tell() for name, tell in self.told.items()}


class Health:
    """The application behind its three addresses; `metrics` gives the text for Prometheus to whoever has the token."""

    def __init__(
        self, app: WSGIApplication, ready: Readiness, token: str = "", metrics: Callable[[], bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ):  # fmt: skip
        self.app, self.ready, self.token, self.metrics = app, ready, token, metrics
        self.headers = list((headers or {}).items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One of the three, or whatever the application says."""
        path = environ.get("PATH_INFO", "")
        if path == "/healthz":
            answer = (200, JSON, b'{"alive": true}\n')
        elif path == "/readyz":
            answer = self._ready()
        elif path == "/metrics" and self.token and self.metrics:
            answer = self._metrics(environ, self.metrics)
        else:
            return self.app(environ, start_response)
        return _send(environ, start_response, *answer, self.headers)

    def _ready(self) -> tuple[int, str, bytes]:
        ready, words = self.ready()
        return 200 if ready else 503, JSON, (json.dumps({"ready": ready, **words}) + "\n").encode()

    def _metrics(self, environ: WSGIEnvironment, metrics: Callable[[], bytes]) -> tuple[int, str, bytes]:
        given = str(environ.get("HTTP_AUTHORIZATION", "")).encode("latin-1", "replace")
        if not hmac.compare_digest(given, f"Bearer {self.token}".encode()):
            return 401, PLAIN, b"401\n"
        return 200, "text/plain; version=0.0.4; charset=utf-8", metrics()


_WORDS: Final = {200: "200 OK", 401: "401 Unauthorized", 405: "405 Method Not Allowed", 503: "503 Service Unavailable"}


def _send(
    environ: WSGIEnvironment, start_response: StartResponse, status: int, kind: str, body: bytes,
    borne: list[tuple[str, str]],
) -> Iterable[bytes]:  # fmt: skip
    method = environ.get("REQUEST_METHOD")
    if method not in ("GET", "HEAD"):
        status, kind, body = 405, PLAIN, b"405\n"
    headers: list[Any] = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"),
                          *borne]  # fmt: skip
    if status == 405:
        headers.append(("Allow", "GET, HEAD"))
    if status == 401:
        headers.append(("WWW-Authenticate", "Bearer"))
    start_response(_WORDS[status], headers)
    return [] if method == "HEAD" else [body]
