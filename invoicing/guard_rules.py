"""Which changes of which rows are refused: the conditions of every guard, written out for each engine."""

from __future__ import annotations

# ruff: noqa: S608 - only names of this file and of the metadata are filled in
from typing import NamedTuple

from sqlalchemy import UniqueConstraint

from invoicing.tables import metadata

FROZEN = (
    "id", "kind", "origin", "mode", "seller_id", "series_id", "currency", "language", "transaction_code", "number",
    "number_folded",
    "issued_on", "due_on", "supplied_on", "made_out_to", "subject", "summary", "buyer_name", "note", "paid_method",
    "paid_on", "net_cents",
    "tax_cents", "total_cents", "corrects_id", "snapshot", "frozen_at", "emailed", "created_at", "created_by_id",
    "form_token", "shop_id", "ordered_at", "reason", "discount_e4", "discount_cents", "allowance_cents",
    "rounding_cents", "totals_only",
)  # fmt: skip
VERSION_GIVEN = ("id", "invoice_id", "position", "facts", "due_at")  # stand from the row's first moment
VERSION_DRAWN = ("state", "rendered_at", "sha256", "size", "pages")  # written once, all together
VERSION_BESIDE = ("xml_sha256", "xml_size", "source_sha256", "source_size")  # with these, where there is something
FOREVER = ("journal", "payment", "delivery_event", "lettering_change")
_OWNER = {
    "invoice_line": "{0}.invoice_id",
    "invoice_tax": "{0}.invoice_id",
    "invoice_line_tax": "(SELECT invoice_id FROM invoice_line WHERE id = {0}.line_id)",
}
_OF_EXPORT = ("ledger_part", "ledger_item")  # stand as soon as their export is made
_ALWAYS = "1 = 1"
GUARDED = ("invoice", *_OWNER, "document_version", "series_counter", "ledger_export", *_OF_EXPORT, *FOREVER)


class Guard(NamedTuple):
    """One trigger, and the condition that it refuses."""

    name: str
    table: str
    event: str
    refused: str


def guards(sqlite: bool) -> list[Guard]:
    """Every row guard of an engine; only SQLite knows REPLACE, which removes rows without an event of their own."""
    made = [*_invoice(sqlite), *_children(), *_versions(sqlite), *_counters(sqlite), *_exports()]
    for table in FOREVER:
        made += [Guard(f"{table}_update", table, "UPDATE", _ALWAYS), _never_deleted(table)]
    if sqlite:
        made += [guard for table in GUARDED for guard in _against_replace(table)]
    return made


def unique_keys(table: str) -> list[tuple[str, ...]]:
    """Everything that REPLACE takes for the same row: primary key, unique constraints and indexes, SQLite's rowid."""
    found = metadata.tables[table]
    unique = [list(found.primary_key.columns)]
    unique += [list(rule.columns) for rule in found.constraints if isinstance(rule, UniqueConstraint)]
    unique += [list(index.columns) for index in found.indexes if index.unique]
    return [("rowid",), *sorted({tuple(column.name for column in columns) for columns in unique})]


def _invoice(sqlite: bool) -> list[Guard]:
    impossible = "NEW.paid_cents < 0 OR NEW.credited_cents < 0 OR NEW.credited_cents > abs(NEW.total_cents) "
    impossible += "OR (NEW.frozen_at IS NOT NULL AND "
    impossible += "(NEW.status = 'draft' OR NEW.listed_on <> NEW.issued_on))"
    changed = f"OLD.frozen_at IS NOT NULL AND ({_differs(FROZEN, sqlite)})"
    return [
        Guard("invoice_insert", "invoice", "INSERT", impossible),
        Guard("invoice_update", "invoice", "UPDATE", f"({changed}) OR {impossible}"),
        Guard("invoice_delete", "invoice", "DELETE", _kept("invoice", "OLD")),
    ]


