"""Numbers: without a gap, without a duplicate, dates never going back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.numbering import (
    DateBeforeLast,
    Mode,
    NotExternal,
    NotGenerated,
    Series,
    Use,
    begins_like,
    claim_number,
    is_format,
    meets_external,
    take_number,
    write_number,
)
from invoicing.sellers.models import Seller
from tests.conftest import Database
from tests.factories import make_order, make_seller, make_shop


def series(session: Session, format: str) -> Series:
    seller = session.scalars(select(Seller)).first() or make_seller(session)
    row = Series(seller_id=seller.id, use=Use.manual, mode=Mode.official, format=format)
    session.add(row)
    session.flush()
    return row


def test_numbers_follow_each_other(session: Session) -> None:
    row = series(session, "M{year}-{n:05}")
    day = date(2026, 11, 22)
    assert [take_number(session, row, day) for _ in range(3)] == ["M2026-00001", "M2026-00002", "M2026-00003"]


def test_a_yearly_series_restarts_and_a_dated_one_never_does(session: Session) -> None:
    yearly, dated = series(session, "M{year}-{n:05}"), series(session, "B-{date}-{n}")
    days = [date(2025, 12, 31), date(2026, 1, 1)]
    assert [take_number(session, yearly, day) for day in days] == ["M2025-00001", "M2026-00001"]
    assert [take_number(session, dated, day) for day in days] == ["B-20251231-1", "B-20260101-2"]


def test_a_date_before_the_last_one_is_refused_and_takes_no_number(session: Session) -> None:
    row = series(session, "M{year}-{n:05}")
    take_number(session, row, date(2026, 11, 22))
    with pytest.raises(DateBeforeLast) as refused:
        take_number(session, row, date(2026, 11, 21))
    assert refused.value.last == date(2026, 11, 22)
    assert take_number(session, row, date(2026, 11, 22)) == "M2026-00002"


def test_a_rollback_leaves_no_gap(database: Database) -> None:
    with database.sessions() as session:
        number = series(session, "M{year}-{n:05}").id
        session.commit()
        take_number(session, session.get_one(Series, number), date(2026, 11, 22))
        session.rollback()
        assert take_number(session, session.get_one(Series, number), date(2026, 11, 22)) == "M2026-00001"


@pytest.mark.parametrize(
    ("format", "good"),
    [
        ("F{year}-{n:05}", True), ("B-{date}-{n}", True), ("{n}", True), ("F{year}", False), ("{n}{n}", False),
        ("F{year.real}-{n}", False), ("<{n}>", False), ("F{year}-{n:05}{x}", False),
    ],
)  # fmt: skip
def test_only_known_placeholders_make_a_format(format: str, good: bool) -> None:
    assert is_format(format) is good


def test_each_kind_of_series_has_its_own_way(session: Session) -> None:
    outside = make_shop(session).series
    with pytest.raises(NotGenerated):
        take_number(session, outside, date(2026, 11, 22))
    assert outside.last_date is None
    with pytest.raises(NotExternal):
        claim_number(session, series(session, "M{year}-{n:05}"), "M-1")


@pytest.mark.parametrize(
    ("format", "number", "alike"),
    [
        ("F{year}-{n:05}", "F-1", True), ("F{year}-{n:05}", "f2026", True), ("F{year}-{n:05}", "B-F2026-00001", False),
        ("B-{date}-{n}", "B-20170920-44", True), ("B-{date}-{n}", "B20170920-44", False),
        ("{n}", "42", True), ("{n}", "42-1", False), ("{year}-{n:05}", "2026-00001", True), ("{n}", "B-42", False),
    ],
)  # fmt: skip
def test_a_number_may_begin_like_those_of_a_format(format: str, number: str, alike: bool) -> None:
    assert begins_like(format, number) is alike


@pytest.mark.parametrize(
    ("format", "met"),
    [
        ("B-{date}-{n}", True), ("b-{n}", True), ("B{year}-{n}", True), ("C-{n}", False), ("B-20170920-{n}", True),
        ("B-2018{n}", False), ("{n}", False),
    ],
)  # fmt: skip
def test_a_new_prefix_may_not_occur_in_an_external_series(session: Session, format: str, met: bool) -> None:
    make_order(session, make_shop(session), number="b-20170920-44")
    assert meets_external(session, format) is met


def test_writes_a_number_as_printed() -> None:
    assert write_number("B-{date}-{n}", date(2017, 9, 20), 44) == "B-20170920-44"
