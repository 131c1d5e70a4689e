"""`lettrine import`: a file of orders or of customers, a verdict per row; nothing is written without `--apply`."""

from __future__ import annotations

import json
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Final

import click
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.database import transaction
from invoicing.errors import NotFound
from invoicing.imports import queries, service
from invoicing.imports.kinds import PLANNERS
from invoicing.imports.models import ImportRun, RunKind, RunState
from invoicing.imports.rules import NothingToApply, Unreadable
from invoicing.journal import COMMAND, canonical
from invoicing.sellers.models import Organisation
from invoicing.shop.models import Shop
from lettrine.cli import desk, json_option, read_settings
from lettrine.importer import Importer, Progress
from web.database import now

PATIENCE: Final = 0.5  # seconds between two looks at a run that a worker has in hand
_DONE: Final = (RunState.applied, RunState.unreadable, RunState.dropped)
apply_option = click.option(
    "--apply", "applies", is_flag=True, help="Write what can be written. Without it: a dry run."
)
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@dataclass
class Outcome:
    """What became of a file: rows as (line, verdict, subject, facts), and the run where it was applied."""

    kind: RunKind
    run_id: int | None = None
    rows: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)


@click.group(name="import")
def import_() -> None:
    """Bring in a shop's export of its orders, or a list of customers (CSV, XLSX, XLS or ODS).

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


def _bring_in(kind: RunKind, file: Path, shop: str | None, applies: bool, as_json: bool) -> None:
    settings = read_settings()
    with desk(settings) as factory, _words(settings, factory):
        with factory() as session:
            shop_id = _shop_id(session, shop) if shop is not None else None
        with _bar(quiet=as_json) as progress:
            made = _applied if applies else _judged
            outcome = made(factory, kind, file.name, file.read_bytes(), shop_id, progress)
        clean = _tell(outcome, applies, as_json)
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
    factory: sessionmaker[Session], kind: RunKind, name: str, content: bytes, shop_id: int | None, progress: Progress
) -> Outcome:
    """The verdicts alone: no run is kept, nothing is written."""
    outcome, run = Outcome(kind), ImportRun(kind=kind, file_name=name, shop_id=shop_id)
    with factory() as session:
        for done, row in enumerate(PLANNERS[kind].judge(session, run, content, now()), start=1):
            outcome.rows.append((row.line, str(row.verdict), row.subject, json.loads(canonical(row.facts))))
            progress(done, 0)
    return outcome


def _applied(
    factory: sessionmaker[Session], kind: RunKind, name: str, content: bytes, shop_id: int | None, progress: Progress
) -> Outcome:
    """A run of its own, judged and applied here, or followed where a worker is faster."""
    with transaction(factory) as session:
        token = secrets.token_urlsafe(24)
        run_id = service.start(session, COMMAND, now(), kind, name, content, shop_id, token).id
    importer = Importer(factory, now, Event(), progress)
    _until(factory, importer, run_id, RunState.judged)
    with transaction(factory) as session:
        try:
            service.ask(session, COMMAND, now(), run_id)
        except NothingToApply:
            return _outcome(factory, kind, run_id)
    _until(factory, importer, run_id, RunState.applied)
    return _outcome(factory, kind, run_id)


def _until(factory: sessionmaker[Session], importer: Importer, run_id: int, wanted: RunState) -> None:
    while True:
        importer.work(run_id)
        with factory() as session:
            run = queries.run(session, run_id)
            if run.state is RunState.unreadable:
                raise Unreadable.from_json(run.fault)
            if run.state is wanted:
                return
            if run.state in _DONE:
                raise NotFound
        importer.stopping.wait(PATIENCE)


def _outcome(factory: sessionmaker[Session], kind: RunKind, run_id: int) -> Outcome:
    with factory() as session:
        rows = [(r.line, r.verdict, r.subject, json.loads(r.facts)) for r in queries.every_row(session, run_id)]
    return Outcome(kind, run_id, rows)


def _tell(outcome: Outcome, applies: bool, as_json: bool) -> bool:
    """Says it, for a person or a program; whether every row comes in."""
    from web import imports

    counts = Counter(verdict for _line, verdict, _subject, _facts in outcome.rows)
    good = imports.COMES_IN[outcome.kind]
    kept_out = sum(count for verdict, count in counts.items() if verdict not in good)
    says = [(line, verdict, subject, imports.said_of(outcome.kind, verdict, facts))
            for line, verdict, subject, facts in outcome.rows]  # fmt: skip
    if as_json:
        rows = [dict(zip(("line", "verdict", "subject", "says"), row, strict=True)) for row in says]
        facts = {"run": outcome.run_id, "applied": applies, "counts": counts, "kept_out": kept_out, "rows": rows}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return kept_out == 0
    for line, verdict, subject, said in says:
        click.echo(f"{line}\t{imports.verdict_of(outcome.kind, verdict).label}\t{subject}\t{said}")
    for verdict, count in imports.ordered(outcome.kind, counts):
        click.echo(f"{count:>8}  {imports.verdict_of(outcome.kind, verdict).label}", err=True)
    click.echo("Applied." if applies else "Dry run: nothing was written. Add --apply to write.", err=True)
    if kept_out:
        click.echo(f"{kept_out} rows need a person.", err=True)
    return kept_out == 0


@contextmanager
def _words(settings: Settings, factory: sessionmaker[Session]) -> Iterator[None]:
    """Sentences in the organisation's language."""
    from lettrine.app import create_app

    with factory() as session:
        language = session.scalar(select(Organisation.language)) or "fr_FR"
    with create_app(settings).app_context(), force_locale(language):
        yield


@contextmanager
def _bar(quiet: bool) -> Iterator[Progress]:
    """A bar on stderr; as long as nobody knows how many rows there are, their count."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label="Rows", width=40, file=sys.stderr, show_pos=True) as bar:
        shown: Any = bar

        def progress(done: int, total: int) -> None:
            if done % 100 and done != total:
                return
            shown.length = total or done + 1
            shown.update(done - shown.pos)

        yield progress
