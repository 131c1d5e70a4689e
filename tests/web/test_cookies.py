"""Every cookie is bound to this host over HTTPS, plain in the demo, and out of scripts' reach in both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from tests.conftest import Browser, Database, make_settings, running
from tests.factories import make_user
from tests.house.source import code

NAMES = {"lettrine", "langue", "apparence", "appareil"}


@pytest.fixture(params=["https", "http"])
def site(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Flask]:
    for app in running(make_settings(database.url, tmp_path, public_url=f"{request.param}://localhost")):
        app.config["PREFERRED_URL_SCHEME"] = request.param
        yield app


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    user = make_user(session, Role.member, password_hash=password_hash)
    session.commit()
    return user


def everything_set(client: Browser, zoe: User) -> Iterator[TestResponse]:
    """The answers that set or take cookies."""
    email = zoe.email
    yield client.get("/connexion")
    yield client.get("/langue/en")
    yield client.send("/preferences", {"language": "fr-CA", "theme": "dark"})
    yield client.send("/preferences", {"language": "fr-CA", "theme": ""})
    yield client.sign_in(email)
    yield client.send("/deconnexion", form="/preferences")


def test_each_is_set_and_taken_with_all_its_guards(site: Flask, zoe: User) -> None:
    is_https = site.config["PREFERRED_URL_SCHEME"] == "https"
    client: Browser = site.test_client()  # type: ignore[assignment]
    seen = set()
    for answer in everything_set(client, zoe):
        assert answer.status_code in (200, 302)
        for line in answer.headers.getlist("Set-Cookie"):
            name, flags = line.split("=")[0], set(line.split("; ")[1:])
            seen.add(name.removeprefix("__Host-"))
            assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= flags, line
            assert not any(flag.startswith("Domain") for flag in flags)
            assert (name.startswith("__Host-"), "Secure" in flags) == (is_https, is_https), line
    assert seen == NAMES


def test_what_was_chosen_is_remembered_and_forgotten(site: Flask) -> None:
    client: Browser = site.test_client()  # type: ignore[assignment]
    shown: Callable[[str], bool] = lambda words: words in client.get("/preferences").text  # noqa: E731
    client.send("/preferences", {"language": "en", "theme": "dark"})
    assert shown('lang="en"') and shown('data-bs-theme="dark"')
    client.send("/preferences", {"language": "en", "theme": ""})
    assert not shown('data-bs-theme="dark"')


def test_a_neighbours_cookie_is_not_ours(database: Database, tmp_path: Path) -> None:
    """Another site of the same domain can set plain names for ours; over HTTPS they are not read."""
    for app in running(make_settings(database.url, tmp_path, public_url="https://localhost")):
        client, base = app.test_client(), {"base_url": "https://localhost"}
        for name, value in (("langue", "en"), ("apparence", "dark"), ("lettrine", "x")):
            client.set_cookie(name, value, secure=True)
        page = client.get("/preferences", **base).text  # type: ignore[arg-type]
        assert 'lang="fr-FR"' in page and 'data-bs-theme="dark"' not in page


def test_cookies_are_set_in_one_place() -> None:
    doors = code("web", "admin", "portal", "api")
    setting = [file.path for file in doors if ".set_cookie(" in file.text or ".delete_cookie(" in file.text]
    reading = [file.path for file in doors if "request.cookies" in file.text]
    assert setting == reading == ["web/cookies.py"]
