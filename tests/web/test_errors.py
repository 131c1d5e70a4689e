"""Refusals and errors as pages."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable

import pytest
from flask import Flask
from obstore.exceptions import GenericError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.accounts.rules import TooMany, UserExists
from invoicing.database import committing
from invoicing.documents.archive import ArchiveDamaged
from invoicing.errors import Fault, FieldFaults, NotFound, Refused, Stale
from tests.conftest import Browser, Database
from tests.factories import make_user
from web import errors
from web.database import db, transaction
from web.troubles import Trouble, trouble_of
from web.words import _


class Taken(Refused):
    """A refusal of one door's own."""

    def __init__(self, number: str):
        self.number = number


def raising(app: Flask, act: Callable[[], object], method: str = "GET") -> Browser:
    """A browser of an application whose /probe does this; errors become pages, as in production."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/probe", "probe", lambda: str(act()), methods=[method])
    return app.test_client()  # type: ignore[return-value]


def refuse(error: Exception) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(NotFound(), 404), (Stale(), 409), (UserExists(1), 409), (FieldFaults([Fault("name", "missing")]), 422),
     (Refused(), 422), (TooMany(61), 429)],
)  # fmt: skip
def test_each_refusal_has_its_status(app: Flask, refusal: Refused, status: int) -> None:
    assert raising(app, refuse(refusal)).get("/probe").status_code == status


def test_a_door_adds_its_own_refusal_in_one_line(app: Flask) -> None:
    errors.register(Taken, 409, lambda r: _("Le numéro %(number)s est pris.", number=r.number))
    answer = raising(app, refuse(Taken("<F1>"))).get("/probe")
    assert answer.status_code == 409 and "Le numéro &lt;F1&gt; est pris." in answer.text


def test_what_is_missing_and_what_is_not_yours_look_the_same(app: Flask) -> None:
    client = raising(app, refuse(NotFound()))
    pages = [client.get(path) for path in ("/probe", "/no-such-page")]
    texts = {page.text.replace("?retour=/probe", "") for page in pages}  # the path that was asked for, nothing else
    assert len(texts) == 1 and [page.status_code for page in pages] == [404, 404]


def test_a_wait_is_told_in_minutes_and_seconds(app: Flask) -> None:
    answer = raising(app, refuse(TooMany(61))).get("/probe")
    assert answer.headers["Retry-After"] == "61" and "dans 2 minutes" in answer.text.replace("\u00a0", " ")


def test_a_form_from_another_session_says_what_to_do(client: Browser) -> None:
    answer = client.post("/connexion", data={"csrf_token": "forged"})
    assert answer.status_code == 400 and "rechargez" in answer.text


def test_a_wrong_method_says_which_is_right(client: Browser) -> None:
    answer = client.get("/deconnexion")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]


def test_a_foreign_host_gets_no_page_of_ours(client: Browser) -> None:
    answer = client.get("/", headers={"Host": "ailleurs.example"})
    assert (answer.status_code, answer.text) == (400, "400\n")


def test_strangers_members_and_staff_see_errors_in_their_own_frame(app: Flask, session: Session) -> None:
    users = [make_user(session, role) for role in (Role.member, Role.reader)]
    session.commit()
    pages = [app.test_client().get("/no-such-page").text]
    pages += [app.test_client().become(user).get("/no-such-page").text for user in users]  # type: ignore[attr-defined]
    assert [page.split('<body class="')[1].split('"')[0] for page in pages] == ["member at-gate", "member", "staff"]


def test_a_fault_of_ours_is_a_page_and_a_line_in_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    client = raising(app, refuse(RuntimeError("broken")))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/probe?secret=1")
    assert answer.status_code == 500 and "L’incident est noté" in answer.text and "broken" not in answer.text
    assert answer.headers["X-Request-Id"] in caplog.text and "secret" not in caplog.text.split("Traceback")[0]


def test_even_an_error_page_that_breaks_answers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "render_template", refuse_any)
    answer = raising(app, refuse(RuntimeError("broken"))).get("/probe")
    assert (answer.status_code, answer.text) == (500, "500\n")


def refuse_any(*_args: object, **_facts: object) -> str:
    raise RuntimeError("no template either")


def test_a_database_without_tables_is_our_fault(app: Flask) -> None:
    client = raising(app, lambda: db.session.execute(text("SELECT * FROM no_such_table")))
    assert client.get("/probe").status_code == 500


def test_a_locked_database_asks_for_patience(app: Flask, database: Database) -> None:
    def write() -> None:
        if db.engine.dialect.name == "sqlite":
            db.session.execute(text("PRAGMA busy_timeout=1"))
        with transaction() as session:
            if db.engine.dialect.name == "postgresql":
                session.execute(text("SET LOCAL lock_timeout='1ms'"))
            session.execute(text("LOCK TABLE attempts") if db.engine.dialect.name == "postgresql" else text("SELECT 1"))

    client = raising(app, write)
    with database.sessions() as session, committing(session):
        if database.engine.dialect.name == "postgresql":
            session.execute(text("LOCK TABLE attempts"))
        answer = client.get("/probe")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert "Patientez" in answer.text


def test_trouble_has_a_kind_and_our_own_faults_have_none() -> None:
    def says(message: str) -> Trouble | None:
        return trouble_of(OperationalError("", {}, Exception(message)), writing=True)

    assert says("database is locked") is says("connection refused") is Trouble.busy
    assert says("database or disk is full") is says("attempt to write a readonly database") is Trouble.stuck
    assert says("disk I/O error") is Trouble.stuck
    assert says("no such table: invoice") is None


@pytest.mark.parametrize(
    ("state", "writing", "kind"),
    [("40001", True, "busy"), ("55P03", False, "busy"), ("53300", True, "busy"), ("57P03", True, "busy"),
     ("53100", True, "stuck"), ("25006", True, "stuck"), ("57P01", True, "lost"), ("57P01", False, "busy"),
     ("42P01", True, None)],
)  # fmt: skip
def test_the_state_of_postgresql_tells_the_kind(state: str, writing: bool, kind: str | None) -> None:
    error = Exception("told")
    error.sqlstate = state  # type: ignore[attr-defined]
    assert trouble_of(OperationalError("", {}, error), writing) == kind


def test_a_line_that_broke_while_writing_leaves_it_open_what_stands(app: Flask) -> None:
    broken = OperationalError("", {}, Exception("server closed the connection"), connection_invalidated=True)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = raising(app, refuse(broken), "POST").post("/probe")
    assert answer.status_code == 503 and "peut-être été enregistrée" in answer.text
    assert trouble_of(broken, writing=False) is Trouble.busy


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), GenericError("the bucket is away")])
def test_an_archive_that_takes_nothing_is_told_as_such(app: Flask, error: Exception) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    answer = raising(app, refuse(error), "POST").post("/probe")
    assert answer.status_code == 503 and "Rien ne peut être enregistré" in answer.text
    assert "Rien n’a été changé" in answer.text and "bucket" not in answer.text


@pytest.mark.parametrize("error", [OSError(errno.EIO, "a bad disk"), GenericError("away"), ArchiveDamaged("0" * 64)])
def test_whoever_only_reads_is_told_that_it_cannot_be_read(app: Flask, error: Exception) -> None:
    answer = raising(app, refuse(error)).get("/probe")
    assert answer.status_code == 503 and "Ce document ne peut pas être lu pour l’instant" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_a_file_of_ours_that_is_missing_is_our_fault(app: Flask) -> None:
    assert raising(app, refuse(FileNotFoundError(errno.ENOENT, "gone"))).get("/probe").status_code == 500
