"""The kept counters: as the documents are after whatever happened to them, on both engines, and nobody waits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.orm import Session

from invoicing.database import is_sqlite, make_engine, transaction
from invoicing.invoices import tallies
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, Status
from invoicing.money import Currency
from lettrine.cli import problems
from tests.conftest import Database
from tests.factories import make_customer, make_draft, make_invoice, make_seller


@pytest.fixture(scope="module")
def engines(
    sqlite_template: Path, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Engine]]:
    """Both engines, empty."""
    path = tmp_path_factory.mktemp("tallies") / "both.db"
    shutil.copy(sqlite_template, path)
    made = [make_engine(f"sqlite:///{path}"), make_engine(postgres_url)]
    yield made
    for engine in made:
        engine.dispose()


KINDS, STATUSES, CURRENCIES = (st.sampled_from(list(each)) for each in (InvoiceKind, Status, Currency))
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 3)),
        st.tuples(st.just("kind"), KINDS),
        st.tuples(st.just("status"), STATUSES),
        st.tuples(st.just("currency"), CURRENCIES),
        st.tuples(st.just("total_cents"), st.integers(0, 10**12)),
        st.tuples(st.just("net_cents"), st.integers(0, 10**12)),
        st.tuples(st.just("lettering"), st.none()),
        st.tuples(st.just("drop"), st.none()),
        st.tuples(st.just("compact"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES, st.randoms(use_true_random=False))
def test_counters_say_what_the_documents_say(
    engines: list[Engine], monkeypatch: pytest.MonkeyPatch, changes: list[tuple[str, Any]], chance: Any
) -> None:
    monkeypatch.setattr(tallies, "LOOSE", 1)
    for engine in engines:
        with Session(engine, info={"journal_key": b"a key for the journal of the tests"}) as session:
            session.connection(execution_options={"write": True})
            customer, seller = make_customer(session), make_seller(session)
            for what, value in changes:
                ids = list(session.scalars(select(Invoice.id)))
                if what == "add":
                    for _ in range(value):
                        make_draft(session, customer, seller)
                elif what == "compact":
                    tallies.compact(session)
                elif ids and what == "drop":
                    gone = chance.choice(ids)
                    lines = select(InvoiceLine.id).where(InvoiceLine.invoice_id == gone)
                    session.execute(text("DELETE FROM invoice_line WHERE invoice_id = :it"), {"it": gone})
                    session.execute(text("DELETE FROM invoice WHERE id = :it"), {"it": gone})
                    assert session.scalars(lines).all() == []
                elif ids:
                    some = chance.sample(ids, chance.randint(1, len(ids)))
                    session.execute(update(Invoice).where(Invoice.id.in_(some)).values({what: value}))
                assert same(session.connection())
            session.rollback()


def same(connection: Connection) -> bool:
    """Whether the counters agree with a count, and are of something where there is something."""
    there = tallies.counted(connection)
    return tallies.kept(connection) == there and bool(there) == bool(
        connection.scalar(select(func.count()).select_from(Invoice))
    )


def test_they_are_read_as_groups(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    made = [make_draft(session, customer, seller) for _ in range(2)]
    each = made[0]
    found = tallies.read(session)
    assert found == [(InvoiceKind.invoice, Status.draft, Currency.EUR, 2, 2 * each.net_cents, 2 * each.tax_cents,
                      2 * each.total_cents)]  # fmt: skip


def test_what_is_rolled_back_counts_for_nothing(database: Database) -> None:
    with database.sessions() as session:
        session.connection(execution_options={"write": True})
        make_draft(session, make_customer(session), make_seller(session))
        assert len(tallies.read(session)) == 1
        session.rollback()
        assert tallies.read(session) == []


def test_two_writers_and_one_who_compacts_wait_for_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_sqlite(database.engine):
        pytest.skip("SQLite's writers follow one another")
    monkeypatch.setattr(tallies, "LOOSE", 0)
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        drafts = [make_draft(session, customer, seller).id for _ in range(2)]
    with database.sessions() as one, database.sessions() as two, database.sessions() as third:
        for session in (one, two, third):
            session.execute(text("SET LOCAL lock_timeout = '2s'"))  # whoever had to wait is refused
        for session, draft in ((one, drafts[0]), (two, drafts[1])):
            session.execute(text("UPDATE invoice SET status = 'pending' WHERE id = :it"), {"it": draft})
        assert tallies.compact(third) >= 1
        third.commit()
        one.commit()
        two.rollback()
    with database.sessions() as session:
        counts = {(row[1], row[3]) for row in tallies.read(session)}
        assert counts == {(Status.pending, 1), (Status.draft, 1)}


def test_many_writers_and_two_who_compact_lose_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_sqlite(database.engine):
        pytest.skip("SQLite's writers follow one another")
    monkeypatch.setattr(tallies, "LOOSE", 0)
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        drafts = [make_draft(session, customer, seller).id for _ in range(4)]
    statuses = list(Status)

    def write(place: int) -> None:
        for turn in range(12):
            with database.sessions() as session:
                values = {"status": statuses[(place + turn) % len(statuses)], "total_cents": 100 * turn + place}
                session.execute(update(Invoice).where(Invoice.id == drafts[place]).values(values))
                if turn % 3:
                    session.commit()
                else:
                    session.rollback()

    def compact(_place: int) -> None:
        for _ in range(12):
            with transaction(database.sessions) as session:
                tallies.compact(session)

    with ThreadPoolExecutor(6) as pool:
        for done in [*map(pool.submit, [write] * 4 + [compact] * 2, [0, 1, 2, 3, 0, 1])]:
            done.result(timeout=60)
    with transaction(database.sessions) as session:
        tallies.compact(session)
        assert same(session.connection())
        piled = session.scalar(text(f"SELECT count(*) FROM {tallies.TABLE}"))
        keys = f"SELECT DISTINCT kind, status, currency FROM {tallies.TABLE}"
        groups = session.scalar(text(f"SELECT count(*) FROM ({keys}) AS keys"))
        assert piled == groups


def test_few_rows_are_left_as_they_are(session: Session) -> None:
    make_draft(session, make_customer(session), make_seller(session))
    assert tallies.compact(session) == 0 and same(session.connection())


@pytest.mark.parametrize("name", ["tally_insert", "tally_update", "tally_delete", "invoice_tally"])
def test_a_check_names_what_is_missing_and_an_upgrade_makes_it_again(database: Database, name: str) -> None:
    with transaction(database.sessions) as session:
        make_invoice(session, make_customer(session), make_seller(session))
    on = "" if is_sqlite(database.engine) else " ON invoice"
    drop = f"DROP TABLE {name}" if name == "invoice_tally" else f"DROP TRIGGER {name}{on}"
    with database.engine.begin() as connection:
        connection.execute(text(drop))
    try:
        assert f"counters: {name} is missing" in problems(database.engine)[0]
    finally:
        with database.engine.begin() as connection:
            tallies.install(connection)
    assert problems(database.engine) == []
    with database.engine.begin() as connection:
        assert same(connection)


def test_a_wrong_counter_is_named_and_counted_anew(database: Database) -> None:
    with transaction(database.sessions) as session:
        make_invoice(session, make_customer(session), make_seller(session))
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE invoice_tally SET total_cents = total_cents + 1"))
    assert problems(database.engine) == ["counters: the kept counters are wrong (lettrine db upgrade counts anew)"]
    with database.engine.begin() as connection:
        tallies.install(connection)
    assert problems(database.engine) == []
