"""What each kind of file is judged and applied by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from invoicing.accounting.plan import Plan
from invoicing.customers import importing as customers
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.imports.rules import Judged
from invoicing.journal import Actor
from invoicing.lettering import bulk_judging, layouts
from invoicing.lettering.bulk_applying import apply_run
from invoicing.lettering.bulk_undoing import undo_run
from invoicing.shop import importing as orders
from invoicing.traces import scanning as traces

Whole: TypeAlias = "Callable[[Session, Actor, datetime, int, Callable[[int, int], object]], int]"


@dataclass(frozen=True)
class Planner:
    """One kind. `judge` writes nothing; `apply` (None: nothing is ever applied) judges its row again and writes it.

    What `apply` gives instead of None is what the row had to be judged as at that moment; a refusal changes nothing.
    `apply_many` does, for speed, those of some rows that it can, and gives what came of them by the row's id.
    `prepare` gives how the file is to be read, for a person to confirm before it is judged. `apply_whole` and `undo`
    write all that the run has planned, or take it back, in the caller's one transaction.
    """

    judge: Callable[[Session, ImportRun, bytes, datetime], Iterator[Judged]]
    apply: Callable[[Session, Actor, datetime, ImportRun, ImportRow], Judged | None] | None = None
    apply_many: Callable[[Session, Actor, datetime, ImportRun, Sequence[ImportRow]], dict[int, Judged]] | None = None
    prepare: Callable[[Session, bytes, str], Plan] | None = None
    apply_whole: Whole | None = None
    undo: Whole | None = None


def _scan(session: Session, run: ImportRun, content: bytes, now: datetime) -> Iterator[Judged]:
    return traces.judge_log(session, run, content, run.file_name, now)


PLANNERS: Final = {
    RunKind.orders: Planner(orders.judge, orders.apply, orders.apply_many),
    RunKind.customers: Planner(customers.judge, customers.apply),
    RunKind.provider_log: Planner(_scan),
    RunKind.letterings: Planner(bulk_judging.judge, prepare=layouts.plan_for, apply_whole=apply_run, undo=undo_run),
}
