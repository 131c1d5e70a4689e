"""Every kind of answer bears the headers: pages, errors, redirects, documents, tables, programs' and watchers'."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from tests.conftest import Browser, Database, make_settings, running
from tests.factories import make_customer, make_invoice, make_seller, make_user
from web import health
from web.security import CSP

BORNE = {
    "Content-Security-Policy": CSP,
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
TOKEN = "a token for Prometheus, of more than 32 characters"
KEPT = ("static", "static, not modified")
Ask = Callable[[Browser], TestResponse]


@pytest.fixture
def desk(database: Database, tmp_path: Path, session: Session) -> Iterator[Flask]:
    """An installation as in production: HTTPS, one invoice of a member's."""
    place = make_settings(database.url, tmp_path, public_url="https://localhost", metrics_token=TOKEN)
    for app in running(place):
        app.config.update(PREFERRED_URL_SCHEME="https", PROPAGATE_EXCEPTIONS=False)
        app.add_url_rule("/broken", "broken", lambda: str(1 // 0))
        app.add_url_rule("/folder/", "folder", lambda: "")
        yield app


@pytest.fixture
def member(desk: Flask, session: Session) -> tuple[Browser, str]:
    """A member's browser, and the number of the invoice."""
    zoe = make_user(session, Role.member)
    number = make_invoice(session, make_customer(session, users=(zoe,)), make_seller(session)).number
    session.commit()
    client: Browser = desk.test_client()  # type: ignore[assignment]
    return client.become(zoe), str(number)


@pytest.fixture
def clerk(desk: Flask, session: Session) -> Browser:
    user = make_user(session, Role.admin)
    session.commit()
    client: Browser = desk.test_client()  # type: ignore[assignment]
    return client.become(user)


def again(browser: Browser, path: str) -> TestResponse:
    """Asked for once more by a browser that has it."""
    tag = browser.get(path, buffered=True).headers["ETag"]
    return browser.get(path, headers={"If-None-Match": tag}, buffered=True)


STRANGERS: dict[str, tuple[Ask, int]] = {
    "page": (lambda b: b.get("/connexion"), 200),
    "head": (lambda b: b.head("/connexion"), 200),
    "options": (lambda b: b.options("/connexion"), 200),
    "redirect": (lambda b: b.get("/"), 302),
    "redirect of the routing": (lambda b: b.get("/folder"), 308),
    "bad form": (lambda b: b.post("/connexion", data={"csrf_token": "forged"}), 400),
    "foreign host": (lambda b: b.get("/", headers={"Host": "ailleurs.example"}), 400),
    "missing": (lambda b: b.get("/no-such-page"), 404),
    "wrong method": (lambda b: b.get("/deconnexion"), 405),
    "trace": (lambda b: b.open("/connexion", method="TRACE"), 405),
    "dead link": (lambda b: b.get("/connexion/mot-de-passe/x"), 410),
    "too large": (lambda b: b.send("/connexion", {"email": "x" * 3_000_000}), 413),
    "too many fields": (lambda b: b.post("/connexion", data="&".join(["a=1"] * 4001),
                                         content_type="application/x-www-form-urlencoded"), 413),
    "too long": (lambda b: b.get("/connexion?q=" + "a" * 4000), 414),
    "our fault": (lambda b: b.get("/broken"), 500),
    "static": (lambda b: b.get("/static/app.css", buffered=True), 200),
    "static, not modified": (lambda b: again(b, "/static/app.css"), 304),
    "static, in part": (lambda b: b.get("/static/app.css", headers={"Range": "bytes=0-9"}, buffered=True), 206),
    "static, missing": (lambda b: b.get("/static/none.css"), 404),
    "described": (lambda b: b.get("/api/v1/openapi.json"), 200),
    "program without a key": (lambda b: b.get("/api/v1/orders"), 401),
    "program, missing": (lambda b: b.get("/api/v1/none"), 404),
    "alive": (lambda b: b.get("/healthz", headers={"Host": "10.0.0.1"}), 200),
    "ready": (lambda b: b.get("/readyz"), 200),
    "watcher, wrong method": (lambda b: b.post("/healthz"), 405),
    "figures without a token": (lambda b: b.get("/metrics"), 401),
    "figures": (lambda b: b.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}), 200),
}  # fmt: skip


def check(answer: TestResponse, status: int, *, kept: bool = False) -> None:
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in BORNE} == BORNE
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1
    assert ("public" if kept else "no-store") in answer.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("kind", [k for k in STRANGERS if k != "static, in part"])
