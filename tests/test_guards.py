"""The database itself refuses to change, replace or remove what is frozen; on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from invoicing import guard_rules, guards
from invoicing.database import is_sqlite
from invoicing.documents.models import DocumentVersion
from invoicing.payments.models import Payment, PaymentMethod
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_draft, make_invoice, make_seller


@pytest.fixture
def frozen(database: Database) -> Iterator[Connection]:
    """One frozen invoice (1), one draft (2), a rendered version (1) and a due one (2), two payments."""
    with database.sessions() as session:
        seller, customer = make_seller(session), make_customer(session)
        make_invoice(session, customer, seller)
        make_draft(session, customer, seller)
        session.commit()
        session.execute(text("INSERT INTO invoice_tax SELECT 2, position, tax_id, rate_e5, 0, 0 FROM invoice_tax"))
        session.execute(text(RENDER.format(1)))
        session.add(DocumentVersion(invoice_id=1, position=2, facts="{}", due_at=NOW))
        session.add(payment_of("first"))
        session.flush()
        session.add(payment_of("second", undoes_id=1))
        session.commit()
    with database.engine.connect() as connection:
        yield connection


RENDER = (
    "UPDATE document_version SET state = 'rendered', rendered_at = due_at, sha256 = 'abc', size = 1, pages = 1, "
    "source_sha256 = 'def', source_size = 1 WHERE id = {0}"
)


def payment_of(form_token: str, undoes_id: int | None = None) -> Payment:
    """A payment of the frozen invoice."""
    return Payment(invoice_id=1, method=PaymentMethod.cash, amount_cents=1, paid_on=TODAY, recorded_at=NOW,
                   form_token=form_token, undoes_id=undoes_id)  # fmt: skip


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
    "UPDATE invoice SET status = 'draft' WHERE id = 1",
    "UPDATE invoice SET listed_on = '2001-01-01' WHERE id = 1",
    "UPDATE invoice SET number_folded = 'x' WHERE id = 1",
    "UPDATE invoice SET paid_cents = -1 WHERE id = 1",
    "UPDATE invoice SET credited_cents = -1 WHERE id = 2",
    "UPDATE series_counter SET last = last - 1",
    "UPDATE series_counter SET period = '1999'",
    "DELETE FROM series_counter",
    *(f"UPDATE document_version SET {name} = {value} WHERE id = {row}" for row in (1, 2) for name, value in (
        ("id", 77), ("invoice_id", 2), ("position", 9), ("facts", "'{ }'"), ("due_at", "'2026-01-01 00:00:00'"),
        ("sha256", "'x'"), ("pages", 7), ("xml_sha256", "'x'"), ("xml_size", 7), ("source_sha256", "'x'"),
        ("source_size", 7),
    )),
    "UPDATE document_version SET state = 'rendered' WHERE id = 2",
    "UPDATE document_version SET state = 'due' WHERE id = 1",
    "DELETE FROM document_version WHERE id = 1",
    "DELETE FROM document_version WHERE id = 2",
]  # fmt: skip


@pytest.mark.parametrize("statement", CHANGES)
def test_sql_cannot_change_what_is_frozen(frozen: Connection, statement: str) -> None:
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text(statement))


VERSION = "'due', '{}', '2026-01-01 00:00:00'"
PAID = "SELECT 1, kind, method, amount_cents, paid_on, reference, recorded_at"
ENTRY = "format, at, actor_kind, action, subject_kind, changes"
REPLACING = [
    "INSERT OR REPLACE INTO invoice SELECT * FROM invoice WHERE id = 1",
    "REPLACE INTO invoice_line SELECT * FROM invoice_line WHERE invoice_id = 1",
    "REPLACE INTO invoice_tax SELECT * FROM invoice_tax WHERE invoice_id = 1",
    "REPLACE INTO invoice_line_tax SELECT * FROM invoice_line_tax",
    "UPDATE OR REPLACE invoice SET number = (SELECT number FROM invoice WHERE id = 1) WHERE id = 2",
    "UPDATE OR REPLACE invoice SET form_token = (SELECT form_token FROM invoice WHERE id = 1) WHERE id = 2",
    "UPDATE OR REPLACE invoice SET id = 1 WHERE id = 2",
    "UPDATE OR REPLACE invoice_line SET id = (SELECT id FROM invoice_line WHERE invoice_id = 1) WHERE invoice_id = 2",
    "REPLACE INTO journal SELECT * FROM journal WHERE position = 1",
    *(f"REPLACE INTO payment (invoice_id, kind, method, amount_cents, paid_on, reference, recorded_at, {key}) "
      f"{PAID}, {key} FROM payment WHERE id = 2" for key in ("id", "form_token", "undoes_id")),
    f"REPLACE INTO journal (position, hash, previous_hash, {ENTRY}) SELECT 99, hash, 'p', {ENTRY} FROM journal LIMIT 1",
    f"REPLACE INTO journal (position, hash, previous_hash, {ENTRY}) "
    f"SELECT 99, 'h', previous_hash, {ENTRY} FROM journal LIMIT 1",
    f"REPLACE INTO document_version (id, invoice_id, position, state, facts, due_at) VALUES (1, 2, 1, {VERSION})",
    f"REPLACE INTO document_version (invoice_id, position, state, facts, due_at) VALUES (1, 2, {VERSION})",
    "UPDATE OR REPLACE document_version SET position = 1 WHERE id = 2",
    "UPDATE OR REPLACE document_version SET id = 1 WHERE id = 2",
    "UPDATE OR REPLACE invoice_tax SET rowid = 1 WHERE invoice_id = 2",
    "REPLACE INTO invoice_tax (rowid, invoice_id, position, tax_id, rate_e5, base_cents, amount_cents) "
    "SELECT 1, 2, 9, tax_id, 0, 0, 0 FROM invoice_tax LIMIT 1",
    "REPLACE INTO series_counter (rowid, series_id, period, last) VALUES (1, 1, '1999', 1)",
]  # fmt: skip
KEPT = ("invoice", "invoice_line", "invoice_tax", "invoice_line_tax", "journal", "payment", "document_version",
        "series_counter")  # fmt: skip


@pytest.mark.parametrize("statement", REPLACING)
def test_sqlite_cannot_replace_what_is_frozen(frozen: Connection, statement: str) -> None:
    if not is_sqlite(frozen):
        pytest.skip("REPLACE is SQLite's")
    before = everything(frozen)
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text(statement))
    assert everything(frozen) == before


def everything(connection: Connection) -> list[object]:
    """All rows that guards keep."""
    return [list(connection.execute(text(f"SELECT * FROM {table}"))) for table in KEPT]


def test_every_unique_key_is_guarded_on_sqlite() -> None:
    assert set(guard_rules.unique_keys("payment")) == {
        ("rowid",), ("id",), ("undoes_id",), ("form_token",), ("twin_id",),
    }  # fmt: skip
    made = guards.statements(sqlite=True)
    for table in set(guard_rules.GUARDED) - {"series_counter"}:
        for key in guard_rules.unique_keys(table):
            assert " AND ".join(f"o.{name} = NEW.{name}" for name in key) in made[f"guard_{table}_replace"][0]


@pytest.mark.parametrize(
    "table",
    ["invoice", "invoice_line", "invoice_tax", "invoice_line_tax", "journal", "customer", "payment", "series_counter"],
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
    frozen.execute(text("DELETE FROM invoice_tax WHERE invoice_id = 2"))
    frozen.execute(text("DELETE FROM invoice WHERE id = 2"))


def test_a_version_is_rendered_once_and_withdrawn_for_good(frozen: Connection) -> None:
    frozen.execute(text(RENDER.format(2)))
    frozen.execute(text("UPDATE document_version SET withdrawn_at = due_at"))
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text("UPDATE document_version SET withdrawn_at = NULL"))


@pytest.mark.parametrize("statement", ["DELETE FROM {0}invoice_line", "UPDATE {0}invoice_tax SET base_cents = 0"])
@pytest.mark.parametrize("way", ["temporary", "schema"])
def test_a_table_of_the_callers_own_cannot_stand_in(frozen: Connection, statement: str, way: str) -> None:
    schema = "main." if is_sqlite(frozen) else "public."
    if way == "temporary":
        frozen.execute(text("CREATE TEMP TABLE invoice (id int, frozen_at timestamp)"))
    elif is_sqlite(frozen):
        pytest.skip("SQLite has no search path")
    else:
        frozen.execute(text("CREATE SCHEMA x CREATE TABLE invoice (id int, frozen_at timestamp)"))
        frozen.execute(text("SET LOCAL search_path = x, public"))
    with pytest.raises(DatabaseError, match="frozen"):
        frozen.execute(text(statement.format(schema)))


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


FOOLING = [
    "BEFORE UPDATE OF note ON invoice FOR EACH ROW",
    "BEFORE UPDATE ON invoice FOR EACH ROW WHEN (false)",
    "AFTER UPDATE ON invoice FOR EACH ROW",
    "BEFORE UPDATE ON customer FOR EACH ROW",
]


@pytest.mark.parametrize("when", FOOLING)
def test_a_trigger_that_calls_the_right_function_too_seldom_is_noticed(frozen: Connection, when: str) -> None:
    if is_sqlite(frozen):
        pytest.skip("a trigger is one text there")
    frozen.execute(text("DROP TRIGGER guard_invoice_update ON invoice"))
    frozen.execute(text(f"CREATE TRIGGER guard_invoice_update {when} EXECUTE FUNCTION guard_invoice_update()"))
    assert guards.problems(frozen) == ["guard_invoice_update"]


def test_a_function_without_its_search_path_is_noticed(frozen: Connection) -> None:
    if is_sqlite(frozen):
        pytest.skip("functions are PostgreSQL's")
    frozen.execute(text("ALTER FUNCTION guard_invoice_update() RESET search_path"))
    assert guards.problems(frozen) == ["guard_invoice_update"]


def test_guards_can_be_taken_away_and_made_again(frozen: Connection) -> None:
    guards.remove(frozen)
    assert guards.present(frozen) == {}
    guards.install(frozen)
    assert guards.problems(frozen) == []
    frozen.rollback()
