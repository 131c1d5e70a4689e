"""Reads about files that came in: the runs, what became of their rows, which wait."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.errors import NotFound
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.imports.rules import COUNTED
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import PlannedLettering

PAGE: Final = 50
SOME: Final = 1000  # rows read at once where all are


@dataclass(frozen=True)
class RowPage:
    """Some rows of a run in their order, and whether there are any before and after them."""

    rows: Sequence[ImportRow]
    before: int | None  # line to go back from
    after: int | None  # line to go on from


@dataclass(frozen=True)
class RunPage:
    """Some runs, the newest first; `after` is the number to go on from where there are more."""

    runs: Sequence[ImportRun]
    after: int | None


def run(session: Session, run_id: int) -> ImportRun:
    """One run; NotFound otherwise."""
    found = session.get(ImportRun, run_id)
    if found is None:
        raise NotFound
    return found


def runs(session: Session, kinds: Collection[RunKind], after: int | None = None) -> RunPage:
    """The runs of these kinds, newest first, from the one after `after` on."""
    query = select(ImportRun).where(ImportRun.kind.in_(kinds))
    if after is not None:
        query = query.where(ImportRun.id < after)
    found = session.scalars(query.order_by(ImportRun.id.desc()).limit(PAGE + 1)).all()
    return RunPage(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def counts(session: Session, run_id: int) -> dict[str, int]:
    """Verdict → how many rows of the file have it, also those that are only counted."""
    query = select(ImportRow.verdict, func.count()).where(ImportRow.run_id == run_id).group_by(ImportRow.verdict)
    found = {verdict: count for verdict, count in session.execute(query.order_by(ImportRow.verdict))}  # noqa: C416
    counted = select(ImportRow).where(ImportRow.run_id == run_id, ImportRow.verdict.in_(COUNTED))
    return found | {row.verdict: json.loads(row.facts)["count"] for row in session.scalars(counted)}


def waiting_rows(session: Session, run_id: int) -> int:
    """How many rows of the run would be applied, or are still to be."""
    return session.scalar(select(func.count()).where(*_to_apply(run_id))) or 0


def lettered_rows(session: Session, run_id: int) -> int:
    """How many documents the run itself has lettered; those that a person took from its suggestions aren't its own."""
    own = (PlannedLettering.run_id == ImportRow.run_id) & (PlannedLettering.line == ImportRow.line)
    query = select(func.count()).select_from(ImportRow).join(PlannedLettering, own)
    return session.scalar(query.where(ImportRow.run_id == run_id, ImportRow.verdict == Verdict.lettered)) or 0


def next_rows(session: Session, run_id: int, most: int) -> Sequence[ImportRow]:
    """The next rows to be applied, in the order of the file."""
    return session.scalars(select(ImportRow).where(*_to_apply(run_id)).order_by(ImportRow.line).limit(most)).all()


def _to_apply(run_id: int) -> tuple:  # type: ignore[type-arg]
    return ImportRow.run_id == run_id, ImportRow.content != "", ~ImportRow.done


def rows(
    session: Session, run_id: int, verdict: str = "", after: int | None = None, before: int | None = None
) -> RowPage:
    """A page of the run's rows, all or those of one verdict, beyond a line or before one."""
    query = select(ImportRow).where(ImportRow.run_id == run_id)
    if verdict:
        query = query.where(ImportRow.verdict == verdict)
    if before is not None:
        page = query.where(ImportRow.line < before).order_by(ImportRow.line.desc()).limit(PAGE + 1)
        found = session.scalars(page).all()[::-1]
        shown = found[-PAGE:]
        return RowPage(shown, shown[0].line if len(found) > PAGE else None, shown[-1].line if shown else None)
    page = query.where(ImportRow.line > after) if after is not None else query
    found = session.scalars(page.order_by(ImportRow.line).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    back = shown[0].line if shown and after is not None else None
    return RowPage(shown, back, shown[-1].line if len(found) > PAGE else None)


def every_row(session: Session, run_id: int, verdict: str = "") -> Iterator[ImportRow]:
    """All of them, in the order of the file, a thousand at a time."""
    line = 0
    while True:
        query = select(ImportRow).where(ImportRow.run_id == run_id, ImportRow.line > line)
        if verdict:
            query = query.where(ImportRow.verdict == verdict)
        found = session.scalars(query.order_by(ImportRow.line).limit(SOME)).all()
        yield from found
        if len(found) < SOME:
            return
        line = found[-1].line
        session.expunge_all()
