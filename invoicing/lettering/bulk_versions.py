"""The archived versions that fall due when very many documents change their heading at once.

What `heading.follow` and `documents.service.due` do for one document, for some thousands in a few statements. What they
print is told apart from the database, so that it may be told beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from invoicing.documents.desk import Facts
from invoicing.documents.models import VersionState
from invoicing.invoices.heading import facts_from, is_settled, official_from
from invoicing.invoices.models import InvoiceKind, Status
from invoicing.lettering.bulk_sql import Row, Sql
from invoicing.numbering import Mode
from invoicing.payments.models import PaymentKind

_INVOICES: Final = """
    SELECT i.id, i.kind, i.mode, i.status, i.lettering, i.total_cents - i.credited_cents - i.paid_cents, c.mode,
           c.lettering, c.id
    FROM {listed} l JOIN invoice i ON i.id = l.id LEFT JOIN invoice c ON c.id = i.corrects_id
"""
_PAID: Final = """
    SELECT p.invoice_id, max(p.paid_on)
    FROM {listed} l JOIN payment p ON p.invoice_id = l.id
    WHERE p.kind = ? AND p.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM payment u WHERE u.undoes_id = p.id)
    GROUP BY p.invoice_id
"""
_ADDED: Final = ("invoice_id", "position", "state", "facts", "due_at")
_WITHDRAWN: Final = """
    UPDATE document_version SET withdrawn_at = ?
    FROM {listed} l WHERE document_version.invoice_id = l.id AND document_version.position = l.position
"""


class Due(NamedTuple):
    """What is to be written of versions: (document, position, facts) to add, (document, position) to withdraw."""

    added: list[tuple[int, int, str]]
    withdrawn: list[tuple[int, int]]


class Printed:
    """What the documents' papers tell of them as they stand when this is made."""

    def __init__(self, sql: Sql, ids: Sequence[int]) -> None:
        listed, facts = sql.listed("id:n", [(number,) for number in ids])
        self._paid = dict(sql.rows(_PAID.format(listed=listed), *facts, PaymentKind.payment.value))
        self._invoices = sql.rows(_INVOICES.format(listed=listed), *facts)

    def follow(self, references: Mapping[int, str | None], versions: dict[int, list[Row]], moment: object) -> Due:
        """The versions that fall due, and those that are withdrawn as they bear another number.

        `references` are those that documents will have. `versions` is document → rows of position, facts, withdrawn_at
        and due_at, and is as it will be once these are written.
        """
        due = Due([], [])
        for row in self._invoices:
            there = versions.setdefault(row[0], [])
            new = _facts(row, references, self._paid.get(row[0]))
            if there and _named(there[-1][1]) == (new.heading.value, new.official_number):
                continue
            for at in _bearing_another(there, new.official_number):
                position, facts, _withdrawn_at, due_at = there[at]
                there[at] = (position, facts, moment, due_at)
                due.withdrawn.append((row[0], position))
            position, facts = there[-1][0] + 1 if there else 1, new.to_json()
            there.append((position, facts, None, moment))
            due.added.append((row[0], position, facts))
        return due


def keep(sql: Sql, due: Due, moment: object) -> None:
    """Writes them."""
    if due.withdrawn:
        listed, facts = sql.listed("id:n position:n", due.withdrawn)
        sql.run(_WITHDRAWN.format(listed=listed), moment, *facts)
    state = VersionState.due.value
    sql.add("document_version", _ADDED, [(*version[:2], state, version[2], moment) for version in due.added])


def _facts(row: Row, references: Mapping[int, str | None], paid_on: Any) -> Facts:
    """What a version made now adds to its document's snapshot."""
    id_, kind, mode, status, lettering, remaining, corrects_mode, corrects_lettering, corrects_id = row
    lettering, corrects_lettering = references.get(id_, lettering), references.get(corrects_id, corrects_lettering)
    kind = InvoiceKind(kind)
    day = _day(paid_on) if paid_on and is_settled(kind, remaining) else None
    official = official_from(Mode(corrects_mode), corrects_lettering) if corrects_mode else ""
    return facts_from(kind, Mode(mode), Status(status), lettering, day, official)


def _bearing_another(versions: Sequence[Row], official_number: str) -> Iterator[int]:
    """The places of those."""
    for at, (_position, facts, withdrawn_at, _due_at) in enumerate(versions):
        if withdrawn_at is None and _named(facts)[1] != official_number:
            yield at


@lru_cache(maxsize=4096)
def _named(facts: str) -> tuple[str, str]:
    """Heading and official number of a version."""
    raw = json.loads(facts)
    return raw["heading"], raw.get("official_number", "")


def _day(value: Any) -> date:
    """As SQLite's driver gives it, text, or as PostgreSQL's."""
    return date.fromisoformat(value) if isinstance(value, str) else value
