"""`lettrine import`: a verdict per row, nothing written without --apply, exit 1 where a row stays out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.customers.models import Customer
from invoicing.imports.models import ImportRun
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from lettrine import cli
from tests.imports.bench import SAMPLE, Bench, export, row


@pytest.fixture
def command(settings: Settings, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for module in ("lettrine.importing", "lettrine.cli"):
        monkeypatch.setattr(f"{module}.read_settings", lambda: settings)
    return CliRunner()


def call(command: CliRunner, *words: object) -> Result:
    umask = os.umask(0)
    os.umask(umask)
    try:
        return command.invoke(cli.main, ["import", *map(str, words)])
    finally:
        os.umask(umask)


def counts(session: Session) -> list[int]:
    session.rollback()
    return [session.scalar(select(func.count()).select_from(each)) or 0
            for each in (Invoice, Customer, ImportRun, JournalEntry)]  # fmt: skip


def test_a_dry_run_says_a_verdict_per_row_and_writes_nothing(command: CliRunner, session: Session) -> None:
    before = counts(session)
    said = call(command, "orders", SAMPLE, "--shop", "Boutique 1")
    assert said.exit_code == 0, said.output
    assert said.stdout.count("Nouvelle commande") == 40 and "nothing was written" in said.stderr
    assert counts(session) == before


def test_applied_the_orders_are_there(command: CliRunner, bench: Bench, session: Session) -> None:
    said = call(command, "orders", SAMPLE, "--shop", bench.shop_id, "--apply", "--json")
    told = json.loads(said.stdout)
    assert said.exit_code == 0 and told["applied"] and told["counts"] == {"new": 40}
    assert counts(session)[0] == 40
    again = json.loads(call(command, "orders", SAMPLE, "--shop", bench.shop_id, "--apply", "--json").stdout)
    assert again["counts"] == {"unchanged": 40} and counts(session)[0] == 40


def test_a_row_that_stays_out_is_exit_1(command: CliRunner, tmp_path: Path, session: Session) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(export(row(1), row(2, TI="73,00")))
    said = call(command, "orders", file, "--shop", "Boutique 1", "--apply")
    assert (said.exit_code, counts(session)[0]) == (1, 1)
    assert "60,00\u00a0€ + 12,00\u00a0€ ne font pas 73,00\u00a0€." in said.stdout
    assert "1 rows need a person." in said.stderr


def test_a_file_that_cannot_be_read_and_a_shop_that_is_not_there_are_refused(
    command: CliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "page.xls"
    file.write_bytes(b"<html></html>")
    said = call(command, "orders", file, "--shop", "Boutique 1")
    assert said.exit_code == 1 and "page web" in said.stderr
    said = call(command, "orders", SAMPLE, "--shop", "Nulle part")
    assert said.exit_code == 1 and "Boutique 1" in said.stderr


def test_customers_come_in_by_command(command: CliRunner, tmp_path: Path, session: Session) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("Nom;Prénom;E-mail\nRoy;Zoé;zoe@exemple.fr\nRoy;Léo;nulle part\n", "utf-8")
    assert call(command, "customers", file).exit_code == 1
    assert counts(session)[1] == 0
    said = call(command, "customers", file, "--apply")
    assert said.exit_code == 1 and "E-mail" in said.stdout
    assert counts(session)[1] == 1
