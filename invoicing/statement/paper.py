"""A statement on paper: the invoices' fonts and table, nothing kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from invoicing.documents.pdf import FAST, drawn
from invoicing.errors import Refused
from invoicing.statement.sheet import Sheet, SheetAccount, SheetClaim, SheetLine
from invoicing.text import lacking

MOST: Final = 3000  # movements on paper, some sixty pages
WIDE: Final = {"a4": 174, "letter": 180}  # millimetres between the margins
_PAGE: Final = re.compile(rb"/Type /Page\b")
_DETAIL: Final = "\u2028"


@dataclass(eq=False)
class TooLong(Refused):
    """More movements than paper is made for; a shorter period has fewer."""

    count: int
    most: int = MOST


def render(sheet: Sheet, organisation: str, paper: str) -> bytes:
    """The statement as PDF, on « a4 » or « letter ». Refuses TooLong; raises RenderFailed."""
    if sheet.count > MOST:
        raise TooLong(sheet.count)
    facts = {
        "s": sheet,
        "w": sheet.words,
        "organisation": organisation,
        "paper": paper,
        "wide": WIDE[paper],
        "fast": FAST,
        "tables": [_Tables(account) for account in sheet.accounts],
        "known": _known,
    }
    meta = {"title": f"{sheet.words.title} · {sheet.who.name}", "author": organisation, "subject": sheet.period}
    pages = 1
    for _ in range(3):  # the foot says how many pages there are, which is known once they are drawn
        data = drawn("statement.html", "statement.css", {**facts, "pages": pages}, meta)
        if (found := len(_PAGE.findall(data))) == pages:
            break
        pages = found
    return data


def _known(text: str) -> str:
    """The text as the font can draw it: names of today may hold anything."""
    return text.translate(dict.fromkeys(map(ord, lacking(text)), "?"))


class _Tables:
    """The rows of an account's two tables, as `<pdf:lines>` takes them."""

    def __init__(self, account: SheetAccount) -> None:
        self.account = account
        self.lines = [_line(line) for line in account.lines]
        self.claims = [_claim(claim) for claim in account.claims]


def _line(line: SheetLine) -> tuple[str, ...]:
    text = f"{line.day} · {line.text} {line.number}"
    return _labelled(text, line.detail), line.debit, line.credit, line.balance


def _claim(claim: SheetClaim) -> tuple[str, ...]:
    text = f"{claim.day} · {claim.text} {claim.number}"
    return _labelled(text, claim.subject), claim.due_on, claim.late, claim.amount


def _labelled(*texts: str) -> str:
    """The first cell: its text, and a quieter line below."""
    return _DETAIL.join(_known(text) for text in texts if text)
