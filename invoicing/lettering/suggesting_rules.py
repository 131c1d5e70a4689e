"""How well one official document fits one of ours: reasons and a score of whole points (SPEC C10). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from heapq import nlargest
from typing import Final

from invoicing.lettering.suggesting_names import ALIKE, NEAR

SHOWN: Final = 70  # of 100: from here on it is a suggestion
WEAK: Final = 45  # from here on a person may look at it
MOST: Final = 5  # of one official document
MARGIN: Final = 8  # points by which the best must lead, or it is one of several
CUT: Final = 40  # of 100 letters of a name for which a text had room
EARLY, LATE = -7, 21  # days from ours to the official one in which it is entered; a month later it is the next dues
CROWDED: Final = 31  # where many documents come to the same amount


class Reason(StrEnum):
    """What speaks for a suggestion, or against it."""

    code = "code"  # our transaction code stands in the row
    code_near = "code_near"  # typed from paper: O for 0, I for 1
    code_cut = "code_cut"  # its beginning does
    number = "number"  # our number, written otherwise
    number_cut = "number_cut"  # only its end
    amount = "amount"
    amount_less_fee = "amount_less_fee"  # what remains of ours after a card's fee
    amount_differs = "amount_differs"
    name = "name"
    name_near = "name_near"
    name_in_text = "name_in_text"
    name_differs = "name_differs"
    day = "day"  # the same one
    days = "days"  # so many apart
    text = "text"  # what was sold
    several = "several"  # another document fits as well
    rival = "rival"  # another official document fits it as well


SURE: Final = frozenset({Reason.code, Reason.number})


class Naming(StrEnum):
    """Why a document of ours is thought of, by what the row's text holds."""

    code = "code"
    code_near = "code_near"
    code_cut = "code_cut"
    number = "number"
    number_cut = "number_cut"


@dataclass(frozen=True, slots=True)  # of a long file very many are kept
class Suggestion:
    """One of our documents that an official one may stand for. Amounts are cents, negative for a credit note.

    `days` is how long after ours the official one is dated; None where a day isn't known. `score` goes from 0 to 100
    and says whether it is the one; `points` are what speaks for it, below and beyond that.
    """

    invoice_id: int
    number: str
    score: int
    reasons: tuple[Reason, ...]
    customer: str
    total_cents: int
    currency: str
    day: date | None
    days: int | None = None
    points: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether it is good enough to be proposed as the one."""
        return self.score >= SHOWN


SURENESS: Final = {  # points
    Naming.code: 75, Naming.number: 70, Naming.code_near: 60, Naming.code_cut: 55, Naming.number_cut: 35,
}  # fmt: skip
# What payment services keep of a sale, as (share in ten-thousandths, cents): usual public tariffs.
TARIFFS: Final = (
    (150, 25), (140, 25), (190, 25), (250, 25), (290, 25), (325, 25), (120, 25), (290, 30), (340, 25), (290, 35),
    (340, 35), (120, 10), (175, 0), (250, 0), (100, 0), (150, 0), (200, 0), (275, 0),
)  # fmt: skip


def fee_of(total_cents: int, tariff: tuple[int, int]) -> int:
    """What a tariff takes of a total, in cents, half up."""
    share, fixed = tariff
    return (total_cents * share + 10_000 * fixed + 5_000) // 10_000


def before_fee(amount_cents: int) -> Iterator[int]:
    """The totals of which this much remains after a usual fee; none of them twice."""
    seen = set()
    for tariff in TARIFFS:
        share, fixed = tariff
        about = (amount_cents + fixed) * 10_000 // (10_000 - share)
        for total in (about - 1, about, about + 1):
            if total > amount_cents and total not in seen and total - fee_of(total, tariff) == amount_cents:
                seen.add(total)
                yield total


def amount_points(ours: int, official: int | None) -> tuple[int, Reason | None]:
    """Of our total and the official amount, in cents with their sign and of one currency."""
    if official is None:
        return 0, None
    if ours == official:
        return 40, Reason.amount
    if ours > official > 0 and any(ours - fee_of(ours, tariff) == official for tariff in TARIFFS):
        return 32, Reason.amount_less_fee
    return -25, Reason.amount_differs


def name_points(alike: int, in_text: int, is_given: bool) -> tuple[int, Reason | None]:
    """Of the likeness with the file's customer and of how much of the name its text holds, each of 100."""
    if alike >= ALIKE:
        return 38, Reason.name
    if in_text == 100:
        return 32, Reason.name_in_text
    if alike >= NEAR:
        return 24 + (alike - NEAR) * 12 // (ALIKE - NEAR), Reason.name_near
    if in_text >= CUT:
        return 22, Reason.name_in_text
    if alike >= 60:
        return 6, Reason.name_near
    return (-15, Reason.name_differs) if is_given else (0, None)


