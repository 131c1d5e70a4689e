"""What the tests of one process share, so that each begins at once: engines, emptied tables, templates, addresses."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, event, text
from werkzeug.routing import Rule

from invoicing.database import is_sqlite
from invoicing.invoices import tallies
from invoicing.tables import metadata


def fresh(template: Path, path: Path) -> None:
    """A new file, nothing left of the one before."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.copy(template, path)


_kept: dict[tuple[object, ...], Engine] = {}


def kept(engine: Engine, *about: object) -> Engine:
    """The engine that stands for this one in every test of this process: it knows its statements and its server."""
    made = _kept.setdefault((engine.url, *about), engine)
    if made is engine and is_sqlite(engine):
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    return made


def replacement(engine: Engine, *about: object) -> Engine:
    """The kept engine for an application's own, if its database is the one that tests take turns on."""
    return kept(engine, *about) if (engine.url, "core") in _kept else engine


def empty(engine: Engine) -> None:
    """Empties every table; the guards refuse that, so they are off for this one session of the superuser.

    TRUNCATE costs 70 ms whatever it finds; rows are deleted, and the room they leave is taken back now and then.
    """
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        if next(_emptied) % 50 == 0:
            connection.execute(text(f"TRUNCATE {_names(', ')} RESTART IDENTITY CASCADE"))
        else:
            filled = connection.scalars(text(_names(" UNION ALL ", "(SELECT '{0}' FROM \"{0}\" LIMIT 1)"))).all()
            for name in filled:
                connection.execute(text(f'DELETE FROM "{name}"'))
            connection.execute(text(_FROM_ONE))
        connection.execute(text(f"DELETE FROM {tallies.TABLE}"))  # the triggers that keep it were off


_emptied = itertools.count(1)
_FROM_ONE = "SELECT setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences WHERE last_value > 0"


def _names(between: str, each: str = '"{0}"') -> str:
    return between.join(each.format(table.name) for table in metadata.sorted_tables)


class Templates(BytecodeCache):
    """Each template is compiled once per process, not once per application."""

    def __init__(self) -> None:
        self.known: dict[tuple[object, ...], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled from the same source in the same way."""
        bucket.code = self.known.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remembers it."""
        self.known[self._key(bucket)] = bucket.code

    @staticmethod
    def _key(bucket: Bucket) -> tuple[object, ...]:
        way = bucket.environment  # escaping is a method of its application, which would be kept alive
        escaped = getattr(way.autoescape, "__func__", way.autoescape)
        return bucket.key, bucket.checksum, way.trim_blocks, way.lstrip_blocks, escaped


templates = Templates()


def share_addresses() -> None:
    """What builds an address is compiled once per process, not once per application, which took 60 ms of each test."""
    compiled: dict[tuple[object, ...], Callable[..., Any]] = {}
    compiles = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        if rule.defaults:
            return compiles(rule, append_unknown)
        about = (rule.rule, tuple(rule._trace), append_unknown)
        if about not in compiled:
            compiled[about] = compiles(rule, append_unknown)
        return compiled[about]

    Rule._compile_builder = builder  # type: ignore[method-assign]
