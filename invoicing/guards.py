"""What the database itself refuses: changing, replacing or removing what is frozen, on SQLite and PostgreSQL.

The statements stand here once (their conditions in `guard_rules`); migrations run them, `problems` compares them with
what the database has.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from invoicing.database import is_sqlite
from invoicing.guard_rules import GUARDED, guards

MESSAGE = "frozen: refused by the database"
SEARCHED = "pg_catalog, public, pg_temp"  # temporary tables last: a caller's own can't stand in for ours
_RAISE = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'"
Parts = tuple[str, ...]

_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard%'"
_POSTGRESQL = """
    SELECT t.tgname, pg_get_triggerdef(t.oid),
           n.nspname || ' ' || p.proname || ' ' || l.lanname || ' ' || coalesce(array_to_string(p.proconfig, ';'), ''),
           p.prosrc
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE t.tgname LIKE 'guard%' AND t.tgenabled IN ('O', 'A') AND NOT t.tgisinternal
"""


def statements(sqlite: bool) -> dict[str, Parts]:
    """Trigger name → the statements that make it, in order."""
    made: dict[str, Parts] = {}
    for guard in guards(sqlite):
        name, event = f"guard_{guard.name}", guard.event
        if sqlite:
            made[name] = (
                f"CREATE TRIGGER {name} BEFORE {event} ON {guard.table} FOR EACH ROW WHEN {guard.refused} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
            )
        else:
            # A WHEN clause can't hold a subquery on PostgreSQL: the condition stands in the function.
            row = "OLD" if event == "DELETE" else "NEW"
            body = f"IF {guard.refused} THEN {_RAISE}; END IF; RETURN {row};"
            made[name] = _on_postgresql(name, guard.table, event, "ROW", body)
    if not sqlite:
        for table in GUARDED:
            name = f"guard_{table}_truncate"
            made[name] = _on_postgresql(name, table, "TRUNCATE", "STATEMENT", f"{_RAISE};")
    return made


def _on_postgresql(name: str, table: str, event: str, each: str, body: str) -> Parts:
    """The function, its source between the second and third `$g$`, and the trigger as PostgreSQL writes it itself."""
    return (
        f"CREATE OR REPLACE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = {SEARCHED} AS $g$ BEGIN {body} END $g$",
        f"CREATE TRIGGER {name} BEFORE {event} ON public.{table} FOR EACH {each} EXECUTE FUNCTION public.{name}()",
    )


def install(connection: Connection) -> None:
    """Makes every guard, for a new schema; a later migration drops and makes those that it changes."""
    for parts in statements(is_sqlite(connection)).values():
        for part in parts:
            connection.exec_driver_sql(part)


def remove(connection: Connection) -> None:
    """Takes every guard away, for a migration that has to rebuild a guarded table and then installs them again."""
    if is_sqlite(connection):
        for name in present(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    query = "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'guard%' AND NOT tgisinternal"
    for name, table in connection.execute(text(query)).all():
        connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS public.{name}()")


def present(connection: Connection) -> dict[str, Parts]:
    """The guards that the database has: name → what makes it up there, folded for comparison."""
    rows = connection.execute(text(_SQLITE if is_sqlite(connection) else _POSTGRESQL))
    return {name: tuple(_folded(part) for part in parts) for name, *parts in rows}


def expected(sqlite: bool) -> dict[str, Parts]:
    """The same as `present` would give it where every guard stands."""
    if sqlite:
        return {name: tuple(_folded(part) for part in parts) for name, parts in statements(sqlite).items()}
    return {
        name: (_folded(trigger), f"public {name} plpgsql search_path={SEARCHED}", _folded(function.split("$g$")[1]))
        for name, (function, trigger) in statements(sqlite).items()
    }


def problems(connection: Connection) -> list[str]:
    """Names of guards that are missing, switched off or altered: table, event, timing, condition, function."""
    found = present(connection)
    return [name for name, parts in expected(is_sqlite(connection)).items() if found.get(name) != parts]


def _folded(text: str) -> str:
    # PostgreSQL names the trigger's function without its schema where the caller would find it.
    return " ".join(text.split()).replace("EXECUTE FUNCTION public.", "EXECUTE FUNCTION ")
