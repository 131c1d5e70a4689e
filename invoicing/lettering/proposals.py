"""What files propose for a document that waits: kept when they are judged, shown until a person has taken one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import Judged
from invoicing.invoices.models import Invoice
from invoicing.lettering import rules
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import SuggestedLettering
from invoicing.lettering.suggesting_rules import MARGIN, SHOWN, SURE, Reason, Suggestion

OPEN: Final = (Verdict.suggest, Verdict.unknown_invoice, Verdict.several_candidates)  # a person may still take
STANDING: Final = (RunState.judged, RunState.applied)  # runs of which rows may be taken
MOST: Final = 5  # on the page of one document
_READ: Final = 40  # before those are left out that are taken, or stand in a later file too


@dataclass(frozen=True)
class Proposal:
    """One official document that may be the one. The amount is in cents with its sign, as the file has it.

    `days` is how long after ours it is dated, None where that isn't known.
    """

    run_id: int
    line: int
    reference: str
    score: int
    reasons: tuple[Reason, ...]
    days: int | None = None
    customer: str = ""
    amount_cents: int | None = None
    currency: str = ""
    day: date | None = None

    @property
    def is_shown(self) -> bool:
        """Whether it is good enough to be proposed as the one."""
        return self.score >= SHOWN


def facts_of(found: Suggestion) -> dict[str, Any]:
    """As a judged row keeps it among its facts, in the list `suggestions`."""
    facts = {**asdict(found), "reasons": list(found.reasons), "day": found.day.isoformat() if found.day else ""}
    del facts["points"]  # they weigh one against another while a file is judged, and no longer
    return facts


def keep(session: Session, run_id: int, judged: Iterable[Judged]) -> None:
    """Writes the suggestions of rows that were just judged, so that a document finds them."""
    rows = [
        {
            "run_id": run_id, "line": row.line, "invoice_id": each["invoice_id"], "score": each["score"],
            "reasons": " ".join(each["reasons"]), "days": each["days"],
        }
        for row in judged
        for each in row.facts.get("suggestions", ())
    ]  # fmt: skip
    if rows:
        session.execute(insert(SuggestedLettering), rows)


def forget(session: Session, run_id: int) -> None:
    """Before a file is judged again, and where it is put aside or undone."""
    session.execute(delete(SuggestedLettering).where(SuggestedLettering.run_id == run_id))


def proposals(session: Session, invoice_id: int) -> list[Proposal]:
    """What the latest files propose for a document, the best first; a reference once, and none that is borne by now."""
    made = SuggestedLettering
    query = (
        select(made, ImportRow.subject, ImportRow.facts)
        .join(ImportRun, ImportRun.id == made.run_id)
        .join(ImportRow, (ImportRow.run_id == made.run_id) & (ImportRow.line == made.line))
        .where(
            made.invoice_id == invoice_id, ImportRun.kind == RunKind.letterings, ImportRun.state.in_(STANDING),
            ImportRow.verdict.in_(OPEN),
        )
        .order_by(made.run_id.desc(), made.score.desc(), made.line)
        .limit(_READ)
    )  # fmt: skip
    found: dict[str, Proposal] = {}
    for suggested, subject, facts in session.execute(query):
        if folded := _folded(subject):
            found.setdefault(folded, _proposal(suggested, subject, json.loads(facts)))
    borne = select(Invoice.lettering_folded).where(Invoice.lettering_folded.in_(found))
    taken = set(session.scalars(borne)) if found else set()
    free = [proposal for folded, proposal in found.items() if folded not in taken]
    return _beside_each_other(sorted(free, key=lambda proposal: (-_strength(proposal), proposal.line)))[:MOST]


def _beside_each_other(best: Sequence[Proposal]) -> list[Proposal]:
    """Of different files several may propose something: what doesn't lead is weak, as it would be within one file."""
    shown = [proposal for proposal in best if proposal.is_shown]
    if len(shown) < 2:
        return list(best)
    leads = _strength(shown[0]) - max(map(_strength, shown[1:])) >= MARGIN
    return [
        replace(each, score=SHOWN - 1, reasons=(*each.reasons, Reason.rival))
        if each.is_shown and not (leads and each is shown[0]) else each
        for each in best
    ]  # fmt: skip


def _strength(proposal: Proposal) -> int:
    """The score; what bears our code or number stands above all that only looks alike."""
    return proposal.score + (100 if SURE.intersection(proposal.reasons) else 0)


def suggestions_of(session: Session, run_id: int, line: int) -> list[SuggestedLettering]:
    """What one row of a file may stand for, the best first."""
    query = select(SuggestedLettering).where(SuggestedLettering.run_id == run_id, SuggestedLettering.line == line)
    return list(session.scalars(query.order_by(SuggestedLettering.score.desc(), SuggestedLettering.invoice_id)))


def _folded(reference: str) -> str:
    """The form in which it is compared; empty where it can't be a reference after all."""
    try:
        read = rules.read(reference)
    except rules.BadReference:
        return ""
    return read.folded if read else ""


def _proposal(made: SuggestedLettering, reference: str, facts: Mapping[str, Any]) -> Proposal:
    return Proposal(
        made.run_id, made.line, reference, made.score, tuple(map(Reason, made.reasons.split())), made.days,
        facts.get("customer", ""), facts.get("amount_cents"), facts.get("currency", ""),
        date.fromisoformat(facts["day"]) if facts.get("day") else None,
    )  # fmt: skip
