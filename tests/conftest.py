"""Databases, applications and clients for the tests; each test starts from an empty, migrated database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from config.settings import Environment, Settings
from invoicing.accounts.models import SignInSession, Stage, User
from invoicing.accounts.secrets import digest, hash_password, new_token, use_hasher
from invoicing.database import is_sqlite, make_engine
from invoicing.migrations import upgrade
from tests.shared import empty, fresh, kept, replacement, share_addresses, templates

POSTGRES = os.environ.get("LETTRINE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REQUIRED = os.environ.get("LETTRINE_TEST_REQUIRE", "").split(",")
JOURNAL_KEY = "a key for the journal of the tests, long enough"


@dataclass
class Database:
    """One empty database: where it is, and how to open it."""

    url: str
    engine: Engine
    sessions: sessionmaker[Session]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this worker's own."""
    with own_database(f"lettrine_test_{os.getpid()}_{worker_id}") as url:
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """A new PostgreSQL database, dropped at the end; skipped, plainly, where no server answers.

    A commit doesn't wait for the disk: what a crash of the machine would lose is no test's subject.
    """
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    except Exception as error:
        if "postgresql" in REQUIRED:
            raise
        pytest.skip(f"no PostgreSQL answers at {admin.url.host}:{admin.url.port} ({type(error).__name__})")
    try:
        yield admin.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the file of each test lies, one after the other."""
    return tmp_path_factory.mktemp("database") / "test.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database; every test that asks for it runs on both engines."""
    if request.param == "sqlite":
        path = request.getfixturevalue("sqlite_place")
        fresh(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgres_url")
    engine = kept(make_engine(url), "core")
    yield Database(url, engine, sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()}))
    if request.param == "sqlite":
        engine.dispose()
    else:
        empty(engine)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session of the core."""
    with database.sessions() as session:
        yield session


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Settings of an installation on this test's database."""
    return make_settings(database.url, tmp_path)


def make_settings(url: str, folder: Path, **over: object) -> Settings:
    """Settings for tests: an own folder, own keys, no .env file."""
    values: dict[str, object] = {
        "environment": Environment.test,
        "data_dir": folder,
        "database_url": url,
        "public_url": "http://localhost",
        "secret_key": "a secret for the cookies of the tests, long enough",
        "code_key": "a key for the short codes of the tests, long enough",
        "journal_key": JOURNAL_KEY,
        "seal_keys": Fernet.generate_key().decode(),
        **over,
    }
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker's name, or "main" without xdist."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


# the application -------------------------------------------------------------------------------------------------

PASSWORD = "un mot de passe pour les essais"


class Browser(FlaskClient):
    """A client that reads the CSRF token off the page, as a person's browser would."""

    def token(self, path: str) -> str:
        """The token of the form on a page."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def send(self, path: str, data: dict[str, object] | None = None, form: str = "", **options: object) -> TestResponse:
        """Posts a form; `form` is the page that it stands on, unless it is the same address."""
        values = {"csrf_token": self.token(form or path), **(data or {})}
        return self.post(path, data=values, **options)  # type: ignore[arg-type]

    def sign_in(self, email: str, password: str = PASSWORD, **options: object) -> TestResponse:
        """Through the form."""
        return self.send("/connexion", {"email": email, "password": password}, **options)

    def become(self, user: User | int) -> Browser:
        """Signed in as somebody who has just shown who they are, without the form: for tests of what lies behind it."""
        from web.database import db, now, transaction

        user_id = user if isinstance(user, int) else user.id
        sid = new_token()
        with self.application.app_context(), transaction() as session:
            session.add(SignInSession(sid_hash=digest(sid), user_id=user_id, stage=Stage.open, created_at=now(),
                                      last_seen_at=now(), proved_at=now(), user_agent=""))  # fmt: skip
            assert session is db.session
        with self.session_transaction() as cookie:
            cookie["sid"] = sid
        return self


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> None:
    """Passwords cost next to nothing in tests."""
    use_hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session", autouse=True)
def _known_addresses() -> None:
    """Applications of one process share them."""
    share_addresses()


@pytest.fixture(scope="session")
def password_hash(_cheap_passwords: None) -> str:
    """The hash of PASSWORD, for `make_user(session, password_hash=…)`."""
    return hash_password(PASSWORD)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application on this test's database."""
    yield from running(settings)


def running(settings: Settings) -> Iterator[Flask]:
    """An application, and its connections closed at the end."""
    from lettrine.app import create_app
    from web.database import db

    app = create_app(settings)
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = templates
    with app.app_context():
        db.engines["default"] = engine = replacement(db.engine, settings.web_threads)
        db.sessionmaker.configure(bind=engine)
    yield app
    if is_sqlite(engine):
        engine.dispose()


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser that nobody has signed in with."""
    return app.test_client()  # type: ignore[return-value]
