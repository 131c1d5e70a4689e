"""`lettrine import letterings`: a verdict per document, exit 0, 1 where a person is needed, 2 where it isn't clear."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.database import transaction
from invoicing.imports.models import ImportRun, RunState
from invoicing.invoices.models import Invoice
from lettrine import cli
from tests.conftest import Database
from tests.factories import make_shop
from tests.lettering.desk import order

Call = Callable[..., Result]
HEADING = "N° facture;Date;Client;Libellé;Montant TTC\n"
GOOD = "FA-1;14/03/2026;Zoé Roy;Cmd B-20260314-1;72,00\nFA-2;15/03/2026;Zoé Roy;Cmd B-20260314-2;72,00\n"


@pytest.fixture
def call(settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command with a file of this content."""
    for module in ("lettrine.importing", "lettrine.cli"):
        monkeypatch.setattr(f"{module}.read_settings", lambda: settings)
    with transaction(database.sessions) as session:
        shop = make_shop(session)
        for n in (1, 2):
            order(session, shop, f"B-20260314-{n}")

    def run(content: str | bytes, *words: str) -> Result:
        file = tmp_path / "ventes.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        umask = os.umask(0)
        os.umask(umask)
        try:
            return CliRunner().invoke(cli.main, ["import", "letterings", str(file), *words])
        finally:
            os.umask(umask)

    return run


def references(session: Session) -> list[str | None]:
    session.rollback()
    return list(session.scalars(select(Invoice.lettering).order_by(Invoice.number)))


def test_a_dry_run_says_what_would_be_done_and_keeps_nothing(call: Call, session: Session) -> None:
    said = call(HEADING + GOOD)
    assert said.exit_code == 0, said.output
    assert said.stdout.count("À lettrer") == 2 and "nothing was written" in said.stderr
    assert references(session) == [None, None] and session.scalars(select(ImportRun)).all() == []


def test_applied_it_letters_and_says_so_to_a_program(call: Call, session: Session) -> None:
    told = json.loads((said := call(HEADING + GOOD, "--apply", "--json")).stdout)
    assert said.exit_code == 0 and told["applied"] and told["counts"] == {"lettered": 2}
    assert [(row["line"], row["subject"], row["facts"]["number"]) for row in told["rows"]] == [
        (2, "FA-1", "B-20260314-1"), (3, "FA-2", "B-20260314-2"),
    ]  # fmt: skip
    assert references(session) == ["FA-1", "FA-2"]
    again = call(HEADING + GOOD, "--apply", "--json")
    assert again.exit_code == 0 and json.loads(again.stdout)["counts"] == {"already": 2}


def test_a_row_that_needs_a_person_is_exit_1_and_the_others_are_lettered(call: Call, session: Session) -> None:
    said = call(HEADING + GOOD + "FA-3;15/03/2026;Zoé Roy;Cmd B-20260314-9;72,00\n", "--apply")
    assert said.exit_code == 1 and "B-20260314-9" in said.stdout and "1 rows need a person." in said.stderr
    assert references(session) == ["FA-1", "FA-2"]


def test_what_columns_are_can_be_said_and_is_asked_where_it_is_not_clear(call: Call, session: Session) -> None:
    unclear = "A;B\nFA-1;B-20260314-1\nFA-2;B-20260314-2\n"
    said = call(unclear, "--apply", "--json")
    assert said.exit_code == 2 and "reference" in json.loads(said.stdout)["asks"], said.output
    assert session.scalars(select(ImportRun.state)).all() == [RunState.dropped]
    said = call(unclear)
    assert said.exit_code == 2 and "--column" in said.stderr
    said = call(unclear, "--apply", "--column", "A=reference", "--column", "2=number")
    assert said.exit_code == 0, said.output
    assert references(session) == ["FA-1", "FA-2"]
    remembered = call(unclear)
    assert remembered.exit_code == 0 and remembered.stdout.count("Déjà ainsi") == 2


def test_days_that_read_both_ways_are_asked(call: Call) -> None:
    heading = "Invoice Number;Date;Customer;Memo;Total\n"
    content = heading + GOOD.replace("14/03", "04/03").replace("15/03", "05/03").replace(",00", ".00")
    said = call(content, "--json")
    assert (said.exit_code, json.loads(said.stdout)["asks"]) == (2, ["days"])
    told = json.loads(call(content, "--json", "--days", "day_first").stdout)
    assert [row["facts"]["day"] for row in told["rows"]] == ["2026-03-04", "2026-03-05"]


@pytest.mark.parametrize("column", ["A", "Z=reference", "N° facture=nonsense", "9=reference"])
def test_a_column_that_is_not_there_is_wrong_use(call: Call, column: str, session: Session) -> None:
    for more in ((), ("--apply",)):
        said = call(HEADING + GOOD, "--column", column, *more)
        assert said.exit_code == 2 and "--column" in said.stderr
    assert references(session) == [None, None]


def test_a_file_that_is_none_is_exit_2(call: Call) -> None:
    for more in ((), ("--apply",)):
        said = call(b"%PDF-1.7 \x00\x01", *more)
        assert said.exit_code == 2 and "Error: " in said.stderr, said.output
    assert json.loads(call(b"", "--json").stdout)["unreadable"] == "empty"
