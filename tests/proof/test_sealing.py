"""Seals: archived versions and older installations' documents go into the chain, once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from invoicing.database import transaction
from invoicing.documents.models import DocumentVersion
from invoicing.journal import JournalEntry
from invoicing.proof import sealing
from tests.factories import NOW
from tests.proof.conftest import LATER, Desk


def entries(desk: Desk, action: str) -> list[JournalEntry]:
    """The journal's entries of one kind."""
    with desk.database.sessions() as session:
        query = select(JournalEntry).where(JournalEntry.action == action).order_by(JournalEntry.position)
        return list(session.scalars(query))


def test_every_archived_version_has_one_entry_that_names_its_bytes(desk: Desk) -> None:
    assert desk.seal() == 0
    with desk.database.sessions() as session:
        versions = {row.id: row for row in session.scalars(select(DocumentVersion))}
    found = entries(desk, "version.archived")
    assert [entry.subject_id for entry in found] == sorted(versions)
    for entry in found:
        version, told = versions[entry.subject_id or 0], {name: pair[1] for name, pair in entry.facts().items()}
        assert version.sealed_at == LATER
        assert told == {
            "invoice_id": version.invoice_id, "position": version.position, "sha256": version.sha256,
            "size": version.size, "pages": version.pages, "facts": sealing.facts_digest(version.facts),
            **{name: value for name in sealing.BESIDE if (value := getattr(version, name)) is not None},
        }  # fmt: skip
    assert {len(entry.facts()) for entry in found} == {8, 10}  # without XML, and with it


def test_two_workers_at_once_seal_each_version_once(desk: Desk) -> None:
    desk.tamper("UPDATE document_version SET sealed_at = NULL", "DELETE FROM journal WHERE action = 'version.archived'")
    count = int(desk.one("SELECT count(*) FROM document_version"))

    def seal(_n: int) -> int:
        with transaction(desk.database.sessions) as session:
            return sealing.seal_versions(session, LATER, limit=2)

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(seal, range(12)))
    assert done == len(entries(desk, "version.archived")) == count


def test_a_seal_is_given_once_and_only_to_what_is_archived(desk: Desk) -> None:
    for statement in ("UPDATE document_version SET sealed_at = '2027-01-01' WHERE id = 1",
                      "UPDATE document_version SET sealed_at = NULL WHERE id = 1"):  # fmt: skip
        with pytest.raises(DatabaseError, match="frozen"), desk.database.engine.begin() as connection:
            connection.execute(text(statement))
    with transaction(desk.database.sessions) as session:
        session.add(DocumentVersion(invoice_id=1, position=9, facts="{}", due_at=NOW))
    with pytest.raises(DatabaseError, match="frozen"), desk.database.engine.begin() as connection:
        connection.execute(text("UPDATE document_version SET sealed_at = due_at WHERE position = 9"))


def test_what_is_not_sealed_yet_is_counted_and_no_fault(desk: Desk) -> None:
    desk.tamper("UPDATE document_version SET sealed_at = NULL", "DELETE FROM journal WHERE action = 'version.archived'")
    archive = next(check for check in desk.verify().checks if check.name == "archive")
    assert archive.notes["unsealed"] == archive.count == int(desk.one("SELECT count(*) FROM document_version"))
    assert not archive.wrong


def test_an_older_installation_is_sealed_once(desk: Desk) -> None:
    older(desk)
    steps: list[tuple[int, int]] = []
    with transaction(desk.database.sessions) as session:
        assert sealing.seal_documents(session, LATER, lambda done, total: steps.append((done, total))) == 8
    with transaction(desk.database.sessions) as session:
        assert sealing.seal_documents(session, LATER) == 0
    assert steps == [(8, 8)]
    found = entries(desk, "invoice.sealed")
    assert [entry.subject_id for entry in found] == list(range(1, 9))
    assert all(entry.state and json.loads(entry.changes) == {} for entry in found)
    assert desk.codes() == {"anchor_differs"}  # of the chain that this test has thrown away
    desk.tamper("UPDATE invoice SET note = 'x' WHERE id = 1")
    assert "document_altered" in desk.codes()


def older(desk: Desk) -> None:
    """The journal as an installation from before format 2 has it."""
    from invoicing import guards
    from invoicing.journal import GENESIS, entry_hash
    from tests.proof.conftest import KEY

    with desk.database.sessions() as session:
        guards.remove(session.connection())
        session.execute(text("UPDATE document_version SET sealed_at = NULL"))
        session.execute(text("DELETE FROM journal WHERE action = 'version.archived'"))
        head = GENESIS
        for n, entry in enumerate(session.scalars(select(JournalEntry).order_by(JournalEntry.position)), start=1):
            entry.position, entry.format, entry.state, entry.previous_hash = n, 1, None, head
            entry.hash = head = entry_hash(KEY, entry)
            session.flush()
        guards.install(session.connection())
        session.commit()


def test_a_document_without_a_state_is_named(desk: Desk) -> None:
    older(desk)
    assert {"document_unsealed"} == {f.code for f in desk.faults() if f.check == "documents"}
