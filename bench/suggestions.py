"""Suggestions on ledgers that were made up: how often they are right, and how fast. `python bench/suggestions.py`

`[seeds] [documents] [rows]`: three sets of 20,000 documents and 5,000 rows each unless said otherwise, from seed 1001
on (the rules were looked at on lower ones). Prints precision and recall at the threshold, kind by kind: `weak` are
rows of which the right document is among those that are not shown as the one, `grouped` those found as several.
`load` fills a database with so many documents and loads them from it.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.filling import fill  # noqa: E402
from invoicing.database import make_engine  # noqa: E402
from invoicing.lettering.suggesting import Pool  # noqa: E402
from invoicing.lettering.suggesting_rules import SHOWN  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from tests.lettering import noise_more  # noqa: E402
from tests.lettering.noise import make  # noqa: E402
from tests.lettering.noise_score import Score, precision, recall, score  # noqa: E402
from tests.lettering.noise_words import NOT_ONE  # noqa: E402

FIRST_SEED = 1001


def main() -> None:
    """Everything, or loading alone."""
    if sys.argv[1:2] == ["load"]:
        load(int(sys.argv[2]) if sys.argv[2:] else 100_000)
        return
    seeds, documents, rows = [*map(int, sys.argv[1:4]), *(3, 20_000, 5_000)[len(sys.argv) - 1 :]]
    every: dict[str, Score] = defaultdict(Score)
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        made = make(seed, documents, rows)
        pool = made.pool()
        began = time.process_time()
        found = score(pool, made.cases)
        took = (time.process_time() - began) * 1_000_000 // len(made.cases)
        print(
            f"seed {seed}: right {precision(found)} of 1000 shown, recall {recall(found)} of 1000, {took:.0f} µs a row"
        )
        for kind, one in found.items():
            for name in ("asked", "shown", "right", "weak", "grouped"):
                setattr(every[kind], name, getattr(every[kind], name) + getattr(one, name))
    table(every)


def table(every: dict[str, Score]) -> None:
    """One line a kind, then all of them."""
    none = (*NOT_ONE, *noise_more.NONE)
    print(f"\nthreshold {SHOWN}; right {precision(every)} of 1000 shown, recall {recall(every)} of 1000\n")
    print("| noise | rows | shown | right | of shown | recall | weak | grouped |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    for kind, one in sorted(every.items(), key=lambda pair: (pair[0] in none, pair[0])):
        right = f"{100 * one.right / one.shown:.1f} %" if one.shown else "–"
        found = "–" if kind in none else f"{100 * one.right / one.asked:.1f} %"
        print(f"| {kind} | {one.asked} | {one.shown} | {one.right} | {right} | {found} | {one.weak} | {one.grouped} |")


def load(count: int) -> None:
    """Time and memory of `Pool.load` on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/load.db")
        upgrade(engine)
        sessions = sessionmaker(engine)
        fill(sessions, count)
        with sessions() as session:
            before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
            pool = Pool.load(session)
            took = time.perf_counter() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        print(f"{len(pool.documents)} of {count} documents wait: loaded in {took:.1f} s, {grown} MB more")
        engine.dispose()


if __name__ == "__main__":
    main()
