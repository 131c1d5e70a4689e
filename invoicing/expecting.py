"""How many rows PostgreSQL's planner expects of a query, which costs next to nothing to ask."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session


def expected(session: Session, query: Select[int]) -> int:
    """Rows; by samples of the values: what is in none of them counts as rare."""
    plans = session.execute(_explained(query)).scalar_one()
    return int(plans[0]["Plan"]["Plan Rows"])


class _explained(Executable, ClauseElement):
    """What PostgreSQL would do."""

    inherit_cache = False

    def __init__(self, statement: Select[int]):
        self.statement = statement


@compiles(_explained)
def _explain(element: Any, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"
