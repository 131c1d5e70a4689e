"""Very many rows at once, beside SQLAlchemy, whose objects and types cost more than the rows: plain SQL, both engines.

All of it runs in the session's own transaction. Marks are `?`; values are what both drivers take.
"""

from __future__ import annotations

# ruff: noqa: S608 - only names of ours are filled in
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy.orm import Session

from invoicing.database import is_sqlite

Row = Sequence[Any]
_TYPES: Final = {"n": "int", "t": "text"}


class Sql:
    """The driver's connection under a session, as long as its transaction lasts."""

    def __init__(self, session: Session) -> None:
        session.flush()
        self.connection = session.connection()
        self.sqlite = is_sqlite(self.connection)
        self._raw = cast("Any", self.connection.connection.driver_connection)

    def rows(self, query: str, *facts: object) -> list[Any]:
        """What a query answers."""
        return list(self._execute(query, facts).fetchall())

    def run(self, statement: str, *facts: object) -> int:
        """How many rows a statement changed."""
        return int(self._execute(statement, facts).rowcount)

    def _execute(self, query: str, facts: Sequence[object]) -> Any:
        return self._raw.execute(query if self.sqlite else query.replace("?", "%s"), facts)

    def add(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Inserts rows; PostgreSQL copies them in."""
        names = ", ".join(columns)
        if self.sqlite:
            marks = ", ".join("?" * len(columns))
            self._raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            return
        with self._raw.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def listed(self, columns: str, rows: Sequence[Row]) -> tuple[str, tuple[object, ...]]:
        """Rows as a table for a FROM clause, and its parameters; `columns` is "id:n typed:t", numbers and texts."""
        named = [column.split(":") for column in columns.split()]
        if self.sqlite:
            each = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, (name, _) in enumerate(named))
            return f"(SELECT {each} FROM json_each(?))", (json.dumps(rows, ensure_ascii=False),)
        marks = ", ".join(f"?::{_TYPES[kind]}[]" for _, kind in named)
        names = ", ".join(name for name, _ in named)
        columns_of = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in named]
        return f"(SELECT * FROM unnest({marks}) AS u({names}))", tuple(columns_of)

    def moment(self, at: datetime) -> object:
        """A moment as the driver takes it."""
        return at.isoformat(" ", "microseconds") if self.sqlite else at

    def truth(self, is_so: bool) -> object:
        """True or false as the driver takes it."""
        return int(is_so) if self.sqlite else is_so

    def next_ids(self, table: str, count: int, after: int = 0) -> list[int]:
        """Ids for new rows of a table from which none ever goes; the last given is `after`, if not yet written."""
        if self.sqlite:
            ((last,),) = self.rows(f"SELECT max(coalesce(max(id), 0), ?) FROM {table}", after)
            return list(range(last + 1, last + 1 + count))
        query = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, ?)"
        return sorted(row[0] for row in self.rows(query, count))
