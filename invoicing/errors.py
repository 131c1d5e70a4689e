"""Refusals carry facts, never sentences; `web.errors` turns each into a status and words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """Root of everything that the core declines to do."""


class NotFound(Refused):
    """Missing, or not yours: deliberately the same."""


class Stale(Refused):
    """The form was drawn before somebody else's change."""


@dataclass(frozen=True)
class Fault:
    """One mistake in one field: `field` is its name in the form, `code` the rule, `facts` what the sentence needs."""

    field: str
    code: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class FieldFaults(Refused):
    """Every mistake of a form, at once."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = tuple(faults)
        super().__init__(", ".join(f"{f.field}: {f.code}" for f in self.faults))
