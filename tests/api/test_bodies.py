"""Bodies that two programs would read differently, or that no text holds, are refused before anything is done."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice
from tests.api.conftest import Program, errors, order_body
from tests.conftest import Database

GOOD = json.dumps(order_body())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff{}", "not_utf8"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b'{"a": 1, "a": 2}', "repeated"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too_great"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    ],
)
def test_json_that_is_none_is_refused(program: Program, data: bytes, code: str) -> None:
    answer = program.ask("POST", "/orders", data=data, content_type="application/json")
    assert (answer.status_code, errors(answer)) == (400, {("", code)})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[]", ("", "wrong_type")),
        ("null", ("", "wrong_type")),
        ('"x"', ("", "wrong_type")),
        ('{"lines": [[[[[[[[[1]]]]]]]]]}', ("/lines/0/0/0/0/0/0/0/0", "too_deep")),
        (GOOD.replace("Cours", "a\\u0000b"), ("/lines/0/label", "bad_character")),
        (GOOD.replace("Cours", "a\\ud800b"), ("/lines/0/label", "bad_character")),
        (GOOD.replace('"150.00"', "1e400"), ("/lines/0/price", "not_text")),
        (GOOD.replace('"Virement"', "null"), ("/payment_method", "not_text")),
        (GOOD.replace('"150.00"', '"١٥٠"'), ("/lines/0/price", "bad_decimal")),
        (GOOD.replace('"150.00"', '"150.00\\n"'), ("/lines/0/price", "bad_decimal")),
    ],
)
def test_what_is_no_order_is_named_at_its_place(program: Program, text: str, wanted: tuple[str, str]) -> None:
    answer = program.ask("POST", "/orders", data=text.encode(), content_type="application/json")
    assert answer.status_code == 422 and wanted in errors(answer)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_is_no_json_is_415(program: Program, kind: str) -> None:
    answer = program.ask("POST", "/orders", data=GOOD, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")


def test_a_body_that_is_too_long_is_413(program: Program) -> None:
    answer = program.post("/orders", order_body(note="x" * 300_000))
    assert (answer.status_code, answer.get_json()["type"]) == (413, "http://localhost/api/v1/#too-large")


def test_an_address_with_nul_or_without_end_is_refused(program: Program) -> None:
    assert program.ask("GET", "/orders?cursor=%00").status_code == 400
    assert program.ask("GET", f"/orders?cursor={'x' * 5000}").status_code == 414
    assert program.ask("GET", "/orders?cursor=a&cursor=b").status_code == 422
    assert program.ask("POST", "/orders?x=1", order_body()).status_code == 422


def test_a_database_that_does_not_answer_is_503(program: Program, database: Database, session: Session) -> None:
    if database.url.startswith("postgresql"):
        pytest.skip("the lock of a whole database is SQLite's")
    program.get("/me")
    with program.app.app_context():
        from web.database import db

        session.rollback()
        for connection in (db.engine.raw_connection(),):
            connection.cursor().execute("PRAGMA busy_timeout=0")
            connection.close()
    blocker = database.engine.raw_connection()
    blocker.cursor().execute("BEGIN IMMEDIATE")
    answer = program.order()
    blocker.rollback()
    blocker.close()
    assert (answer.status_code, answer.headers["Retry-After"], answer.mimetype) == (
        503, "5", "application/problem+json",
    )  # fmt: skip
    assert session.scalar(select(func.count(Invoice.id))) == 0
