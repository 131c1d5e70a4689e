"""What a row of a shop's export would change, given what is known of it: pure (SPEC Q2, B7, C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from invoicing.invoices.models import Status
from invoicing.invoices.moving_rules import CreditedStands, check_giving_up
from invoicing.invoices.rules import LetteredStands, MoveRefused, StandsForGood
from invoicing.lettering import rules as lettering
from invoicing.shop.importing_known import Known, Order, Target
from invoicing.shop.importing_rules import Said, Verdict
from invoicing.shop.rules import path, status_on_arrival


@dataclass(frozen=True)
class Plan:
    """What is to be done for one row, in this order; `verdict` and `facts` are what is said of it."""

    verdict: Verdict
    facts: Mapping[str, Any] = field(default_factory=dict)
    order: Order | None = None  # that is there already
    takes: bool = False  # the order comes in
    refills: bool = False  # its lines and totals are as the row says now
    status: Status | None = None  # it moves there
    is_ignored: bool = False  # only the trace that something older came
    pays_back: bool = False
    letters: bool = False

    @property
    def writes(self) -> bool:
        """Whether applying it would write anything."""
        return any((self.takes, self.refills, self.status, self.is_ignored, self.pays_back, self.letters))


def plan(target: Target, known: Known, said: Said, twice: bool = False) -> Plan:
    """The verdict of a row; `twice`: another row of the file has the same reference, so that neither gets it."""
    order = known.orders.get(said.code)
    if order is None:
        holder = known.numbers.get(said.number.lower())
        if holder is not None:
            return Plan(Verdict.number_taken, {"number": holder[1]})
        wanted = status_on_arrival(said.status, said.totals.total_cents)
        return _lettered(target, known, said, Plan(
            Verdict.new, _told(said, wanted), takes=True, pays_back=said.payback and said.totals.total_cents > 0,
        ), wanted, twice)  # fmt: skip
    if order.number.lower() != said.number.lower():
        return Plan(Verdict.other_number, {"number": order.number, "wanted": said.number})
    return _known(target, known, said, order, twice)


def _told(said: Said, status: Status) -> dict[str, Any]:
    """What the sentence of a row that comes in says."""
    facts: dict[str, Any] = {"status": status, "total_cents": said.totals.total_cents}
    return facts | ({"payback": True} if said.payback else {})


def _known(target: Target, known: Known, said: Said, order: Order, twice: bool) -> Plan:
    """An order that is there: what differs, and may."""
    totals = (said.totals.net_cents, said.totals.tax_cents, said.totals.total_cents)
    differs = order.amounts != totals
    if differs and (order.is_frozen or not order.totals_only):
        return Plan(Verdict.amounts_differ, {"total_cents": order.amounts[2], "wanted_cents": totals[2]}, order)
    wanted = status_on_arrival(said.status, totals[2])
    if wanted is not order.status and is_older(target, said, order):
        facts = {"status": order.status, "wanted": wanted, "day": said.moved}
        return Plan(Verdict.older, facts, order, is_ignored=True)
    try:
        moves = _moves(target, order, wanted)
    except (MoveRefused, StandsForGood, LetteredStands, CreditedStands) as refused:
        facts = {"status": order.status, "wanted": wanted, "why": type(refused).__name__}
        return Plan(Verdict.move_refused, facts, order)
    pays_back = said.payback and totals[2] > 0 and not order.credited_cents
    changes = differs or moves or pays_back
    base = Plan(
        Verdict.update if changes else Verdict.unchanged, _told(said, wanted) | {"before": order.status}, order,
        refills=differs, status=wanted if moves else None, pays_back=pays_back,
    )  # fmt: skip
    return _lettered(target, known, said, base, wanted, twice)


def is_older(target: Target, said: Said, order: Order) -> bool:
    """Whether the row speaks of a day before the last event: of two on the same day nobody knows the order."""
    return order.last_event_at is not None and said.moved < local_day(order.last_event_at, target.timezone)


def local_day(moment: datetime, timezone: str) -> date:
    """The day of a moment (naive UTC) at the seller's."""
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone)).date()


def _moves(target: Target, order: Order, wanted: Status) -> bool:
    """Whether it moves; refuses a move that isn't allowed."""
    if wanted is order.status:
        return False
    check_giving_up(order.standing(target), wanted)
    return bool(path(order.status, wanted))


def _lettered(target: Target, known: Known, said: Said, base: Plan, status: Status, twice: bool) -> Plan:
    """The same with the reference, or with what stands in its way: the order comes in all the same."""
    try:
        wanted = lettering.read(said.lettering)
    except lettering.BadReference as refused:
        return _without(base, said, "bad", code=refused.faults[0].code)
    had = base.order.lettering if base.order else None
    if wanted is None or wanted == had or (had and wanted.folded == had.folded):
        return base
    if had is not None:
        return _without(base, said, "other", has=had.typed)
    if twice:
        return _without(base, said, "twice")
    holder = known.references.get(wanted.folded)
    if holder is not None:
        return _without(base, said, "taken", by=holder[1])
    if status not in target.letterable:
        return _without(base, said, "status", status=status)
    verdict = Verdict.update if base.verdict is Verdict.unchanged else base.verdict
    return _changed(base, verdict, {**base.facts, "lettering": wanted.typed}, letters=True)


def _without(base: Plan, said: Said, why: str, **facts: Any) -> Plan:
    also = base.verdict.value
    told = {**base.facts, **facts, "why": why, "reference": said.lettering[:128], "also": also}
    return _changed(base, Verdict.lettering, told, letters=False)


def _changed(base: Plan, verdict: Verdict, facts: Mapping[str, Any], *, letters: bool) -> Plan:
    return Plan(
        verdict, facts, base.order, base.takes, base.refills, base.status, base.is_ignored, base.pays_back, letters
    )  # fmt: skip
