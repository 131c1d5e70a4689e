"""Flask-Mail behind one small mailer, mended where it loses, doubles or forges (docs/decisions/deliveries.md).

One recipient per message. What the mail server finally said is the result, or the exception's text.
"""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import charset, policy
from email.header import Header
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from typing import Any, Final

import flask_mail
from flask import Flask

from config.settings import Settings
from invoicing.delivery.rules import ascii_address
from lettrine.smtp import Line, Permanent, Refusal, Temporary, judged, watch

BATCH: Final = 100  # messages over one connection
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WIRE: Final = policy.compat32.clone(linesep="\r\n", mangle_from_=False)
_QUOTED: Final = charset.Charset("utf-8")
_QUOTED.body_encoding = charset.QP


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
    envelope: str = ""  # where notices of failure go; empty: to the sender


class _Message(flask_mail.Message):
    """Flask-Mail's message, with bodies that survive any relay (quoted-printable) and lines that no relay refolds."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", subtype, _QUOTED)  # type: ignore[arg-type]

    def as_bytes(self) -> bytes:
        """As it goes over the wire; Flask-Mail folds headers without counting their names."""
        message: Any = self._message()
        for part in message.walk():
            part.policy = _WIRE
        name, address = parseaddr(str(self.sender))
        message.replace_header("Subject", Header(self.subject, _charset(self.subject), header_name="Subject"))
        message.replace_header("From", _from(name, address))
        found: bytes = message.as_bytes()
        return found


def _charset(text: str) -> str:
    return "us-ascii" if text.isascii() and "=?" not in text else "utf-8"


def _from(name: str, address: str) -> Header:
    if _charset(name) == "us-ascii":
        return Header(formataddr((name, address)), "us-ascii", header_name="From")
    header = Header(name, "utf-8", header_name="From")
    header.append(f"<{address}>", "us-ascii")
    return header


class Mailer:
    """Sends messages, many over one connection; not to be shared between threads. Close it after a batch."""

    def __init__(self, app: Flask, settings: Settings):
        self.app, self.settings = app, settings
        self._mail = flask_mail.Mail()
        self._mail.state = self._mail.init_mail({"MAIL_SUPPRESS_SEND": False, "MAIL_DEBUG": 0})
        self._mail.app = app
        app.extensions.setdefault("mail", self._mail.state)
        self._line: Any = None
        self.limit = max(1.0, settings.lease_seconds / 2)  # seconds; a send must end well before its lease

    def send(self, mail: Mail) -> str:
        """Hands one message to the mail server and returns its answer; raises Temporary or Permanent."""
        message, envelope = self._built(mail), mail.envelope or mail.sender
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

    def _built(self, mail: Mail) -> _Message:
        """Flask-Mail's message; raises Permanent where a header would be forged or the address can't be written."""
        names = [attachment.filename for attachment in mail.attachments]
        headers = [mail.sender_name, mail.sender, mail.reply_to, mail.recipient, mail.subject, mail.message_id, *names]
        if any(_CONTROL.search(header) for header in headers):
            raise Permanent("", "bad_header")
        message = _Message(
            subject=mail.subject,
            recipients=[_ascii(mail.recipient)],
            body=mail.text,
            html=mail.html,
            sender=_named(mail.sender_name, mail.sender),
            reply_to=mail.reply_to or None,
            attachments=[flask_mail.Attachment(a.filename, a.content_type, a.data) for a in mail.attachments],
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
        message.msgId = mail.message_id
        return message

    def _send(self, message: _Message, envelope: str) -> str:
        start = time.monotonic()
        try:
            host = self._open()
            left = self.limit - (time.monotonic() - start)
            with watch(host, max(left, 0.1)), self.app.app_context():
                self._line.send(message, envelope_from=envelope)
        except (smtplib.SMTPException, OSError) as error:
            raise self._judge(error) from error
        answer: str = host.answer
        if self._line.num_emails >= BATCH:
            self.close()
        return answer

    def _open(self) -> Any:
        """smtplib's client, connected."""
        if self._line is None:
            line = Line(self._mail, self.settings)
            line.__enter__()
            self._line = line
        return self._line.host

    def _judge(self, error: Exception) -> Refusal:
        """What went wrong; a refusal in good order leaves the connection open for the next message."""
        line = self._line
        refusal = judged(error, line.host if line else None)
        if line is not None and (refusal.reason not in ("refused", "later") or line.host.sock is None):
            line.host.close()
            self._line = None
        return refusal


def _ascii(address: str) -> str:
    """The address with its domain in the ASCII form that SMTP needs; raises Permanent."""
    found = ascii_address(address)
    if found is None:
        raise Permanent("", "bad_address")
    return found


def _named(name: str, address: str) -> str:
    """« "Name" <address> », quoted: Flask-Mail would cut a name at its first comma."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if name else address
