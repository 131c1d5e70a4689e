"""How the doors hand out tables: CSV or XLSX of what a filter shows, streamed."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import chain, islice
from typing import BinaryIO, Final

from anyascii import anyascii
from flask import Response, abort, request, stream_with_context
from sqlalchemy.orm import Session

from invoicing.database import snapshot
from invoicing.sheets import CHUNK, Column, Row, csv_bytes, xlsx_file
from web.database import db, now
from web.filters import local, zone

MIMETYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Columns = Sequence[Column] | Callable[[Session], Sequence[Column]]


def send_sheet(name: str, columns: Columns, rows: Callable[[Session], Iterable[Row]], kind: str) -> Response:
    """A download of « csv » or « xlsx », else 404; `name` is said in the person's language, the day follows it.

    Columns and rows are read in a session of their own, on one state of the database, that ends with the stream.
    """
    if kind not in MIMETYPES:
        abort(404)
    db.session.rollback()  # no request may hold two connections
    response = Response(mimetype=MIMETYPES[kind])
    response.headers.set("Content-Disposition", "attachment", filename=file_name(name, kind))
    if request.method == "HEAD":
        return response
    return _streamed(response, columns, rows) if kind == "csv" else _whole(response, name, columns, rows)


def _streamed(response: Response, columns: Columns, rows: Callable[[Session], Iterable[Row]]) -> Response:
    """CSV, once its first bytes are there: what fails before them is a page that says so; a short one is whole."""
    stream = _csv(columns, rows)
    begun = list(islice(stream, 2))
    if len(begun) < 2:
        response.data = begun[0]
        return response
    response.call_on_close(stream.close)  # also where the connection breaks before the first byte is sent
    response.response = stream_with_context(chain(begun, stream))
    return response


def _whole(
    response: Response, name: str, columns: Columns, rows: Callable[[Session], Iterable[Row]]
) -> Response:  # fmt: skip
    """XLSX, from a file without a name that is gone when it is closed."""
    with snapshot(db.sessionmaker) as session:
        made = xlsx_file(_known(columns, session), rows(session), zone(), name)
    response.call_on_close(made.close)
    response.content_length = made.seek(0, 2)
    made.seek(0)
    response.response = _chunks(made)
    return response


def _chunks(made: BinaryIO) -> Iterable[bytes]:
    with made:
        while part := made.read(CHUNK):
            yield part


def file_name(name: str, kind: str) -> str:
    """« factures-2026-11-22.csv »: letters, figures and hyphens only, whatever the name holds."""
    safe = re.sub("[^a-z0-9]+", "-", anyascii(name).lower()).strip("-") or "export"
    return f"{safe[:80]}-{local(now()).date().isoformat()}.{kind}"


def _csv(columns: Columns, rows: Callable[[Session], Iterable[Row]]) -> Generator[bytes, None, None]:
    with snapshot(db.sessionmaker) as session:
        yield from csv_bytes(_known(columns, session), rows(session), zone())


def _known(columns: Columns, session: Session) -> Sequence[Column]:
    return columns(session) if callable(columns) else columns
