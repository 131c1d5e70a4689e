"""How often the best suggestion at or over the threshold is the right one, kind of noise by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from invoicing.lettering.suggesting import Pool
from invoicing.lettering.suggesting_rivals import Claims
from tests.lettering.noise import Case
from tests.lettering.noise_more import NONE
from tests.lettering.noise_words import NOT_ONE


@dataclass
class Score:
    """How many were asked, shown, right and found as a group, of one kind."""

    asked: int = 0
    shown: int = 0
    right: int = 0
    weak: int = 0  # the right one is there, but not shown as the one
    grouped: int = 0
    wrong: list[Case] = field(default_factory=list)


def score(pool: Pool, cases: Sequence[Case]) -> Mapping[str, Score]:
    """Asks the pool about each, and compares what it says as a file's lines are."""
    found: dict[str, Score] = defaultdict(Score)
    claims, every = Claims(), [pool.fitting(case.official) for case in cases]
    for case, alone in zip(cases, every, strict=True):
        claims.add(case.official.reference, alone)
    claims.settle(lambda _invoice_id: False)
    for case, alone in zip(cases, every, strict=True):
        tally = found[case.kind]
        tally.asked += 1
        fitting = claims.scored(case.official.reference, alone)
        if not any(each.is_shown for each in fitting):
            tally.weak += any((each.number,) == case.truth for each in fitting)
            tally.grouped += sorted(each.number for each in pool.grouped(case.official)) == sorted(case.truth) != []
            continue
        tally.shown += 1
        if (fitting[0].number,) == case.truth:
            tally.right += 1
        else:
            tally.wrong.append(case)
    return found


def precision(found: Mapping[str, Score]) -> int:
    """Of 1000 that are shown, how many are right."""
    shown = sum(each.shown for each in found.values())
    return 1000 * sum(each.right for each in found.values()) // shown


def recall(found: Mapping[str, Score]) -> int:
    """Of 1000 that stand for one document of ours, how many are shown rightly."""
    asked = sum(one.asked for kind, one in found.items() if kind not in (*NOT_ONE, *NONE))
    return 1000 * sum(each.right for each in found.values()) // asked
