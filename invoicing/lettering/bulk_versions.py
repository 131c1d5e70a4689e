"""The archived versions that fall due when very many documents change their heading at once.

What `heading.follow` and `documents.service.due` do for one document, for some thousands in a few statements.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from invoicing.documents.desk import Facts
from invoicing.documents.models import VersionState
from invoicing.invoices.heading import facts_from, is_settled, official_from
from invoicing.invoices.models import InvoiceKind, Status
from invoicing.lettering.bulk_sql import Row, Sql
from invoicing.numbering import Mode
from invoicing.payments.models import PaymentKind

_INVOICES: Final = """
    SELECT i.id, i.kind, i.mode, i.status, i.lettering, i.total_cents - i.credited_cents - i.paid_cents, c.mode,
           c.lettering
    FROM {listed} l JOIN invoice i ON i.id = l.id LEFT JOIN invoice c ON c.id = i.corrects_id
"""
_VERSIONS: Final = """
    SELECT v.invoice_id, v.id, v.position, v.facts, v.withdrawn_at
    FROM {listed} l JOIN document_version v ON v.invoice_id = l.id ORDER BY v.invoice_id, v.position
"""
_PAID: Final = """
    SELECT p.invoice_id, max(p.paid_on)
    FROM {listed} l JOIN payment p ON p.invoice_id = l.id
    WHERE p.kind = ? AND p.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM payment u WHERE u.undoes_id = p.id)
    GROUP BY p.invoice_id
"""
_ADDED: Final = ("invoice_id", "position", "state", "facts", "due_at")


def follow(sql: Sql, ids: Sequence[int], now: datetime) -> None:
    """Adds the versions that these documents' new references ask for; those that bear another number are withdrawn."""
    listed, facts = sql.listed("id:n", [(number,) for number in ids])
    versions: defaultdict[int, list[Row]] = defaultdict(list)
    for invoice_id, *version in sql.rows(_VERSIONS.format(listed=listed), *facts):
        versions[invoice_id].append(version)
    paid = dict(sql.rows(_PAID.format(listed=listed), *facts, PaymentKind.payment.value))
    added: list[Row] = []
    withdrawn: list[int] = []
    for row in sql.rows(_INVOICES.format(listed=listed), *facts):
        there = versions.get(row[0], [])
        new = _facts(row, paid.get(row[0]))
        if there and _named(there[-1][2]) == (new.heading.value, new.official_number):
            continue
        withdrawn += _bearing_another(there, new.official_number)
        position = there[-1][1] + 1 if there else 1
        added.append((row[0], position, VersionState.due.value, new.to_json(), sql.moment(now)))
    if withdrawn:
        listed, facts = sql.listed("id:n", [(number,) for number in withdrawn])
        these = f"SELECT l.id FROM {listed} l"  # noqa: S608 - our own names
        sql.run(f"UPDATE document_version SET withdrawn_at = ? WHERE id IN ({these})", sql.moment(now), *facts)  # noqa: S608
    sql.add("document_version", _ADDED, added)


def _facts(row: Row, paid_on: Any) -> Facts:
    """What a version made now adds to its document's snapshot."""
    _id, kind, mode, status, lettering, remaining, corrects_mode, corrects_lettering = row
    kind = InvoiceKind(kind)
    day = _day(paid_on) if paid_on and is_settled(kind, remaining) else None
    official = official_from(Mode(corrects_mode), corrects_lettering) if corrects_mode else ""
    return facts_from(kind, Mode(mode), Status(status), lettering, day, official)


def _bearing_another(versions: Sequence[Row], official_number: str) -> Iterator[int]:
    for version_id, _position, facts, withdrawn_at in versions:
        if withdrawn_at is None and _named(facts)[1] != official_number:
            yield version_id


@lru_cache(maxsize=4096)
def _named(facts: str) -> tuple[str, str]:
    """Heading and official number of a version."""
    raw = json.loads(facts)
    return raw["heading"], raw.get("official_number", "")


def _day(value: Any) -> date:
    """As SQLite's driver gives it, text, or as PostgreSQL's."""
    return date.fromisoformat(value) if isinstance(value, str) else value
