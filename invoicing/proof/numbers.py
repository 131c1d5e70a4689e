"""Numbers: generated series without gap or repeat, in the order of their days, up to their counters (SPEC N1)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from invoicing.proof.rules import Tally


class SeriesFacts(NamedTuple):
    """One series; `last_date` as text."""

    id: int
    seller_id: int
    source: str
    format: str
    last_date: str | None


class _Given(NamedTuple):
    n: int
    day: str
    number: str


class Numbers:
    """Takes every number in, then says what isn't as it should be."""

    def __init__(self, series: Sequence[SeriesFacts], counters: Sequence[tuple[int, str, int]]) -> None:
        self.tally = Tally("numbers")
        self._series = {each.id: each for each in series}
        self._shapes = {each.id: _shape(each.format) for each in series if each.source == "generated"}
        self._counters = {(series_id, period): last for series_id, period, last in counters}
        self._given: defaultdict[tuple[int, str], list[_Given]] = defaultdict(list)
        self._seen: set[str] = set()

    def take(self, series_id: int, seller_id: int, number: str, folded: str | None, day: Any, frozen: bool) -> None:
        """One document's number and day."""
        self.tally.count += 1
        if number.lower() != folded or folded in self._seen:
            self.tally.fault("number_twice", number=number)
        self._seen.add(number.lower())
        series = self._series.get(series_id)
        if series is None or series.seller_id != seller_id:
            self.tally.fault("number_seller", number=number)
        elif frozen and series.source == "generated":
            self._place(series, number, str(day))

    def _place(self, series: SeriesFacts, number: str, day: str) -> None:
        shape, printed = self._shapes[series.id]
        found = shape.match(number)
        if not found or found["day"] not in (None, day[:4], day.replace("-", "")):
            self.tally.fault("number_format", number=number, format=series.format)
            return
        n = int(found["n"])
        if printed.format(n=n) != found["n"]:  # zeros that the format doesn't write
            self.tally.fault("number_format", number=number, format=series.format)
        period = day[:4] if "{year}" in series.format else ""
        self._given[series.id, period].append(_Given(n, day, number))

    def finish(self) -> None:
        """Gaps, repeats, days that go back, counters that say otherwise."""
        for key in sorted({*self._given, *self._counters}):
            self._check(key, sorted(self._given.get(key, [])))
        self.tally.notes["series"] = len({series_id for series_id, _period in self._given})
        self._check_days()

    def _check(self, key: tuple[int, str], given: list[_Given]) -> None:
        series = self._series.get(key[0])
        facts = {"series": series.format if series else str(key[0]), "period": key[1]}
        last = 0
        for each, before in zip(given, [None, *given], strict=False):
            if each.n > last + 1:
                self.tally.fault("number_gap", first=last + 1, last=each.n - 1, before=each.number, **facts)
            if before and each.n == before.n:
                self.tally.fault("number_twice", number=each.number)
            if before and each.day < before.day:
                self.tally.fault("number_day", number=each.number, earlier=before.number)
            last = each.n
        counter = self._counters.get(key, 0)
        if counter != last:
            self.tally.fault("counter", counter=counter, given=last, **facts)

    def _check_days(self) -> None:
        """The series' own note of its last day."""
        newest: dict[int, str] = {}
        for (series_id, _period), given in self._given.items():
            newest[series_id] = max(newest.get(series_id, ""), *(each.day for each in given))
        for series_id, day in sorted(newest.items()):
            series = self._series[series_id]
            if series.last_date != day:
                self.tally.fault("series_day", series=series.format, told=series.last_date, day=day)


def _shape(format: str) -> tuple[re.Pattern[str], str]:
    """How numbers of a format look, and how its counter is written."""
    before, _, rest = format.partition("{n")
    day = re.escape(before).replace(r"\{year\}", "(?P<day>[0-9]{4})").replace(r"\{date\}", "(?P<day>[0-9]{8})")
    if "?P<day>" not in day:
        day += "(?P<day>$)?"  # there is none
    return re.compile(day + r"(?P<n>[0-9]+)\Z"), "{n" + rest
