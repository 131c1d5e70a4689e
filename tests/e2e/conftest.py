"""A whole desk that people can walk through: server, worker, mail server, browser. Nothing is pretended."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import WSGIRequestHandler, make_server

from config.settings import Settings
from invoicing.accounts.factors import put_totp
from invoicing.accounts.models import Role, SignInSession, User
from invoicing.database import make_engine, transaction
from invoicing.journal import COMMAND
from invoicing.migrations import upgrade
from invoicing.sellers.models import Region
from lettrine.app import create_app
from lettrine.catcher import Catcher, start
from lettrine.worker import make_worker
from tests.conftest import JOURNAL_KEY, PASSWORD, REQUIRED, make_settings, own_database
from tests.factories import make_organisation, make_seller, make_user
from tests.web.door import SECRET, totp
from tests.what_is_here import chromium
from web.database import db, now
from web.services import post_of

T = TypeVar("T")
_seen: set[str] = set()
VARIES = re.compile(r' (?:value|action|href)="[^"]+"|(?<=>)\s*[^<\s][^<]*')  # but not whether there is something
COLOURS = "runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']},"
SCHEMES = {"light": "", "dark": COLOURS}  # what the scheme can't change is looked at once
ROOT = Path(__file__).parents[2]
AXE = (ROOT / "tests/vendor/axe.min.js").read_text(encoding="utf-8")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@dataclass
class Desk:
    """A running installation, and what a test needs to prepare and to look at."""

    url: str
    mails: Catcher
    sessions: sessionmaker[Session]
    staff: dict[Role, str]
    sellers: dict[Region, int] = field(default_factory=dict)

    def grow_old(self) -> None:
        """Nobody has shown for an hour that it is them."""
        with transaction(self.sessions) as session:
            session.execute(update(SignInSession).values(proved_at=now() - timedelta(hours=1)))


def protect(sessions: sessionmaker[Session], settings: Settings, addresses: Iterable[str]) -> None:
    """Gives each of them an application with the same secret."""
    with transaction(sessions) as session:
        for address in addresses:
            user = session.scalars(select(User).where(User.email == address)).one()
            put_totp(session, COMMAND, now(), user.id, SECRET, post_of(settings).keys)


class Quiet(WSGIRequestHandler):
    """Logs no request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


