"""The imports of letterings as they stand, against what the journal says of who asked for them and what of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from invoicing.lettering.bulk_rules import IMPORTED, TAKEN_BACK
from invoicing.proof.rules import Entry, Tally
from invoicing.proof.states import Row

RUN: Final = (
    "id", "kind", "state", "shop_id", "sha256", "asked_at", "asked_by_id", "applied_by_id", "undone_by_id"
)  # fmt: skip
STARTED: Final = "import.started"
LETTERINGS: Final = "letterings"
_APPLIED: Final = ("applied", "undo_asked", "undoing")  # states of a run that has lettered


def check(tally: Tally, rows: Iterable[Row], told: Mapping[int, Mapping[str, Entry]]) -> None:
    """Adds to the tally what differs; `told` are the journal's entries by run and action, rows as RUN has them.

    Only runs whose beginning the journal knows are looked at: what another has lettered is proven row by row anyway.
    """
    genuine = {run_id: {a: e for a, e in entries.items() if e.is_genuine} for run_id, entries in told.items()}
    wanted = {run_id: entries for run_id, entries in genuine.items() if _is_of_letterings(entries)}
    for values in rows:
        row = dict(zip(RUN, values, strict=True))
        entries = wanted.pop(row["id"], None)
        if entries is not None and (what := ", ".join(_altered(row, entries))):
            tally.fault("import_altered", run=row["id"], what=what)
    for run_id in sorted(wanted):
        tally.fault("import_gone", run=run_id)


def _is_of_letterings(entries: Mapping[str, Entry]) -> bool:
    started = entries.get(STARTED)
    return started is not None and started.facts.get("kind") == LETTERINGS


def _altered(row: Mapping[str, Any], entries: Mapping[str, Entry]) -> Iterator[str]:
    """The columns that don't say what the journal says."""
    started, applied, undone = (entries.get(action) for action in (STARTED, IMPORTED, TAKEN_BACK))
    if started is not None:
        yield from (name for name in ("kind", "sha256", "shop_id") if row[name] != started.facts.get(name))
        if row["asked_at"] != started.at:
            yield "asked_at"
        if row["asked_by_id"] != started.user_id:
            yield "asked_by_id"
    if applied is not None:
        if row["state"] not in (_APPLIED if undone is None else ("undone",)):
            yield "state"
        if row["applied_by_id"] != applied.user_id:
            yield "applied_by_id"
    if undone is not None and row["undone_by_id"] != undone.user_id:
        yield "undone_by_id"
