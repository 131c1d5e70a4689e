"""Tables as downloads: names, HEAD, one state of the database, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from flask import Flask, Response
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.sheets import Column, Row
from tests.conftest import Browser
from tests.factories import make_user
from web.database import db
from web.exports import send_sheet

COLUMNS = (Column("E-mail"), Column("Combien", "whole"))


def users(session: Session) -> Iterator[Row]:
    """Every user, and how many there are by then: asked for anew in each row."""
    for email in session.scalars(select(User.email).order_by(User.id)).all():
        yield email, session.scalar(select(func.count(User.id)))


def serve(app: Flask, name: str = "Utilisateurs « été »") -> None:
    """An address that hands the users out."""

    def view(kind: str) -> Response:
        db.session.execute(select(User)).all()
        return send_sheet(name, COLUMNS, users, kind)

    app.add_url_rule("/essai.<kind>", "essai", view)


def test_a_download_has_a_safe_name_of_the_day(app: Flask, client: Browser) -> None:
    serve(app)
    answer = client.get("/essai.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=utilisateurs-ete-20")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert client.get("/essai.xlsx").data[:2] == b"PK"


def test_a_name_of_which_nothing_is_left_has_one_all_the_same(app: Flask, client: Browser) -> None:
    serve(app, '"; \r\n../')
    assert "filename=export-" in client.get("/essai.csv").headers["Content-Disposition"]


def test_other_kinds_do_not_exist(app: Flask, client: Browser) -> None:
    serve(app)
    assert client.get("/essai.exe").status_code == 404


def test_head_reads_and_writes_nothing(app: Flask, client: Browser) -> None:
    app.add_url_rule("/vide.<kind>", "vide", lambda kind: send_sheet("x", COLUMNS, never, kind))
    for kind in ("csv", "xlsx"):
        answer = client.head(f"/vide.{kind}")
        assert answer.status_code == 200 and answer.data == b"" and "filename=x-" in str(answer.headers)


def never(session: Session) -> Iterable[Row]:
    """Rows that nobody may ask for."""
    raise AssertionError


def test_what_is_added_meanwhile_is_not_seen(app: Flask, client: Browser, session: Session) -> None:
    make_user(session, email="a@example.org")
    make_user(session, email="b@example.org")
    session.commit()

    def growing(own: Session) -> Iterator[Row]:
        for row in users(own):
            yield row
            make_user(session)
            session.commit()

    app.add_url_rule("/essai.<kind>", "essai", lambda kind: send_sheet("x", COLUMNS, growing, kind))
    lines = client.get("/essai.csv").data.decode("utf-8-sig").splitlines()[1:]
    assert lines == ['"a@example.org";2', '"b@example.org";2']


def test_a_connection_that_breaks_ends_the_read(app: Flask, client: Browser, session: Session) -> None:
    for _ in range(3):
        make_user(session)
    session.commit()

    def endless(own: Session) -> Iterator[Row]:
        while True:
            yield from users(own)

    app.add_url_rule("/essai.<kind>", "essai", lambda kind: send_sheet("x", COLUMNS, endless, kind))
    with app.app_context():
        pool = db.engine.pool
    out, back = [], []
    event.listen(pool, "checkout", lambda *args: out.append(1))
    event.listen(pool, "checkin", lambda *args: back.append(1))
    answer = client.get("/essai.csv", buffered=False)
    assert next(answer.response).startswith(b"\xef\xbb\xbf") and len(out) == len(back) + 1  # type: ignore[call-overload]
    answer.close()
    assert len(out) == len(back)


def test_what_fails_at_once_is_a_page(app: Flask, client: Browser) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/essai.<kind>", "essai", lambda kind: send_sheet("x", COLUMNS, never, kind))
    assert client.get("/essai.csv").status_code == 500 == client.get("/essai.xlsx").status_code


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_download_says_nothing_may_keep_it(app: Flask, client: Browser, kind: str) -> None:
    serve(app)
    with client.get(f"/essai.{kind}") as answer:
        assert answer.headers["Cache-Control"] == "no-store" and answer.content_length
