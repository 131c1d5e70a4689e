"""What the database itself refuses: changing, replacing or removing what is frozen, on SQLite and PostgreSQL.

The statements stand here once; migrations run them, `problems` compares them with what the database has.
"""

from __future__ import annotations

# ruff: noqa: S608 - only names of this file are filled in
import re

from sqlalchemy import Connection, text

from invoicing.database import is_sqlite

FROZEN = (
    "id", "kind", "origin", "mode", "seller_id", "series_id", "currency", "language", "transaction_code", "number",
    "issued_on", "due_on", "supplied_on", "made_out_to", "subject", "summary", "buyer_name", "note", "paid_method",
    "paid_on", "net_cents",
    "tax_cents", "total_cents", "corrects_id", "snapshot", "frozen_at", "emailed", "created_at", "created_by_id",
    "form_token",
)  # fmt: skip
VERSION_FROZEN = ("id", "invoice_id", "position", "state", "facts", "due_at", "rendered_at", "sha256", "size", "pages")
_UNIQUE = ("id", "number", "transaction_code", "lettering_folded", "form_token")
_CHILDREN = {
    "invoice_line": ("{0}.invoice_id", ("id",)),
    "invoice_tax": ("{0}.invoice_id", ()),
    "invoice_line_tax": ("(SELECT invoice_id FROM invoice_line WHERE id = {0}.line_id)", ()),
}
_FOREVER = ("journal", "payment", "delivery_event")
MESSAGE = "frozen: refused by the database"
_RAISE = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'"


def _differs(names: tuple[str, ...], sqlite: bool) -> str:
    how = "OLD.{0} IS NOT NEW.{0}" if sqlite else "OLD.{0} IS DISTINCT FROM NEW.{0}"
    return " OR ".join(how.format(name) for name in names)


def _is_frozen(invoice: str) -> str:
    return f"EXISTS (SELECT 1 FROM invoice f WHERE f.id = {invoice} AND f.frozen_at IS NOT NULL)"


def _replaces(names: tuple[str, ...]) -> str:
    """Whether another frozen invoice holds one of the new row's unique values: REPLACE would remove it."""
    same = " OR ".join(f"f.{name} = NEW.{name}" for name in names)
    return f"EXISTS (SELECT 1 FROM invoice f WHERE f.frozen_at IS NOT NULL AND ({same}))"


def _conditions(sqlite: bool) -> list[tuple[str, str, str, str]]:
    """(name, table, event, condition that is refused) of every row guard."""
    differs, frozen = _differs(FROZEN, sqlite), "OLD.frozen_at IS NOT NULL"
    rows = [
        ("invoice_update", "invoice", "UPDATE", f"{frozen} AND ({differs})"),
        ("invoice_delete", "invoice", "DELETE", frozen),
    ]
    if sqlite:
        others = _replaces(_UNIQUE[1:]).replace("f.frozen_at", "f.id <> OLD.id AND f.frozen_at")
        rows += [
            ("invoice_replace", "invoice", "INSERT", _replaces(_UNIQUE)),
            ("invoice_push", "invoice", "UPDATE", f"OLD.id <> NEW.id OR {others}"),
        ]
    for table, (owner, keys) in _CHILDREN.items():
        old, new = _is_frozen(owner.format("OLD")), _is_frozen(owner.format("NEW"))
        held = "".join(
            f" OR EXISTS (SELECT 1 FROM {table} c WHERE c.{key} = NEW.{key} AND {_is_frozen('c.invoice_id')})"
            for key in keys
        )
        rows += [
            (f"{table}_insert", table, "INSERT", new + held),
            (
                f"{table}_update",
                table,
                "UPDATE",
                f"{old} OR {new}" + ("".join(f" OR OLD.{k} <> NEW.{k}" for k in keys)),
            ),
            (f"{table}_delete", table, "DELETE", old),
        ]
    rendered = "OLD.state = 'rendered'"
    rows += [
        (
            "document_version_update",
            "document_version",
            "UPDATE",
            f"{rendered} AND ({_differs(VERSION_FROZEN, sqlite)})",
        ),
        ("document_version_delete", "document_version", "DELETE", rendered),
    ]
    if sqlite:
        held = "(v.id = NEW.id OR (v.invoice_id = NEW.invoice_id AND v.position = NEW.position))"
        rows.append(("document_version_replace", "document_version", "INSERT",
                     f"EXISTS (SELECT 1 FROM document_version v WHERE v.state = 'rendered' AND {held})"))  # fmt: skip
    for table in _FOREVER:
        key = "position" if table == "journal" else "id"
        rows += [(f"{table}_update", table, "UPDATE", "1 = 1"), (f"{table}_delete", table, "DELETE", "1 = 1")]
        if sqlite:
            rows.append(
                (f"{table}_replace", table, "INSERT", f"EXISTS (SELECT 1 FROM {table} j WHERE j.{key} = NEW.{key})")
            )
    return rows


def statements(sqlite: bool) -> dict[str, str]:
    """Trigger name → the statement that makes it."""
    made: dict[str, str] = {}
    for name, table, when, refused in _conditions(sqlite):
        if sqlite:
            made[f"guard_{name}"] = (
                f"CREATE TRIGGER guard_{name} BEFORE {when} ON {table} FOR EACH ROW WHEN {refused} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        else:
            # A WHEN clause can't hold a subquery on PostgreSQL: the condition stands in the function.
            made[f"guard_{name}"] = (
                f"CREATE OR REPLACE FUNCTION guard_{name}() RETURNS trigger LANGUAGE plpgsql AS $g$ BEGIN "
                f"IF {refused} THEN {_RAISE}; END IF; "
                f"RETURN {'OLD' if when == 'DELETE' else 'NEW'}; END $g$; "
                f"CREATE TRIGGER guard_{name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION guard_{name}()"
            )
    if not sqlite:
        for table in ("invoice", *_CHILDREN, "document_version", *_FOREVER):
            made[f"guard_{table}_truncate"] = (
                f"CREATE OR REPLACE FUNCTION guard_{table}_truncate() RETURNS trigger LANGUAGE plpgsql AS $g$ BEGIN "
                f"{_RAISE}; END $g$; "
                f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION guard_{table}_truncate()"
            )
    return made


def install(connection: Connection) -> None:
    """Makes every guard, for a new schema; a later migration drops and makes those that it changes."""
    for statement in statements(is_sqlite(connection)).values():
        for part in re.split(r";\s+(?=CREATE TRIGGER)", statement):
            connection.exec_driver_sql(part)


def remove(connection: Connection) -> None:
    """Takes every guard away, for a migration that has to rebuild a guarded table and then installs them again."""
    for name in present(connection):
        if is_sqlite(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql(f"DROP FUNCTION {name}() CASCADE")


def present(connection: Connection) -> dict[str, str]:
    """The guards that the database has: name → its text there, folded for comparison."""
    if is_sqlite(connection):
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard%'"
    else:
        query = (
            "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgname LIKE 'guard%' AND t.tgenabled IN ('O', 'A') AND NOT t.tgisinternal"
        )
    return {name: _folded(body) for name, body in connection.execute(text(query))}


def problems(connection: Connection) -> list[str]:
    """Names of guards that are missing, switched off or altered."""
    sqlite = is_sqlite(connection)
    found = present(connection)
    faults = []
    for name, statement in statements(sqlite).items():
        expected = statement if sqlite else statement.split("$g$")[1]
        if found.get(name) != _folded(expected):
            faults.append(name)
    return faults


def _folded(body: str) -> str:
    return " ".join(body.split())
