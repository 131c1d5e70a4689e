"""The rows of an import as a table to download."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import bp
from admin.imports_seen import visible
from invoicing.imports import queries
from invoicing.imports.models import RunKind
from invoicing.sheets import Column, Row
from web import imports
from web.exports import send_sheet
from web.security import text_arg
from web.traces import operation
from web.words import _


@bp.get("/imports/<int:run_id>/export.<kind>")
def import_export(run_id: int, kind: str) -> ResponseReturnValue:
    """The rows that the filter shows: line, verdict, what names it, the sentence; of a log also what it tells."""
    run = visible(run_id)
    run_kind, verdict = run.kind, text_arg("verdict", 32)
    if run_kind is RunKind.provider_log:
        return send_sheet(_("Traces"), _log_columns(), lambda session: _log_rows(session, run_id, verdict), kind)
    if run_kind is RunKind.letterings:
        rows = _lettering_columns(), lambda session: _lettering_rows(session, run_id, verdict)
        return send_sheet(_("Lettrages"), *rows, kind)
    columns = [Column(_("Ligne"), "whole"), *(Column(name, "text") for name in (_("Verdict"), _("Sujet"), _("Détail")))]
    return send_sheet(_("Import"), columns, lambda session: _rows(session, run_id, run_kind, verdict), kind)


def _rows(session: Session, run_id: int, kind: RunKind, verdict: str) -> Iterator[Row]:
    for row in queries.every_row(session, run_id, verdict):
        yield row.line, imports.verdict_of(kind, row.verdict).label, row.subject, imports.told(kind, row)


def _log_columns() -> list[Column]:
    return [
        Column(_("Ligne"), "whole"), Column(_("Verdict")), Column(_("Code transaction")), Column(_("Facture")),
        Column(_("Date")), Column(_("Montant"), "cents"), Column(_("Devise")), Column(_("Résultat")),
        Column(_("Référence du prestataire")), Column(_("Détail")),
    ]  # fmt: skip


def _log_rows(session: Session, run_id: int, verdict: str) -> Iterator[Row]:
    kind = RunKind.provider_log
    for row in queries.every_row(session, run_id, verdict):
        told = operation(row)
        yield (
            row.line, imports.verdict_of(kind, row.verdict).label, row.subject, told.numbers, told.day,
            told.amount_cents, told.currency, told.result.label if told.result else "", told.reference,
            imports.told(kind, row),
        )  # fmt: skip


def _lettering_columns() -> list[Column]:
    return [
        Column(_("Ligne"), "whole"), Column(_("Verdict")), Column(_("Référence comptable")), Column(_("Facture")),
        Column(_("Client")), Column(_("Date"), "day"), Column(_("Montant"), "cents"), Column(_("Devise")),
        Column(_("Détail")),
    ]  # fmt: skip


def _lettering_rows(session: Session, run_id: int, verdict: str) -> Iterator[Row]:
    kind = RunKind.letterings
    for row in queries.every_row(session, run_id, verdict):
        told = json.loads(row.facts)
        yield (
            row.line, imports.verdict_of(kind, row.verdict).label, row.subject, told.get("number", ""),
            told.get("customer", ""), date.fromisoformat(told["day"]) if told.get("day") else None,
            told.get("amount_cents"), told.get("currency", ""), imports.told(kind, row),
        )  # fmt: skip
