"""Sessions and counters of tries; on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import limits, rules, service
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import Attempts, EmailProof, Role, SignInSession, Stage, User
from invoicing.accounts.queries import live_seat
from invoicing.accounts.rules import WrongProof
from invoicing.database import transaction
from invoicing.journal import COMMAND
from tests.conftest import PASSWORD, Database
from tests.factories import NOW, make_user

POST = sec.Post(sec.Sealer([Fernet.generate_key().decode()]), "https://desk.example/lien/", "desk.example")


def signed_in(session: Session, email: str = "zoe@exemple.fr") -> tuple[User, str]:
    user = make_user(session, email=email, password_hash=sec.hash_password(PASSWORD))
    return user, service.open_session(session, NOW, service.check_password(session, email, PASSWORD), "Firefox").sid


def test_the_cookies_secret_is_stored_hashed(session: Session) -> None:
    _, sid = signed_in(session)
    row = session.scalars(select(SignInSession)).one()
    assert row.sid_hash == sec.digest(sid) and sid not in repr(vars(row))


def test_a_password_changed_while_it_was_checked_opens_nothing(session: Session) -> None:
    user, _ = signed_in(session)
    checked = service.check_password(session, user.email, PASSWORD)
    service.set_password(session, COMMAND, NOW, user.id, sec.hash_password("un tout autre mot de passe"))
    with pytest.raises(WrongProof):
        service.open_session(session, NOW, checked, "")


def test_a_new_password_ends_every_session_and_every_link(session: Session) -> None:
    user, sid = signed_in(session)
    link = service.invite(session, COMMAND, NOW, user.id, POST).removeprefix(POST.link_base)
    service.set_password(session, COMMAND, NOW, user.id, sec.hash_password("un tout autre mot de passe"))
    assert live_seat(session, sid, NOW) is None
    with pytest.raises(WrongProof):
        service.peek_link(session, link, NOW)


def test_an_old_hash_is_renewed_at_the_next_sign_in(session: Session) -> None:
    user, _ = signed_in(session)
    dear = sec.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    user.password_hash = dear
    session.flush()
    service.open_session(session, NOW, service.check_password(session, user.email, PASSWORD), "")
    assert user.password_hash != dear and sec.password_matches(user.password_hash, PASSWORD)


def test_a_foreign_number_ends_no_session(session: Session) -> None:
    _, mine = signed_in(session)
    other, theirs = signed_in(session, "autre@exemple.fr")
    seat = live_seat(session, mine, NOW)
    assert seat is not None
    service.end_session(session, NOW, other.id, seat.id)
    assert live_seat(session, mine, NOW) and live_seat(session, theirs, NOW)


def test_ending_the_others_keeps_this_one(session: Session) -> None:
    user, here = signed_in(session)
    there = service.open_session(session, NOW, service.check_password(session, user.email, PASSWORD), "").sid
    seat = live_seat(session, here, NOW)
    assert seat is not None
    service.end_sessions(session, user.id, but=seat.id)
    assert live_seat(session, here, NOW) and not live_seat(session, there, NOW)


def tries(session: Session, account: str, address: str, now: datetime = NOW) -> int:
    return limits.count_try(session, "password", {"account": account, "address": address}, 30, now)


def test_the_eleventh_try_of_an_account_waits_for_the_window_to_close(session: Session) -> None:
    waits = [tries(session, "zoe@exemple.fr", "192.0.2.1") for _ in range(11)]
    assert waits == [0] * 10 + [300]
    assert tries(session, " ZOE@exemple.fr", "192.0.2.2", NOW + timedelta(seconds=60)) == 240
    assert tries(session, "autre@exemple.fr", "192.0.2.3") == 0
    assert tries(session, "zoe@exemple.fr", "192.0.2.1", NOW + timedelta(seconds=300)) == 0


def test_an_address_has_its_own_limit(session: Session) -> None:
    waits = [tries(session, f"{n}@exemple.fr", "192.0.2.1") for n in range(31)]
    assert waits == [0] * 30 + [300]


def test_the_limit_is_exact_for_many_at_once(database: Database) -> None:
    def attempt(n: int) -> int:
        with transaction(database.sessions) as session:
            return tries(session, "zoe@exemple.fr", f"192.0.2.{n}")

    with ThreadPoolExecutor(10) as pool:
        assert sum(wait == 0 for wait in pool.map(attempt, range(50))) == 10


def test_sessions_are_cleared_away_when_they_are_over_and_no_earlier(session: Session) -> None:
    for role, stage, span in (
        (Role.member, Stage.open, rules.IDLE[False]), (Role.sales, Stage.open, rules.IDLE[True]),
        (Role.sales, Stage.enrolment, rules.HALF_OPEN), (Role.member, Stage.second_factor, rules.HALF_OPEN),
    ):  # fmt: skip
        user = make_user(session, role)
        session.add(SignInSession(sid_hash=sec.new_token(), user_id=user.id, stage=stage, created_at=NOW,
                                  last_seen_at=NOW, proved_at=NOW, user_agent=""))  # fmt: skip
        session.flush()
        service.purge(session, NOW + span - timedelta(seconds=1))
        assert session.scalar(select(func.count(SignInSession.id))) == 1, (role, stage)
        service.purge(session, NOW + span)
        assert session.scalar(select(func.count(SignInSession.id))) == 0, (role, stage)


def test_what_means_nothing_any_more_is_removed(session: Session) -> None:
    signed_in(session)
    service.mail_reset(session, NOW, "personne@exemple.fr", POST)
    tries(session, "zoe@exemple.fr", "192.0.2.1")
    service.purge(session, NOW)
    assert [session.scalar(select(func.count()).select_from(t)) for t in (EmailProof, SignInSession, Attempts)] == [
        1,
        1,
        2,
    ]
    service.purge(session, NOW + timedelta(days=200))
    assert [session.scalar(select(func.count()).select_from(t)) for t in (EmailProof, SignInSession, Attempts)] == [
        0,
        0,
        0,
    ]
