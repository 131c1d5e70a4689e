"""Decisions about campaigns: who is left out, what may be done when, what is kept of a template. Pure (SPEC D10)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from invoicing.campaigns.models import Campaign, CampaignState, Verdict
from invoicing.customers.models import CustomerKind, Standing
from invoicing.errors import Fault, Refused
from invoicing.invoices.models import MadeOutTo
from invoicing.invoices.reading import DraftContent, LineContent

NAME_MAX: Final = 120
MOST: Final = 200_000  # members of one campaign
LISTED_MAX: Final = 4_000_000  # characters of a list
BROKEN: Final = "broken"  # why it pauses: the error is in the technical log
REFUSALS: Final = 20  # in a row, after which it pauses by itself: what is wrong may be wrong for all
_V = Verdict
MAKES: Final = (_V.ready, _V.no_email, _V.bounced)  # who gets an invoice
UNSENT: Final = frozenset({_V.no_email, _V.bounced})  # of them, who gets no e-mail though the box is ticked
LEFT_OUT: Final = (_V.already_invoiced, _V.no_address, _V.missing_mention, _V.unfit, _V.unknown, _V.several, _V.twice)
MADE: Final = (_V.made, _V.made_unsent)
_S = CampaignState
OPEN: Final = frozenset({_S.writing, _S.waiting, _S.judging, _S.judged})  # nothing is made yet: may be changed, dropped
AT_WORK: Final = frozenset({_S.waiting, _S.judging, _S.making})
_ADDRESS: Final = frozenset({"street", "street_lines", "postcode", "city", "country", "province"})


@dataclass(eq=False)
class CampaignNotReady(Refused):
    """What is asked isn't possible in this state: somebody was faster, or an old page was sent."""

    state: CampaignState


@dataclass(eq=False)
class NobodyToInvoice(Refused):
    """No member of the campaign would get an invoice."""


@dataclass(frozen=True)
class Chosen:
    """A filter of customers; empty words leave nobody out."""

    query: str = ""
    standing: Standing | None = Standing.member
    kind: CustomerKind | None = None
    country: str = ""
    language: str = ""
    owing: bool | None = None

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Chosen:
        """As it was kept."""
        raw: dict[str, Any] = json.loads(text)
        raw["standing"] = Standing(raw["standing"]) if raw.get("standing") else None
        raw["kind"] = CustomerKind(raw["kind"]) if raw.get("kind") else None
        return cls(**raw)


@dataclass(frozen=True)
class Judged:
    """What becomes of one member, and what its sentence needs."""

    customer_id: int | None
    verdict: Verdict
    facts: dict[str, Any] = field(default_factory=dict)
    total_cents: int | None = None


def content_json(content: DraftContent) -> str:
    """A template as it is kept."""
    raw = asdict(content)
    for name in ("issued_on", "due_on", "supplied_on", "paid_on"):
        raw[name] = raw[name].isoformat() if raw[name] else None
    return json.dumps(raw, ensure_ascii=False, sort_keys=True)


def content_of(text: str) -> DraftContent:
    """A template as it was kept."""
    raw: dict[str, Any] = json.loads(text)
    for name in ("issued_on", "due_on", "supplied_on"):
        raw[name] = date.fromisoformat(raw[name]) if raw[name] else None
    raw["lines"] = tuple(LineContent(**line) for line in raw["lines"])
    raw["made_out_to"] = MadeOutTo(raw["made_out_to"])
    return DraftContent(**raw)


def template_faults(content: DraftContent) -> list[Fault]:
    """Nobody has paid yet what is invoiced to many at once."""
    return [Fault("paid", "campaign_paid")] if content.paid_on or content.paid_method else []


def kept_faults(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Faults as they are kept with a member."""
    return [{"code": fault.code, "facts": fault.facts} for fault in faults]


def missing_verdict(fields: Iterable[str]) -> Verdict:
    """What the buyer's block lacks: an address, or something else."""
    return _V.no_address if set(fields) & _ADDRESS else _V.missing_mention


def names_of(listed: str) -> list[str]:
    """The lines of a list: of each the first cell, a member number or an e-mail address."""
    lines = (line.replace("\t", ";").split(";")[0].strip().strip('"').strip() for line in listed.splitlines())
    return [line for line in lines if line]


def needs_invoice(campaign: Campaign) -> bool:
    """Whether its invoice is still to be written, or its taxes to be chosen again for another seller."""
    return campaign.state is CampaignState.writing and not campaign.fault
