"""`lettrine import`: a file comes in, with a verdict per row; nothing is written without `--apply`."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from threading import Event
from typing import Final

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from invoicing.accounting.plan import Column, Days, Plan
from invoicing.database import transaction
from invoicing.errors import NotFound
from invoicing.imports import queries, service
from invoicing.imports.kinds import PLANNERS
from invoicing.imports.models import ImportRun, RunKind, RunState
from invoicing.imports.rules import NothingToApply, Unreadable
from invoicing.journal import COMMAND
from invoicing.shop.models import Shop
from lettrine import importing_columns
from lettrine.cli import desk, json_option, read_settings
from lettrine.import_report import Kept, Outcome, Spool, bar, tell, words
from lettrine.importer import Importer, Progress
from lettrine.importing_columns import Said, Unclear
from web.database import now

PATIENCE: Final = 0.5  # seconds between two looks at a run that a worker has in hand
UNCLEAR: Final = 2  # exit: the file can't be read, or not without a person's word
_DONE: Final = (RunState.applied, RunState.unreadable, RunState.dropped, RunState.undone)
apply_option = click.option(
    "--apply", "applies", is_flag=True, help="Write what can be written. Without it: a dry run."
)
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group(name="import")
def import_() -> None:
    """Bring in orders, customers, or the references of an accounting export.

    Every row gets a verdict. Exit 1 where a row, or its reference, does not come in.
    """


@import_.command()
@file_argument
@click.option("--shop", required=True, help="The shop, by its name or its number.")
@apply_option
@json_option
def orders(file: Path, shop: str, applies: bool, as_json: bool) -> None:
    """Bring in a shop's export of its orders."""
    _bring_in(RunKind.orders, file, shop, applies, as_json)


@import_.command()
@file_argument
@apply_option
@json_option
def customers(file: Path, applies: bool, as_json: bool) -> None:
    """Bring in a list of customers."""
    _bring_in(RunKind.customers, file, None, applies, as_json)


@import_.command()
@file_argument
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADING=ROLE",
    help=f"What a column is, by its heading or its place from 1: {', '.join(Column)}.",
)
@click.option("--days", type=click.Choice([Days.iso, Days.day_first, Days.month_first]), help="How days are written.")
@click.option("--decimal", type=click.Choice(["comma", "point"]), help="The sign of decimals, if amounts don't tell.")
@apply_option
@json_option
def letterings(
    file: Path, columns: tuple[str, ...], days: str | None, decimal: str | None, applies: bool, as_json: bool
) -> None:  # fmt: skip
    """Letter what an accounting export says: FEC, journals and invoice lists, as text or workbook.

    All rows that can be lettered are, in one transaction. Exit 1 where a row needs a person, 2 where the file can't be
    read, or not without --column or --days.
    """
    said = Said(columns, Days(days) if days else None, {"comma": ",", "point": "."}.get(decimal or "", ""))
    _bring_in(RunKind.letterings, file, None, applies, as_json, said)


def _bring_in(
    kind: RunKind, file: Path, shop: str | None, applies: bool, as_json: bool, said: Said | None = None
) -> None:  # fmt: skip
    settings = read_settings()
    with desk(settings) as factory, words(settings, factory):
        with factory() as session:
            shop_id = _shop_id(session, shop) if shop is not None else None
        try:
            with bar(quiet=as_json) as progress:
                made = _applied if applies else _judged
                outcome = made(factory, kind, file.name, file.read_bytes(), shop_id, progress, said)
        except (Unreadable, Unclear) as fault:
            if said is None:
                raise
            importing_columns.tell_unclear(fault, as_json)
            sys.exit(UNCLEAR)
        clean = tell(outcome, applies and not outcome.fault, as_json)
    sys.exit(0 if clean else 1)


def _shop_id(session: Session, named: str) -> int:
    """The shop of that name, or else of that number."""
    by_name = session.scalar(select(Shop.id).where(Shop.name == named))
    if by_name is None and named.isascii() and named.isdigit() and len(named) < 10:
        by_name = session.scalar(select(Shop.id).where(Shop.id == int(named)))
    if by_name is None:
        names = ", ".join(session.scalars(select(Shop.name).order_by(Shop.name)))
        raise click.ClickException(f"There is no shop {named!r}. There are: {names or 'none'}.")
    return by_name


def _judged(
    factory: sessionmaker[Session], kind: RunKind, name: str, content: bytes, shop_id: int | None, progress: Progress,
    said: Said | None,
) -> Outcome:  # fmt: skip
    """The verdicts alone: no run is kept, nothing is written."""
    rows, run, planner = Spool(), ImportRun(kind=kind, file_name=name, shop_id=shop_id), PLANNERS[kind]
    with factory() as session:
        if planner.prepare is not None and said is not None:
            run.options = importing_columns.settled(planner.prepare(session, content, name), said).to_json()
        for done, row in enumerate(planner.judge(session, run, content, now()), start=1):
            rows.add(row)
            progress(done, 0)
    return Outcome(kind, rows)


def _applied(
    factory: sessionmaker[Session], kind: RunKind, name: str, content: bytes, shop_id: int | None, progress: Progress,
    said: Said | None,
) -> Outcome:  # fmt: skip
    """A run of its own, judged and applied here, or followed where a worker is faster."""
    with transaction(factory) as session:
        token = secrets.token_urlsafe(24)
        run_id = service.start(session, COMMAND, now(), kind, name, content, shop_id, token).id
    importer = Importer(factory, now, Event(), progress)
    if said is not None:
        _until(factory, importer, run_id, RunState.mapping)
        _map(factory, run_id, said)
    _until(factory, importer, run_id, RunState.judged)
    with transaction(factory) as session:
        try:
            service.ask(session, COMMAND, now(), run_id)
        except NothingToApply:
            return Outcome(kind, Kept(factory, run_id), run_id)
    fault = _until(factory, importer, run_id, RunState.applied)
    return Outcome(kind, Kept(factory, run_id), run_id, fault)


def _map(factory: sessionmaker[Session], run_id: int, said: Said) -> None:
    """Says how the file is to be read; where that isn't clear the run is put aside. Raises Unclear."""
    try:
        with transaction(factory) as session:
            plan = importing_columns.settled(Plan.from_json(queries.run(session, run_id).options), said)
            service.map_columns(session, COMMAND, now(), run_id, plan)
    except (Unclear, click.UsageError):
        with transaction(factory) as session:
            service.drop(session, COMMAND, now(), run_id)
        raise


def _until(factory: sessionmaker[Session], importer: Importer, run_id: int, wanted: RunState) -> str:
    """Works until the run is where it should be; gives why it was put back to its verdicts, if it was."""
    from web import imports

    while True:
        importer.work(run_id)
        with factory() as session:
            run = queries.run(session, run_id)
            if run.state is wanted:
                return ""
            if run.state in (RunState.unreadable, RunState.mapping):
                raise Unreadable.from_json(run.fault)
            if run.state is RunState.judged and wanted is RunState.applied:
                return imports.run_fault(run)
            if run.state in _DONE:
                raise NotFound
        importer.stopping.wait(PATIENCE)
