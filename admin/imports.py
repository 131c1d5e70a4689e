"""Imports: a file of orders or customers comes in, its verdicts, and the word to apply it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from admin import bp, letterings
from admin.imports_seen import RIGHTS, changeable, numbers_of, people_of, visible
from invoicing.database import ID_MAX
from invoicing.errors import Refused
from invoicing.imports import queries, service
from invoicing.imports.models import RunKind, RunState
from invoicing.imports.rules import MAX_BYTES, Unreadable
from invoicing.numbering import Source
from invoicing.shop.models import Shop
from web import imports as words
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.rights import needs
from web.security import LARGE, text_arg
from web.services import services
from web.sessions import actor
from web.traces import operation
from web.words import _

UNDER_WAY: Final = (
    RunState.waiting, RunState.judging, RunState.asked, RunState.applying, RunState.undo_asked, RunState.undoing,
)  # fmt: skip
LARGE.update(
    dict.fromkeys(("admin.import_orders", "admin.import_customers", "admin.traces_scan"), MAX_BYTES + 64 * 1024)
)


@dataclass(frozen=True)
class Sent:
    """The form of a new import as it was sent, and what is wrong with it."""

    shop_id: int | None = None
    shop_fault: str = ""
    file_fault: str = ""


@bp.get("/imports")
def imports() -> ResponseReturnValue:
    """The files that came in, the newest first, of the kinds that one may see."""
    kinds = [kind for kind, right in RIGHTS.items() if current_user.may(right)]
    after = _line("apres", ID_MAX)
    page = queries.runs(db.session, kinds, after)
    older = url_for("admin.imports", apres=page.after) if page.after else None
    newer = url_for("admin.imports") if after is not None else None
    people = people_of(page.runs)
    return render_template("admin/imports.html", words=words, page=page, older=older, newer=newer, people=people)


@bp.route("/imports/commandes", methods=["GET", "POST"])
@needs("imports")
def import_orders() -> ResponseReturnValue:
    """The form for a shop's export, and the file that it sends."""
    if request.method != "POST":
        return _form(RunKind.orders, Sent(_number(request.args.get("boutique", ""))))
    shop_id = _number(request.form.get("shop_id", ""))
    if shop_id not in {shop.id for shop in _shops()}:
        return _form(RunKind.orders, Sent(shop_fault=_("Choisissez une boutique de la liste."))), 422
    return _start(RunKind.orders, shop_id)


@bp.route("/imports/clients", methods=["GET", "POST"])
@needs("customers")
def import_customers() -> ResponseReturnValue:
    """The form for a list of customers, and the file that it sends."""
    return _start(RunKind.customers, None) if request.method == "POST" else _form(RunKind.customers, Sent())


def _start(kind: RunKind, shop_id: int | None) -> ResponseReturnValue:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _form(kind, Sent(shop_id, file_fault=_("Choisissez un fichier."))), 422
    with upload.stream as stream:
        content = stream.read()
    token = request.form.get("form_token", "")[:43] or secrets.token_urlsafe(24)
    try:
        with transaction() as session:
            run_id = service.start(session, actor(), now(), kind, upload.filename, content, shop_id, token).id
    except Refused as refusal:
        return _form(kind, Sent(shop_id, file_fault=sentence(refusal))), status_of(refusal)
    services().nudge(imports=True)
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


def _form(kind: RunKind, sent: Sent) -> str:
    return render_template(
        "admin/import_new.html", kind=kind, sent=sent, shops=_shops() if kind is RunKind.orders else (),
        form_token=secrets.token_urlsafe(24), most=MAX_BYTES,
    )  # fmt: skip


def _shops() -> list[Shop]:
    """Those that an export may come into: in use, and with numbers of their own."""
    query = select(Shop).join(Shop.series).where(Shop.active).order_by(Shop.name)
    return [shop for shop in db.session.scalars(query) if shop.series.source is Source.external]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _line(name: str, most: int) -> int | None:
    number = _number(text_arg(name))
    return number if number is not None and number <= most else None


@bp.get("/imports/<int:run_id>")
def import_run(run_id: int) -> ResponseReturnValue:
    """How far a run is; once it is read its verdicts, each with its rows, and what may be done."""
    run = visible(run_id)
    verdict, counts = text_arg("verdict", 32), json.loads(run.counts)
    if run.state is RunState.applying:
        counts = queries.counts(db.session, run_id)
    verdict = verdict if verdict in counts else ""
    page = queries.rows(db.session, run_id, verdict, _line("apres", ID_MAX), _line("avant", ID_MAX))
    has_rows = bool(counts) and run.state not in (RunState.waiting, RunState.judging)
    shown = {
        "counts": counts, "verdict": verdict, "page": page, "has_rows": has_rows, "numbers": numbers_of(page.rows),
        "to_apply": queries.waiting_rows(db.session, run_id) if run.state is RunState.judged else 0,
        "is_under_way": run.state in UNDER_WAY,
    }  # fmt: skip
    if run.kind is RunKind.letterings:
        return letterings.run_page(run, **shown)
    return render_template(
        "admin/import_run.html", words=words, run=run, people=people_of([run]), operation=operation,
        shop=db.session.get(Shop, run.shop_id) if run.shop_id else None, **shown,
    )  # fmt: skip


@bp.post("/imports/<int:run_id>/appliquer")
def import_apply(run_id: int) -> ResponseReturnValue:
    """Asks that what was judged be written; the worker does it."""
    run = changeable(run_id)
    try:
        with transaction() as session:
            is_first = service.ask(session, actor(), now(), run_id)
    except (Refused, Unreadable) as refusal:
        if status_of(refusal) == 404:
            raise
        flash(sentence(refusal), "warn")
        return redirect(url_for("admin.import_run", run_id=run_id), 303)
    services().nudge(imports=True)
    if run.kind is RunKind.letterings:  # its page says so by itself
        return redirect(url_for("admin.import_run", run_id=run_id), 303)
    flash(_("L’import est demandé : il commence dans un instant.") if is_first
          else _("Cet import a déjà été demandé : il ne se fait qu’une fois."), "info")  # fmt: skip
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


@bp.route("/imports/<int:run_id>/ecarter", methods=["GET", "POST"])
def import_drop(run_id: int) -> ResponseReturnValue:
    """Puts a file aside before it is applied, after a word of warning."""
    run = changeable(run_id)
    if request.method != "POST":
        return render_template("admin/import_drop.html", run=run)
    try:
        with transaction() as session:
            service.drop(session, actor(), now(), run_id)
    except Refused as refusal:
        flash(sentence(refusal), "warn")
        return redirect(url_for("admin.import_run", run_id=run_id), 303)
    flash(_("Fichier écarté : ni lui ni ses lignes ne sont gardés."), "ok")
    return redirect(url_for("admin.imports"), 303)
