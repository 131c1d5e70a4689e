"""Headers, caching, request numbers, and bounds on addresses and forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from invoicing.database import ID_MAX
from tests.conftest import Browser, make_settings, running
from web.security import CSP

EVERYWHERE = ["/", "/connexion", "/connexion/oubli", "/connexion/mot-de-passe/x", "/preferences", "/no-such-page",
              "/deconnexion", "/static/app.css", "/static/no-such-file"]  # fmt: skip


@pytest.fixture
def plain(tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """An application on one engine: nothing here asks the database for much."""
    import shutil

    shutil.copy(sqlite_template, tmp_path / "test.db")
    yield from running(make_settings(f"sqlite:///{tmp_path / 'test.db'}", tmp_path))


@pytest.fixture
def browser(plain: Flask) -> Browser:
    return plain.test_client()  # type: ignore[return-value]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_has_its_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path, buffered=True).headers
    assert headers["Content-Security-Policy"] == CSP and "unsafe" not in CSP
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert len(headers["X-Request-Id"]) == 16
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", [path for path in EVERYWHERE if path != "/static/app.css"])
def test_no_page_is_kept(browser: Browser, path: str) -> None:
    assert browser.get(path).headers["Cache-Control"] == "no-store"


def test_each_request_has_a_number_of_its_own(browser: Browser) -> None:
    assert len({browser.get("/connexion").headers["X-Request-Id"] for _ in range(3)}) == 3


def test_a_static_file_named_by_its_content_is_kept_for_a_year(browser: Browser) -> None:
    page = browser.get("/connexion").text
    address = page.split('href="/static/app.css')[1].split('"')[0]
    assert "immutable" in browser.get(f"/static/app.css{address}", buffered=True).headers["Cache-Control"]
    for other in ("", "?v=123456789abc"):
        assert browser.get(f"/static/app.css{other}", buffered=True).headers["Cache-Control"] == "public, max-age=3600"


def test_static_files_ask_nothing_of_the_database(plain: Flask, tmp_path: Path) -> None:
    (tmp_path / "test.db").unlink()
    answer = plain.test_client().get("/static/app.css", buffered=True)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers


def test_no_file_outside_is_served(browser: Browser) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/security.py", "/static//etc/passwd", "/static/..%2fsecurity.py"):
        assert browser.get(path).status_code in (404, 308)


def test_https_is_remembered(tmp_path: Path, sqlite_template: Path) -> None:
    for app in running(make_settings(f"sqlite:///{sqlite_template}", tmp_path, public_url="https://desk.example")):
        answer = app.test_client().get("/connexion", base_url="https://desk.example")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.fixture
def numbered(plain: Flask) -> Browser:
    """The application with two addresses that take a number and a text."""
    plain.add_url_rule("/number/<int:n>", "number", lambda n: str(n))
    plain.add_url_rule("/text/<word>", "text", lambda word: word)
    return plain.test_client()  # type: ignore[return-value]


@pytest.mark.parametrize("n", [0, 1, ID_MAX])
def test_numbers_in_addresses_reach_as_far_as_keys(numbered: Browser, n: int) -> None:
    assert numbered.get(f"/number/{n}").text == str(n)


@pytest.mark.parametrize(
    "n", [str(ID_MAX + 1), "9" * 30, "9" * 5000, "-1", "1.0", "1e3", "٣", "²", "+1", "0x1", " 1", "1%00"]
)
def test_other_numbers_are_no_page(numbered: Browser, n: str) -> None:
    assert numbered.get(f"/number/{n}").status_code == 404


@pytest.mark.parametrize("word", ["a" * 201, "a%00b", "a%0ab", "%1b", "a%e2%80%aeb"])
def test_texts_in_addresses_are_short_and_printable(numbered: Browser, word: str) -> None:
    assert numbered.get(f"/text/{word}").status_code == 404
    assert numbered.get("/text/F2026-00231").text == "F2026-00231"


def test_a_nul_is_refused_before_any_database_sees_it(browser: Browser) -> None:
    assert browser.get("/connexion?q=%00").status_code == 400
    assert browser.get("/connexion?%00=1").status_code == 400
    assert browser.send("/connexion", {"email": "zoe\0@exemple.fr", "password": "x"}).status_code == 400


def test_an_endless_query_is_refused(browser: Browser) -> None:
    assert browser.get("/connexion?q=" + "a" * 4000).status_code == 414


def test_a_form_of_five_hundred_lines_is_read(plain: Flask) -> None:
    from flask import request

    plain.add_url_rule("/lines", "lines", lambda: str(len(request.form)), methods=["POST"])
    browser: Browser = plain.test_client()  # type: ignore[assignment]
    fields: dict[str, object] = {
        f"line-{n}-{f}": "désignation " * 8 if f == 0 else "1" for n in range(500) for f in range(6)
    }
    for options in ({}, {"content_type": "multipart/form-data"}):
        answer = browser.send("/lines", fields, form="/connexion", **options)
        assert answer.text == "3001"


def test_more_than_that_is_refused_with_a_page(browser: Browser) -> None:
    answer = browser.send("/connexion", {"email": "x" * 3_000_000})
    assert answer.status_code == 413 and "trop lourd" in answer.text
