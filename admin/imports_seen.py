"""What every page of a file that came in needs: who may see and change it, people and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from flask import abort
from flask_login import current_user
from sqlalchemy import select

from invoicing.accounts.models import User
from invoicing.imports import queries
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.invoices.models import Invoice
from web.database import db
from web.rights import Right

RIGHTS: Final = {  # who sees it
    RunKind.orders: Right.imports,
    RunKind.customers: Right.customers,
    RunKind.provider_log: Right.see,
    RunKind.letterings: Right.see,
}
CHANGES: Final = {**RIGHTS, RunKind.letterings: Right.letter}  # who applies it, or puts it aside


def visible(run_id: int) -> ImportRun:
    """The run; 404 where there is none, 403 for whoever may not see its kind."""
    return _allowed(run_id, RIGHTS)


def changeable(run_id: int) -> ImportRun:
    """The same for whoever may do something with it."""
    return _allowed(run_id, CHANGES)


def _allowed(run_id: int, rights: Mapping[RunKind, Right]) -> ImportRun:
    found = queries.run(db.session, run_id)
    if not current_user.may(rights[found.kind]):
        abort(403)
    return found


def people_of(runs: Iterable[ImportRun]) -> dict[int, str]:
    """What whoever brought, applied or took back these files is called, by id."""
    ids = {n for run in runs for n in (run.asked_by_id, run.applied_by_id, run.undone_by_id) if n}
    return {user.id: user.name or user.email for user in db.session.scalars(select(User).where(User.id.in_(ids)))}


def numbers_of(rows: Iterable[ImportRow]) -> dict[int, str]:
    """The numbers of the documents that rows speak of."""
    ids = {row.invoice_id for row in rows if row.invoice_id}
    query = select(Invoice.id, Invoice.number).where(Invoice.id.in_(ids))
    return {number_id: number or "" for number_id, number in db.session.execute(query)}
