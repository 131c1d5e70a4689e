"""`lettrine export`: lists as files, with the words of the filter as the address bar has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import click
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict

from invoicing.database import snapshot
from invoicing.proof.service import Progress
from invoicing.sellers.queries import organisation
from invoicing.sheets import CHUNK, Column, Row, csv_bytes, xlsx_file
from lettrine.cli import desk, json_option, read_settings, say
from lettrine.proving import progress_bar
from web.words import _

EVERY: Final = 1000  # rows between two steps of the bar


@click.group()
def export() -> None:
    """Write a list to a file, for a spreadsheet."""


@export.command()
@click.option("--filter", "words", default="", metavar="WORDS", help='As in the address bar: "annee=2026".')
@click.option("--format", "kind", type=click.Choice(["csv", "xlsx"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@json_option
def invoices(words: str, kind: str, output: Path, as_json: bool) -> None:
    """Every document that the filter and its tab show, in their order; without a filter, those that are complete."""
    from admin import list_filter
    from admin.invoice_sheet import InvoiceSheet
    from invoicing.invoices.listing import filter_of, overview
    from lettrine.app import create_app

    settings = read_settings()
    args = MultiDict(parse_qsl(words.lstrip("?"), keep_blank_values=True))
    asked = list_filter.read(args)
    if wrong := _wrong(args, [fault.field for fault in asked.faults]):
        raise click.BadParameter(", ".join(wrong), param_hint="--filter")
    sheet = InvoiceSheet(asked.wanted, asked.order)
    with desk(settings) as factory, snapshot(factory) as session, create_app(settings).app_context():
        own = organisation(session)
        count = overview(session, filter_of(session, asked.wanted)).count(asked.wanted.tab)
        with force_locale(own.language if own else "fr_FR"), progress_bar("Exporting", quiet=as_json) as progress:
            rows = _told(sheet.rows(session), count, progress)
            _write(output, kind, sheet.columns(session), rows, ZoneInfo(own.timezone if own else "Europe/Paris"))
    say(as_json, {"rows": count, "file": str(output)}, f"{count} documents are in {output}.")


def _wrong(args: MultiDict[str, str], faults: list[str]) -> list[str]:
    """The words that can't be read, or that no filter knows: a file must not hold more than was asked for."""
    from admin.list_filter import FIELDS, ORDERS, TABS

    listed: dict[str, Collection[str]] = {"statut": TABS.keys(), "tri": ORDERS.keys()}
    odd = [name for name in args if name not in (*FIELDS, *listed)]
    odd += [name for name, words in listed.items() if args.get(name) and args[name].removeprefix("-") not in words]
    return sorted({*odd, *faults})


def _told(rows: Iterable[Row], count: int, progress: Progress) -> Iterator[Row]:
    for done, row in enumerate(rows, start=1):
        yield row
        if done % EVERY == 0:
            progress(done, count)


def _write(output: Path, kind: str, columns: Sequence[Column], rows: Iterable[Row], zone: ZoneInfo) -> None:
    """The whole file, or none: it takes its place when it is complete."""
    try:
        with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as made:
            part = Path(made.name)
            try:
                made.writelines(csv_bytes(columns, rows, zone) if kind == "csv" else _parts(columns, rows, zone))
                made.close()
                part.replace(output)
            except BaseException:
                part.unlink()
                raise
    except OSError as error:
        raise click.ClickException(f"{output} can't be written: {error.strerror}") from None


def _parts(columns: Sequence[Column], rows: Iterable[Row], zone: ZoneInfo) -> Iterator[bytes]:
    with xlsx_file(columns, rows, zone, _("Factures")) as file:
        while part := file.read(CHUNK):
            yield part
