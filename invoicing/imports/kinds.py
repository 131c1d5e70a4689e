"""What each kind of file is judged and applied by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from invoicing.customers import importing as customers
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.imports.rules import Judged
from invoicing.journal import Actor
from invoicing.shop import importing as orders
from invoicing.traces import scanning as traces


@dataclass(frozen=True)
class Planner:
    """One kind. `judge` writes nothing; `apply` (None: nothing is ever applied) judges its row again and writes it.

    What `apply` gives instead of None is what the row had to be judged as at that moment; a refusal changes nothing.
    `apply_many` does, for speed, those of some rows that it can, and gives what came of them by the row's id.
    """

    judge: Callable[[Session, ImportRun, bytes, datetime], Iterator[Judged]]
    apply: Callable[[Session, Actor, datetime, ImportRun, ImportRow], Judged | None] | None = None
    apply_many: Callable[[Session, Actor, datetime, ImportRun, Sequence[ImportRow]], dict[int, Judged]] | None = None


def _scan(session: Session, run: ImportRun, content: bytes, now: datetime) -> Iterator[Judged]:
    return traces.judge_log(session, run, content, run.file_name, now)


PLANNERS: Final = {
    RunKind.orders: Planner(orders.judge, orders.apply, orders.apply_many),
    RunKind.customers: Planner(customers.judge, customers.apply),
    RunKind.provider_log: Planner(_scan),
}
