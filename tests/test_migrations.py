"""An upgrade of SQLite leaves the connection as it was, and refuses what breaks a foreign key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text
from sqlalchemy.exc import OperationalError

from invoicing import guards, migrations, search_index
from invoicing.database import make_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite file without a schema."""
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    yield engine
    engine.dispose()


def keys_are_checked(engine: Engine) -> bool:
    """What the pooled connection says of itself."""
    with engine.connect() as connection:
        return connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_foreign_keys_are_on_after_every_upgrade(engine: Engine) -> None:
    for _ in range(2):  # the second has nothing to do
        migrations.upgrade(engine)
        assert migrations.is_current(engine) and keys_are_checked(engine)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("INSERT INTO series_counter (series_id, period, last) VALUES (99, '', 1)", "series_counter → series"),
        ("SELECT * FROM nowhere", "nowhere"),
    ],
)
def test_a_failed_upgrade_leaves_nothing_behind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, statement: str, words: str
) -> None:
    monkeypatch.setattr(guards, "install", lambda connection: connection.exec_driver_sql(statement))
    with pytest.raises((RuntimeError, OperationalError), match=words):
        migrations.upgrade(engine)
    assert keys_are_checked(engine)
    assert inspect(engine).get_table_names() == []


def rows_of(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def put(connection: Connection, into: str, **values: object) -> None:
    """A row in which everything else that must be there is as plain as it can be."""
    table = Table(into, MetaData(), autoload_with=connection)
    plain = {int: 0, str: "", bool: True, date: date(2026, 3, 1), datetime: datetime(2026, 3, 1)}  # noqa: DTZ001
    wanted = [column for column in table.columns if not column.nullable and column.name not in values]
    filled = {column.name: plain[column.type.python_type] for column in wanted}
    connection.execute(table.insert().values(**filled, **values))


def test_rows_of_the_first_schema_come_along(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as first:  # guards and indexes are those of the newest schema
        for module in (guards, search_index):
            first.setattr(module, "install", lambda _connection: None)
            first.setattr(module, "remove", lambda _connection: None)
        command.upgrade(migrations.configuration(engine), "0001")
    with engine.begin() as connection:
        put(connection, "organisation", id=1, name="Les Ateliers")
        put(connection, "seller", id=1, region="FR", currency="EUR", tax_status="vat_registered")
        put(connection, "series", id=1, seller_id=1, use="manual", source="generated", mode="official", format="F{n}")
        put(connection, "customer", id=1, kind="person", standing="contact", sort_name="lefevre elodie")
        put(connection, "catalogue", id=1, currency="EUR")
        put(connection, "tax_set", id=1)
        put(connection, "item", id=1, catalogue_id=1, tax_set_id=1, label="Stage")
        same = {"kind": "invoice", "origin": "manual", "mode": "official", "currency": "EUR", "made_out_to": "person",
                "seller_id": 1, "series_id": 1, "customer_id": 1}  # fmt: skip
        stands = {"number": "F1", "issued_on": date(2026, 2, 1), "snapshot": "{}", "frozen_at": datetime(2026, 2, 1)}  # noqa: DTZ001
        put(connection, "invoice", id=1, status="complete", transaction_code="A", **same, **stands)
        put(connection, "document_version", invoice_id=1, position=1, state="rendered", sha256="abc", size=3)
        put(connection, "invoice", id=2, status="draft", transaction_code="B", **same)
    migrations.upgrade(engine)
    listed = rows_of(engine, "SELECT id, listed_on, customer_sort, shop_id FROM invoice ORDER BY id")
    assert listed == [(1, "2026-02-01", "lefevre elodie", None), (2, "2026-03-01", "lefevre elodie", None)]
    assert rows_of(engine, "SELECT letters_unpaid, shows_official FROM organisation") == [(0, 1)]
    assert rows_of(engine, "SELECT label, budget_post FROM item") == [("Stage", "")]
    assert rows_of(engine, "SELECT sha256, xml_sha256, source_sha256 FROM document_version") == [("abc", None, None)]
    with engine.connect() as connection:
        assert guards.problems(connection) == [] and search_index.problems(connection) == []