WAYS = {"sqlite-script": ("sqlite", True), "sqlite-no-script": ("sqlite", False), "postgresql": ("postgresql", True)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each database, and the browser with and without JavaScript; what a page does without it asks no database."""
    if "scripted" in metafunc.fixturenames:
        metafunc.parametrize(("place", "scripted"), WAYS.values(), ids=WAYS, indirect=True, scope="session")
    elif "place" in metafunc.fixturenames:
        metafunc.parametrize("place", ["sqlite", "postgresql"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The URL of an empty, migrated database that lives as long as the journeys."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('desk') / 'desk.db'}"
        return
    with own_database(f"lettrine_desk_{os.getpid()}_{worker_id}") as url:
        yield url


@pytest.fixture(scope="session")
def desk(place: str, tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Desk]:
    """Server, worker and mail server on free ports, with two sellers and one user per staff role."""
    engine = make_engine(place)
    upgrade(engine)
    sessions = sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})
    with transaction(sessions) as session:
        make_organisation(session)
        sellers = {region: make_seller(session, region).id for region in Region}
        staff = {
            role: make_user(session, role, password_hash=password_hash).email for role in Role if role != Role.member
        }
    catcher, stop = start(), threading.Event()
    server = make_server("localhost", 0, lambda *_: [], threaded=True, request_handler=Quiet)
    url = f"http://localhost:{server.server_port}"
    settings = make_settings(
        place, tmp_path_factory.mktemp("files"), public_url=url, smtp_host="localhost", smtp_port=catcher.smtp_port,
        sweep_seconds=1, tries_per_address=1000,
    )  # fmt: skip
    protect(sessions, settings, staff.values())
    app, worker = apart(lambda: create_app(settings)), apart(lambda: make_worker(create_app(settings), settings))
    server.app = app
    threads = [
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True),
        threading.Thread(target=worker.run, args=(stop,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    yield Desk(url, catcher, sessions, staff, sellers)
    stop.set()
    server.shutdown()
    for thread in threads:
        thread.join(30)
    server.server_close()
    catcher.stop()
    apart(lambda: close(app))
    apart(lambda: close(worker.app))
    engine.dispose()


def apart(act: Callable[[], T]) -> T:
    """Does something in a thread of its own: the browser's event loop runs in this one."""
    with ThreadPoolExecutor(1) as hands:
        return hands.submit(act).result()


def close(app: Flask) -> None:
    """Gives the application's connections back."""
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Debian's Chromium; skipped, plainly, where there is none.

    Closed with its module: while it is open, an event loop runs in this thread, and no application context can be.
    """
    path = chromium()
    if not path:
        if "chromium" in REQUIRED:
            raise RuntimeError("no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Walker:
    """Somebody at a browser, who looks at every page that opens."""

    page: Page
    desk: Desk
    scripted: bool
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Opens a page of the desk and looks at it."""
        self.page.goto(self.desk.url + path)
        self.look()

    def look(self) -> None:
        """No accessibility violation, light and dark, and nothing that scrolls sideways."""
        if not self.scripted:
            return
        self.page.wait_for_load_state("load")  # what a click has opened may have no root element yet
        if self.new_here():
            self.page.evaluate(AXE)
            for scheme, options in SCHEMES.items():
                self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                found = self.page.evaluate(f"axe.run(document, {{{options} resultTypes: ['violations']}})")
                wrong = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found["violations"]]
                assert wrong == [], self.page.url
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide}"

    def new_here(self) -> bool:
        """Whether no page like this one, but for its words and addresses, was looked at before."""
        page = self.page.evaluate("document.documentElement.outerHTML")
        known = len(_seen)
        _seen.add(VARIES.sub("…", page) + str(self.page.viewport_size))
        return len(_seen) > known

    def press(self, name: str, exact: bool = False) -> None:
        """Presses a button and looks at what comes."""
        self.page.get_by_role("button", name=name, exact=exact).first.click()
        self.page.wait_for_load_state("load")
        self.look()

    def follow(self, name: str, exact: bool = False) -> None:
        """Follows a link and looks at what comes."""
        self.page.get_by_role("link", name=name, exact=exact).first.click()
        self.page.wait_for_load_state("load")
        self.look()

    def sign_in(self, email: str) -> None:
        """Through the forms, with a password and, where it is asked for, the code of an application."""
        self.sign_in_first(email)
        if self.page.url.endswith("/connexion/second-facteur") and self.page.locator("#code").count():
            self.enter_code(email)

    def sign_in_first(self, email: str) -> None:
        """The first factor alone, the password; whoever was signed in before is out."""
        self.page.context.clear_cookies()
        self.page.goto(self.desk.url + "/connexion")
        self.page.locator("#email").fill(email)
        self.press("mot de passe" if self.language == "fr" else "password")
        self.page.locator("#password").fill(PASSWORD)
        self.press("connecter" if self.language == "fr" else "Sign in")

    def enter_code(self, email: str) -> None:
        """The code of the moment, though it may have been taken a few seconds ago: a person would wait for the next."""

        def forget() -> None:
            with transaction(self.desk.sessions) as session:
                session.execute(update(User).where(User.email == email).values(totp_last_step=None))

        apart(forget)
        self.page.locator("#code").fill(totp())
        self.press("Continuer" if self.language == "fr" else "Continue")

    @property
    def language(self) -> str:
        """fr or en, as the page says."""
        return (self.page.locator("html").get_attribute("lang") or "")[:2]

    def sees(self, *texts: str) -> None:
        """Each text stands on the page, whatever the kind of its spaces."""
        shown = " ".join(self.page.locator("body").inner_text().split())
        for wanted in texts:
            assert wanted in shown, f"« {wanted} » is not on {self.page.url}: {shown[:1500]}"


@pytest.fixture
def scripted(request: pytest.FixtureRequest) -> bool:
    """With JavaScript, and without."""
    return bool(request.param)


@pytest.fixture
def walker(desk: Desk, chrome: Browser, scripted: bool) -> Iterator[Walker]:
    """Somebody at a French browser; nothing may be said in the console."""
    yield from walking(desk, chrome, scripted, "fr-FR")


def walking(desk: Desk, chrome: Browser, scripted: bool, locale: str, **options: Any) -> Iterator[Walker]:
    """A fresh browser profile, closed at the end; an error in the console fails the test."""
    # without motion: a colour in the middle of its change would be measured
    context = chrome.new_context(locale=locale, java_script_enabled=scripted, reduced_motion="reduce", **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    someone = Walker(page, desk, scripted)
    page.on("console", lambda m: someone.problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: someone.problems.append(str(e)))
    yield someone
    context.close()
    assert [p for p in someone.problems if "status of 4" not in p] == []
