"""The verdict of one official document, from what its file tells and from how our documents stand. Pure (SPEC C9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from invoicing.imports.rules import Judged
from invoicing.lettering.bulk_lookup import Known
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.bulk_told import LINES_MAX, Groups, Told
from invoicing.lettering.proposals import facts_of
from invoicing.lettering.rules import may_letter
from invoicing.lettering.suggesting_rules import SHOWN, Reason, Suggestion

_V = Verdict
BY_CODE: Final = 75  # score of what only its transaction code names


@dataclass(frozen=True)
class Standing:
    """Our documents as they stand: those that are named, by id, and who bears which reference."""

    documents: Mapping[int, Known]
    holders: Mapping[str, Known]
    letters_unpaid: bool


def verdict_of(told: Told, standing: Standing, groups: Groups) -> Judged:
    """What becomes of it.

    Where several things are wrong the first of these is said: the reference, the row, the file against itself,
    several documents, none, and then in the order of SPEC C6, the amount last.
    """
    if told.fault:
        more = {"characters": told.odd} if told.odd else {}
        return judged(told, _V.bad_reference, {"why": told.fault, "reference": told.typed, **more})
    if told.unread[0]:
        return judged(told, _V.bad_row, {"unread": told.unread[0], "text": told.unread[1]})
    known = [standing.documents[id_] for id_ in told.targets if id_ in standing.documents]
    if lines := groups.against(told):
        return judged(told, _V.duplicate_in_file, {"lines": lines}, known[0] if len(known) == 1 else None)
    if len(known) > 1 or (known and told.missing):
        numbers = [each.number for each in known] + [number.upper() for number in told.missing]
        return judged(told, _V.several_candidates, {"numbers": numbers[:LINES_MAX]})
    if not known:
        return _without(told, standing, groups)
    return _of_one(told, known[0], standing)


def _of_one(told: Told, known: Known, standing: Standing) -> Judged:
    """Of an official document that names one of ours, in the order of SPEC C6."""
    if known.folded == told.folded:
        return judged(told, _V.already, {}, known)
    if known.folded is not None:
        return judged(told, _V.already_lettered_otherwise, {"has": known.lettering}, known)
    if not may_letter(known.status, known.is_frozen, standing.letters_unpaid):
        return judged(told, _V.wrong_status, {"status": known.status}, known)
    if (holder := standing.holders.get(told.folded)) is not None:
        return judged(told, _V.taken, {"by": holder.number, "by_id": holder.id}, known)
    if not agrees(told, known):
        facts = {"total_cents": known.total_cents, "invoice_currency": known.currency}
        return judged(told, _V.amount_differs, facts, known)
    if told.is_weak:
        return judged(told, _V.suggest, {"suggestions": _fits_of(told, known)}, known)
    content = {"invoice_id": known.id, "typed": told.typed, "folded": told.folded, "total_cents": known.total_cents}
    return judged(told, _V.will_letter, {}, known, content)


def agrees(told: Told, known: Known) -> bool:
    """Whether the file's amount and currency are ours, sign included; what it doesn't say isn't compared."""
    if told.amount_cents is None:
        return True
    return told.amount_cents == known.total_cents and told.currency in ("", known.currency)


def _without(told: Told, standing: Standing, groups: Groups) -> Judged:
    """Of an official document that names none of ours that is there."""
    if told.original is not None:
        known = standing.documents.get(told.original)
        more = {"number": known.number if known else "", "original_id": told.original}
        return judged(told, _V.unknown_invoice, {"why": "credit_note", **more})
    if told.missing:
        return judged(told, _V.unknown_invoice, {"why": "no_such_number", "number": told.missing[0].upper()})
    if (holder := standing.holders.get(told.folded)) is not None:
        if agrees(told, holder):
            return judged(told, _V.already, {}, holder)
        return judged(told, _V.taken, {"by": holder.number, "by_id": holder.id})
    if (line := groups.line_of(told.folded)) is not None:  # that line has the document
        return judged(told, _V.unknown_invoice, {"why": "no_number", "lines": [line]})
    return _suggested(told, told.fits)


def _suggested(told: Told, fits: Sequence[Suggestion]) -> Judged:
    """Of an official document that names nothing of ours: what may be meant, the best first."""
    some: dict[str, Any] = {"suggestions": list(map(facts_of, fits))} if fits else {}
    if fits and fits[0].score >= SHOWN:
        return judged(told, _V.suggest, some)
    if told.group:
        return judged(told, _V.several_candidates, {"numbers": list(told.group)[:LINES_MAX], **some})
    alike = [fit.number for fit in fits if fit.score >= SHOWN - 1]  # each would be good enough if it led
    if len(alike) > 1:
        return judged(told, _V.several_candidates, {"numbers": alike, **some})
    return judged(told, _V.unknown_invoice, {"why": "weak" if fits else "no_number", **some})


def _fits_of(told: Told, known: Known) -> list[dict[str, Any]]:
    """The suggestion of a document that is named by its code: as it was weighed, else by the code alone."""
    found = [facts_of(fit) for fit in told.fits if fit.invoice_id == known.id]
    return found or [
        {"invoice_id": known.id, "number": known.number, "score": BY_CODE, "reasons": [Reason.code], "customer": "",
         "total_cents": known.total_cents, "currency": known.currency, "day": "", "days": None}
    ]  # fmt: skip


def judged(
    told: Told, verdict: Verdict, facts: Mapping[str, Any], known: Known | None = None,
    content: Mapping[str, Any] | None = None,
) -> Judged:  # fmt: skip
    """A row's verdict with the facts that every one has."""
    every: dict[str, Any] = {
        "number": known.number if known else "", "customer": told.customer, "amount_cents": told.amount_cents,
        "currency": told.currency, "day": told.day.isoformat() if told.day else "",
    }  # fmt: skip
    if told.cut:
        every["cut"] = True
    return Judged(told.line, verdict, told.typed, content, {**every, **facts}, known.id if known else None)
