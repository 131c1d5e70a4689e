"""What lettering in bulk decides about one official document, and what proves what it wrote (SPEC C9, C10). Pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple


class Verdict(StrEnum):
    """What becomes of one official document of a file; each is a filter of the page, in this order."""

    will_letter = "will_letter"
    already = "already"  # the invoice bears this very reference
    suggest = "suggest"  # none of our numbers in it, but documents that fit: a person's click
    unknown_invoice = "unknown_invoice"  # nothing that fits, or a number of ours that no document has
    amount_differs = "amount_differs"
    wrong_status = "wrong_status"
    already_lettered_otherwise = "already_lettered_otherwise"
    taken = "taken"  # another document bears the reference
    duplicate_in_file = "duplicate_in_file"  # one reference on two of our documents: neither
    several_candidates = "several_candidates"  # one row for several of our documents
    bad_reference = "bad_reference"  # empty, a placeholder, too long, impossible characters
    bad_row = "bad_row"  # an amount or a day that can't be read
    lettered = "lettered"  # applied
    taken_back = "taken_back"  # undone


APPLIES: Final = frozenset({Verdict.will_letter})
DONE: Final = frozenset({Verdict.already, Verdict.lettered})  # after which nobody has anything to do
BY_HAND: Final = frozenset({Verdict.suggest, Verdict.amount_differs})  # what a person may letter one by one
IMPORTED: Final = "lettering.imported"  # the journal's one entry of a whole import, and of its undoing
TAKEN_BACK: Final = "lettering.import_undone"
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class BulkRow(NamedTuple):
    """A row of the lettering history that an import wrote; `at` as ISO 8601 with microseconds."""

    id: int
    invoice_id: int
    at: str
    actor_kind: str
    actor_id: int | None
    before: str | None
    after: str | None
    reason: str
    run_id: int
    state: str


def seal_of(key: bytes, row: BulkRow) -> str:
    """HMAC-SHA256 with the journal's key over the row's canonical JSON: each row proves itself."""
    return hmac.digest(key, _ENCODE(["lettering_change", *row]).encode(), "sha256").hex()


def digest_of(seals: Iterable[str]) -> str:
    """SHA-256 over the seals of a run's rows by id: what its entry in the journal keeps, so that none is missing."""
    whole = sha256()
    for seal in seals:
        whole.update(seal.encode())
    return whole.hexdigest()
