"""The demo's mail catcher: an SMTP server that delivers nothing, and pages on which its mails are read."""

from __future__ import annotations

import asyncio
import io
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP
from flask import Flask, Response, abort, render_template, send_file
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

import web

KEPT: Final = 500
_WEB: Final = Path(web.__file__).resolve().parent
_PAGE_CSP: Final = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAIL_CSP: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'"
)
_HEAD: Final = re.compile(r"<head[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Caught:
    """One mail as it came over the wire."""

    number: int
    at: datetime
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, read as a mail program would."""
        return message_from_bytes(self.raw, policy=policy.default)

    def body(self, kind: str) -> str:
        """The text or HTML body; empty if there is none."""
        part = self.message.get_body((kind,))
        return cast("EmailMessage", part).get_content() if part else ""

    @property
    def attachments(self) -> list[EmailMessage]:
        """The attached files."""
        return list(self.message.iter_attachments())


class Catcher:
    """Both servers, running; `messages` has the newest last."""

    def __init__(self, smtp_port: int, http_port: int, host: str):
        self.host = host
        self.codes: Callable[[], list[tuple[str, str]]] = list  # of a demo's staff at this moment: address, code
        self._mails: deque[Caught] = deque(maxlen=KEPT)
        self._count = 0
        self.arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._smtp_ready, self._smtp_end = threading.Event(), asyncio.Event()
        self.smtp_port = smtp_port
        self._error: OSError | None = None
        self._smtp = threading.Thread(target=self._run_smtp, name="catcher-smtp", daemon=True)
        self._smtp.start()
        self._smtp_ready.wait()
        if self._error:
            raise self._error
        try:
            self._web: BaseWSGIServer = make_server(host, http_port, pages(self), threaded=True, request_handler=_Mute)
        except BaseException:
            self._end_smtp()
            raise
        self.http_port: int = self._web.server_port
        self._pages = threading.Thread(target=self._web.serve_forever, args=(0.1,), name="catcher-pages", daemon=True)
        self._pages.start()

    @property
    def address(self) -> str:
        """Where the mails are read."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def messages(self) -> list[Caught]:
        """The last mails, oldest first."""
        with self.arrived:
            return list(self._mails)

    def wait_for(self, count: int, seconds: float = 30) -> list[Caught]:
        """The mails as soon as there are `count` of them, or those that came in this time."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self._mails) >= count, seconds)
            return list(self._mails)

    def stop(self) -> None:
        """Ends both servers."""
        self._web.shutdown()
        self._pages.join()
        self._web.server_close()
        self._end_smtp()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """aiosmtpd's hook: keeps the mail."""
        with self.arrived:
            self._count += 1
            now = datetime.now().astimezone()
            self._mails.append(Caught(self._count, now, tuple(envelope.rcpt_tos), bytes(envelope.original_content)))
            self.arrived.notify_all()
        return "250 OK"

    def _end_smtp(self) -> None:
        self._loop.call_soon_threadsafe(self._smtp_end.set)
        self._smtp.join()

    def _run_smtp(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve_smtp())

    async def _serve_smtp(self) -> None:
        try:
            server = await self._loop.create_server(lambda: SMTP(self, hostname="catcher"), self.host, self.smtp_port)
            self.smtp_port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self._error = error
            return
        finally:
            self._smtp_ready.set()
        async with server:
            await self._smtp_end.wait()


class _Mute(WSGIRequestHandler):
    """Logs no request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


def pages(catcher: Catcher) -> Flask:
    """The catcher's own small application."""
    app = Flask("catcher", root_path=str(_WEB), static_folder="static", template_folder=str(_WEB.parent / "templates"))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}

    def found(number: int) -> Caught:
        return next((mail for mail in catcher.messages if mail.number == number), None) or abort(404)

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _PAGE_CSP)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if not response.headers.get("Content-Type", "").startswith(("text/css", "font/")):
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/")
    def mails() -> str:
        return render_template("catcher/mails.html", mails=catcher.messages[::-1], codes=catcher.codes())

    @app.get("/catcher.css")
    def style() -> Response:
        return Response(render_template("catcher/catcher.css"), mimetype="text/css")

    @app.get("/<int:number>")
    def mail(number: int) -> str:
        return render_template("catcher/mail.html", mail=found(number))

    @app.get("/<int:number>/html")
    def html(number: int) -> Response:
        """The HTML body, which can do nothing but be looked at; its links open in a new tab."""
        body = _HEAD.sub(lambda head: head[0] + '<base target="_blank">', found(number).body("html"), count=1)
        return Response(body, mimetype="text/html", headers={"Content-Security-Policy": _MAIL_CSP})

    @app.get("/<int:number>/source")
    def source(number: int) -> Response:
        return Response(found(number).raw.decode("utf-8", "replace"), mimetype="text/plain")

    @app.get("/<int:number>/piece/<int:place>")
    def piece(number: int, place: int) -> Response:
        parts = found(number).attachments
        if place >= len(parts):
            abort(404)
        data = parts[place].get_payload(decode=True)
        name = parts[place].get_filename() or f"piece-{place}"
        return send_file(io.BytesIO(cast("bytes", data)), "application/octet-stream", True, name)

    return app


def start(smtp_port: int = 0, http_port: int = 0, host: str = "127.0.0.1") -> Catcher:
    """Both servers, on these ports or (0) on free ones."""
    return Catcher(smtp_port, http_port, host)
