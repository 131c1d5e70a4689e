"""How the doors hand out documents: archived bytes, under Lettrine's own number."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from flask import Response, current_app, request

from invoicing.documents.archive import Archive, open_archive
from invoicing.documents.making import Press, draw
from invoicing.documents.models import Part
from invoicing.documents.paper import Paper
from invoicing.documents.press import press as make_press
from invoicing.documents.service import ensure_rendered, open_version
from web.database import db, now
from web.services import services


def archived_pdf(version_id: int, number: str) -> Response:
    """One version's stored bytes, drawn first if it is still due; HEAD writes nothing. ?telecharger= downloads it."""
    return _archived(version_id, Part.pdf, lambda data: pdf(data, number, download="telecharger" in request.args))


def archived_xml(version_id: int, number: str) -> Response:
    """The same document for a program: the stored XML of one version. NotFound where it has none."""
    return _archived(version_id, Part.xml, lambda data: _file(data, number, "xml", "application/xml", download=True))


def _archived(version_id: int, part: Part, answer: Callable[[bytes], Response]) -> Response:
    db.session.rollback()  # what follows opens a connection of its own: no request may hold two
    write = request.method != "HEAD"
    document = open_version(db.sessionmaker, archive(), press(), version_id, now(), part=part, write=write)
    response = answer(document.data)
    response.set_etag(document.sha256)
    response.make_conditional(request, accept_ranges=True, complete_length=len(document.data))
    return response


def drawn_pdf(paper: Paper, name: str) -> Response:
    """A paper that no archive keeps: a draft."""
    db.session.rollback()  # no connection is held while it draws
    return pdf(draw(archive(), press(), paper).data, name)


def pdf(data: bytes, name: str, download: bool = False) -> Response:
    """A PDF for the browser to show, or to save, under a name that is safe in a header."""
    return _file(data, name, "pdf", "application/pdf", download=download)


def _file(data: bytes, name: str, kind: str, mimetype: str, *, download: bool) -> Response:
    response = Response(data, mimetype=mimetype)
    safe = re.sub(r"[^0-9A-Za-z._-]", "-", name) + f".{kind}"
    response.headers.set("Content-Disposition", "attachment" if download else "inline", filename=safe)
    return response


def render_due(version_id: int) -> None:
    """Draws a version in the request that made it; whatever goes wrong, it is due and comes later."""
    db.session.rollback()
    try:
        ensure_rendered(db.sessionmaker, archive(), press(), version_id, now())
    except Exception:
        current_app.logger.exception("version %s stays due", version_id)


def press() -> Press:
    """How this installation makes its documents."""
    return make_press(schematron=services().settings.checks_schematron)


def archive() -> Archive:
    """The archive of this installation."""
    settings = services().settings
    return _opened(settings.archive, tuple(settings.archive_access.items()))


@lru_cache(maxsize=4)
def _opened(url: str, access: tuple[tuple[str, str], ...]) -> Archive:
    return open_archive(url, dict(access))
