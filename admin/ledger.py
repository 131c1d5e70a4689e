"""« Exports comptables »: what goes to the accountant is asked for here, and downloaded again from its history."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from admin import bp, ledger_form
from admin.ledger_form import Sent
from invoicing.accounts.models import User
from invoicing.database import ID_MAX
from invoicing.errors import FieldFaults, Refused
from invoicing.ledger import service
from invoicing.ledger.models import LedgerState
from invoicing.ledger.service import Page
from invoicing.sellers.queries import all_sellers
from web import ledger as words
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.faults import by_field
from web.rights import Right
from web.security import text_arg
from web.services import services
from web.sessions import actor
from web.site import today
from web.words import _

MIMETYPES = {"csv": "text/csv; charset=utf-8", "fec": "text/plain; charset=iso-8859-15"}


@bp.route("/exports", methods=["GET", "POST"])
def ledger() -> ResponseReturnValue:
    """All exports, the newest first, and the form that asks for one."""
    if request.method != "POST":
        return _page(Sent())
    if not current_user.may(Right.batches):
        abort(403)
    asked, found = ledger_form.read(request.form)
    sent = Sent(request.form, by_field(found))
    if asked is None:
        return _page(sent), 422
    token = request.form.get("form_token", "")[:43] or secrets.token_urlsafe(24)
    try:
        with transaction() as session:
            service.ask(session, actor(), now(), asked, token)
    except FieldFaults as refusal:
        return _page(replace(sent, faults=by_field(refusal.faults))), 422
    except Refused as refusal:
        flash(sentence(refusal), "warn")
        return _page(sent), status_of(refusal)
    services().nudge(imports=True)
    flash(_("L’export est demandé : il sera dans la liste dès qu’il est fait."), "info")
    return redirect(url_for("admin.ledger"), 303)


@bp.get("/exports/<int:export_number>/fichier")
def ledger_file(export_number: int) -> ResponseReturnValue:
    """The bytes of an export, as they were made."""
    if export_number > ID_MAX:
        abort(404)
    found = service.made(db.session, export_number)
    response = Response(mimetype=MIMETYPES[found.kind])
    response.headers["Content-Type"] = MIMETYPES[found.kind]
    response.headers.set("Content-Disposition", "attachment", filename=found.file_name)
    response.content_length = found.size
    response.set_etag(found.sha256)
    export_id = found.id
    db.session.rollback()  # no request may hold two connections
    if request.method != "HEAD":
        response.response = _content(db.sessionmaker, export_id)
    return response


def _content(sessions: sessionmaker[Session], export_id: int) -> Iterator[bytes]:
    with sessions() as session:
        for some in service.content(session, export_id):
            session.rollback()  # whoever downloads slowly holds no transaction open
            yield some


def _page(sent: Sent) -> str:
    before = text_arg("apres")
    after = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    page = service.exports(db.session, after)
    older = url_for("admin.ledger", apres=page.after) if page.after else None
    newer = url_for("admin.ledger") if after is not None else None
    sellers = {seller.id: seller for seller in all_sellers(db.session)}
    return render_template(
        "admin/ledger.html", words=words, page=page, people=_people(page), older=older, newer=newer, sent=sent,
        sellers=sellers, periods=ledger_form.periods(today()), usual=ledger_form.usual(today()),
        form_token=secrets.token_urlsafe(24),
        silent={each.id: service.without_entry(db.session, each) for each in page.exports},
        is_under_way=any(each.state in (LedgerState.waiting, LedgerState.making) for each in page.exports),
    )  # fmt: skip


def _people(page: Page) -> dict[int, str]:
    """What whoever asked for them is called, by id."""
    ids = {export.asked_by_id for export in page.exports if export.asked_by_id}
    return {user.id: user.name or user.email for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
