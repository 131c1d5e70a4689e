"""What a draft's form sends and holds, field by field."""

from __future__ import annotations

import re
from datetime import date

from werkzeug.datastructures import MultiDict

from invoicing.database import ID_MAX
from invoicing.invoices.composing import content_of
from invoicing.invoices.models import Invoice, InvoiceLine
from invoicing.invoices.reading import DraftContent, LineContent, RawDraft, RawLine
from invoicing.money import CENTS_MAX, plain_scaled
from web.words import language

_LINE = re.compile(r"lines-(\d{1,4})-(label|detail|quantity|price|discount|tax_set|gross|item)\Z")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,43}\Z")
_NUMBER = re.compile(r"[0-9]{1,10}\Z")
_CENTS = re.compile(r"[0-9]{1,16}\Z")
_TEXTS = ("issued_on", "due_on", "supplied_on", "made_out_to", "subject", "note", "discount_all", "discount_kind",
          "paid", "paid_method", "paid_on")  # fmt: skip


def token_of(sent: MultiDict[str, str]) -> str:
    """The form's own token, empty where it isn't one of ours."""
    token = sent.get("form_token", "")
    return token if _TOKEN.match(token) else ""


def number(text: str) -> int | None:
    """A plain number out of a form; None for anything else, however odd, and for what no key can be."""
    return int(text) if _NUMBER.match(text) and int(text) <= ID_MAX else None


def cents(text: str) -> int:
    """An amount in cents out of a hidden field; −1 for anything that is none."""
    return int(text) if _CENTS.match(text) and int(text) <= CENTS_MAX else -1


def raw_sent(sent: MultiDict[str, str]) -> RawDraft:
    """What was sent, lines in the order of their numbers, gaps closed."""
    found: dict[int, dict[str, str]] = {}
    for name, value in sent.items():
        if match := _LINE.match(name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    for values in found.values():
        if number(values.get("tax_set", "")) is None:
            values["tax_set"] = ""
    lines = tuple(RawLine(**found[place]) for place in sorted(found))
    return RawDraft(lines=lines, **{name: sent.get(name, "") for name in _TEXTS})


def raw_of(draft: Invoice | DraftContent) -> RawDraft:
    """A saved draft, or a campaign's invoice, as its form holds it."""
    return RawDraft(
        lines=tuple(_raw_line(line) for line in draft.lines),
        issued_on=write_date(draft.issued_on), due_on=write_date(draft.due_on),
        supplied_on=write_date(draft.supplied_on), made_out_to=draft.made_out_to, subject=draft.subject,
        note=draft.note, discount_all=_discount_all(draft),
        discount_kind="amount" if draft.discount_cents else "percent", paid="yes" if draft.paid_on else "",
        paid_method=draft.paid_method or "", paid_on=write_date(draft.paid_on),
    )  # fmt: skip


def _raw_line(line: InvoiceLine | LineContent) -> RawLine:
    return RawLine(
        line.label, line.detail, plain_scaled(line.quantity_e3, 3, language()),
        plain_scaled(line.price_e4, 4, language(), least=2),
        plain_scaled(line.discount_e4, 2, language()) if line.discount_e4 else "", str(line.tax_set_id),
        "1" if line.gross else "", str(line.item_id or ""),
    )  # fmt: skip


def _discount_all(draft: Invoice | DraftContent) -> str:
    if draft.discount_cents:
        return plain_scaled(draft.discount_cents, 2, language(), least=2)
    return plain_scaled(draft.discount_e4, 2, language()) if draft.discount_e4 else ""


def saved_content(draft: Invoice) -> DraftContent:
    """What a draft holds, to compare with what a form sent twice says."""
    return DraftContent(
        tuple(content_of(line) for line in draft.lines), draft.issued_on, draft.due_on, draft.supplied_on,
        draft.made_out_to, draft.subject, draft.note, draft.discount_e4, draft.discount_cents,
        draft.paid_method, draft.paid_on,
    )  # fmt: skip


def write_date(day: date | None) -> str:
    """A day as a field holds it: 22/11/2026, in Québec 2026-11-22."""
    if day is None:
        return ""
    return day.isoformat() if language() == "fr_CA" else f"{day:%d/%m/%Y}"
