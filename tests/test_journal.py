"""The journal: one chain, in the order of commits, nothing of what was rolled back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from sqlalchemy import select

from invoicing import journal
from invoicing.database import transaction
from invoicing.journal import COMMAND, GENESIS, JournalEntry, entry_hash
from tests.conftest import JOURNAL_KEY, Database
from tests.factories import NOW


def note(database: Database, action: str) -> None:
    with transaction(database.sessions) as session:
        journal.record(session, COMMAND, NOW, action, ("invoice", 1), {"status": ("draft", "pending")})


def entries(database: Database) -> list[JournalEntry]:
    with database.sessions() as session:
        return list(session.scalars(select(JournalEntry).order_by(JournalEntry.position)))


def test_each_entry_is_chained_to_the_one_before(database: Database) -> None:
    for action in ("a.one", "a.two", "a.three"):
        note(database, action)
    found = entries(database)
    assert [entry.position for entry in found] == [1, 2, 3]
    assert [entry.previous_hash for entry in found] == [GENESIS, found[0].hash, found[1].hash]
    assert all(entry.hash == entry_hash(JOURNAL_KEY.encode(), entry) for entry in found)


def test_the_hash_depends_on_the_key_and_on_every_fact(database: Database) -> None:
    note(database, "a.one")
    (entry,) = entries(database)
    assert entry_hash(b"another key", entry) != entry.hash
    for name, value in (
        ("action", "a.two"),
        ("changes", "{}"),
        ("subject_id", 2),
        ("actor_id", 5),
        ("previous_hash", "1" * 64),
    ):
        before = getattr(entry, name)
        setattr(entry, name, value)
        assert entry_hash(JOURNAL_KEY.encode(), entry) != entry.hash, name
        setattr(entry, name, before)


def test_a_rollback_leaves_nothing(database: Database) -> None:
    with database.sessions() as session:
        session.begin()
        journal.record(session, COMMAND, NOW, "a.lost", ("invoice", 1))
        session.rollback()
        session.begin()
        journal.record(session, COMMAND, NOW, "a.kept", ("invoice", 1))
        session.commit()
    assert [entry.action for entry in entries(database)] == ["a.kept"]


def test_writers_at_once_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: note(database, f"a.n{n}"), range(40)))
    found = entries(database)
    assert [entry.position for entry in found] == list(range(1, 41))
    assert all(after.previous_hash == before.hash for before, after in pairwise(found))


def test_a_savepoint_takes_only_its_own_entries_with_it(database: Database) -> None:
    with transaction(database.sessions) as session:
        journal.record(session, COMMAND, NOW, "a.before", ("invoice", 1))
        undone = session.begin_nested()
        journal.record(session, COMMAND, NOW, "a.lost", ("invoice", 1))
        undone.rollback()
        with session.begin_nested():
            journal.record(session, COMMAND, NOW, "a.within", ("invoice", 1))
        journal.record(session, COMMAND, NOW, "a.after", ("invoice", 1))
    assert [entry.action for entry in entries(database)] == ["a.before", "a.within", "a.after"]


def test_nothing_is_noted_outside_a_transaction(database: Database) -> None:
    with database.sessions() as session, pytest.raises(RuntimeError):
        journal.record(session, COMMAND, NOW, "a.lost", ("invoice", 1))
