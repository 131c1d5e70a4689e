"""The conversation with the mail server: Flask-Mail's connection, mended (docs/decisions/deliveries.md).

Flask-Mail has no time limits, checks no certificate after STARTTLS, loses the server's answer, and takes a failed
farewell for a failed message.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final

import flask_mail

from config.settings import Settings, SmtpSecurity

_LOGIN_CODES: Final = frozenset({530, 534, 535, 538})  # our own account is refused: no fault of the message


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
        if self.timed_out:  # half a line, cut off by `hang_up`
            raise smtplib.SMTPServerDisconnected("too slow")
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


class Line(flask_mail.Connection):
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


def readable(code: int, text: bytes) -> str:
    """A server's answer on one line of plain characters."""
    words = text.decode("utf-8", "replace").split()
    return "".join(c for c in " ".join([str(code), *words]) if c.isprintable())[:500]


def judged(error: Exception, host: Any) -> Refusal:
    """What a failed conversation means for the message; `host` is None where none came about."""
    cause = _cause(error)
    words = " ".join(str(cause).split())[:500]
    if host is not None and host.in_doubt:
        return Temporary("", "no_answer")
    if isinstance(cause, TimeoutError) or (host is not None and host.timed_out):
        return Temporary("", "timeout")
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        return _refused(*next(iter(cause.recipients.values())))
    if isinstance(cause, smtplib.SMTPAuthenticationError):
        return Temporary(readable(cause.smtp_code, _bytes(cause.smtp_error)), "login")
    if isinstance(cause, (smtplib.SMTPConnectError, smtplib.SMTPHeloError)):
        return Temporary(readable(cause.smtp_code, _bytes(cause.smtp_error)), "connection")
    if isinstance(cause, smtplib.SMTPResponseException):
        return _refused(cause.smtp_code, _bytes(cause.smtp_error))
    if isinstance(cause, smtplib.SMTPNotSupportedError):
        return Temporary(words, "login")
    if isinstance(cause, ssl.SSLError):
        return Temporary(words, "tls")
    return Temporary(words, "connection" if host is None else "dropped")


def _refused(code: int, text: bytes) -> Refusal:
    answer = readable(code, text)
    if code in _LOGIN_CODES:
        return Temporary(answer, "login")
    if code < 200:  # no answer that anybody could read
        return Temporary(answer, "no_answer")
    return Permanent(answer, "refused") if code >= 500 else Temporary(answer, "later")


def _cause(error: Exception) -> Exception:
    """smtplib hides time-outs and broken TLS behind « disconnected »; the cause stands behind it."""
    behind = error.__context__
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(behind, OSError):
        return behind
    return error


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


@contextmanager
def watch(host: Any, seconds: float) -> Iterator[None]:
    """Hangs up when the whole exchange takes longer than this, however slowly the server keeps it alive."""
    timer = threading.Timer(seconds, host.hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _start_tls(host: smtplib.SMTP) -> None:
    """STARTTLS with a checked certificate, or nothing: a server that can't is not talked to in clear."""
    host.ehlo_or_helo_if_needed()
    if not host.has_extn("starttls"):
        raise ssl.SSLError("the server offers no STARTTLS")
    try:
        host.starttls(context=ssl.create_default_context())
    except smtplib.SMTPResponseException as error:
        raise ssl.SSLError(readable(error.smtp_code, _bytes(error.smtp_error))) from error
