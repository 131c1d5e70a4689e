"""Letterings from an accounting export: the file, its columns, the verdicts, and the way back (SPEC C9)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from admin import bp
from admin.imports_seen import people_of, visible
from invoicing.accounting.plan import Column, Days, Plan
from invoicing.accounting.reading import choose
from invoicing.accounting.tables import doubled
from invoicing.errors import Refused
from invoicing.imports import queries, service
from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import MAX_BYTES
from invoicing.lettering.proposals import rivalled
from invoicing.lettering.queries import waiting
from invoicing.lettering.run_queries import standing, sums_of_run
from web import imports as words
from web import letterings as said
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.rights import Right, needs
from web.security import LARGE
from web.services import services
from web.sessions import actor
from web.site import today
from web.suggestions import spoken
from web.words import _

FORMER: Final = 5  # runs that the upload page shows
LARGE["admin.import_letterings"] = MAX_BYTES + 64 * 1024


@bp.route("/imports/lettrages", methods=["GET", "POST"])
@needs("letter")
def import_letterings() -> ResponseReturnValue:
    """The form for an accounting export, and the file that it sends."""
    if request.method != "POST":
        return _new()
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _new(_("Choisissez un fichier.")), 422
    with upload.stream as stream:
        content = stream.read()
    token = request.form.get("form_token", "")[:43] or secrets.token_urlsafe(24)
    try:
        with transaction() as session:
            run = service.start(session, actor(), now(), RunKind.letterings, upload.filename, content, None, token)
            run_id = run.id
    except Refused as refusal:
        return _new(sentence(refusal)), status_of(refusal)
    services().nudge(imports=True)
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


def _new(fault: str = "") -> str:
    former = queries.runs(db.session, [RunKind.letterings]).runs[:FORMER]
    return render_template(
        "letterings/new.html", fault=fault, former=former, words=words, form_token=secrets.token_urlsafe(24),
        counts={run.id: json.loads(run.counts) for run in former}, most=MAX_BYTES,
    )  # fmt: skip


def run_page(run: ImportRun, **shown: Any) -> str:
    """A run of letterings, whatever its step."""
    faults: Mapping[str, str] = {}
    chosen: Mapping[int | str, str] = {}
    applied = run.state is RunState.applied
    return render_template(
        "letterings/run.html",
        **{
            "run": run, "plan": plan_of(run), "words": words, "said": said, "spoken": spoken, "faults": faults,
            "chosen": chosen, "people": people_of([run]), "letters": current_user.may(Right.letter),
            "facts": facts, "offered": _offered(shown["page"]) if "page" in shown else {},
            "rivalled": rivalled(db.session, run.id, shown["page"].rows) if "page" in shown else (),
            "sums": sums_of_run(db.session, run.id) if applied else (),
            "left": waiting(db.session, today()).count if applied else 0, **shown,
        },
    )  # fmt: skip


def _offered(page: queries.RowPage) -> dict[int, tuple[str | None, int]]:
    """Of the documents that the page's rows suggest: the reference by now, and the id of its last change."""
    offers = (offer for row in page.rows for offer in facts(row).get("suggestions", ()))
    return standing(db.session, {offer["invoice_id"] for offer in offers})


def plan_of(run: ImportRun) -> Plan | None:
    """How the file is read; None before it was looked at."""
    return Plan.from_json(run.options) if run.options not in ("", "{}") else None


def facts(row: ImportRow) -> dict[str, Any]:
    """What a row says, as JSON gives it back."""
    return dict(json.loads(row.facts))


@bp.post("/imports/<int:run_id>/colonnes")
@needs("letter")
def import_columns(run_id: int) -> ResponseReturnValue:
    """What the columns are, as a person says; the file is then judged."""
    run = visible(run_id)
    plan = plan_of(run)
    if plan is None or run.state is not RunState.mapping:
        return _elsewhere(run_id)
    chosen = _chosen(plan)
    settled = choose(plan, *chosen)
    if settled.asks:
        faults = {_place(ask, settled): _(said.ASKS[ask]) for ask in settled.asks}
        typed = {name: request.form.get(name, "") for name in ("days", "decimal", "currency")}
        page = run_page(run, is_under_way=False, faults=faults, chosen={**dict(enumerate(chosen[0])), **typed})
        return page, 422
    try:
        with transaction() as session:
            service.map_columns(session, actor(), now(), run_id, settled)
    except Refused as refusal:
        flash(sentence(refusal), "warn")
        return redirect(url_for("admin.import_run", run_id=run_id), 303)
    services().nudge(imports=True)
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


def _place(ask: str, plan: Plan) -> str:
    """The field that is to answer it."""
    return ask if ask == "days" else f"column-{doubled(plan.columns)[0] if ask == 'twice' else 0}"


def _chosen(plan: Plan) -> tuple[tuple[Column, ...], Days, str, str]:
    """The form's columns by place, how days are written, the sign of decimals, the currency; nonsense is ignored."""
    known = {str(column) for column in Column}
    columns = tuple(
        Column(typed) if (typed := request.form.get(f"column-{place}", "")) in known else column
        for place, column in enumerate(plan.columns)
    )
    days, currency = request.form.get("days", ""), request.form.get("currency", "")
    decimal = request.form.get("decimal", plan.decimal)
    return (
        columns, Days(days) if days in {str(each) for each in Days} else plan.days,
        decimal if decimal in ("", ",", ".") else plan.decimal,
        currency if currency in ("EUR", "CAD") else "",
    )  # fmt: skip


def _elsewhere(run_id: int) -> ResponseReturnValue:
    flash(_("Ce n’est plus possible : cet import en est à une autre étape."), "warn")
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


@bp.post("/imports/<int:run_id>/revoir")
@needs("letter")
def import_columns_again(run_id: int) -> ResponseReturnValue:
    """Back from the verdicts to the columns."""
    visible(run_id)
    try:
        with transaction() as session:
            service.map_again(session, actor(), now(), run_id)
    except Refused as refusal:
        flash(sentence(refusal), "warn")
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


@bp.route("/imports/<int:run_id>/reprendre", methods=["GET", "POST"])
@needs("letter")
def import_undo(run_id: int) -> ResponseReturnValue:
    """Takes back all that an import has lettered, after a word of warning; the worker does it."""
    run = visible(run_id)
    if run.kind is not RunKind.letterings or run.state is not RunState.applied:
        return _elsewhere(run_id)
    if request.method != "POST":
        return _undo_page(run)
    try:
        with transaction() as session:
            service.ask_undo(session, actor(), now(), run_id)
    except Refused as refusal:
        return _undo_page(run, sentence(refusal)), status_of(refusal)
    services().nudge(imports=True)
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


def _undo_page(run: ImportRun, refused: str = "") -> str:
    lettered = json.loads(run.counts).get("lettered", 0)
    return render_template("letterings/undo.html", run=run, lettered=lettered, refused=refused)
