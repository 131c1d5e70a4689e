"""`lettrine export`, as somebody at a terminal sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoicing.database import transaction
from tests.accounts.test_commands import Terminal, terminal
from tests.conftest import Database
from tests.factories import make_customer, make_draft, make_invoice, make_seller

__all__ = ["terminal"]


@pytest.fixture
def filled(database: Database) -> None:
    """One invoice that awaits its payment, one draft."""
    with transaction(database.sessions) as session:
        customer, seller = make_customer(session), make_seller(session)
        make_invoice(session, customer, seller)
        make_draft(session, customer, seller)


def test_the_words_of_the_address_bar_are_the_filter(filled: None, terminal: Terminal, tmp_path: Path) -> None:
    for words, count in (("statut=toutes", 2), ("?statut=en-attente&annee=2026", 1), ("", 0)):
        done = terminal("export", "invoices", "--filter", words, "--output", "f.csv")
        assert done.exit_code == 0 and f"{count} documents" in done.output, done.output
        assert len((tmp_path / "f.csv").read_text("utf-8-sig").splitlines()) == count + 1


def test_a_workbook_and_json(filled: None, terminal: Terminal, tmp_path: Path) -> None:
    done = terminal(
        "export", "invoices", "--format", "xlsx", "--output", "f.xlsx", "--json", "--filter", "statut=toutes"
    )
    assert '"rows": 2' in done.output and (tmp_path / "f.xlsx").read_bytes()[:2] == b"PK"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".f")] == []


@pytest.mark.parametrize("words", ["anne=2026", "annee=x", "statut=payes", "tri=jour", "min=1,234"])
def test_words_that_mean_nothing_are_refused(filled: None, terminal: Terminal, tmp_path: Path, words: str) -> None:
    done = terminal("export", "invoices", "--filter", words, "--output", "f.csv")
    assert done.exit_code == 2 and words.partition("=")[0] in done.output
    assert not (tmp_path / "f.csv").exists()


def test_a_place_that_is_not_there_is_said(filled: None, terminal: Terminal) -> None:
    done = terminal("export", "invoices", "--output", "nowhere/f.csv")
    assert done.exit_code == 1 and "can't be written" in done.output
