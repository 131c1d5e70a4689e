"""Judges what an accounting program exports: a verdict per official document; nothing is written (SPEC C9).

The file is read once: each document is kept in short, without its texts, since only the whole file tells which
documents contradict each other. Then verdicts are given, some at a time, as our documents stand at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from invoicing.accounting.plan import Official, Plan
from invoicing.imports.models import ImportRun
from invoicing.imports.rules import Judged
from invoicing.lettering.bulk_lookup import Lookup, Named
from invoicing.lettering.bulk_reading import Short, lots_of, read, shortened
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.bulk_tokens import WIDTHS
from invoicing.lettering.bulk_told import Groups, Told
from invoicing.lettering.bulk_verdicts import Standing, verdict_of
from invoicing.lettering.suggesting_rivals import Claims
from invoicing.sellers.queries import letters_unpaid

if TYPE_CHECKING:
    from invoicing.lettering.suggesting import Pool


def judge(session: Session, run: ImportRun, content: bytes, now: datetime) -> Iterator[Judged]:
    """The verdicts of a file whose columns are settled (`run.options`). Raises Unreadable."""
    plan = Plan.from_json(run.options)
    yield from _judge(session, read(content, plan, widths_of(plan)))


def judge_documents(
    session: Session, officials: Iterable[Official], widths: frozenset[int] = frozenset()
) -> Iterator[Judged]:  # fmt: skip
    """The same of official documents, each with a line of its own, in the order of the file.

    `widths` are the lengths at which the program cuts its fields.
    """
    return _judge(session, shortened(officials, widths))


def _judge(session: Session, lots: Iterable[Sequence[Short]]) -> Iterator[Judged]:
    reader = Reader(session)
    every: list[Told] = []
    for some in lots:
        every += reader.read(some)
    groups, claims = Groups(), Claims()
    for told in every:
        groups.add(told)
        claims.add(told.folded, told.fits)
    claims.settle(groups.names)
    may_be_unpaid = letters_unpaid(session)
    given: dict[str, int] = {}
    for lot in lots_of(every):
        standing = _standing(reader.lookup, lot, may_be_unpaid)
        for each in lot:
            told = each._replace(fits=tuple(claims.scored(each.folded, each.fits))) if not each.targets else each
            yield _once(verdict_of(told, standing, groups), told, groups, given)


def _standing(lookup: Lookup, some: Sequence[Told], may_be_unpaid: bool) -> Standing:
    ids = {id_ for told in some for id_ in told.targets} | {told.original for told in some if told.original}
    return Standing(lookup.documents(ids), lookup.holders(told.folded for told in some if told.folded), may_be_unpaid)


def _once(judged: Judged, told: Told, groups: Groups, given: dict[str, int]) -> Judged:
    """A document that the file tells twice is lettered once: from the second on it is so already."""
    if judged.verdict != Verdict.will_letter or told.folded not in groups.repeated:
        return judged
    first = given.setdefault(told.folded, told.line)
    if first == told.line:
        return judged
    facts = {**judged.facts, "lines": [first]}
    return Judged(judged.line, Verdict.already, judged.subject, None, facts, judged.invoice_id)


def widths_of(plan: Plan) -> frozenset[int]:
    """The lengths at which the file's program cuts what is too long for a field."""
    return WIDTHS.get(plan.program if plan.is_table else plan.layout, frozenset())


class Reader:
    """Reads official documents with all that they name, some at a time."""

    def __init__(self, session: Session) -> None:
        self.session, self.lookup = session, Lookup(session)
        self._pool: Pool | None = None

    def read(self, some: Sequence[Short]) -> list[Told]:
        """Each with the documents that it names, or that may be meant."""
        named = self.lookup.named([each.tokens for each in some])
        credits = self.lookup.credits(each for each, short in zip(named, some, strict=True) if short.is_credit)
        return [self._named(*each, credits) for each in zip(some, named, strict=True)]

    def _named(self, short: Short, named: Named, credits: set[int]) -> Told:
        told = short.told
        if told.fault:
            return told
        by_number, by_code, original = named.by_number, named.by_code, None
        if short.is_credit:
            quoted = [id_ for id_ in (*by_number, *by_code) if id_ not in credits]
            original = quoted[0] if quoted else None
            by_number = tuple(id_ for id_ in by_number if id_ in credits)
            by_code = tuple(id_ for id_ in by_code if id_ in credits)
        targets = tuple(dict.fromkeys((*by_number, *by_code)))
        told = told._replace(targets=targets, is_weak=not by_number, missing=named.missing)
        if by_number or (named.missing and not by_code):
            return told
        if original is not None and not targets:
            return told._replace(original=original, missing=())
        return self._suggested(short.official, told)

    def _suggested(self, official: Official, told: Told) -> Told:
        """With what may be meant, where none of our numbers stands in it."""
        fits = self.pool.fitting(official)
        if told.targets or any(fit.is_shown for fit in fits):
            return told._replace(fits=tuple(fits))
        group = tuple(each.number for each in self.pool.grouped(official))
        return told._replace(fits=tuple(fits), group=group)

    @property
    def pool(self) -> Pool:
        """All that may be suggested; a file that names every document never needs it."""
        if self._pool is None:
            from invoicing.lettering.suggesting import Pool

            self._pool = Pool.load(self.session)
        return self._pool
