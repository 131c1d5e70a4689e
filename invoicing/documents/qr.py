"""The QR code of a SEPA credit transfer (EPC069-12, version 002)."""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import Final

import segno

MOST_BYTES: Final = 331
MOST_CENTS: Final = 99_999_999_999
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BIC: Final = re.compile(r"(?:[A-Z0-9]{8}(?:[A-Z0-9]{3})?)?")
_CREDITOR_REFERENCE: Final = re.compile(r"RF\d{2}[A-Z0-9]{1,21}")


def _iban_holds(iban: str) -> bool:
    """ISO 7064 mod 97-10 over the rearranged IBAN."""
    if not _IBAN.fullmatch(iban):
        return False
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def payload(holder: str, iban: str, bic: str, cents: int, reference: str) -> str:
    """What the code holds, or nothing where the payment can't be written in it; the amount is in euros."""
    iban, bic = iban.replace(" ", "").upper(), bic.replace(" ", "").upper()
    if not _iban_holds(iban) or not _BIC.fullmatch(bic) or not 0 < cents <= MOST_CENTS:
        return ""
    if not 0 < len(holder) <= 70 or len(reference) > 140:
        return ""
    about = (reference, "") if _CREDITOR_REFERENCE.fullmatch(reference) else ("", reference)
    amount = f"EUR{cents // 100}.{cents % 100:02d}"
    text = "\n".join(("BCD", "002", "1", "SCT", bic, holder, iban, amount, "", *about)).rstrip("\n")
    return text if len(text.encode()) <= MOST_BYTES else ""


def _code(text: str) -> segno.QRCode:
    """A fixed mask, since choosing the best of eight costs more than the rest."""
    return segno.make(text.encode(), error="m", boost_error=False, micro=False, mode="byte", mask=2)


def runs(text: str) -> tuple[list[tuple[int, int, int]], int]:
    """The dark runs of the code as (x, y, length) in modules from its top left, and its size."""
    matrix = _code(text).matrix
    found = []
    for y, row in enumerate(matrix):
        x = 0
        for dark, group in groupby(row):
            length = len(list(group))
            if dark:
                found.append((x, y, length))
            x += length
    return found, len(matrix)


def png(text: str, scale: int = 4) -> bytes:
    """The code as a PNG without margin, for pages and e-mails."""
    out = io.BytesIO()
    _code(text).save(out, scale=scale, border=0, kind="png")
    return out.getvalue()
