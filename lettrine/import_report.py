"""What `lettrine import` says of a file: a line per row for a person, or JSON for a program, however many rows."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.imports import queries
from invoicing.imports.models import RunKind
from invoicing.imports.rules import Judged
from invoicing.journal import canonical
from invoicing.sellers.models import Organisation
from lettrine.importer import Progress

Told = tuple[int, str, str, dict[str, Any]]  # line, verdict, what names the row, facts


class Spool:
    """Rows in a temporary file, read as often as one likes, however many; it goes with the command."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the command
        click.get_current_context().call_on_close(self._file.close)

    def add(self, row: Judged) -> None:
        """One more row."""
        self._file.write(f"{canonical([row.line, str(row.verdict), row.subject, row.facts])}\n")

    def __iter__(self) -> Iterator[Told]:
        self._file.seek(0)
        for line in self._file:
            number, verdict, subject, facts = json.loads(line)
            yield number, verdict, subject, facts


class Kept:
    """The rows of a run that is kept."""

    def __init__(self, factory: sessionmaker[Session], run_id: int) -> None:
        self.factory, self.run_id = factory, run_id

    def __iter__(self) -> Iterator[Told]:
        with self.factory() as session:
            for row in queries.every_row(session, self.run_id):
                yield row.line, row.verdict, row.subject, json.loads(row.facts)


@dataclass
class Outcome:
    """What became of a file, and the run where there is one; `fault` says why nothing was written after all."""

    kind: RunKind
    rows: Iterable[Told]
    run_id: int | None = None
    fault: str = ""


def tell(outcome: Outcome, applied: bool, as_json: bool) -> bool:
    """Says it, for a person or a program; whether every row comes in."""
    from web import imports

    counts: Counter[str] = Counter()
    say = _json_rows if as_json else _plain_rows
    if as_json:
        click.echo(json.dumps({"run": outcome.run_id, "applied": applied})[:-1] + ', "rows": [', nl=False)
    say(outcome, counts)
    kept_out = sum(count for verdict, count in counts.items() if verdict not in imports.COMES_IN[outcome.kind])
    if as_json:
        told = {"counts": counts, "kept_out": kept_out, **({"fault": outcome.fault} if outcome.fault else {})}
        click.echo(f"], {json.dumps(told, ensure_ascii=False)[1:]}")
        return kept_out == 0 and not outcome.fault
    for verdict, count in imports.ordered(outcome.kind, counts):
        click.echo(f"{count:>8}  {imports.verdict_of(outcome.kind, verdict).label}", err=True)
    click.echo("Applied." if applied else "Nothing was written." if outcome.fault else
               "Dry run: nothing was written. Add --apply to write.", err=True)  # fmt: skip
    if outcome.fault:
        click.echo(outcome.fault, err=True)
    if kept_out:
        click.echo(f"{kept_out} rows need a person.", err=True)
    return kept_out == 0 and not outcome.fault


def _plain_rows(outcome: Outcome, counts: Counter[str]) -> None:
    from web import imports

    for line, verdict, subject, facts in outcome.rows:
        counts[verdict] += 1
        said = imports.said_of(outcome.kind, verdict, facts)
        click.echo(f"{line}\t{imports.verdict_of(outcome.kind, verdict).label}\t{subject}\t{said}")


def _json_rows(outcome: Outcome, counts: Counter[str]) -> None:
    from web import imports

    for place, (line, verdict, subject, facts) in enumerate(outcome.rows):
        counts[verdict] += 1
        row = {"line": line, "verdict": verdict, "subject": subject,
               "says": imports.said_of(outcome.kind, verdict, facts)}  # fmt: skip
        if outcome.kind is RunKind.letterings:
            row["facts"] = facts
        click.echo(("," if place else "") + json.dumps(row, ensure_ascii=False), nl=False)


@contextmanager
def words(settings: Settings, factory: sessionmaker[Session]) -> Iterator[None]:
    """Sentences in the organisation's language."""
    from lettrine.app import create_app

    with factory() as session:
        language = session.scalar(select(Organisation.language)) or "fr_FR"
    with create_app(settings).app_context(), force_locale(language):
        yield


@contextmanager
def bar(quiet: bool) -> Iterator[Progress]:
    """A bar on stderr; as long as nobody knows how many rows there are, their count."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label="Rows", width=40, file=sys.stderr, show_pos=True) as shown:
        moving: Any = shown

        def progress(done: int, total: int) -> None:
            if done % 100 and done != total:
                return
            moving.length = total or done + 1
            moving.update(done - moving.pos)

        yield progress
