"""Files that are no accounts: bank statements, payment logs, a shop's orders, each refused for what it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from invoicing.imports.headings import plain
from invoicing.imports.reading import Row
from invoicing.imports.rules import Unreadable

_CAMT: Final = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.|<(?:\w+:)?BkToCstmr")
_OFX: Final = re.compile(rb"<OFX>|OFXHEADER", re.I)
_CFONB: Final = re.compile(r"0[1457]\d{5}.{4}\d{5}")
_TRACE: Final = re.compile(r"-- \d{4}-\d{1,2}-\d{1,2} \d\d:\d\d:\d\d \d+ -\w-")
_QIF: Final = re.compile(r"!Type:(?:Bank|CCard|Cash)", re.I)
_LOGS: Final = (  # headings that must all be there
    ("transaction id", "payment means"), ("transaction id", "merchant id"), ("transaction id", "origin amount"),
    ("balance transaction id", "gross"), ("source id", "reporting category"), ("created utc", "fee"),
    ("amount refunded", "currency"), ("gross", "fee", "net", "transaction id"),
    ("avant commission", "commission", "net"), ("reference commande", "moyen de paiement", "tarif"),
)  # fmt: skip
_SHOPS: Final = (("txid", "onlinetxid"), ("id", "txid", "st"))
_BANKS: Final = (
    ("date operation", "date valeur", "libelle"), ("date", "value date", "description", "balance"),
    ("date de valeur", "debit", "credit", "solde"), ("date comptable", "date valeur", "libelle"),
    ("date d operation", "date de valeur"),
)  # fmt: skip


def check(content: bytes) -> None:
    """Refuses statements that banks write in XML or SGML, by their first bytes."""
    start = content[:4096]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = start.replace(b"\0", b"")
    if _CAMT.search(start) or _OFX.search(start):
        raise Unreadable("bank_statement")


def check_text(text: str) -> None:
    """Refuses what is known by its first lines."""
    lines = [line for line in text[:20_000].split("\n") if line.strip()][:12]
    if len(lines) > 1 and sum(1 for line in lines if _CFONB.match(line) and 110 <= len(line) <= 122) == len(lines):
        raise Unreadable("bank_statement")
    if lines and _QIF.match(lines[0]):
        raise Unreadable("bank_statement")
    if sum(1 for line in lines if _TRACE.match(line)) * 2 >= max(1, len(lines)):
        raise Unreadable("payment_log")


def check_rows(rows: Sequence[Row]) -> None:
    """Refuses what is known by its headings."""
    for row in rows:
        names = {plain(cell) for cell in row.cells if cell and len(cell) < 60}
        names |= {name.replace(" ", "") for name in names if name.startswith(("online", "tx"))}
        for code, tables in (("shop_orders", _SHOPS), ("payment_log", _LOGS), ("bank_statement", _BANKS)):
            if any(names.issuperset(wanted) for wanted in tables):
                raise Unreadable(code)
