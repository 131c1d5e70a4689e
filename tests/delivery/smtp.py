"""Mail servers for the tests: one that behaves and can refuse (aiosmtpd), one that misbehaves (sockets)."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

ACCEPTED = "250 2.0.0 Ok: queued as 4F2A"


@dataclass
class Letterbox:
    """A mail server; `rcpt` and `data` are its answers, in the order of asking, the last one for ever."""

    rcpt: list[str] = field(default_factory=lambda: ["250 OK"])
    data: list[str] = field(default_factory=lambda: [ACCEPTED])
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)  # envelopes'
    connections: int = 0
    port: int = 0

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.rcpt.pop(0) if len(self.rcpt) > 1 else self.rcpt[0]
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.data.pop(0) if len(self.data) > 1 else self.data[0]
        if answer.startswith("250"):
            self.raw.append(envelope.original_content)
            self.recipients += envelope.rcpt_tos
            self.senders.append(envelope.mail_from)
        return answer

    @property
    def messages(self) -> list[EmailMessage]:
        """What was accepted, parsed as a mail program would."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]  # type: ignore[misc]


@contextmanager
def letterbox(box: Letterbox | None = None, ssl: Any = None, **options: Any) -> Iterator[Letterbox]:
    """Runs the server in a thread of its own, on a free port."""
    box = box or Letterbox()
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        factory = lambda: SMTP(box, hostname="mail.test", loop=loop, **options)  # noqa: E731
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=ssl)
        box.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@dataclass
class Rude:
    """A server that can hang, drop the line or forget its manners at one step of the conversation."""

    at: str = ""  # banner, MAIL, RCPT, DATA, body, QUIT
    how: str = "hang"  # hang (till the end), pause (till `release`), drop, trickle
    times: int = 10**6  # how often; it behaves afterwards
    after: int = 0  # how many messages it takes properly first
    raw: list[bytes] = field(default_factory=list)
    seen: threading.Event = field(default_factory=threading.Event)  # the step was reached
    release: threading.Event = field(default_factory=threading.Event)  # ends a hang
    connections: int = 0
    port: int = 0

    def misbehaves(self, step: str, line: socket.socket) -> bool:
        """Does it, if this is the step; True: the conversation is over."""
        if step != self.at or self.times <= 0 or len(self.raw) < self.after:
            return False
        self.times -= 1
        self.seen.set()
        if self.how == "trickle":
            self._trickle(line)
        elif self.how in ("hang", "pause"):
            self.release.wait(300)
        return self.how != "pause"

    def _trickle(self, line: socket.socket) -> None:
        while not self.release.wait(0.05):
            try:
                line.sendall(b"2")
            except OSError:
                return


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        rude: Rude = self.server.rude  # type: ignore[attr-defined]
        rude.connections += 1
        if rude.misbehaves("banner", self.connection):
            return
        self.say("220 rude.test")
        while line := self.rfile.readline():
            verb = line.split()[0].decode().upper()
            if rude.misbehaves(verb, self.connection):
                return
            if verb == "DATA":
                self.say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                rude.raw.append(body)
                if rude.misbehaves("body", self.connection):
                    return
                self.say(ACCEPTED)
            else:
                self.say("221 bye" if verb == "QUIT" else "250 OK")
                if verb == "QUIT":
                    return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True


@contextmanager
def rude_server(rude: Rude) -> Iterator[Rude]:
    """Runs it on a free port."""
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.rude = rude  # type: ignore[attr-defined]
        rude.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield rude
        finally:
            rude.release.set()
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port on which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
