"""Two large downloads of one person at a time, whatever process they go through."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.zone import downloads
from invoicing.zone.downloads import AT_ONCE, LEASE, TooManyDownloads
from invoicing.zone.models import RunningDownload
from tests.conftest import Database
from tests.factories import NOW, make_user


def test_a_third_is_refused_until_one_ends(session: Session) -> None:
    user, other = make_user(session, Role.member), make_user(session, Role.member)
    first, _second = (downloads.begin(session, user.id, NOW) for _ in range(2))
    with pytest.raises(TooManyDownloads):
        downloads.begin(session, user.id, NOW)
    assert downloads.begin(session, other.id, NOW)
    downloads.end(session, first)
    assert downloads.begin(session, user.id, NOW).place == first.place


def test_a_lease_that_ran_out_is_free_and_one_that_is_renewed_is_not(session: Session) -> None:
    user = make_user(session, Role.member)
    lost, kept = (downloads.begin(session, user.id, NOW) for _ in range(2))
    later = NOW + LEASE + timedelta(seconds=1)
    assert kept.is_old(NOW + timedelta(minutes=2)) and not kept.is_old(NOW + timedelta(seconds=30))
    downloads.renew(session, kept, NOW + LEASE)
    taken = downloads.begin(session, user.id, later)
    assert taken.place == lost.place
    downloads.end(session, lost)  # whoever lost it takes nothing from its new holder
    assert session.scalars(select(RunningDownload.token).where(RunningDownload.place == lost.place)).all() == [
        taken.token
    ]


def test_of_many_at_once_two_begin(database: Database, session: Session) -> None:
    user_id = make_user(session, Role.member).id
    session.commit()

    def begin(_n: int) -> bool:
        try:
            with transaction(database.sessions) as own:
                downloads.begin(own, user_id, NOW)
        except TooManyDownloads:
            return False
        return True

    with ThreadPoolExecutor(8) as hands:
        assert sum(hands.map(begin, range(12))) == AT_ONCE