def test_what_strangers_get(desk: Flask, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
    ask, status = STRANGERS[kind]
    check(ask(desk.test_client()), status, kept=kind in KEPT)  # type: ignore[arg-type]


def test_a_document_in_full_in_part_and_unchanged(member: tuple[Browser, str]) -> None:
    browser, number = member
    path = f"/mes-factures/{number}/pdf"
    check(browser.get(path), 200)
    check(browser.get(path, headers={"Range": "bytes=0-99"}), 206)
    check(browser.head(path), 200)
    check(again(browser, path), 304)
    assert browser.get(path).headers["Content-Disposition"] == f"inline; filename={number}.pdf"
    assert browser.get(f"{path}?telecharger=1").headers["Content-Disposition"] == f"attachment; filename={number}.pdf"


def test_several_documents_as_one_file(member: tuple[Browser, str]) -> None:
    browser, number = member
    for query in ("", f"?n={number}", "?annee=2026"):
        answer = browser.get(f"/mes-factures/documents/zip{query}", buffered=True)
        check(answer, 200)
        assert answer.mimetype == "application/zip" and answer.data.startswith(b"PK")
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment; filename=") and disposition.endswith(".zip")
    check(browser.head("/mes-factures/documents/zip"), 200)
    check(browser.get("/mes-factures/documents/zip?choix=1"), 302)
    check(browser.get("/mes-factures/documents/zip?n=F1999-00001"), 404)


@pytest.mark.parametrize("kind", ["pdf", "csv", "xlsx"])
def test_a_statement_is_a_file_to_save(member: tuple[Browser, str], kind: str) -> None:
    answer = member[0].get(f"/mes-factures/compte/releve.{kind}", buffered=True)
    check(answer, 200)
    assert answer.headers["Content-Disposition"].endswith(f".{kind}")


def test_what_is_private_of_a_member(member: tuple[Browser, str]) -> None:
    browser, number = member
    for path in ("/mes-factures", f"/mes-factures/{number}", "/mon-compte", "/mon-compte/appareils"):
        check(browser.get(path), 200)
    check(browser.get("/ventes"), 403)
    check(browser.get("/mes-factures/F1999-00001/pdf"), 404)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_tables_are_files_to_save(clerk: Browser, kind: str) -> None:
    answer = clerk.get(f"/ventes/factures/export.{kind}", buffered=True)
    check(answer, 200)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=") and disposition.endswith(f".{kind}")


@pytest.mark.parametrize("path", ["/ventes", "/ventes/clients", "/ventes/reglages", "/ventes/preuve/proces-verbal"])
def test_what_is_private_of_staff(clerk: Browser, path: str) -> None:
    check(clerk.get(path), 200 if path != "/ventes/preuve/proces-verbal" else 404)


def test_a_large_file_is_let_in_and_a_large_field_is_not(clerk: Browser) -> None:
    form = "/ventes/imports/clients"
    token = clerk.token(form)
    for name, status in (('"file"; filename="x.csv"', 303), ('"file"', 413)):
        parts = [f'"csrf_token"\r\n\r\n{token}', f"{name}\r\n\r\n" + "a;b\n" * 750_000]
        body = "".join(f"--x\r\nContent-Disposition: form-data; name={part}\r\n" for part in parts) + "--x--\r\n"
        sent = {"input_stream": io.BytesIO(body.encode()), "content_length": len(body)}
        assert clerk.post(form, content_type="multipart/form-data; boundary=x", **sent).status_code == status  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize(("fields", "status"), [(3999, 400), (4100, 413)])
def test_fields_are_counted_however_they_are_written(desk: Flask, kind: str, fields: int, status: int) -> None:
    """400: read, and found without its token."""
    form = {f"f{n}": "1" for n in range(fields)}
    assert desk.test_client().post("/connexion", data=form, content_type=kind).status_code == status


def test_names_below_may_be_left_out(database: Database, tmp_path: Path) -> None:
    place = make_settings(database.url, tmp_path, public_url="https://localhost", hsts_subdomains=False)
    for app in running(place):
        for path in ("/connexion", "/healthz"):
            answer = app.test_client().get(path, base_url="https://localhost")
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


FORGED = {
    "X-Forwarded-Host": "ailleurs.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/ailleurs", "X-Forwarded-For": "203.0.113.9",
    "Forwarded": "host=ailleurs.example;proto=https",
    "X-Original-URL": "/ventes", "X-Rewrite-URL": "/ventes", "X-HTTP-Method-Override": "POST",
}  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/connexion", "/connexion/oubli"])
def test_what_a_proxy_would_say_counts_for_nothing_without_one(client: Browser, path: str) -> None:
    plain, forged = client.get(path), client.get(path, headers=FORGED)
    assert (forged.status_code, forged.location) == (plain.status_code, plain.location)
    assert "ailleurs" not in forged.text and "Strict-Transport-Security" not in forged.headers


HOSTS = [
    "ailleurs.example", "localhost.ailleurs.example", "ailleurs.example:80", "ailleurs.example#localhost", "127.0.0.1",
    "localhost@ailleurs.example", "[::1]", "localhost:80:80", "localhost/x", "localhost, ailleurs.example", "",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_an_answer_is_given_under_our_own_name_only(desk: Flask, host: str) -> None:
    answer = desk.test_client().get("/connexion", headers={"Host": host})
    assert (answer.status_code, answer.text) == (400, "400\n")


TARGETS = [
    "//ailleurs.example", "///ailleurs.example", "/\\ailleurs.example", "\\\\ailleurs.example", "ailleurs.example",
    "https:ailleurs.example", "https://ailleurs.example", "/\t/ailleurs.example", "/\n/ailleurs.example",
    "javascript:alert(1)", " //ailleurs.example", "/%09/ailleurs.example\r\nX: y", "data:text/html,x",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_no_link_leads_away(client: Browser, target: str) -> None:
    answer = client.get("/langue/en", query_string={"retour": target})
    assert (answer.status_code, answer.location) == (302, "/")


@pytest.mark.parametrize(
    "path", ["//ailleurs.example", "//ailleurs.example/..", "/%2failleurs.example/", "/ventes//ailleurs.example/"]
)
def test_no_address_is_put_right_into_another_site(desk: Flask, path: str) -> None:
    answer = desk.test_client().get("https://localhost" + path)
    if answer.location:
        assert answer.location.startswith("https://localhost/") or (
            answer.location.startswith("/") and not answer.location.startswith("//")
        )
