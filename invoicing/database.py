"""Tables' common base, the engine, and the one way to write: a transaction that the edge commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, Delete, Engine, Enum, MetaData, Update, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

UNWRITTEN = (OperationalError, InternalError)  # what it raises that can't write now: busy, full, read-only, away
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
REACH = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
         "tcp_user_timeout": 60_000}  # fmt: skip  # seconds, the last in milliseconds
ID_MAX = 2**31 - 1  # largest number accepted in an address; keys stay far below on both engines


class Base(DeclarativeBase):
    """Root of all rows."""

    metadata = MetaData(naming_convention=NAMES)


def enum(kind: type[StrEnum], length: int = 24) -> Enum:
    """A StrEnum column kept as its plain value, the same on every engine."""
    return Enum(kind, native_enum=False, length=length, values_callable=lambda e: [m.value for m in e])


def is_sqlite(bind: Engine | Connection) -> bool:
    """Whether this is SQLite rather than PostgreSQL."""
    return bind.dialect.name == "sqlite"


def make_engine(url: str, **options: Any) -> Engine:
    """An engine with the settings that each database needs (see docs/decisions/database.md)."""
    if make_url(url).get_backend_name() == "postgresql":
        options.setdefault("pool_pre_ping", True)
    engine = create_engine(url, hide_parameters=True, **options)  # an error's text must hold no name or address
    tune(engine)
    return engine


def tune(engine: Engine) -> None:
    """SQLite: WAL, foreign keys, a patient lock, and transactions that SQLAlchemy really begins.

    PostgreSQL: a server that is gone is noticed in seconds, not when the network gives up.
    """
    if not is_sqlite(engine):

        @event.listens_for(engine, "do_connect")
        def _reach(_dialect: Any, _record: Any, _args: Any, params: dict[str, Any]) -> None:
            for name, value in REACH.items():
                params.setdefault(name, value)

        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def begin_write(session: Session) -> None:
    """Starts the writing transaction; ends the reading one first, since SQLite can't turn a reader into a writer."""
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changed outside a transaction")
    session.rollback()
    session.connection(execution_options={"write": True})


def changed_one(session: Session, statement: Update | Delete) -> bool:
    """Whether exactly one row was changed: a condition that held, once and for nobody else."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount == 1


@contextmanager
def committing(session: Session) -> Iterator[Session]:
    """Commits at the end, rolls everything back on any refusal or error."""
    begin_write(session)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


@contextmanager
def transaction(factory: sessionmaker[Session]) -> Iterator[Session]:
    """One transaction in a session of its own: for commands and jobs."""
    with factory() as session, committing(session):
        yield session


@contextmanager
def snapshot(factory: sessionmaker[Session]) -> Iterator[Session]:
    """A session of its own that only reads, and sees one state of the database however long it takes."""
    with factory() as session:
        if not is_sqlite(session.get_bind()):
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            session.connection(execution_options=options)
        try:
            yield session
        finally:
            session.rollback()
