"""The database itself refuses to change, replace or remove what is frozen; on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from invoicing import guards
from invoicing.database import is_sqlite
from tests.conftest import Database
from tests.factories import make_customer, make_draft, make_invoice, make_seller


@pytest.fixture
def frozen(database: Database) -> Iterator[Connection]:
    """One frozen invoice (1) and one draft (2)."""
    with database.sessions() as session:
        seller, customer = make_seller(session), make_customer(session)
        make_invoice(session, customer, seller)
        make_draft(session, customer, seller)
        session.commit()
    with database.engine.connect() as connection:
        yield connection


COPIED = "label, detail, quantity_e3, price_e4, discount_e4, net_cents, tax_set_id"
CHANGES = [
    *(f"UPDATE invoice SET {name} = NULL WHERE id = 1" for name in ("number", "snapshot", "frozen_at", "issued_on")),
    "UPDATE invoice SET total_cents = 1 WHERE id = 1",
    "UPDATE invoice SET id = 77 WHERE id = 1",
    "UPDATE invoice SET emailed = NOT emailed WHERE id = 1",
    "DELETE FROM invoice WHERE id = 1",
    "UPDATE invoice_line SET label = 'x' WHERE invoice_id = 1",
    "UPDATE invoice_line SET invoice_id = 2, position = 9 WHERE invoice_id = 1",
    "UPDATE invoice_line SET invoice_id = 1, position = 9 WHERE invoice_id = 2",
    "DELETE FROM invoice_line WHERE invoice_id = 1",
    f"INSERT INTO invoice_line (invoice_id, position, {COPIED}) "
    f"SELECT 1, 2, {COPIED} FROM invoice_line WHERE invoice_id = 2",
    "UPDATE invoice_tax SET amount_cents = 0 WHERE invoice_id = 1",
    "DELETE FROM invoice_tax WHERE invoice_id = 1",
    "UPDATE invoice_line_tax SET rate_e5 = 0",
    "DELETE FROM invoice_line_tax",
    "UPDATE journal SET at = at",
    "DELETE FROM journal WHERE position = 1",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_sql_cannot_change_what_is_frozen(frozen: Connection, statement: str) -> None:
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text(statement))


COPY = "SELECT {0} FROM invoice WHERE id = 2"
REPLACING = [
    "INSERT OR REPLACE INTO invoice SELECT * FROM invoice WHERE id = 1",
    "REPLACE INTO invoice_line SELECT * FROM invoice_line WHERE invoice_id = 1",
    "REPLACE INTO invoice_tax SELECT * FROM invoice_tax WHERE invoice_id = 1",
    "REPLACE INTO invoice_line_tax SELECT * FROM invoice_line_tax",
    "UPDATE OR REPLACE invoice SET number = (SELECT number FROM invoice WHERE id = 1) WHERE id = 2",
    "UPDATE OR REPLACE invoice SET transaction_code = (SELECT transaction_code FROM invoice WHERE id = 1) WHERE id = 2",
    "UPDATE OR REPLACE invoice SET id = 1 WHERE id = 2",
    "UPDATE OR REPLACE invoice_line SET id = (SELECT id FROM invoice_line WHERE invoice_id = 1) WHERE invoice_id = 2",
    "REPLACE INTO journal SELECT * FROM journal WHERE position = 1",
]


@pytest.mark.parametrize("statement", REPLACING)
def test_sqlite_cannot_replace_what_is_frozen(frozen: Connection, statement: str) -> None:
    if not is_sqlite(frozen):
        pytest.skip("REPLACE is SQLite's")
    before = frozen.execute(text("SELECT * FROM invoice WHERE id = 1")).one()
    with pytest.raises(DatabaseError, match=r"frozen|UNIQUE|FOREIGN"):
        frozen.execute(text(statement))
    assert frozen.execute(text("SELECT * FROM invoice WHERE id = 1")).one() == before


@pytest.mark.parametrize(
    "table", ["invoice", "invoice_line", "invoice_tax", "invoice_line_tax", "journal", "customer", "payment"]
)
def test_postgresql_cannot_truncate_what_is_frozen(frozen: Connection, table: str) -> None:
    if is_sqlite(frozen):
        pytest.skip("TRUNCATE is PostgreSQL's")
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text(f"TRUNCATE {table} CASCADE"))


def test_postgresql_upserts_cannot_change_it_either(frozen: Connection) -> None:
    if is_sqlite(frozen):
        pytest.skip("covered by UPDATE there")
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text(
            "INSERT INTO invoice_tax SELECT * FROM invoice_tax "
            "ON CONFLICT (invoice_id, position) DO UPDATE SET base_cents = 0"
        ))  # fmt: skip


def test_a_draft_stays_free(frozen: Connection) -> None:
    frozen.execute(text("UPDATE invoice SET note = 'autre' WHERE id = 2"))
    frozen.execute(text("UPDATE invoice_line SET label = 'autre' WHERE invoice_id = 2"))
    frozen.execute(text("DELETE FROM invoice_line WHERE invoice_id = 2"))
    frozen.execute(text("DELETE FROM invoice WHERE id = 2"))


def test_what_lives_outside_the_frozen_columns_may_change(frozen: Connection) -> None:
    frozen.execute(text("UPDATE invoice SET status = 'complete', lettering = 'FA-1', revision = 9 WHERE id = 1"))


def test_every_guard_stands_after_the_migrations(frozen: Connection) -> None:
    assert guards.problems(frozen) == []


def test_a_missing_or_altered_guard_is_noticed(frozen: Connection) -> None:
    if is_sqlite(frozen):
        frozen.execute(text("DROP TRIGGER guard_invoice_delete"))
        frozen.execute(text("DROP TRIGGER guard_payment_update"))
        frozen.execute(text("CREATE TRIGGER guard_payment_update BEFORE UPDATE ON payment BEGIN SELECT 1; END"))
    else:
        frozen.execute(text("ALTER TABLE invoice DISABLE TRIGGER guard_invoice_delete"))
        frozen.execute(text(
            "CREATE OR REPLACE FUNCTION guard_payment_update() RETURNS trigger LANGUAGE plpgsql AS "
            "$x$ BEGIN RETURN NEW; END $x$"
        ))  # fmt: skip
    assert guards.problems(frozen) == ["guard_invoice_delete", "guard_payment_update"]
    frozen.rollback()