def day_points(days: int | None) -> tuple[int, Reason | None]:
    """Of how long after ours the official one is dated: it is entered on the day, or some days later.

    A month or a year apart the same customer pays the same again: name, amount and article together are weak then.
    """
    if days is None:
        return 0, None
    if days == 0:
        return 20, Reason.day
    for most, points in ((3, 20), (7, 17), (15, 14), (LATE, 6)):
        if 0 < days <= most:
            return points, Reason.days
    if EARLY <= days < 0:
        return 14 if days == -1 else 6, Reason.days
    return -20, Reason.days


@dataclass(frozen=True)
class Evidence:
    """What is known of one pair."""

    naming: Naming | None
    ours_cents: int
    official_cents: int | None
    alike: int
    in_text: int
    is_given: bool
    days: int | None
    same_text: bool


def weigh(evidence: Evidence) -> tuple[int, tuple[Reason, ...]]:
    """The points, which may go beyond 0 and 100 so that the better of two good ones leads, and the reasons."""
    points, reasons = 0, []
    if evidence.naming:
        points += SURENESS[evidence.naming]
        reasons.append(Reason(evidence.naming.value))
    for more, reason in (
        amount_points(evidence.ours_cents, evidence.official_cents),
        name_points(evidence.alike, evidence.in_text, evidence.is_given),
        day_points(evidence.days),
        (MARGIN, Reason.text) if evidence.same_text else (0, None),
    ):
        points += more
        if reason:
            reasons.append(reason)
    return points, tuple(reasons)


def leading(points: Mapping[int, int]) -> int | None:
    """The document with the most points, where it leads all others by `MARGIN`; None where none does."""
    best = nlargest(2, points, key=points.__getitem__)
    leads = len(best) == 1 or (len(best) == 2 and points[best[0]] - points[best[1]] >= MARGIN)
    return best[0] if leads else None


def scored(found: Sequence[Suggestion], lead: int | None, rivals: Mapping[int, int]) -> list[Suggestion]:
    """Suggestions of one official document with their scores and what speaks against them.

    Only one may be at the threshold: the one that leads (`lead`, its id), also what others have for it (`rivals`:
    document of ours → the most points of another official document), and whose amount is no other.
    """
    return [_scored(each, each.invoice_id == lead, rivals.get(each.invoice_id)) for each in found]


def _scored(each: Suggestion, leads: bool, rival: int | None) -> Suggestion:
    reasons: list[Reason] = [reason for reason in each.reasons if reason not in (Reason.several, Reason.rival)]
    is_clear = rival is None or each.points - rival >= MARGIN
    is_the_one = leads and is_clear and Reason.amount_differs not in reasons
    if each.points >= SHOWN:
        reasons += [] if leads else [Reason.several]
        reasons += [] if is_clear else [Reason.rival]
    return replace(each, score=max(0, min(each.points, 100 if is_the_one else SHOWN - 1)), reasons=tuple(reasons))


def groups(amount_cents: int, totals: Sequence[int], most: int = 4) -> Iterator[tuple[int, ...]]:
    """Places of two or more totals that add up to an amount, all of one sign."""
    ordered = sorted(range(len(totals)), key=lambda place: totals[place])

    def search(start: int, rest: int, taken: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for at in range(start, len(ordered)):
            total = totals[ordered[at]]
            if total > rest:
                return
            if total == rest and taken:
                yield (*taken, ordered[at])
            elif len(taken) + 1 < most:
                yield from search(at + 1, rest - total, (*taken, ordered[at]))

    yield from search(0, amount_cents, ())
