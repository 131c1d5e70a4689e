"""How often each key calls: counted here, written down by the lot, so that it costs next to nothing.

Several processes share the count in the database; each may be ahead of it by one lot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from invoicing.accounts import limits, rules
from invoicing.database import UNWRITTEN
from web.database import transaction

LOTS: Final = 100  # in which a limit is counted
SECONDS: Final = rules.LIMITS["api"][0].seconds


@dataclass
class _Count:
    window: int
    written: bool = False  # whether the database has said that it is too much
    waiting: int = 0


@dataclass
class Meter:
    """The counts of this process."""

    counts: dict[int, _Count] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def call(self, key_id: int, most: int, now: datetime) -> int:
        """Counts one call of a key; gives the seconds to wait where there were more than `most` in this minute."""
        window = rules.window(now, SECONDS)
        with self.lock:
            count = self.counts.get(key_id)
            if count is None or count.window != window:
                count = self.counts[key_id] = _Count(window)
            count.waiting += 1
            lot = count.waiting if count.waiting >= max(1, most // LOTS) else 0
            count.waiting -= lot
        if lot and not count.written:
            count.written = _write(key_id, most, now, lot)
        return rules.seconds_left(now, SECONDS) if count.written else 0


def _write(key_id: int, most: int, now: datetime, lot: int) -> bool:
    """Writes a lot down; says whether all processes together have counted too many. A busy database counts nothing."""
    try:
        with transaction() as session:
            return limits.count_try(session, "api", {"account": f"key {key_id}"}, most, now, lot) > 0
    except UNWRITTEN:
        return False
