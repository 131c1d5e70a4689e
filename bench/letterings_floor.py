"""The floor of the benchmark of letterings: the same file, staged, checked and written by plain SQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from bench import letterings_filling as filling
from invoicing.database import is_sqlite, make_engine
from invoicing.imports.models import ImportRun, RunKind
from tests.factories import NOW

Facts = dict[str, Any]
STATE: Final = " ".join(["2", "a" * 64, "b" * 64, "c" * 64, "d" * 16, "e" * 16 + "," + "f" * 16])


def timed(told: Facts, name: str, act: Callable[[], object]) -> None:
    """Does it and notes its seconds."""
    begun = time.perf_counter()
    act()
    told[name] = time.perf_counter() - begun


_STAGE = "CREATE TABLE stage (line int, number text, reference text, folded text, cents bigint)"
_CHECK = """
    CREATE TABLE good AS SELECT i.id, s.reference, s.folded FROM stage s
    JOIN invoice i ON i.number_folded = s.number
    JOIN (SELECT folded FROM stage GROUP BY folded HAVING count(*) = 1) o ON o.folded = s.folded
    LEFT JOIN invoice h ON h.lettering_folded = s.folded
    WHERE i.lettering_folded IS NULL AND i.frozen_at IS NOT NULL AND i.status IN ('complete', 'paid')
      AND i.total_cents = s.cents AND h.id IS NULL ORDER BY i.id
"""
_UPDATE = """
    UPDATE invoice SET lettering = g.reference, lettering_folded = g.folded, revision = revision + 1,
           search_text = search_text || ' ' || g.folded FROM good g WHERE g.id = invoice.id
"""
_HISTORY = """
    INSERT INTO lettering_change (invoice_id, at, actor_kind, after, reason, run_id, state, seal)
    SELECT id, '2026-11-22 09:30:00.000000', 'command', reference, '', 1, '{state}', '{seal}' FROM good
"""


def floor(url: str, rows: int) -> Facts:
    """The same by plain SQL."""
    engine, told = make_engine(url), Facts()
    content = filling.export(rows)
    with sessionmaker(engine)() as session, session.begin():
        session.add(ImportRun(kind=RunKind.letterings, file_name="", sha256="", size=0, asked_at=NOW))
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        raw: Any = connection.connection.driver_connection

        def stage() -> None:
            raw.execute(_STAGE)
            if is_sqlite(engine):
                raw.executemany("INSERT INTO stage VALUES (?, ?, ?, ?, ?)", _staged(content))
                return
            with raw.cursor() as cursor, cursor.copy("COPY stage FROM STDIN") as copy:
                for row in _staged(content):
                    copy.write_row(row)

        timed(told, "stage", stage)
        timed(told, "check", lambda: raw.execute(_CHECK))
        timed(told, "update", lambda: raw.execute(_UPDATE))
        timed(told, "history", lambda: raw.execute(_HISTORY.format(state=STATE, seal="f" * 64)))
        begun = time.perf_counter()
    told["commit"] = time.perf_counter() - begun
    with engine.connect() as connection:
        done = connection.execute(text("SELECT count(*) FROM lettering_change")).scalar_one()
        assert done == rows - filling.FAULTY, done
    return told


def _staged(content: bytes) -> Any:
    for line, text_of in enumerate(content.decode().splitlines()[1:], start=2):
        _journal, _day, reference, _name, label, amount = text_of.split(";")
        number = label.partition(" ")[0].lower()
        yield line, number, reference, reference.lower(), int(amount.replace(",", ""))
