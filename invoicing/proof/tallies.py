"""The kept counters of the lists against the documents themselves, counted anew."""

from __future__ import annotations

from sqlalchemy import Connection

from invoicing.invoices.tallies import counted, kept
from invoicing.proof.rules import Tally

_NONE = (0, 0, 0, 0)


def check(connection: Connection) -> Tally:
    """Each kind, status and currency: documents and sums in cents, as kept and as they are."""
    tally = Tally("tallies")
    told, there = kept(connection), counted(connection)
    for key in sorted({*told, *there}):
        tally.count += 1
        says, found = told.get(key, _NONE), there.get(key, _NONE)
        if says != found:
            kind, status, currency = key
            tally.fault("tally", kind=kind, status=status, currency=currency, kept=says[0], kept_cents=says[3],
                        found=found[0], found_cents=found[3])  # fmt: skip
    return tally
