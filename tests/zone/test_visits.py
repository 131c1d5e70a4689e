"""A visit ends half an hour after its last look, or with a new sign-in; until then marks stay."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.zone.models import MemberVisit
from invoicing.zone.visits import Visit, note_look, visit, visit_of
from tests.factories import NOW, make_user

EARLIER = NOW - timedelta(days=9)


def ago(**amount: int) -> datetime:
    return NOW - timedelta(**amount)


@pytest.mark.parametrize(
    ("looked_at", "since", "signed_in_at", "expected"),
    [
        (None, None, ago(minutes=1), Visit(None, True)),
        (ago(seconds=20), EARLIER, ago(days=2), Visit(EARLIER, False)),
        (ago(minutes=2), EARLIER, ago(days=2), Visit(EARLIER, True)),
        (ago(minutes=30), EARLIER, ago(days=2), Visit(EARLIER, True)),
        (ago(minutes=31), EARLIER, ago(days=2), Visit(ago(minutes=31), True)),
        (ago(minutes=5), EARLIER, ago(minutes=1), Visit(ago(minutes=5), True)),
        (ago(minutes=5), None, ago(days=2), Visit(None, True)),
    ],
    ids=["first", "reloaded", "goes on", "just still", "after a pause", "signed in anew", "first goes on"],
)
def test_which_visit_a_look_belongs_to(
    looked_at: datetime | None, since: datetime | None, signed_in_at: datetime, expected: Visit
) -> None:
    assert visit(looked_at, since, signed_in_at, NOW) == expected


def test_looks_are_kept_per_person(session: Session) -> None:
    one, two = make_user(session, Role.member), make_user(session, Role.member)
    for user, at in ((one, ago(days=3)), (one, NOW), (two, ago(hours=1))):
        note_look(session, user.id, ago(days=5), at)
        session.flush()
    assert session.get_one(MemberVisit, one.id).since == ago(days=3)
    assert visit_of(session, one.id, ago(days=5), NOW + timedelta(minutes=5)).since == ago(days=3)
    assert visit_of(session, two.id, ago(days=5), NOW).since == ago(hours=1)


def test_a_look_that_comes_late_takes_nothing_back(session: Session) -> None:
    user = make_user(session, Role.member)
    for at in (NOW, ago(seconds=5)):
        note_look(session, user.id, ago(days=5), at)
        session.flush()
    assert session.get_one(MemberVisit, user.id).looked_at == NOW
