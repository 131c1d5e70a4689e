"""`lettrine verify`, and the seals that `lettrine db upgrade` adds to an older installation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import click
from flask_babel import force_locale
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing import migrations
from invoicing.database import transaction
from invoicing.documents.archive import open_archive
from invoicing.proof.rules import Report
from invoicing.proof.sealing import seal_documents
from invoicing.proof.service import Progress
from invoicing.proof.service import verify as verify_all
from invoicing.sellers.models import Organisation
from invoicing.taxes.service import load_reference
from lettrine.cli import desk, json_option, read_settings
from lettrine.prover import anchor
from web.database import now


@click.command()
@json_option
def verify(as_json: bool) -> None:
    """Prove that nothing was altered: journal, anchors, documents, numbers, payments, references, archive, guards.

    One line when all is intact; else the first fault, and exit 1.
    """
    settings = read_settings()
    with desk(settings) as factory:
        engine = cast("Engine", factory.kw["bind"])
        key = settings.journal_key.get_secret_value().encode()
        with progress_bar("Verifying", quiet=as_json) as progress:
            report = verify_all(
                engine, key, open_archive(settings.archive, settings.archive_access), settings.anchor_dir, progress
            )
        with factory() as session:
            language = session.scalar(select(Organisation.language)) or "fr_FR"
    said, faults = _in_words(settings, language, report)
    if as_json:
        click.echo(json.dumps({**json.loads(report.to_json()), "says": said, "says_of_faults": faults},
                              ensure_ascii=False))  # fmt: skip
    else:
        click.echo(said, err=not report.is_intact)
    sys.exit(0 if report.is_intact else 1)


def proven(settings: Settings, factory: sessionmaker[Session], quiet: bool = False) -> tuple[Report, str, list[str]]:
    """A verification with its bar: the report, what there is to say, and each kept fault in words."""
    engine = cast("Engine", factory.kw["bind"])
    key = settings.journal_key.get_secret_value().encode()
    archive = open_archive(settings.archive, settings.archive_access)
    with progress_bar("Verifying", quiet=quiet) as progress:
        report = verify_all(engine, key, archive, settings.anchor_dir, progress)
    with factory() as session:
        language = session.scalar(select(Organisation.language)) or "fr_FR"
    return (report, *_in_words(settings, language, report))


def _in_words(settings: Settings, language: str, report: Report) -> tuple[str, list[str]]:
    """What there is to say, and each kept fault, in the organisation's language."""
    from lettrine.app import create_app
    from web.proofs import in_full
    from web.words import _, ngettext

    with create_app(settings).app_context(), force_locale(language):
        faults = [in_full(fault) for check in report.checks for fault in check.faults]
        if report.is_intact:
            documents = next(check.count for check in report.checks if check.name == "documents")
            return _("Tout est intact : %(documents)s documents, %(entries)s écritures au journal.",
                     documents=documents, entries=report.position), faults  # fmt: skip
        more = report.wrong - 1
        said = faults[0]
        if more:
            said += " " + ngettext("(Et %(num)s autre écart.)", "(Et %(num)s autres écarts.)", more)
        return said, faults


@contextmanager
def progress_bar(label: str, quiet: bool = False) -> Iterator[Progress]:
    """A progress bar on stderr; nothing for a program."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label=label, width=40, file=sys.stderr) as bar:
        shown: Any = bar

        def progress(done: int, total: int) -> None:
            shown.length = max(total, 1)
            shown.update(done - shown.pos)

        yield progress


def bring_up(settings: Settings, factory: sessionmaker[Session]) -> int:
    """The newest schema, its taxes, and the seals that an older version didn't make; how many taxes were added."""
    migrations.upgrade(factory.kw["bind"])
    with transaction(factory) as session:
        added = load_reference(session)
    seal_older(settings, factory)
    return added


def seal_older(settings: Settings, factory: sessionmaker[Session]) -> int:
    """Seals the documents of an installation from before format 2, and anchors the journal."""
    key = settings.journal_key.get_secret_value().encode()
    with progress_bar("Sealing documents") as progress, transaction(factory) as session:
        sealed = seal_documents(session, now(), progress)
    if sealed:
        click.echo(f"{sealed} documents were sealed.")
        anchor(factory, key, settings.anchor_dir, now())
    return sealed
