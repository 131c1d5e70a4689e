"""What a verification finds: checks with their counts, faults that name their record. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

REPORT_FORMAT: Final = 1
CHECKS: Final = (
    "chain", "anchors", "documents", "numbers", "payments", "lettering", "archive", "exports", "tallies", "guards"
)  # fmt: skip
KEPT: Final = 50  # faults told one by one in each check; all are counted
UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError)  # what odd values in a row make of reading it
Facts = Mapping[str, str | int | None]


class Entry(NamedTuple):
    """What an entry of the journal says: field → what it became, when (as the driver gives it), and who did it."""

    facts: Mapping[str, Any]
    at: object
    actor_kind: str
    actor_id: int | None
    is_genuine: bool

    @property
    def user_id(self) -> int | None:
        """The user who acted; None for shops, commands and the system."""
        return self.actor_id if self.actor_kind == "user" else None


@dataclass(frozen=True)
class Fault:
    """One record that isn't as it must be. `code` says how; the facts name the record."""

    check: str
    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One kind of check: how many records were looked at, how many are wrong, the first of them, and what to know."""

    name: str
    count: int = 0
    wrong: int = 0
    faults: tuple[Fault, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A whole verification; `position` and `head` are the end of the journal's chain that it saw."""

    checks: tuple[Check, ...]
    position: int = 0
    head: str = ""
    format: int = REPORT_FORMAT

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong."""
        return not any(check.wrong for check in self.checks)

    @property
    def first(self) -> Fault | None:
        """The first fault, in the order of the checks."""
        return next((check.faults[0] for check in self.checks if check.faults), None)

    @property
    def wrong(self) -> int:
        """How many faults there are in all."""
        return sum(check.wrong for check in self.checks)

    def to_json(self) -> str:
        """For the row of the run and for programs."""
        return json.dumps({"intact": self.is_intact, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The inverse."""
        raw = json.loads(text)
        return cls(tuple(_check(each) for each in raw["checks"]), raw["position"], raw["head"], raw["format"])


def _check(raw: dict[str, Any]) -> Check:
    faults = tuple(Fault(**fault) for fault in raw["faults"])
    return Check(raw["name"], raw["count"], raw["wrong"], faults, raw["notes"])


class Tally:
    """Counts of one check while it goes on."""

    def __init__(self, name: str) -> None:
        self.name, self.count, self.wrong = name, 0, 0
        self.notes: Counter[str] = Counter()
        self._faults: list[Fault] = []

    def fault(self, code: str, **facts: str | int | None) -> None:
        """Notes one; those past the first fifty are only counted."""
        self.wrong += 1
        if len(self._faults) < KEPT:
            self._faults.append(Fault(self.name, code, facts))

    def close(self) -> Check:
        """What was found."""
        return Check(self.name, self.count, self.wrong, tuple(self._faults), dict(self.notes))


def unfinished() -> Report:
    """What is told of a verification that broke off."""
    tally = Tally("chain")
    tally.fault("unfinished")
    return Report((tally.close(),))
