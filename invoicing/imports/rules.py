"""What an import decides about one row of a file, and why a whole file may be refused. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from invoicing.errors import FieldFaults, Refused
from invoicing.journal import canonical

SUBJECT_MAX: Final = 250
MAX_BYTES: Final = 40 * 1024 * 1024  # of a file
MAX_ROWS: Final = 250_000
MAX_COLUMNS: Final = 400
COUNTED: Final = ("no_payment", "no_code")  # verdicts whose one row stands for as many lines as it counts
REFUSED: Final = "refused"  # verdict of any kind: the core said no at the last moment


@dataclass(eq=False)
class Unreadable(Refused):
    """The file can't be read as a table; `code` says why (see `web.imports`), `facts` fill in its sentence."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """For `ImportRun.fault`."""
        return json.dumps({"code": self.code, "facts": dict(self.facts)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Unreadable:
        """The inverse of `to_json`."""
        raw = json.loads(text)
        return cls(raw["code"], raw["facts"])


@dataclass(eq=False)
class NotReady(Refused):
    """The run isn't in a state that allows this: it is not judged yet, or was applied or put aside meanwhile."""

    state: str


@dataclass(eq=False)
class NothingToApply(Refused):
    """No row of the run would change anything."""

    run_id: int


@dataclass(eq=False)
class NothingToUndo(Refused):
    """The run has written nothing that could be taken back."""

    run_id: int


@dataclass(eq=False)
class StillAsks(Refused):
    """Something of how the file is to be read must still be said: "reference", "days", "columns"."""

    asks: tuple[str, ...]


@dataclass(eq=False)
class FormServed(Refused):
    """This form has brought another file already."""

    run_id: int


@dataclass(frozen=True)
class Judged:
    """What becomes of one row; `line` as an editor or a spreadsheet counts it, from 1.

    `content` is what applying would write, None where nothing would be written; `facts` fill in the verdict's sentence.
    Both are plain JSON values, days and moments excepted.
    """

    line: int
    verdict: str
    subject: str = ""  # what names the row to a person
    content: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    invoice_id: int | None = None
    customer_id: int | None = None

    def columns(self) -> tuple[Any, ...]:
        """As COLUMNS of an `ImportRow`."""
        content = canonical(self.content) if self.content is not None else ""
        facts = canonical(self.facts) if self.facts else "{}"
        return (
            self.line,
            str(self.verdict),
            self.subject[:SUBJECT_MAX],
            content,
            facts,
            self.invoice_id,
            self.customer_id,
        )


COLUMNS: Final = ("line", "verdict", "subject", "content", "facts", "invoice_id", "customer_id")


def refused_row(line: int, subject: str, refused: Refused) -> Judged:
    """The verdict of a row that the core has refused: by the refusal's name, and the faults of its fields."""
    facts: dict[str, Any] = {"kind": type(refused).__name__}
    if isinstance(refused, FieldFaults):
        facts["faults"] = [{"field": f.field, "code": f.code, "facts": _told(f.facts)} for f in refused.faults]
    return Judged(line, REFUSED, subject, None, facts)


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that JSON can hold; days as text."""
    plain = (str, int, bool, list, type(None))
    return {key: value if isinstance(value, plain) else str(value) for key, value in facts.items()}
