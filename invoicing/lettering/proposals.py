"""What files propose for a document that waits: kept when they are judged, shown until a person has taken one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, TypeVarTuple

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import Judged
from invoicing.invoices.models import Invoice
from invoicing.lettering import rules
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import SuggestedLettering
from invoicing.lettering.suggesting_rules import MARGIN, SHOWN, SURE, Reason, Suggestion

Columns = TypeVarTuple("Columns")
OPEN: Final = (Verdict.suggest, Verdict.unknown_invoice, Verdict.several_candidates)  # a person may still take
STANDING: Final = (RunState.judged, RunState.applied)  # runs of which rows may be taken
MOST: Final = 5  # on the page of one document
_READ: Final = 200  # before those are left out that are taken, or stand in a later file too


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
    query = _standing(select(made, ImportRow.subject, ImportRow.facts)).where(made.invoice_id == invoice_id)
    query = query.order_by(made.run_id.desc(), made.score.desc(), made.line).limit(_READ)
    found: dict[str, Proposal] = {}
    for suggested, subject, facts in session.execute(query):
        if folded := _folded(subject):
            found.setdefault(folded, _proposal(suggested, subject, json.loads(facts)))
    taken = _borne(session, found)
    free = [proposal for folded, proposal in found.items() if folded not in taken]
    free.sort(key=lambda proposal: (-_strength(proposal.score, proposal.reasons), proposal.line))
    return _beside_each_other(free)[:MOST]


def _borne(session: Session, references: Collection[str]) -> set[str | None]:
    """Those of some folded references that a document bears."""
    borne = select(Invoice.lettering_folded).where(Invoice.lettering_folded.in_(references))
    return set(session.scalars(borne)) if references else set()


def _beside_each_other(best: Sequence[Proposal]) -> list[Proposal]:
    """Of different files several may propose something: what doesn't lead is weak, as it would be within one file."""
    shown = [proposal for proposal in best if proposal.is_shown]
    if len(shown) < 2:
        return list(best)
    first, *others = (_strength(proposal.score, proposal.reasons) for proposal in shown)
    leads = first - max(others) >= MARGIN
    return [
        replace(each, score=SHOWN - 1, reasons=(*each.reasons, Reason.rival))
        if each.is_shown and not (leads and each is shown[0]) else each
        for each in best
    ]  # fmt: skip


def _strength(score: int, reasons: Iterable[str]) -> int:
    """The score; what bears our code or number stands above all that only looks alike."""
    return score + (100 if SURE.intersection(reasons) else 0)


def rivalled(session: Session, run_id: int, rows: Iterable[ImportRow]) -> set[tuple[int, int]]:
    """Of what some rows of a file suggest, as (line, document): what another file suggests as well, with no less right.

    As `proposals` weighs them for one document. A reference that stands in both files is one.
    """
    ours = [
        (row.line, _folded(row.subject), each)
        for row in rows for each in json.loads(row.facts).get("suggestions", ()) if each["score"] >= SHOWN
    ]  # fmt: skip
    made = SuggestedLettering
    ids = {each["invoice_id"] for _line, _reference, each in ours}
    query = _standing(select(made, ImportRow.subject)).where(
        made.invoice_id.in_(ids), made.run_id != run_id, made.score >= SHOWN
    )
    others: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for suggested, subject in session.execute(query) if ids else ():
        strength = _strength(suggested.score, suggested.reasons.split())
        others[suggested.invoice_id].append((_folded(subject), strength))
    taken = _borne(session, {reference for some in others.values() for reference, _ in some})
    return {
        (line, each["invoice_id"]) for line, reference, each in ours
        if any(other not in (reference, *taken) and _strength(each["score"], each["reasons"]) - strength < MARGIN
               for other, strength in others[each["invoice_id"]])
    }  # fmt: skip


def _standing(query: Select[*Columns]) -> Select[*Columns]:
    """Suggestions of rows that a person may still take."""
    made = SuggestedLettering
    of_row = (ImportRow.run_id == made.run_id) & (ImportRow.line == made.line)
    query = query.join(ImportRun, ImportRun.id == made.run_id).join(ImportRow, of_row)
    return query.where(ImportRun.kind == RunKind.letterings, ImportRun.state.in_(STANDING), ImportRow.verdict.in_(OPEN))


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
