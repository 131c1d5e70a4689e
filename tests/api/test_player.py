"""A shop that retries, doubles and muddles, against a real web server; and the example of the docs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.shop_player import play, serving, settle
from tests.conftest import Database

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_order_comes_in_once_and_every_cent_agrees(database: Database, tmp_path: Path) -> None:
    with serving(database.url, tmp_path) as (address, key):
        player, plans = play(address, key, 60 if database.url.startswith("sqlite") else 120)
    assert settle(database.url, player, plans) == []
    assert {400, 409} <= set(player.statuses)


@pytest.mark.slow
def test_the_example_of_the_docs_runs(database: Database, tmp_path: Path) -> None:
    with serving(database.url, tmp_path) as (address, key):
        there = f"http://{address.replace('127.0.0.1', 'localhost')}"
        words = [sys.executable, str(ROOT / "docs/examples/shop.py"), there, key]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "paid, reste 0.00" in done.stdout