def _children() -> list[Guard]:
    made = []
    for table in (*_OWNER, *_OF_EXPORT):
        old, new = _kept(table, "OLD"), _kept(table, "NEW")
        made += [
            Guard(f"{table}_insert", table, "INSERT", new),
            Guard(f"{table}_update", table, "UPDATE", f"{old} OR {new}"),
            Guard(f"{table}_delete", table, "DELETE", old),
        ]
    return made


def _versions(sqlite: bool) -> list[Guard]:
    written = " AND ".join(f"NEW.{name} IS NOT NULL" for name in VERSION_DRAWN)
    refused = (
        f"({_differs(VERSION_GIVEN, sqlite)}) "
        f"OR (OLD.withdrawn_at IS NOT NULL AND ({_differs(('withdrawn_at',), sqlite)})) "
        f"OR (({_differs(('sealed_at',), sqlite)}) AND (OLD.sealed_at IS NOT NULL OR NEW.state <> 'rendered')) "
        f"OR (({_differs(VERSION_DRAWN + VERSION_BESIDE, sqlite)}) "
        f"AND NOT (OLD.state = 'due' AND NEW.state = 'rendered' AND {written}))"
    )
    table = "document_version"
    return [Guard(f"{table}_update", table, "UPDATE", refused), _never_deleted(table)]


def _counters(sqlite: bool) -> list[Guard]:
    refused = f"NEW.last < OLD.last OR {_differs(('series_id', 'period'), sqlite)}"
    table = "series_counter"
    return [Guard(f"{table}_update", table, "UPDATE", refused), _never_deleted(table)]


def _exports() -> list[Guard]:
    table = "ledger_export"
    return [Guard(f"{table}_{event.lower()}", table, event, _kept(table, "OLD")) for event in ("UPDATE", "DELETE")]


def _never_deleted(table: str) -> Guard:
    return Guard(f"{table}_delete", table, "DELETE", _ALWAYS)


def _against_replace(table: str) -> list[Guard]:
    """An inserted row, or a row that changes its key, that would push out one which is kept."""
    keys = unique_keys(table)
    # An upsert of a counter looks the same as its replacement until it is too late: there only the rowid tells.
    inserted = keys[:1] if table == "series_counter" else keys
    made = [Guard(f"{table}_replace", table, "INSERT", " OR ".join(_holds(table, key) for key in inserted))]
    if table not in FOREVER:  # those refuse every UPDATE
        others = " OR ".join(_holds(table, key, "o.rowid <> OLD.rowid AND ") for key in keys)
        made.append(Guard(f"{table}_push", table, "UPDATE", f"OLD.rowid <> NEW.rowid OR {others}"))
    return made


def _holds(table: str, key: tuple[str, ...], other: str = "") -> str:
    """Whether a row that is kept has the new row's values in this key."""
    same = " AND ".join(f"o.{name} = NEW.{name}" for name in key)
    return f"EXISTS (SELECT 1 FROM {table} o WHERE {same} AND {other}{_kept(table, 'o')})"


def _kept(table: str, row: str) -> str:
    """Whether a row may never go."""
    if table == "invoice":
        return f"{row}.frozen_at IS NOT NULL"
    if table in _OWNER:
        return f"EXISTS (SELECT 1 FROM invoice f WHERE f.id = {_OWNER[table].format(row)} AND f.frozen_at IS NOT NULL)"
    if table == "ledger_export":
        return f"{row}.state = 'made'"
    if table in _OF_EXPORT:
        return f"EXISTS (SELECT 1 FROM ledger_export e WHERE e.id = {row}.export_id AND e.state = 'made')"
    return _ALWAYS


def _differs(names: tuple[str, ...], sqlite: bool) -> str:
    how = "OLD.{0} IS NOT NEW.{0}" if sqlite else "OLD.{0} IS DISTINCT FROM NEW.{0}"
    return " OR ".join(how.format(name) for name in names)
