"""Lettering: the one way to give, change and clear a document's reference (SPEC C3 to C8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import NotFound
from invoicing.invoices import heading
from invoicing.invoices.freezing import make_findable
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor
from invoicing.lettering import queries, rules
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.rules import Reference
from invoicing.sellers.queries import letters_unpaid

_DEADLOCK = "40P01"  # PostgreSQL, of transactions that letter several documents each


def letter(
    session: Session,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    typed: str,
    seen: int,
    reason: str = "",
) -> LetteringChange | None:
    """Gives the document this reference, or takes it away where nothing is typed; None where nothing changes.

    `seen` is the id of the last change that whoever typed it knew of, 0 for none. Judged in the order of SPEC C6:
    the same, LetteringStale, NotLetterable, LetteringTaken (or LetteringBusy). Taking away needs a reason.
    Raises BadReference, and FieldFaults for the reason.
    """
    wanted = rules.read(typed)
    invoice = session.get(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice is None:
        raise NotFound
    before = reference_of(invoice)
    if before == wanted:
        return None
    _check_fresh(session, invoice.id, seen)
    if before is None and not may_letter(session, invoice):
        raise rules.NotLetterable(invoice.number, invoice.kind, invoice.status)
    reason = rules.reason_of(reason, required=wanted is None)
    _give(session, invoice, wanted)
    change = _note(session, actor, now, invoice, before, reason)
    heading.follow(session, invoice, now)
    return change


def reference_of(invoice: Invoice) -> Reference | None:
    """The document's reference today."""
    if invoice.lettering is None or invoice.lettering_folded is None:
        return None
    return Reference(invoice.lettering, invoice.lettering_folded)


def may_letter(session: Session, invoice: Invoice) -> bool:
    """Whether a first reference may be given to it today, by its status and the organisation's setting (SPEC C5)."""
    return rules.may_letter(invoice.status, invoice.is_frozen, letters_unpaid(session))


def _check_fresh(session: Session, invoice_id: int, seen: int) -> None:
    """Refuses a form drawn before the last change; asked under the document's lock."""
    last = queries.last_change(session, invoice_id)
    if last is not None and last.id != seen:
        raise rules.LetteringStale(last.before, last.after, last.at, Actor(last.actor_kind, last.actor_id))


def _give(session: Session, invoice: Invoice, wanted: Reference | None) -> None:
    """Writes the reference where no other document bears it: the unique constraint has the last word."""
    if wanted is not None:
        _check_free(session, invoice, wanted)
    try:
        with session.begin_nested():
            invoice.lettering = wanted.typed if wanted else None
            invoice.lettering_folded = wanted.folded if wanted else None
            invoice.revision += 1
            make_findable(invoice, invoice.customer)
            session.flush()
    except DBAPIError as error:
        if wanted is None or not _is_contended(error):
            raise
        _check_free(session, invoice, wanted)  # whoever was faster has committed, and stands there now
        raise rules.LetteringBusy(wanted.typed) from error


def _check_free(session: Session, invoice: Invoice, wanted: Reference) -> None:
    other = queries.holder(session, wanted.folded, but=invoice.id)
    if other is not None:
        raise rules.LetteringTaken(wanted.typed, other.id, other.number or "", other.kind, invoice.kind)


def _is_contended(error: DBAPIError) -> bool:
    """Whether somebody else's reference stood in the way, and nothing else."""
    return getattr(error.orig, "sqlstate", "") == _DEADLOCK or "lettering_folded" in str(error.orig)


def _note(
    session: Session, actor: Actor, now: datetime, invoice: Invoice, before: Reference | None, reason: str
) -> LetteringChange:
    """The row of the history, and in the journal its fingerprint."""
    was = before.typed if before else None
    change = LetteringChange(
        invoice_id=invoice.id, at=now, actor_kind=actor.kind, actor_id=actor.user_id, before=was,
        after=invoice.lettering, reason=reason,
    )  # fmt: skip
    session.add(change)
    session.flush()
    action = "lettered" if was is None else "lettering_changed" if change.after is not None else "unlettered"
    changes = {"lettering": (was, change.after), "digest": (None, digest_of(change))}
    journal.record(session, actor, now, f"invoice.{action}", ("invoice", invoice.id), changes)
    return change


def digest_of(change: LetteringChange) -> str:
    """What the journal holds of a row of the history, so that the chain proves it with its reason."""
    by = Actor(change.actor_kind, change.actor_id)
    return rules.digest(change.id, change.invoice_id, change.at, by, change.before, change.after, change.reason)
