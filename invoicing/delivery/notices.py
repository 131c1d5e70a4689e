"""Returned notices (DSN, RFC 3464), read without a session: whose message, and what became of it. Hostile until shown.

A notice counts by the Message-ID of ours that it quotes: 128 random bits that nobody knows who didn't have the message.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from enum import StrEnum
from typing import Any, Final

from invoicing.delivery.rules import ascii_address

SIZE_MAX: Final = 512 * 1024  # bytes of a notice that are looked at; servers return at most the message, or its head
_OURS: Final = re.compile(r"<[0-9a-f]{32}@[^<>\s]{1,200}>")
_IDS_MAX: Final = 10
_FATES_MAX: Final = 100
_RETURNED: Final = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_QUOTING: Final = ("Message-ID", "Original-Message-ID", "X-Original-Message-ID")


class Action(StrEnum):
    """What the server that writes did with the message (RFC 3464, 2.3.3)."""

    failed = "failed"
    delayed = "delayed"
    delivered = "delivered"
    relayed = "relayed"
    expanded = "expanded"


@dataclass(frozen=True)
class Fate:
    """What became of it for one recipient: lower-case addresses, and the server's words on one line."""

    recipients: frozenset[str]
    action: Action
    answer: str


@dataclass(frozen=True)
class Notice:
    """One notice: the Message-IDs of ours that it quotes, a fate per recipient, and a digest that names it."""

    ids: tuple[str, ...]
    fates: tuple[Fate, ...]
    digest: str


def read(raw: bytes) -> Notice | None:
    """What the bytes say; None where they are no notice about a message of ours, or are too long."""
    if len(raw) > SIZE_MAX:
        return None
    try:
        return _read(message_from_bytes(raw, policy=policy.compat32))
    except Exception:  # written to break parsers, perhaps: then it isn't understood
        return None


def fate_of(notice: Notice, recipient: str) -> Fate | None:
    """What became of the message for the one that it was written to; None where the notice doesn't say.

    An address that forwards is told under the address behind it: alone, it is meant; of several, all must agree.
    """
    wanted = (ascii_address(recipient) or recipient).lower()
    for fate in notice.fates:
        if wanted in fate.recipients or recipient.lower() in fate.recipients:
            return fate
    actions = {fate.action for fate in notice.fates}
    return notice.fates[0] if len(actions) == 1 else None


def _read(message: Message) -> Notice | None:
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts: list[Any] = message.get_payload()  # type: ignore[assignment]
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    fates = tuple(fate for part in reports[:1] for fate in _fates(part))
    ids = tuple(dict.fromkeys(_ids(message, parts)))[:_IDS_MAX]
    if not fates or not ids:
        return None
    named = "\n".join([_line(message, "Message-ID"), _line(message, "Date"), *ids, *map(repr, map(_facts, fates))])
    return Notice(ids, fates, hashlib.sha256(named.encode("utf-8", "replace")).hexdigest())


def _facts(fate: Fate) -> tuple[list[str], str, str]:
    return sorted(fate.recipients), fate.action.value, fate.answer


def _fates(report: Message) -> Iterator[Fate]:
    """One per block of fields that names an action; the first block is about the message as a whole."""
    blocks: Any = report.get_payload()
    for block in blocks[:_FATES_MAX] if isinstance(blocks, list) else ():
        action = _line(block, "Action").lower()
        if action in Action.__members__:
            named = (_line(block, name) for name in ("Final-Recipient", "Original-Recipient"))
            words = [_line(block, "Status"), _line(block, "Diagnostic-Code").partition(";")[2]]
            answer = " ".join(word for word in (word.strip() for word in words) if word)
            yield Fate(frozenset(_addresses(named)), Action(action), answer)


def _addresses(fields: Iterable[str]) -> Iterator[str]:
    """« rfc822; user@example.org » → the address."""
    for field in fields:
        address = field.rpartition(";")[2].strip().strip("<>").lower()
        if address:
            yield address


def _ids(message: Message, parts: Iterable[Message]) -> Iterator[str]:
    """Of the message that came back, then those that the notice answers."""
    for part in parts:
        if part.get_content_type() in _RETURNED:
            for head in _heads(part):
                for name in _QUOTING:
                    yield from _OURS.findall(_line(head, name))
    for name in ("In-Reply-To", "References", "Original-Message-ID"):
        yield from _OURS.findall(_line(message, name))


def _heads(part: Message) -> Iterator[Message]:
    """The returned headers, be they a message or the text of its head."""
    inner: Any = part.get_payload()
    if isinstance(inner, list):
        yield from inner[:1]
    else:
        decoded: Any = part.get_payload(decode=True)
        yield message_from_bytes(decoded or b"", policy=policy.compat32)


def _line(message: Message, name: str) -> str:
    """All of a header's values on one line of plain characters; empty where there is none."""
    text = " ".join(str(value) for value in message.get_all(name, []))
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:2000]
