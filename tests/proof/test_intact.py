"""What nobody has touched is found intact, and everything was looked at."""

from __future__ import annotations

from tests.proof.conftest import Desk


def test_untouched_data_is_intact(desk: Desk) -> None:
    report = desk.verify()
    assert report.first is None
    assert report.is_intact
    counts = {check.name: check.count for check in report.checks}
    assert all(counts.values()), counts
    entries = int(desk.one("SELECT count(*) FROM journal"))
    assert (counts["chain"], report.position) == (entries, entries)
    assert (counts["documents"], counts["payments"], counts["lettering"]) == (8, 4, 1)
