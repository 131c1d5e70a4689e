"""Anchors: added when the head has changed, once, whatever else happens to the file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from invoicing.proof import anchors
from invoicing.proof.anchors import Head
from tests.factories import NOW

KEY = b"k" * 40


def head(position: int) -> Head:
    """A head whose hash follows from its position."""
    return Head(position, f"{position:064x}")


def positions(folder: Path) -> list[int | None]:
    """What stands there, line by line."""
    return [found.anchor.position if found.anchor else None for found in anchors.read(folder)]


def test_a_head_is_added_once(tmp_path: Path) -> None:
    assert [anchors.append(tmp_path, KEY, head(n), NOW) for n in (1, 1, 2, 2)] == [True, False, True, False]
    assert positions(tmp_path) == [1, 2]
    assert all(found.anchor and found.anchor.is_ours(KEY) for found in anchors.read(tmp_path))
    assert not any(found.anchor and found.anchor.is_ours(b"other") for found in anchors.read(tmp_path))


def test_each_month_has_its_file_and_an_old_head_is_not_repeated_there(tmp_path: Path) -> None:
    for n, day in ((1, NOW), (1, NOW + timedelta(days=30)), (2, NOW + timedelta(days=30))):
        anchors.append(tmp_path, KEY, head(n), day)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11.jsonl", "2026-12.jsonl"]
    assert positions(tmp_path) == [1, 2]


def test_a_line_torn_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    anchors.append(tmp_path, KEY, head(1), NOW)
    anchors.append(tmp_path, KEY, head(2), NOW)
    path = tmp_path / "2026-11.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    anchors.append(tmp_path, KEY, head(2), NOW)
    assert positions(tmp_path) == [1, None, 2]


def test_many_at_once_leave_one_whole_line_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: anchors.append(tmp_path, KEY, head(n // 4), NOW), range(80)))
    found = positions(tmp_path)
    assert None not in found and set(found) == set(range(20))
    assert all(after != before for before, after in pairwise(found))


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"7", b"{}", b'{"format":1,"position":"1","hash":"a","at":"b","mac":"c"}', b"\xff\xfe{"]
)
def test_what_is_not_an_anchor_is_none(line: bytes) -> None:
    assert anchors.parse(line) is None
