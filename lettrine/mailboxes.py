"""Mailboxes of returned notices: IMAP over TLS, a Maildir, an mbox file. Each message once, its fate marked on it.

What was understood is marked as read. What wasn't stays for a person, flagged, and isn't looked at again.
"""

from __future__ import annotations

import imaplib
import mailbox
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from invoicing.delivery.notices import SIZE_MAX

AT_ONCE: Final = 500  # messages of one reading
SINCE: Final = timedelta(days=30)  # older notices are about nothing that anybody waits for
TIMEOUT: Final = 30  # seconds per step of the conversation
READ, LEFT = "LettrineRead", "LettrineLeft"  # IMAP keywords
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Unreadable(Exception):
    """The mailbox can't be read; `reason` is a code for a sentence: connection, tls, login, missing, busy."""

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Found:
    """One message, at most SIZE_MAX + 1 bytes of it; `put_away(True)` marks it as understood, False as left."""

    raw: bytes
    put_away: Callable[[bool], object]


@contextmanager
def open_mailbox(url: str, password: str, now: datetime) -> Iterator[Iterator[Found]]:
    """The messages that nobody has looked at, oldest first; raises Unreadable. Marks are written at the end at last."""
    place = urlsplit(url)
    opened = {"imaps": _imap, "maildir": _maildir, "mbox": _mbox}[place.scheme]
    try:
        with opened(place, password, now) as found:
            yield found
    except ssl.SSLError:
        raise Unreadable("tls") from None
    except (OSError, imaplib.IMAP4.error, EOFError):
        raise Unreadable("connection") from None


@contextmanager
def _maildir(place: SplitResult, _password: str, _now: datetime) -> Iterator[Iterator[Found]]:
    folder = Path(unquote(place.path))
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise Unreadable("missing")
    yield _files(folder)


def _files(folder: Path) -> Iterator[Found]:
    """Files without the flags S (seen) and F (flagged), as Maildir has them in their names."""
    waiting = [file for part in ("new", "cur") for file in sorted((folder / part).iterdir())]
    unread = [file for file in waiting if not file.name.startswith(".") and not set("SF") & set(_flags(file))]
    for file in unread[:AT_ONCE]:
        with suppress(FileNotFoundError):  # another worker was quicker
            with file.open("rb") as opened:
                raw = opened.read(SIZE_MAX + 1)
            yield Found(raw, partial(_rename, folder, file))


def _flags(file: Path) -> str:
    return file.name.partition(":2,")[2]


def _rename(folder: Path, file: Path, understood: bool) -> None:
    flags = "".join(sorted({*_flags(file), "S" if understood else "F"}))
    with suppress(FileNotFoundError):
        file.rename(folder / "cur" / f"{file.name.partition(':2,')[0]}:2,{flags}")


@contextmanager
def _mbox(place: SplitResult, _password: str, _now: datetime) -> Iterator[Iterator[Found]]:
    path = Path(unquote(place.path))
    if not path.parent.is_dir():
        raise Unreadable("missing")
    try:
        box = mailbox.mbox(path, create=False)
    except mailbox.NoSuchMailboxError:  # a spool is made with its first message
        yield iter(())
        return
    try:
        box.lock()
    except mailbox.ExternalClashError:
        box.close()
        raise Unreadable("busy") from None
    try:
        yield _messages(box)
    finally:
        box.flush()
        box.unlock()
        box.close()


def _messages(box: mailbox.mbox) -> Iterator[Found]:
    """Messages without the marks R (read) and F (flagged) of the headers Status and X-Status."""
    given = 0
    for key in box.keys():  # noqa: SIM118 - a mailbox iterates over its messages
        with box.get_file(key) as opened:
            raw = opened.read(SIZE_MAX + 1)
        head = message_from_bytes(raw)
        marks = f"{head.get('Status', '')}{head.get('X-Status', '')}"
        if given < AT_ONCE and not set("RF") & set(marks):
            given += 1
            yield Found(raw, partial(_mark, box, key))


def _mark(box: mailbox.mbox, key: Any, understood: bool) -> None:
    message = box.get_message(key)
    message.add_flag("R" if understood else "F")
    box[key] = message


@contextmanager
def _imap(place: SplitResult, password: str, now: datetime) -> Iterator[Iterator[Found]]:
    box = imaplib.IMAP4_SSL(place.hostname or "", place.port or 993, ssl_context=ssl.create_default_context(),
                            timeout=TIMEOUT)  # fmt: skip
    try:
        try:
            box.login(unquote(place.username or ""), password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise Unreadable("login") from None
        folder = unquote(place.path.strip("/")) or "INBOX"
        if box.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"')[0] != "OK":
            raise Unreadable("missing")
        yield _fetched(box, now - SINCE)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            box.logout()


def _fetched(box: imaplib.IMAP4, since: datetime) -> Iterator[Found]:
    """Only what calls itself a report is fetched whole; anybody else's letters stay unread, and are only marked."""
    kept = b"\\*" in b"".join(part or b"" for part in box.response("PERMANENTFLAGS")[1])
    unseen = f"UNKEYWORD {READ} UNKEYWORD {LEFT}" if kept else "UNSEEN UNFLAGGED"
    day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
    uids = b" ".join(part or b"" for part in box.uid("SEARCH", f"{unseen} SINCE {day}")[1]).split()
    for uid in uids[:AT_ONCE]:
        head = _fetch(box, uid, "BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]")
        if head is None:  # gone meanwhile
            continue
        raw = _fetch(box, uid, f"BODY.PEEK[]<0.{SIZE_MAX + 1}>") if b"report" in head.lower() else head
        yield Found(raw or b"", partial(_store, box, uid, kept))


def _fetch(box: imaplib.IMAP4, uid: bytes, what: str) -> bytes | None:
    found = box.uid("FETCH", uid.decode(), f"({what})")[1]
    return next((part[1] for part in found if isinstance(part, tuple)), None)


def _store(box: imaplib.IMAP4, uid: bytes, kept: bool, understood: bool) -> None:
    """Own keywords where the server keeps them; else the marks that every server has."""
    read, left = (f"(\\Seen {READ})", f"({LEFT})") if kept else ("(\\Seen)", "(\\Flagged)")
    box.uid("STORE", uid.decode(), "+FLAGS.SILENT", read if understood else left)
