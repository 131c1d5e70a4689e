"""What is scanned: a filled demo on SQLite or PostgreSQL, its server, and people who are signed in there."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Environment, Settings
from invoicing.accounts.factors import put_totp
from invoicing.accounts.queries import user_by_email
from invoicing.accounts.secrets import hash_password
from invoicing.database import make_engine, transaction
from invoicing.journal import COMMAND
from invoicing.migrations import upgrade
from invoicing.shop.keys import Scope, add_key
from invoicing.shop.models import Shop
from lettrine.demo_data import SIGN_INS, build
from lettrine.demo_people import PEOPLE
from web.database import now
from web.services import post_of

ROOT = Path(__file__).resolve().parents[2]
INVOICES = 20  # made by hand; the shops' orders come on top
PATIENCE = 60  # seconds until the server answers
ROLES = {"sales": SIGN_INS[1][0], "admin": SIGN_INS[0][0], "member": next(p.email for p in PEOPLE if p.signs_in)}


@dataclass
class Place:
    """A demo that is served: where, with what keys, and the sign-ins of its people."""

    folder: Path
    database: str
    port: int
    password: str
    totp: dict[str, str] = field(default_factory=dict)
    key: str = ""  # of a shop's program
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Of the server."""
        return f"http://localhost:{self.port}"

    @property
    def engine(self) -> str:
        """As sqlmap names it."""
        return "PostgreSQL" if self.database.startswith("postgresql") else "SQLite"

    def environment(self) -> dict[str, str]:
        """The settings, as the server's process reads them."""
        kept = self.folder / "keys.json"
        if not kept.exists():
            names = ("secret_key", "code_key", "journal_key")
            made = {name: secrets.token_urlsafe(48) for name in names}
            kept.write_text(json.dumps({**made, "seal_keys": Fernet.generate_key().decode()}))
        values = {
            "environment": Environment.demo, "data_dir": self.folder, "public_url": self.address,
            "database_url": self.database, "smtp_host": "127.0.0.1", "smtp_port": 9, "web_workers": 1, "queue_url": "",
            "archive_url": "",
            **json.loads(kept.read_text()),
        }  # fmt: skip
        return {f"LETTRINE_{name.upper()}": str(value) for name, value in values.items()}

    def settings(self) -> Settings:
        """The same, for this process."""
        given = {name.removeprefix("LETTRINE_").lower(): value for name, value in self.environment().items()}
        return Settings(_env_file=None, **given)  # type: ignore[arg-type, call-arg]


def fill(place: Place) -> None:
    """Builds the demo, gives staff their second factor and a shop's program its key."""
    settings = place.settings()
    engine = make_engine(place.database)
    upgrade(engine)
    factory = sessionmaker(engine, info={"journal_key": settings.journal_key.get_secret_value().encode()})
    for _made in build(factory, now().replace(microsecond=0), INVOICES, hash_password(place.password)):
        pass
    with transaction(factory) as session:
        place.key = _protected(session, place, settings)
    engine.dispose()


def _protected(session: Session, place: Place, settings: Settings) -> str:
    for email, _role, _name, _language in SIGN_INS:
        if user := user_by_email(session, email):
            place.totp[email] = pyotp.random_base32()
            put_totp(session, COMMAND, now(), user.id, place.totp[email], post_of(settings).keys)
    shop_id = session.scalars(select(Shop.id).order_by(Shop.id)).first() or 0
    return add_key(session, COMMAND, now(), shop_id, "scan", list(Scope))[1]


@contextmanager
def database(engine: str, folder: Path, admin: str) -> Iterator[str]:
    """An empty database: a file in the folder, or one of its own on the PostgreSQL server that `admin` names."""
    if engine == "sqlite":
        yield f"sqlite:///{(folder / 'lettrine.db').resolve()}"
        return
    name, url = f"lettrine_scan_{secrets.token_hex(4)}", make_url(admin)
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as line:
        line.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as line:
            line.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


@contextmanager
def served(place: Place) -> Iterator[None]:
    """Its server, in a process of its own, as long as the block lasts."""
    log = (place.folder / "server.log").open("ab")
    command = [sys.executable, "-m", "tools.scan.server", str(place.port)]
    around = {**os.environ, **place.environment(), "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, env=around, stdout=log, stderr=log)
    try:
        _wait(place, server)
        yield
    finally:
        server.terminate()
        try:
            server.wait(40)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def _wait(place: Place, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{place.address}/readyz", timeout=5).close()
        except (OSError, urllib.error.HTTPError):
            time.sleep(0.3)
        else:
            return
    raise SystemExit(f"The server did not start: {place.folder / 'server.log'}")


class Person:
    """Somebody's browser."""

    def __init__(self, address: str, cookie: str = ""):
        self.address, self.cookie = address, cookie
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        """A page and where it is, redirects followed; an error's page too."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        asked = urllib.request.Request(urllib.parse.urljoin(self.address, path), data)
        if self.cookie:
            asked.add_header("Cookie", self.cookie)
        try:
            with self.opener.open(asked, timeout=60) as answer:
                return answer.read().decode("utf-8", "replace"), answer.url
        except urllib.error.HTTPError as refused:
            return refused.read().decode("utf-8", "replace"), refused.url

    def send(self, path: str, form: dict[str, str]) -> tuple[str, str]:
        """Posts a form with the token of the page that it stands on."""
        return self.ask(path, {**form, "csrf_token": token(self.ask(path)[0])})


def token(page: str) -> str:
    """The token of the page's forms; empty where it has none."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else ""


def sign_in(place: Place, role: str) -> str:
    """Through the form, with the second factor where there is one; gives the cookie. Its proof stays fresh."""
    person, email = Person(place.address), ROLES[role]
    _page, at = person.send("/connexion", {"email": email, "password": place.password})
    if "second-facteur" in at:
        person.send(at, {"code": pyotp.TOTP(place.totp[email]).now()})
    cookie = "; ".join(f"{c.name}={c.value}" for c in person.jar if c.name == "lettrine")
    if not is_in(place, cookie):
        raise SystemExit(f"{email} could not sign in.")
    engine = make_engine(place.database)
    with engine.begin() as line:
        line.execute(text("UPDATE sign_in_session SET proved_at = '2099-01-01 00:00:00'"))
    engine.dispose()
    place.cookies[role] = cookie
    return cookie


def is_in(place: Place, cookie: str) -> bool:
    """Whether the cookie opens."""
    return Person(place.address, cookie).ask("/mon-compte")[1].endswith("/mon-compte")
