"""Traces of looks: what a GET may note, and what it never waits for."""

from __future__ import annotations

from flask import Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from invoicing.journal import Actor
from invoicing.traces.models import TraceKind
from invoicing.traces.service import note
from web.database import now
from web.sessions import actor, hurried


def looked(page: str, invoice_id: int) -> str:
    """The drawn page; that this person looked is noted, unless the database is busy. HEAD notes nothing."""
    _note(TraceKind.viewed, invoice_id=invoice_id, by=actor())
    return page


def taken(document: Response, invoice_id: int, version: int) -> Response:
    """The PDF; that this person took it is noted, unless the browser had it already."""
    if document.status_code in (200, 206):
        _note(TraceKind.downloaded, invoice_id=invoice_id, by=actor(), version=version)
    return document


def refused(by: Actor, shop_id: int, code: str, fault: str) -> None:
    """That a shop was refused something about a transaction; after the refusal's own rollback, never an error."""
    _note(TraceKind.refused, by=by, shop_id=shop_id, code=code, fault=fault)


def _note(
    kind: TraceKind, by: Actor, *, invoice_id: int | None = None, shop_id: int | None = None, code: str = "",
    **facts: str | int,
) -> None:  # fmt: skip
    """In a transaction of its own, after everything else: rows loaded before are expired."""
    if request.method == "HEAD":
        return
    try:
        with hurried() as session:
            note(session, now(), kind, by, invoice_id=invoice_id, shop_id=shop_id, code=code, facts=facts)
    except SQLAlchemyError as error:
        current_app.logger.info("a trace was not noted: %s", type(error).__name__)
