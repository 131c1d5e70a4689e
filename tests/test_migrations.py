"""An upgrade of SQLite leaves the connection as it was, and refuses what breaks a foreign key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import OperationalError

from invoicing import guards, migrations
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
