"""Home, language, appearance, and what every frame shows."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from tests.conftest import Browser
from tests.factories import make_organisation, make_user
from web.filters import filesize
from web.security import own_path


@pytest.fixture
def zoe(session: Session) -> User:
    user = make_user(session, Role.member)
    session.commit()
    return user


@pytest.mark.parametrize(
    ("role", "place"),
    [(Role.member, "/mes-factures"), (Role.reader, "/ventes"), (Role.sales, "/ventes"), (Role.admin, "/ventes")],
)
def test_everybody_has_a_first_page(client: Browser, session: Session, role: Role, place: str) -> None:
    user = make_user(session, role)
    session.commit()
    assert client.get("/").location == "/connexion"
    assert client.become(user).get("/").location == place


def test_the_organisations_name_leads(client: Browser, session: Session) -> None:
    assert "<title>Connexion · Lettrine</title>" in client.get("/connexion").text
    make_organisation(session, name="Les Amis & Cie")
    session.commit()
    assert "<p>Les Amis &amp; Cie</p>" in client.get("/connexion").text


def test_the_day_is_the_organisations(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date, datetime

    from web import site

    make_organisation(session, timezone="America/Toronto")
    session.commit()
    monkeypatch.setattr(site, "now", lambda: datetime.fromisoformat("2026-11-22T03:30"))
    with app.test_request_context("/"):
        assert site.today() == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("asked", "lang"), [("fr-CA", "fr-CA"), ("en-GB,en", "en"), ("de", "fr-FR"), ("", "fr-FR"), ("*", "fr-FR")]
)
def test_a_stranger_is_spoken_to_in_the_browsers_language(client: Browser, asked: str, lang: str) -> None:
    assert f'<html lang="{lang}"' in client.get("/connexion", headers={"Accept-Language": asked}).text


def test_the_link_to_another_language_leads_back_to_the_same_page(client: Browser) -> None:
    assert 'href="/langue/en?retour=/connexion/oubli"' in client.get("/connexion/oubli").text
    answer = client.get("/langue/en?retour=/connexion/oubli")
    assert answer.location == "/connexion/oubli"
    assert '<html lang="en"' in client.get("/connexion/oubli").text


def test_a_language_that_is_not_spoken_is_no_page(client: Browser) -> None:
    assert client.get("/langue/de").status_code == 404
    assert client.get("/langue/fr_FR").status_code == 404


@pytest.mark.parametrize(
    "target",
    ["https://ailleurs.example", "//ailleurs.example", "/\\ailleurs.example", "\\/ailleurs.example", "javascript:x()",
     "ailleurs", "///a", "/\t/a", "/a\r\nSet-Cookie: x=1", "/" + "a" * 2000, "", " /a"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(client: Browser, target: str) -> None:
    assert own_path(target) is None
    assert client.get("/langue/en", query_string={"retour": target}).location in ("/", "/a")


def test_a_path_of_ones_own_is_kept_whole() -> None:
    assert own_path("/ventes/clients?q=%C3%A9&page=2") == "/ventes/clients?q=%C3%A9&page=2"


def test_preferences_follow_the_person_and_the_browser(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    answer = client.send("/preferences", {"language": "fr-CA", "theme": "dark"})
    assert answer.location == "/mon-compte"
    session.rollback()
    assert zoe.language == "fr_CA"
    assert '<html lang="fr-CA" data-bs-theme="dark"' in client.get("/preferences").text


def test_the_device_decides_again(client: Browser, zoe: User) -> None:
    client.become(zoe)
    client.send("/preferences", {"theme": "dark"})
    client.send("/preferences", {"theme": "system"})
    assert client.get_cookie("apparence") is None


def test_nonsense_changes_nothing(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    client.send("/preferences", {"language": "../..", "theme": "<script>"})
    session.rollback()
    assert zoe.language == "fr_FR" and client.get_cookie("apparence") is None


def test_a_stranger_may_choose_too(client: Browser) -> None:
    client.send("/preferences", {"language": "en", "theme": "light"})
    assert '<html lang="en" data-bs-theme="light"' in client.get("/connexion").text


def test_a_forged_theme_is_ignored(client: Browser) -> None:
    client.set_cookie("apparence", '"><script>')
    assert "<script>" not in client.get("/connexion").text.replace("<script src", "")


@pytest.mark.parametrize(
    ("size", "french", "english"),
    [(1, "1 octet", "1 byte"), (51, "51 octets", "51 bytes"), (84_200, "84 ko", "84 kB"), (999_499, "999 ko", "999 kB"),
     (999_500, "1 Mo", "1 MB"), (1_540_000, "1,5 Mo", "1.5 MB"), (8_000_000, "8 Mo", "8 MB")],
)  # fmt: skip
def test_a_size_is_told_in_the_unit_that_fits_it(app: Flask, size: int, french: str, english: str) -> None:
    for asked, said in (("fr", french), ("en", english)):
        with app.test_request_context(headers={"Accept-Language": asked}):
            assert filesize(size).replace("\u00a0", " ") == said


def test_countries_stand_in_order_whatever_their_accents(app: Flask) -> None:
    from web.countries import countries

    with app.test_request_context():
        names = [name for _code, name in countries("")[-1][1]]
    assert names.index("Espagne") < names.index("États-Unis") < names.index("Finlande")
