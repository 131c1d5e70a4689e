"""Which official document of a file has the better claim to a document of ours, where several suggest it. Pure.

Each official document is weighed alone first. Here they are compared: a document of ours goes to the one that clearly
leads, and the others may then have their next best; where none leads, a person sees that they are several.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from invoicing.lettering.suggesting_rules import MARGIN, SHOWN, Reason, Suggestion, leading, scored


class Claims:
    """What the official documents of one file suggest; those with one reference claim together."""

    def __init__(self) -> None:
        self._points: dict[str, dict[int, int]] = {}  # folded reference → document → what speaks for it
        self._barred: set[tuple[str, int]] = set()  # the amounts differ: nothing that can be won
        self._owner: dict[int, str] = {}  # document → the reference that clearly has it
        self._best: dict[int, list[tuple[int, str]]] = {}  # document → its two best claims

    def add(self, reference: str, found: Iterable[Suggestion]) -> None:
        """What is suggested for an official document; in any order, before `settle`."""
        for each in found:
            own = self._points.setdefault(reference, {})
            own[each.invoice_id] = max(own.get(each.invoice_id, each.points), each.points)
            if Reason.amount_differs in each.reasons:
                self._barred.add((reference, each.invoice_id))

    def settle(self, is_named: Callable[[int], bool]) -> None:
        """Decides, once all are there: what some line names (`is_named`, by id) is that line's, and suggested nowhere.

        Two rounds: what is clearly somebody's first, then the others among what is left.
        """
        for points in self._points.values():
            for invoice_id in [each for each in points if is_named(each)]:
                del points[invoice_id]
        self._best = self._claims()
        leads = {reference: self._lead(reference) for reference in self._points}
        self._owner = {lead: reference for reference, lead in leads.items() if lead and self._wins(reference, lead)}
        self._best = self._claims()

    def scored(self, reference: str, found: Sequence[Suggestion]) -> list[Suggestion]:
        """The suggestions of one official document as they stand beside all others, the best first."""
        points = self._points.get(reference, {})
        free = [each for each in found if each.invoice_id in points and self._is_free(reference, each.invoice_id)]
        lost = [each for each in found if each.invoice_id in points and not self._is_free(reference, each.invoice_id)]
        rivals = {each.invoice_id: self._rival(reference, each.invoice_id) for each in free}
        known = {invoice_id: rival for invoice_id, rival in rivals.items() if rival is not None}
        return scored(free, self._lead(reference), known) + [_lost(each) for each in lost]

    def _lead(self, reference: str) -> int | None:
        """The document that it is for, as far as it tells; None where two fit alike."""
        points = self._points.get(reference, {})
        return leading({id_: each for id_, each in points.items() if self._is_free(reference, id_)})

    def _claims(self) -> dict[int, list[tuple[int, str]]]:
        """The two best claims to each document. What tells which one it is for claims no other."""
        found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
        for reference, points in self._points.items():
            lead = self._lead(reference)
            for invoice_id in points if lead is None else (lead,):
                if self._is_free(reference, invoice_id):
                    found[invoice_id] = sorted([*found[invoice_id], (points[invoice_id], reference)], reverse=True)[:2]
        return found

    def _wins(self, reference: str, invoice_id: int) -> bool:
        points, rival = self._points[reference][invoice_id], self._rival(reference, invoice_id)
        is_clear = rival is None or points - rival >= MARGIN
        return points >= SHOWN and is_clear and (reference, invoice_id) not in self._barred

    def _rival(self, reference: str, invoice_id: int) -> int | None:
        """The most points that another reference has for the document."""
        return next((points for points, other in self._best.get(invoice_id, ()) if other != reference), None)

    def _is_free(self, reference: str, invoice_id: int) -> bool:
        return self._owner.get(invoice_id, reference) == reference


def _lost(each: Suggestion) -> Suggestion:
    """What is clearly another line's may still be looked at."""
    reasons = tuple(reason for reason in each.reasons if reason not in (Reason.several, Reason.rival))
    return replace(each, score=max(0, min(each.points, SHOWN - 1)), reasons=(*reasons, Reason.rival))
