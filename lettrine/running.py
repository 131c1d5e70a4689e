"""`lettrine web`, `worker` and `serve`: the processes of an installation."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Final

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from sqlalchemy.exc import OperationalError

from config.settings import Settings
from invoicing.database import make_engine
from invoicing.migrations import is_current
from lettrine import logs, metrics
from lettrine.children import Child, follow, supervise

BACKLOG: Final = 512  # connections that wait while the web server starts or starts again
GRACE_SECONDS: Final = 30  # how long the web server may finish its requests


class _Quiet(Logger):  # type: ignore[misc]
    """gunicorn's words on our own handlers; no access log, and no path or address in what goes wrong."""

    def setup(self, cfg: Any) -> None:
        """Leaves the writing to the root's handler."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.filters[:] = [_without_facts]
        self.error_log.propagate = True


def _without_facts(record: Any) -> bool:
    """A warning names the request by its address, which may hold a secret: only the fixed words stay."""
    if record.levelname != "INFO":
        record.args = ()
    return True


class _Web(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads; each process makes its own application, after the fork."""

    def __init__(self, settings: Settings, fd: int):
        self.settings, self.fd = settings, fd
        super().__init__()

    def load_config(self) -> None:
        """What differs from gunicorn's defaults."""
        values = {
            "bind": f"fd://{self.fd}",
            "worker_class": "gthread",
            "workers": self.settings.web_workers,
            "threads": self.settings.web_threads,
            "timeout": 120,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": 5,
            "control_socket_disable": True,
            "logger_class": _Quiet,
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application."""
        from lettrine.app import create_app

        return create_app(self.settings)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise click.ClickException(f"{host}:{port}: {error.strerror}") from None


def address_of(listening: socket.socket) -> str:
    """The address that a browser on this machine opens."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def when_it_answers(listening: socket.socket, then: Callable[[str], None], stop: Event) -> Thread:
    """Calls `then` with the address once a page comes back, whatever its status."""

    def ask() -> None:
        address = address_of(listening)
        while not stop.is_set():
            line = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
            try:
                line.request("GET", "/")
                line.getresponse().read()
            except (OSError, http.client.HTTPException):
                stop.wait(0.1)
            else:
                then(address)
                return
            finally:
                line.close()

    thread = Thread(target=ask, name="asker", daemon=True)
    thread.start()
    return thread


def stop_on_signals() -> Event:
    """Set by SIGINT and SIGTERM."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run_all(
    settings: Settings, listening: socket.socket, ready: Callable[[str], None], stop: Event, env: dict[str, str] | None
) -> None:
    """Web server and worker as children, until `stop`; `env` holds settings that the children need."""
    me, fd = str(os.getpid()), listening.fileno()
    run = [sys.executable, "-m", "lettrine.running"]
    around = {**os.environ, **(env or {})}
    web = Child("web", [*run, "web", "--fd", str(fd), "--with", me], GRACE_SECONDS + 5, around, (fd,))
    worker = Child("worker", [*run, "worker", "--with", me], settings.lease_seconds / 2 + 10, around)
    asker = when_it_answers(listening, ready, stop)
    supervise([web, worker], stop)
    asker.join(5)


def _settings() -> Settings:
    from lettrine.cli import read_settings

    logs.configure()
    settings = read_settings()
    metrics.check_installed(settings)
    engine = make_engine(settings.database)
    try:
        ready = is_current(engine)
    except OperationalError as error:
        raise click.ClickException(f"The database does not answer: {error.orig}") from None
    finally:
        engine.dispose()
    if not ready:
        raise click.ClickException("The schema is missing or not of this version: run `lettrine db upgrade` first.")
    return settings


_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
_with = click.option("--with", "parent", type=int, hidden=True)


@click.command()
@_host
@_port
@click.option("--fd", type=int, hidden=True)
@_with
def web(host: str, port: int, fd: int | None, parent: int | None) -> None:
    """The web server."""
    follow(parent)
    settings = _settings()
    if fd is None:
        listening = listen(host, port)
        fd = listening.fileno()
        click.echo(address_of(listening))
    with metrics.shared(settings):
        _Web(settings, fd).run()


@click.command()
@_with
def worker(parent: int | None) -> None:
    """The worker: sends e-mails, renders documents that are due."""
    follow(parent)
    settings = _settings()
    from lettrine.app import create_app
    from lettrine.worker import make_worker

    stop = stop_on_signals()
    make_worker(create_app(settings), settings).run(stop)


@click.command()
@_host
@_port
def serve(host: str, port: int) -> None:
    """Web server and worker together; prints the address once it answers."""
    settings = _settings()
    stop = stop_on_signals()
    with listen(host, port) as listening:
        run_all(settings, listening, lambda address: click.echo(f"Lettrine: {address}"), stop, None)


@click.group()
def _main() -> None:
    """What `serve` starts."""


_main.add_command(web)
_main.add_command(worker)

if __name__ == "__main__":
    _main()
