"""A person takes suggestions: one row of a file is lettered, by the one way there is, and leaves the list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.errors import NotFound, Refused
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.imports.rules import NotReady
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor
from invoicing.lettering.bulk_rules import DONE, Verdict
from invoicing.lettering.models import LetteringChange, SuggestedLettering
from invoicing.lettering.proposals import OPEN, STANDING
from invoicing.lettering.queries import last_change
from invoicing.lettering.rules import LetteringStale, read, reason_of
from invoicing.lettering.service import letter, reference_of


@dataclass(eq=False)
class RowDone(Refused):
    """The row has been given to a document meanwhile; `invoice_id` and `number` say to which."""

    reference: str
    invoice_id: int | None
    number: str


@dataclass(frozen=True)
class Taking:
    """One suggestion that a person takes; `seen` as in `service.letter`."""

    line: int
    invoice_id: int
    seen: int


@dataclass(frozen=True)
class Outcome:
    """What became of it: lettered, or refused and why. Neither where the document bore the reference already."""

    taking: Taking
    change_id: int | None = None
    refused: Refused | None = None


def accept(
    session: Session, actor: Actor, now: datetime, run_id: int, line: int, invoice_id: int, seen: int
) -> LetteringChange | None:
    """Letters a document with the reference of a row that was suggested for it; None where it bears it already.

    Refuses NotFound (no such suggestion), NotReady (the file is being applied or was undone), RowDone, and all that
    `service.letter` refuses.
    """
    run, row = _held(session, run_id, line)
    if session.get(SuggestedLettering, (run_id, line, invoice_id)) is None:
        raise NotFound
    if row.verdict not in OPEN and row.invoice_id != invoice_id:
        holder = session.get(Invoice, row.invoice_id) if row.invoice_id else None
        raise RowDone(row.subject, row.invoice_id, (holder.number if holder else None) or "")
    _bears_it(session, invoice_id, row.subject)
    change = letter(session, actor, now, invoice_id, row.subject, seen)
    _mark(run, row, invoice_id, change)
    return change


def _bears_it(session: Session, invoice_id: int, reference: str) -> bool:
    """Whether the document bears the row's reference already. A row gives a first one, and never replaces another.

    Refuses LetteringStale where it bears another one by now.
    """
    invoice = session.get(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice is None or invoice.lettering is None:
        return False
    if reference_of(invoice) == read(reference):
        return True
    last = last_change(session, invoice_id)
    if last is None:
        return False
    raise LetteringStale(last.before, last.after, last.at, Actor(last.actor_kind, last.actor_id))


def letter_anyway(
    session: Session, actor: Actor, now: datetime, run_id: int, line: int, seen: int, reason: str
) -> LetteringChange | None:
    """Letters a document although its amount isn't the file's, and says why; None where it bears the reference already.

    Refuses NotFound (no such row, or another verdict), NotReady, FieldFaults for the reason, and what `service.letter`
    refuses.
    """
    run, row = _held(session, run_id, line)
    if row.invoice_id is None or row.verdict not in (Verdict.amount_differs, *DONE):
        raise NotFound
    is_so = _bears_it(session, row.invoice_id, row.subject)
    reason = reason_of(reason, required=not is_so)
    change = letter(session, actor, now, row.invoice_id, row.subject, seen, reason)
    _mark(run, row, row.invoice_id, change)
    return change


def _held(session: Session, run_id: int, line: int) -> tuple[ImportRun, ImportRow]:
    """A run of letterings that stands, locked, and one of its rows; NotFound and NotReady otherwise.

    Not so hard that a worker stands in the way whose transaction writes history of this run: that takes long.
    """
    run = session.get(ImportRun, run_id, with_for_update={"key_share": True}, populate_existing=True)
    if run is None or run.kind is not RunKind.letterings:
        raise NotFound
    if run.state not in STANDING:
        raise NotReady(run.state)
    query = select(ImportRow).where(ImportRow.run_id == run_id, ImportRow.line == line)
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return run, row


def accept_many(
    writing: Callable[[], AbstractContextManager[Session]],
    actor: Actor,
    now: datetime,
    run_id: int,
    takings: Iterable[Taking],
) -> list[Outcome]:
    """Each in a transaction of its own, opened by `writing`: what is refused doesn't hinder the others."""
    outcomes = []
    for taking in takings:
        try:
            with writing() as session:
                change = accept(session, actor, now, run_id, taking.line, taking.invoice_id, taking.seen)
                change_id = change.id if change else None
            outcomes.append(Outcome(taking, change_id))
        except Refused as refused:
            outcomes.append(Outcome(taking, refused=refused))
    return outcomes


def _mark(run: ImportRun, row: ImportRow, invoice_id: int, change: LetteringChange | None) -> None:
    """The row is done, by hand; the run's counts follow. Applying and undoing the file leave such rows alone."""
    if row.verdict in DONE:
        return
    done = Verdict.lettered if change else Verdict.already
    counts = json.loads(run.counts)
    counts[row.verdict] = counts.get(row.verdict, 1) - 1
    counts[done] = counts.get(done, 0) + 1
    run.counts = json.dumps({verdict: count for verdict, count in counts.items() if count > 0}, sort_keys=True)
    row.verdict, row.done, row.invoice_id = done, True, invoice_id
