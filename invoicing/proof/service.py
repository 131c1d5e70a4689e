"""Verifies everything: one steady look at the database, then the files of the archive."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine

from invoicing import guards
from invoicing.documents.archive import Archive
from invoicing.lettering import rules as lettering
from invoicing.proof import anchors, exported, queries, runs_told, tallies
from invoicing.proof.archived import Versions
from invoicing.proof.chain import Chain
from invoicing.proof.documents import Documents
from invoicing.proof.exported import Exports
from invoicing.proof.imported import Imported, Source
from invoicing.proof.numbers import Numbers
from invoicing.proof.references import References
from invoicing.proof.rules import CHECKS, Report, Tally

Progress = Callable[[int, int], None]  # rows and files done, of how many
STEP: Final = 2000


class _Steps:
    """Adds up what is done, and says so now and then."""

    def __init__(self, total: int, told: Progress) -> None:
        self._done, self._said, self._total, self._told = 0, 0, total, told
        told(0, total)

    def __call__(self, more: int) -> None:
        self._done += more
        if self._done - self._said >= STEP or self._done >= self._total:
            self._said = self._done
            self._told(min(self._done, self._total), self._total)


def verify(
    engine: Engine, key: bytes, archive: Archive, folder: Path, progress: Progress = lambda done, total: None
) -> Report:
    """Everything that Lettrine can prove, read and computed anew; writes nothing.

    `key` is the journal's, `folder` that of the anchors. The anchors are read first: what is anchored meanwhile is not
    in the moment that the database shows.
    """
    noted = list(anchors.read(folder))
    with queries.steady(engine) as connection:
        source = Source(partial(queries.of_import, connection), partial(queries.planned, connection))
        chain = Chain(key, noted, Imported(key, source))
        size = queries.sizes(connection)
        steps = _Steps(size.total, progress)
        for entries in queries.entries(connection):
            chain.read(entries)
            steps(len(entries))
        chain.finish()
        numbers = Numbers(queries.series(connection), queries.counters(connection))
        documents = _documents(connection, chain, numbers, steps)
        references = _references(connection, chain, documents, steps)
        versions = Versions(chain.versions, documents.names)
        for rows in queries.versions(connection):
            versions.take(rows)
            steps(len(rows))
        versions.finish()
        runs_told.check(references.tally, queries.runs(connection), chain.imports)
        exports = _exports(connection, chain, steps)
        counters = tallies.check(connection)
        guarded = _guards(connection)
    versions.read_files(archive, steps)
    steps(size.total)
    return _report(chain, [chain.tally, chain.anchor_tally, documents.tally, numbers.tally, documents.payments,
                           references.tally, versions.tally, exports, counters, guarded])  # fmt: skip


def _documents(connection: Connection, chain: Chain, numbers: Numbers, steps: Callable[[int], None]) -> Documents:
    found = Documents(chain, numbers)
    for some in queries.documents(connection):
        found.take(some)
        steps(len(some))
    found.finish(_called(connection, found.gone()[:STEP]))
    numbers.finish()
    return found


def _called(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, str]:
    """The numbers of documents that are gone, as the journal remembers them."""
    numbers: dict[int, str] = {}
    for invoice_id, changes in queries.changes_of(connection, invoice_ids):
        try:
            given = json.loads(changes)["number"][1]
        except (ValueError, LookupError, TypeError):
            continue
        if given:
            numbers[invoice_id] = str(given)
    return numbers


def _references(connection: Connection, chain: Chain, documents: Documents, steps: Callable[[int], None]) -> References:
    found = References(chain, documents.names)
    for rows in queries.lettering_changes(connection):
        found.take(rows)
        steps(len(rows))
    found.finish(documents.lettered, lettering.fold)
    return found


def _exports(connection: Connection, chain: Chain, steps: Callable[[int], None]) -> Tally:
    parts, items = partial(queries.export_parts, connection), partial(queries.export_items, connection)
    found = Exports(chain.exports, exported.Source(partial(queries.exports, connection), parts, items))
    found.check(steps)
    return found.tally


def _guards(connection: Connection) -> Tally:
    tally = Tally("guards")
    tally.count = len(guards.statements(connection.dialect.name == "sqlite"))
    for name in guards.problems(connection):
        tally.fault("guard", guard=name)
    return tally


def _report(chain: Chain, tallies: Sequence[Any]) -> Report:
    by_name = {tally.name: tally.close() for tally in tallies}
    return Report(tuple(by_name[name] for name in CHECKS), chain.position, chain.head)
