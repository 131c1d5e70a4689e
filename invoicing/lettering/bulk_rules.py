"""What lettering in bulk decides about one official document (SPEC C9, C10). Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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
