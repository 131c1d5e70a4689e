"""Applies a run in a process of its own, and says each step before it is done: `python -m … ADDRESS RUN`.

The last two lines tell of the commit, before it and after it.
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy.orm import sessionmaker

from invoicing.database import make_engine, transaction
from invoicing.journal import COMMAND
from invoicing.lettering import bulk_sql
from invoicing.lettering.bulk_applying import apply_run
from tests.conftest import JOURNAL_KEY
from tests.factories import NOW


def say(step: str) -> None:
    """One line, at once."""
    print(step, flush=True)


class Telling(bulk_sql.Sql):
    """Says what it is about to do."""

    def _execute(self, query: str, facts: Any) -> Any:
        say(" ".join(query.split())[:60])
        return super()._execute(query, facts)

    def add(self, table: str, columns: Any, rows: Any) -> None:
        say(f"add {table}")
        super().add(table, columns, rows)


def main(url: str, run_id: int) -> None:
    """The one transaction."""
    from invoicing.lettering import bulk_applying, bulk_writing

    bulk_applying.Sql = bulk_writing.Sql = Telling  # type: ignore[misc]
    sessions = sessionmaker(make_engine(url), info={"journal_key": JOURNAL_KEY.encode()})
    with transaction(sessions) as session:
        apply_run(session, COMMAND, NOW, run_id, lambda done, total: say(f"{done} of {total}"))
        say("commit")
    say("committed")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
