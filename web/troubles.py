"""What is wrong when the database or the archive can't do what was asked, and isn't our fault: one word per kind.

busy: it asks for patience. stuck: nothing can be written, or it is away; nothing was changed. lost: the line broke
while something was being written, and nobody knows whether it stands. unread: what is archived can't be read now.
"""

from __future__ import annotations

import errno
from enum import StrEnum
from typing import Final

from obstore.exceptions import BaseError
from sqlalchemy.exc import DBAPIError

_BUSY: Final = ("55P03", "40001", "40P01")  # PostgreSQL: lock not available, serialisation, deadlock
_STUCK: Final = ("25006", "53100", "58030")  # read-only, disk full, input or output failed
_AWAY: Final = ("08", "53", "57P")  # classes: connection, resources, stopping
_WORDS: Final = ("disk is full", "readonly database", "disk I/O error", "unable to open database file")  # SQLite
_DISK: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG, errno.EIO)


class Trouble(StrEnum):
    """The kinds."""

    busy = "busy"
    stuck = "stuck"
    lost = "lost"
    unread = "unread"


def trouble_of(error: DBAPIError, writing: bool) -> Trouble | None:
    """The kind; None: something that we did wrong. `writing`: whether the request may have changed something."""
    if error.connection_invalidated and writing:
        return Trouble.lost
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return _by_state(str(state), writing)
    text = str(error.orig)
    if any(words in text for words in _WORDS):
        return Trouble.stuck
    return Trouble.busy if any(word in text for word in ("locked", "busy", "connect")) else None


def _by_state(state: str, writing: bool) -> Trouble | None:
    if state in _STUCK:
        return Trouble.stuck
    if state.startswith("57P") and state != "57P03" and writing:
        return Trouble.lost
    return Trouble.busy if state in _BUSY or state.startswith(_AWAY) else None


def of_archive(error: OSError | BaseError, writing: bool = True) -> Trouble | None:
    """stuck where the archive can't be reached or written, unread for who only reads; None: another matter."""
    if isinstance(error, BaseError) or error.errno in _DISK:
        return Trouble.stuck if writing else Trouble.unread
    return None
