"""« Scanner les traces marchandes »: what happened to one transaction; and the scan of a payment provider's log."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import bp
from admin.addresses import address_of
from admin.trace_events import Event, called, events
from invoicing.database import ID_MAX
from invoicing.imports import service as imports
from invoicing.imports.models import RunKind
from invoicing.imports.queries import runs
from invoicing.imports.rules import FormServed, Unreadable
from invoicing.invoices.listing import filter_of, overview
from invoicing.invoices.models import Invoice
from invoicing.invoices.paging import page
from invoicing.invoices.rows import ListRow, rows
from invoicing.invoices.wanted import Cursor, Order, Tab, Wanted
from invoicing.search import QUERY_MAX
from invoicing.sheets import Column, Row
from invoicing.traces import queries
from web.database import db, now, transaction
from web.errors import sentence
from web.exports import send_sheet
from web.security import text_arg
from web.services import services
from web.sessions import actor
from web.words import _

RUNS: Final = 5  # scans that are listed


@dataclass(frozen=True)
class Latest:
    """The list of transactions: rows, how many there are if that is known, and the pages beside this one."""

    rows: Sequence[ListRow]
    count: int | None
    newer: str | None
    older: str | None


@bp.get("/traces")
def traces() -> ResponseReturnValue:
    """A transaction's events, in order, from all sources; without a code the latest transactions."""
    return _page()


@bp.get("/traces/export.<kind>")
def traces_export(kind: str) -> ResponseReturnValue:
    """The events of one transaction."""
    code, shop_id = _code(), _shop()
    names = (_("Moment"), _("Document"), _("Événement"), _("Détail"), _("Par"))
    columns = [Column(name, "moment" if at == 0 else "text") for at, name in enumerate(names)]
    return send_sheet(_("Traces"), columns, lambda session: _sheet(session, code, shop_id), kind)


@bp.post("/traces/releve")
def traces_scan() -> ResponseReturnValue:
    """Keeps a payment provider's log to be scanned; the worker does it, and changes nothing."""
    sent, shop = request.files.get("log"), request.form.get("shop_id", "")
    content = sent.read() if sent else b""
    if sent is None or not sent.filename:
        return _page(_("Choisissez le fichier à scanner."), shop), 422
    shop_id = _id(shop)
    known = shop_id if shop_id in {row.id for row in queries.shops(db.session)} else None
    token = request.form.get("form_token", "")[:43] or secrets.token_urlsafe(24)
    try:
        with transaction() as session:
            run_id = imports.start(
                session, actor(), now(), RunKind.provider_log, sent.filename, content, known, token
            ).id  # fmt: skip
    except (Unreadable, FormServed) as refusal:
        return _page(sentence(refusal), shop), 422
    services().nudge(imports=True)
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


def _page(fault: str = "", shop: str = "") -> str:
    code, shop_id = _code(), _shop()
    shops = {row.id: row.name for row in queries.shops(db.session)}
    found = queries.documents(db.session, code, shop_id) if code.strip() else []
    told = _events(db.session, code, shop_id, found, shops) if code.strip() else []
    return render_template(
        "admin/traces.html", code=code.strip(), shop_id=shop_id, shops=shops, documents=found, events=told,
        latest=None if code.strip() else _latest(shop_id), query=text_arg("q", QUERY_MAX), fault=fault,
        scan_shop=shop, form_token=secrets.token_urlsafe(24), called=called, address_of=address_of,
        runs=runs(db.session, (RunKind.provider_log,)).runs[:RUNS],
    )  # fmt: skip


def _events(
    session: Session, code: str, shop_id: int | None, found: Sequence[Invoice], shops: dict[int, str]
) -> list[Event]:  # fmt: skip
    return events(queries.sources(session, code, [one.id for one in found], shop_id), found, shops)


def _sheet(session: Session, code: str, shop_id: int | None) -> Iterator[Row]:
    shops = {row.id: row.name for row in queries.shops(session)}
    found = queries.documents(session, code, shop_id)
    for event in _events(session, code, shop_id, found, shops):
        yield event.at, event.document, event.what, event.detail, event.by


def _latest(shop_id: int | None) -> Latest:
    """The latest transactions, or those that a search finds, a page at a time."""
    narrowed = filter_of(db.session, Wanted(query=text_arg("q", QUERY_MAX), shop_id=shop_id, tab=Tab.everything))
    after, before = _id(request.args.get("apres", "")), _id(request.args.get("avant", ""))
    cursor = Cursor(after or before or 0, backwards=not after) if after or before else None
    one = page(db.session, narrowed, Tab.everything, Order(), cursor)
    count = overview(db.session, narrowed).count(Tab.everything) if narrowed.is_counted_at_once(db.session) else None
    words = {"q": text_arg("q", QUERY_MAX) or None, "boutique": shop_id}
    return Latest(
        rows(db.session, one.ids), count,
        newer=url_for("admin.traces", avant=one.ids[0], **words) if one.before and one.ids else None,
        older=url_for("admin.traces", apres=one.ids[-1], **words) if one.after else None,
    )  # fmt: skip


def _code() -> str:
    """The code as the address has it: a blank at its end may have been a +."""
    return request.args.get("code", "")[: 3 * queries.CODE_MAX]


def _shop() -> int | None:
    return _id(request.args.get("boutique", ""))


def _id(text: str) -> int | None:
    whole = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return whole if 0 < whole <= ID_MAX else None
