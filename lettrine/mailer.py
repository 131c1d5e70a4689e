"""Flask-Mail behind one small mailer, mended where it would lose, double or leak a message (docs/decisions/deliveries.md).

One recipient per message. What the mail server finally said is the result, or the exception's text.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import charset, policy
from email.mime.text import MIMEText
from types import TracebackType
from typing import Any, Final

import flask_mail
from email_validator import EmailNotValidError, validate_email
from flask import Flask

from config.settings import Settings, SmtpSecurity

BATCH: Final = 100  # messages over one connection
_LOGIN_CODES: Final = frozenset({530, 534, 535, 538})  # our own account is refused: no fault of the message
_WIRE: Final = policy.compat32.clone(linesep="\r\n", mangle_from_=False)
_QUOTED: Final = charset.Charset("utf-8")
_QUOTED.body_encoding = charset.QP


class Refusal(Exception):
    """The message was not accepted: `answer` is the server's, `reason` a code for a sentence."""

    def __init__(self, answer: str, reason: str):
        self.answer, self.reason = answer, reason
        super().__init__(reason)


class Temporary(Refusal):
    """Worth another try. `is_down`: the server itself can't be reached, so other messages need not try now."""

    @property
    def is_down(self) -> bool:
        """Whether it says something about the server rather than about this message."""
        return self.reason in ("connection", "timeout", "tls", "login", "dropped")


class Permanent(Refusal):
    """Refused for good."""


@dataclass(frozen=True)
class Attachment:
    """One file."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class Mail:
    """A whole message to one recipient."""

    sender_name: str
    sender: str
    reply_to: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()


class _Message(flask_mail.Message):  # type: ignore[misc]
    """Flask-Mail's message, with bodies that survive any relay (quoted-printable) and lines that no relay refolds."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", subtype, _QUOTED)  # type: ignore[arg-type]

    def as_bytes(self) -> bytes:
        """As it goes over the wire."""
        message: Any = self._message()
        for part in message.walk():
            part.policy = _WIRE
        found: bytes = message.as_bytes()
        return found


class _Talk:
    """Mixed into smtplib's clients: remembers the answer, and whether it is owed for a whole message."""

    in_doubt = False  # the last dot was sent and not answered: the server may have accepted
    timed_out = False
    answer = ""

    def send(self, s: Any) -> None:
        """Notes when a message has gone out whole."""
        super().send(s)  # type: ignore[misc]
        self.in_doubt = isinstance(s, bytes) and s.endswith(b"\r\n.\r\n")

    def getreply(self) -> tuple[int, bytes]:
        """Keeps the last answer."""
        try:
            code, text = super().getreply()  # type: ignore[misc]
        except smtplib.SMTPServerDisconnected as error:
            self.timed_out = self.timed_out or isinstance(error.__context__, TimeoutError)
            raise
        self.in_doubt, self.answer = False, readable(code, text)
        return code, text

    def hang_up(self) -> None:
        """Cuts a conversation that takes too long, from another thread."""
        self.timed_out = True
        sock: socket.socket | None = getattr(self, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Plain(_Talk, smtplib.SMTP):
    pass


class _Tls(_Talk, smtplib.SMTP_SSL):
    pass


class _Line(flask_mail.Connection):  # type: ignore[misc]
    """Flask-Mail's connection with time limits, checked certificates, and a leave-taking that can't fail."""

    host: Any

    def __init__(self, mail: flask_mail.Mail, settings: Settings):
        super().__init__(mail)
        self.settings = settings

    def configure_host(self) -> smtplib.SMTP:
        """Connects, protects the line as set, signs in."""
        s = self.settings
        options: dict[str, Any] = {"local_hostname": s.host, "timeout": s.smtp_timeout}
        if s.smtp_security is SmtpSecurity.tls:
            host: smtplib.SMTP = _Tls(s.smtp_host, s.smtp_port, context=ssl.create_default_context(), **options)
        else:
            host = _Plain(s.smtp_host, s.smtp_port, **options)
        try:
            if s.smtp_security is SmtpSecurity.starttls:
                _start_tls(host)
            if s.smtp_user:
                host.login(s.smtp_user, s.smtp_password.get_secret_value())
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        host, self.host = self.host, None
        if host is not None:
            with suppress(smtplib.SMTPException, OSError):
                host.quit()
            host.close()


class Mailer:
    """Sends messages, many over one connection; not to be shared between threads. Close it after a batch."""

    def __init__(self, app: Flask, settings: Settings):
        self.app, self.settings = app, settings
        self._mail = flask_mail.Mail()
        self._mail.state = self._mail.init_mail({"MAIL_SUPPRESS_SEND": False, "MAIL_DEBUG": 0})
        self._mail.app = app
        app.extensions.setdefault("mail", self._mail.state)
        self._line: _Line | None = None
        self.limit = max(1.0, settings.lease_seconds / 2)  # seconds; a send must end well before its lease

    def send(self, mail: Mail) -> str:
        """Hands one message to the mail server and returns its answer; raises Temporary or Permanent."""
        message, envelope = _built(mail, self.app)
        reused = self._line is not None
        try:
            return self._send(message, envelope)
        except Temporary as refusal:
            if not (reused and refusal.reason == "dropped"):
                raise
        return self._send(message, envelope)  # the server had only grown tired of the open connection

    def close(self) -> None:
        """Takes leave of the server, whatever it says."""
        line, self._line = self._line, None
        if line is not None:
            line.__exit__(None, None, None)

    @contextmanager
    def batch(self) -> Iterator[Mailer]:
        """Closes the connection at the end."""
        try:
            yield self
        finally:
            self.close()

    def _send(self, message: _Message, envelope: str) -> str:
        try:
            line = self._open()
            with _watch(line.host, self.limit), self.app.app_context():
                line.send(message, envelope_from=envelope)
        except (smtplib.SMTPException, OSError) as error:
            refusal = _judged(error, self._line.host if self._line else None)
            if refusal.reason not in ("refused", "later"):
                self._drop()
            raise refusal from error
        answer: str = line.host.answer
        if line.host.sock is None or line.num_emails >= BATCH:
            self.close()
        return answer

    def _open(self) -> _Line:
        if self._line is None or self._line.host is None or self._line.host.sock is None:
            self._line = None
            line = _Line(self._mail, self.settings)
            line.__enter__()
            self._line = line
        return self._line

    def _drop(self) -> None:
        """Closes without a word: the conversation is broken."""
        line, self._line = self._line, None
        if line is not None and line.host is not None:
            line.host.close()


def readable(code: int, text: bytes) -> str:
    """A server's answer on one line of plain characters."""
    words = text.decode("utf-8", "replace").split()
    return "".join(c for c in " ".join([str(code), *words]) if c.isprintable())[:500]
