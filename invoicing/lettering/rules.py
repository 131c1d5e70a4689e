"""Decisions about a reference: what it is, whether two are the same, whether it may be given. Pure (SPEC C3 to C6)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from invoicing.errors import Fault, FieldFaults, Refused, Stale
from invoicing.invoices.heading import printed
from invoicing.invoices.models import InvoiceKind, Status
from invoicing.invoices.rules import letterable
from invoicing.journal import Actor, canonical
from invoicing.text import clean, is_invisible, lacking

FOLDED_MAX: Final = 64
TYPED_MAX: Final = 128
REASON_MAX: Final = 200
_ENDS: Final = " \t\n\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_BLANKS: Final = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")  # not other controls: refused


@dataclass(frozen=True)
class Reference:
    """A reference as it was typed, and the form in which no two invoices may bear the same."""

    typed: str
    folded: str


class BadReference(FieldFaults):
    """What was typed can't be a reference; its one fault says why: too_long, invisible, no_glyph."""

    def __init__(self, code: str, **facts: object):
        super().__init__([Fault("reference", code, facts)])


@dataclass(eq=False)
class LetteringStale(Stale):
    """Somebody has changed the reference since the form was drawn: from, to, when and who."""

    before: str | None
    after: str | None
    at: datetime
    by: Actor


@dataclass(eq=False)
class NotLetterable(Refused):
    """What isn't really an invoice, or not yet, takes no reference."""

    number: str | None
    kind: InvoiceKind
    status: Status


@dataclass(eq=False)
class LetteringTaken(Refused):
    """Another document bears this reference; `hint` is True where one is an invoice and the other a credit note."""

    reference: str
    holder_id: int
    holder_number: str
    holder_kind: InvoiceKind
    kind: InvoiceKind

    @property
    def hint(self) -> bool:
        """Whether an invoice and a credit note meet: in the accounts each has its own journal."""
        return self.holder_kind is not self.kind


@dataclass(eq=False)
class LetteringBusy(Refused):
    """Others were lettering the same references in the same instant; sent again, it will be judged as things stand."""

    reference: str


def read(text: str) -> Reference | None:
    """What was typed as a reference; None where it is blank. Raises BadReference."""
    typed = _collapsed(unicodedata.normalize("NFC", text))
    if not typed:
        return None
    is_plain = typed.isascii() and typed.isprintable()  # what most are: spared the look at each character
    folded = typed.lower() if is_plain else fold(typed)
    if not is_plain and (is_invisible(typed) or is_invisible(folded)):
        raise BadReference("invisible")
    if not folded or len(folded) > FOLDED_MAX or len(typed) > TYPED_MAX:
        raise BadReference("too_long", most=FOLDED_MAX)
    if not is_plain and (odd := lacking(printed(typed))):
        raise BadReference("no_glyph", characters=" ".join(odd[:5]))
    return Reference(typed, folded)


def fold(text: str) -> str:
    """The form that is compared: NFKC, case folded, trimmed, inner blanks collapsed, until nothing changes any more."""
    before = None
    while before != text:
        before = text
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = _collapsed(text)
    return text


def _collapsed(text: str) -> str:
    """Without blanks at its ends, and with one space where there are some inside."""
    return _BLANKS.sub(" ", text.strip(_ENDS))


def may_letter(status: Status, is_frozen: bool, letters_unpaid: bool) -> bool:
    """Whether a document without a reference may be given one (SPEC C5); credit notes are complete from the start."""
    return is_frozen and status in letterable(letters_unpaid)


def reason_of(text: str, *, required: bool) -> str:
    """The reason, cleaned; refuses a missing one and one too long for the history."""
    reason = clean(text)
    if required and not reason:
        raise FieldFaults([Fault("reason", "required")])
    if len(reason) > REASON_MAX:
        raise FieldFaults([Fault("reason", "too_long", {"most": REASON_MAX})])
    return reason


def digest(
    change_id: int, invoice_id: int, at: datetime, by: Actor, before: str | None, after: str | None, reason: str
) -> str:
    """The SHA-256 of a row of the history: the chained journal keeps this, and so proves a reason it doesn't hold."""
    moment = at.isoformat(timespec="microseconds")
    row = [change_id, invoice_id, moment, by.kind.value, by.user_id, before, after, reason]
    return sha256(canonical(row).encode()).hexdigest()
