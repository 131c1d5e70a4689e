"""Several documents as one ZIP: what is ticked, or all that the filter shows. Streamed; HEAD does nothing."""

from __future__ import annotations

from collections.abc import Generator
from itertools import chain, islice

from flask import Response, current_app, flash, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from invoicing.customers.queries import customers_of_user
from invoicing.database import UNWRITTEN
from invoicing.database import transaction as committed
from invoicing.errors import NotFound
from invoicing.invoices import queries
from invoicing.sheets import Column
from invoicing.traces.models import TraceKind
from invoicing.traces.service import note
from invoicing.zone import downloads, packing
from invoicing.zone.downloads import Lease, TooManyDownloads
from invoicing.zone.packing import Packed
from invoicing.zone.zips import IndexWords, Missing, Stock, Zip
from portal import bp, switch, visits
from portal.asked import asked
from portal.standing import standing_of
from web.database import db, now
from web.documents import archive, press
from web.errors import register
from web.exports import file_name
from web.filters import zone
from web.sessions import actor, hurried, me
from web.site import organisation, today
from web.statuses import STATUSES
from web.words import _, ngettext

TICKED_MAX = 200  # numbers in one address; a page of the list has fewer

register(TooManyDownloads, 429, lambda r: ngettext(
    "%(num)s téléchargement est déjà en cours pour vous. Attendez qu’il se termine, puis recommencez.",
    "%(num)s téléchargements sont déjà en cours pour vous. Attendez que l’un se termine, puis recommencez.", r.most,
))  # fmt: skip


@bp.get("/documents/zip")
def documents_zip() -> ResponseReturnValue:
    """The archived PDFs with an index. What is ticked and isn't theirs is answered like what doesn't exist."""
    ticked = request.args.getlist("n")[: TICKED_MAX + 1]
    if "choix" in request.args and not ticked:
        flash(_("Cochez au moins un document, puis téléchargez."), "warn")
        return redirect(url_for("portal.invoices"))
    ids = _ids(ticked)
    if not ids:
        flash(_("Aucun document ne correspond : il n’y a rien à télécharger."), "warn")
        return redirect(url_for("portal.invoices"))
    response = Response(mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=file_name(_name(bool(ticked)), "zip"))
    if request.method == "HEAD":
        return response
    stream = _stream(ids, _begun())
    begun = list(islice(stream, 1))  # what fails before the first byte is a page that says so
    response.call_on_close(stream.close)  # also where the connection breaks before the first byte is sent
    response.response = stream_with_context(chain(begun, stream))
    return response


def _ids(ticked: list[str]) -> list[int]:
    """The documents that are asked for, newest first; NotFound as soon as one that is ticked isn't theirs."""
    user_id = me().user.id
    if len(ticked) > TICKED_MAX:
        raise NotFound
    if ticked:
        return queries.ids_of_numbers(db.session, user_id, ticked)
    since = visits.look()
    customer = switch.chosen(customers_of_user(db.session, user_id))
    return queries.ids_of_user(db.session, user_id, asked(customer, since, today()).wanted)


def _name(is_selection: bool) -> str:
    """« factures-2026 », « factures-choisies » or « factures »."""
    if is_selection:
        return _("factures choisies")
    year = request.args.get("annee", "")
    return _("factures %(year)s", year=year) if year.isascii() and year.isdigit() else _("factures")


def _begun() -> Lease | None:
    """A place among the downloads that one person may have; None where the database is too busy to count them."""
    try:
        with hurried() as session:
            return downloads.begin(session, me().user.id, now())
    except UNWRITTEN:
        return None


def _stream(ids: list[int], lease: Lease | None) -> Generator[bytes, None, None]:
    """The bytes; the place is given back at the end, whatever that is, maybe when the request's context is gone."""
    user_id, sessions = me().user.id, db.sessionmaker

    def taken(rows: list[Packed]) -> None:
        nonlocal lease
        _note(rows)
        if lease and lease.is_old(now()):
            lease = _renewed(lease)

    try:
        weight = packing.weight(db.session, user_id)
        db.session.rollback()  # no connection is held while bytes go out
        stock = Stock(sessions, archive(), press())
        yield from Zip(stock, user_id, ids, _words(), now(), weight, taken).stream()
    finally:
        if lease:
            _ended(sessions, lease)


def _renewed(lease: Lease) -> Lease:
    try:
        with hurried() as session:
            return downloads.renew(session, lease, now())
    except SQLAlchemyError:
        return lease  # the next lot tries again


def _ended(sessions: sessionmaker[Session], lease: Lease) -> None:
    try:
        with committed(sessions) as session:
            downloads.end(session, lease)
    except SQLAlchemyError:
        pass  # it runs out


def _note(rows: list[Packed]) -> None:
    """That this person took these documents, unless the database is busy."""
    try:
        with hurried() as session:
            for row in rows:
                facts = {"version": row.position or 0}
                note(session, now(), TraceKind.downloaded, actor(), invoice_id=row.invoice_id, facts=facts)
    except SQLAlchemyError as error:
        current_app.logger.info("downloads were not noted: %s", type(error).__name__)


def _words() -> IndexWords:
    """The table's words, in this person's language."""
    return IndexWords(
        columns=(
            Column(_("Numéro")), Column(_("Date"), "day"), Column(_("Objet")), Column(_("Client")),
            Column(_("Statut")), Column(_("Net"), "cents"), Column(_("Taxes"), "cents"), Column(_("Total"), "cents"),
            Column(_("Devise")), Column(_("Référence officielle")), Column(_("Fichier")), Column("SHA-256"),
            Column(_("Remarque")),
        ),
        standing=lambda row: STATUSES[standing_of(row.kind, row.status)].label,
        missing={
            Missing.not_yet: _("Pas encore mis en page : téléchargez-le de nouveau dans quelques minutes."),
            Missing.failed: _("Ce document ne peut pas être mis en page pour l’instant."),
            Missing.damaged: _("Le fichier archivé n’est plus celui qui a été établi : prévenez l’organisation."),
            Missing.unreachable: _("L’archive ne répond pas : téléchargez-le de nouveau plus tard."),
        },
        broken_off=_("La base de données n’a plus répondu : les documents suivants manquent. Recommencez plus tard."),
        shows_official=organisation().shows_official,
        zone=zone(),
    )  # fmt: skip
