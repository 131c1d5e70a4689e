"""An IMAP server with one mailbox, over TLS: as much of RFC 3501 as reading bounces needs, flags kept."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSWORD = "un mot de passe"


@dataclass
class Kept:
    """One message and its flags."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Mailbox:
    """What the server holds; `keywords`: whether it keeps flags that it doesn't know."""

    messages: list[Kept] = field(default_factory=list)
    keywords: bool = True
    fetched: list[str] = field(default_factory=list)
    port: int = 0

    def add(self, raw: bytes) -> None:
        """A message arrives."""
        self.messages.append(Kept(raw))

    def search(self, criteria: str) -> list[int]:
        """Numbers from 1 of the messages that have none of the flags named."""
        without = set(re.findall(r"UNKEYWORD (\S+)", criteria))
        without |= {f"\\{name.capitalize()}" for name in re.findall(r"\bUN(SEEN|FLAGGED)\b", criteria)}
        return [n for n, kept in enumerate(self.messages, 1) if not kept.flags & without]


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        self.say("* OK imap.test ready")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            tag, _blank, rest = line.partition(" ")
            verb, _blank, rest = rest.partition(" ")
            answer = "OK done"
            if verb == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            elif verb == "LOGIN" and PASSWORD not in rest:
                answer = "NO wrong"
            elif verb == "SELECT":
                answer = self.select(box, rest)
            elif verb == "UID":
                self.uid(box, rest)
            elif verb == "LOGOUT":
                self.say("* BYE")
            self.say(f"{tag} {answer}")
            if verb == "LOGOUT":
                return

    def select(self, box: Mailbox, name: str) -> str:
        if name.strip('"') != "INBOX":
            return "NO no such mailbox"
        self.say(f"* {len(box.messages)} EXISTS")
        more = r" \*" if box.keywords else ""
        self.say(rf"* OK [PERMANENTFLAGS (\Seen \Flagged{more})] kept")
        return "OK [READ-WRITE] done"

    def uid(self, box: Mailbox, rest: str) -> None:
        verb, _blank, rest = rest.partition(" ")
        if verb == "SEARCH":
            self.say("* SEARCH " + " ".join(map(str, box.search(rest))))
            return
        number, _blank, rest = rest.partition(" ")
        kept = box.messages[int(number) - 1]
        if verb == "STORE":
            kept.flags |= set(rest.partition("(")[2].rstrip(")").split())
            return
        box.fetched.append(f"{number} {'head' if 'HEADER' in rest else 'whole'}")
        part = kept.raw
        if "HEADER" in rest:
            found = re.search(
                rb"^Content-Type:.*?(?:\r?\n(?![ \t]))", kept.raw, re.IGNORECASE | re.MULTILINE | re.DOTALL
            )
            part = (found[0] if found else b"") + b"\r\n"
        name = rest.strip("()").replace(".PEEK", "").partition("<")[0]
        self.wfile.write(b"* %d FETCH (UID %d %s {%d}\r\n" % (int(number), int(number), name.encode(), len(part)))
        self.wfile.write(part + b")\r\n")

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, box: Mailbox, context: ssl.SSLContext):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.box, self.context = box, context

    def get_request(self) -> tuple[Any, Any]:
        line, address = super().get_request()
        return self.context.wrap_socket(line, server_side=True), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that doesn't trust us hangs up."""


@contextmanager
def imap_server(box: Mailbox, certificate: Path) -> Iterator[Mailbox]:
    """Runs it on a free port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _Server(box, context) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
