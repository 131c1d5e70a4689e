"""How to pay what remains: the seller's bank details, and the code that a banking app reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import segno

from invoicing.documents import qr
from invoicing.documents.sheet import Paper
from invoicing.documents.snapshot import Snapshot
from invoicing.money import Currency
from invoicing.text import clean

QUIET = 2  # modules of white around the code; the sheet's padding adds the rest


@dataclass(frozen=True)
class Squares:
    """A QR code as one SVG path over a square of `size` modules, its quiet zone included."""

    size: int
    path: str


@dataclass(frozen=True)
class HowToPay:
    """Every way that the seller offers; `iban` is in groups of four."""

    reference: str
    holder: str
    iban: str
    bic: str
    interac: str
    cheque: str
    code: Squares | None

    @property
    def is_offered(self) -> bool:
        """Whether there is any way at all."""
        return bool(self.iban or self.interac or self.cheque)


def how_to_pay(snapshot: Snapshot, paper: Paper, remaining_cents: int) -> HowToPay:
    """The ways to pay what remains today; the paper's own code holds the whole, so a part gets another."""
    bank = snapshot.bank
    holder = clean(bank.holder or snapshot.seller.name)
    epc = paper.epc if remaining_cents == snapshot.total_cents else ""
    if not epc and snapshot.currency == Currency.EUR and bank.iban:  # a part, or a paper that was paid when it was made
        epc = qr.payload(holder, bank.iban, bank.bic, remaining_cents, paper.number)
    iban = bank.iban.replace(" ", "")
    return HowToPay(
        reference=paper.number,
        holder=holder,
        iban=" ".join(iban[place : place + 4] for place in range(0, len(iban), 4)),
        bic=bank.bic,
        interac=clean(bank.interac),
        cheque=clean(bank.cheque),
        code=squares(epc) if epc else None,
    )


def squares(text: str) -> Squares:
    """The text as a code of medium error correction, dark runs drawn as rectangles one module high."""
    code = segno.make(text.encode(), error="m", boost_error=False, micro=False, mode="byte")
    rows = list(code.matrix_iter(scale=1, border=QUIET))
    runs = (run for y, row in enumerate(rows) for run in _runs(y, row))
    return Squares(len(rows), "".join(f"M{x} {y}h{wide}v1h-{wide}z" for x, y, wide in runs))


def _runs(y: int, row: Iterable[int]) -> list[tuple[int, int, int]]:
    """The dark stretches of a row, as (x, y, width)."""
    found: list[tuple[int, int, int]] = []
    for x, dark in enumerate(row):
        if not dark:
            continue
        if found and found[-1][0] + found[-1][2] == x:
            found[-1] = (found[-1][0], y, found[-1][2] + 1)
        else:
            found.append((x, y, 1))
    return found
