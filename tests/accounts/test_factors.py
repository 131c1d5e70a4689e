"""Codes of an application, recovery codes, and what somebody has of them; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import factors, opening
from invoicing.accounts.happenings import HAPPENED, Happening
from invoicing.accounts.models import EmailProof, RecoveryCode, Role, SignInSession, Stage, User
from invoicing.accounts.queries import person
from invoicing.accounts.rules import LastFactor, Proof, WrongProof
from invoicing.accounts.secrets import Keys, Post, Sealer
from invoicing.accounts.service import mail_reset
from invoicing.database import transaction
from invoicing.errors import NotFound
from invoicing.journal import COMMAND, JournalEntry
from tests.conftest import Database
from tests.factories import NOW, actor_of, make_user

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
KEYS = Keys(b"a key for short codes", Sealer([OLD]))
STEP = timedelta(seconds=30)


def code_at(secret: str, moment: datetime) -> str:
    """What an application shows."""
    return pyotp.TOTP(secret).generate_otp(int(moment.replace(tzinfo=UTC).timestamp()) // 30)


def enrolled(session: Session, role: Role = Role.sales) -> tuple[User, str]:
    """Somebody whose application was set up an hour ago."""
    user, begun = make_user(session, role), NOW - timedelta(hours=1)
    setup = factors.begin_totp(person(user), "Atelier", KEYS, begun)
    factors.enrol_totp(session, actor_of(user), begun, user.id, setup.secret, code_at(setup.secret, begun), KEYS)
    session.flush()
    return user, setup.secret


def takes(session: Session, user: User, code: str, now: datetime = NOW) -> bool:
    try:
        factors.use_totp(session, now, user.id, code, KEYS)
    except WrongProof:
        return False
    return True


def test_a_code_is_taken_once(session: Session) -> None:
    user, secret = enrolled(session)
    assert takes(session, user, code_at(secret, NOW))
    assert not takes(session, user, code_at(secret, NOW))
    assert takes(session, user, code_at(secret, NOW + STEP), NOW + STEP)


def test_an_older_code_is_not_taken_after_a_newer_one(session: Session) -> None:
    user, secret = enrolled(session)
    assert takes(session, user, code_at(secret, NOW))
    assert not takes(session, user, code_at(secret, NOW - STEP))


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(session: Session, steps: int, taken: bool) -> None:
    user, secret = enrolled(session)
    assert takes(session, user, code_at(secret, NOW + steps * STEP)) is taken


@pytest.mark.parametrize("typed", ["", "123", "abcdef", "１２３４５６", "-12345", "1234567", "²34567"])
def test_what_is_no_code_is_refused(session: Session, typed: str) -> None:
    user, _ = enrolled(session)
    assert not takes(session, user, typed)


def test_a_code_may_be_typed_in_two_groups(session: Session) -> None:
    user, secret = enrolled(session)
    code = code_at(secret, NOW)
    assert takes(session, user, f" {code[:3]}\u00a0{code[3:]} ")


def test_the_code_of_the_set_up_opens_nothing_afterwards(session: Session) -> None:
    user = make_user(session)
    setup = factors.begin_totp(person(user), "Atelier", KEYS, NOW)
    factors.enrol_totp(session, actor_of(user), NOW, user.id, setup.secret, code_at(setup.secret, NOW), KEYS)
    assert not takes(session, user, code_at(setup.secret, NOW))


def at_once(database: Database, act: Callable[[Session], None]) -> int:
    """How many of twenty at the same moment get through."""
    start = Barrier(20)

    def one(_: int) -> bool:
        start.wait()
        try:
            with transaction(database.sessions) as session:
                act(session)
        except WrongProof:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        return sum(pool.map(one, range(20)))


def test_of_twenty_same_codes_at_once_one_is_taken(database: Database) -> None:
    with transaction(database.sessions) as session:
        user, secret = enrolled(session)
        user_id = user.id
    code = code_at(secret, NOW)
    assert at_once(database, lambda s: factors.use_totp(s, NOW, user_id, code, KEYS)) == 1


def test_of_twenty_same_recovery_codes_at_once_one_is_taken(database: Database) -> None:
    with transaction(database.sessions) as session:
        user, _ = enrolled(session)
        user_id, codes = user.id, factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    assert at_once(database, lambda s: factors.use_recovery_code(s, NOW, user_id, codes[0], KEYS)) == 1


def test_recovery_codes_are_ten_and_each_works_once_however_it_is_typed(session: Session) -> None:
    user, _ = enrolled(session)
    codes = factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    assert len(set(codes)) == 10 and {len(code.replace("-", "")) for code in codes} == {16}
    factors.use_recovery_code(session, NOW, user.id, f" {codes[0].upper().replace('-', ' ')} ", KEYS)
    with pytest.raises(WrongProof):
        factors.use_recovery_code(session, NOW, user.id, codes[0], KEYS)
    assert factors.factors_of(session, user.id).codes_left == 9


def test_recovery_codes_are_ones_own_and_new_ones_replace_the_old(session: Session) -> None:
    user, _ = enrolled(session)
    other, _ = enrolled(session)
    old = factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    with pytest.raises(WrongProof):
        factors.use_recovery_code(session, NOW, other.id, old[0], KEYS)
    factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    with pytest.raises(WrongProof):
        factors.use_recovery_code(session, NOW, user.id, old[0], KEYS)


def test_no_row_holds_a_secret_or_a_code(session: Session) -> None:
    user, secret = enrolled(session)
    codes = factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    rows = repr(vars(user)) + repr([vars(row) for row in session.scalars(select(RecoveryCode))])
    session.commit()
    rows += " ".join(session.scalars(select(JournalEntry.changes)))
    assert not any(text in rows or text.replace("-", "") in rows for text in [secret, *codes])


def test_a_secret_copied_to_another_row_opens_nothing(session: Session) -> None:
    user, secret = enrolled(session)
    other, _ = enrolled(session)
    other.totp_secret = user.totp_secret
    session.flush()
    assert not takes(session, other, code_at(secret, NOW))


def test_a_secret_is_sealed_anew_with_todays_key_when_it_is_used(session: Session) -> None:
    user, secret = enrolled(session)
    both = Keys(KEYS.code, Sealer([NEW, OLD]))
    factors.use_totp(session, NOW, user.id, code_at(secret, NOW), both)
    session.refresh(user)
    assert user.totp_secret and Sealer([NEW]).unseal(user.totp_secret)["totp"] == secret


def test_a_set_up_is_its_owners_and_lasts_a_quarter_of_an_hour(session: Session) -> None:
    user, other = make_user(session), make_user(session)
    setup = factors.begin_totp(person(user), "Atelier", KEYS, NOW)
    later = NOW + timedelta(minutes=14, seconds=59)
    assert factors.resume_totp(person(user), "Atelier", KEYS, setup.sealed, later).secret == setup.secret
    for whose, sealed, moment in (
        (other, setup.sealed, NOW), (user, setup.sealed, NOW + timedelta(minutes=15)), (user, "x", NOW),
        (user, KEYS.sealer.seal({"link": "x"}), NOW),
    ):  # fmt: skip
        with pytest.raises(WrongProof):
            factors.resume_totp(person(whose), "Atelier", KEYS, sealed, moment)


def test_a_wrong_code_sets_nothing_up(session: Session) -> None:
    user = make_user(session)
    setup = factors.begin_totp(person(user), "Atelier", KEYS, NOW)
    with pytest.raises(WrongProof):
        factors.enrol_totp(session, actor_of(user), NOW, user.id, setup.secret, "000000x", KEYS)
    assert not factors.factors_of(session, user.id).has_second


def test_a_half_open_session_replaces_nobodys_application(session: Session) -> None:
    user, _ = enrolled(session)
    setup = factors.begin_totp(person(user), "Atelier", KEYS, NOW)
    with pytest.raises(WrongProof):
        factors.enrol_totp(session, actor_of(user), NOW, user.id, setup.secret, code_at(setup.secret, NOW), KEYS,
                           first=True)  # fmt: skip


def test_staff_keep_one_factor_and_members_may_go_without(session: Session) -> None:
    clerk, _ = enrolled(session)
    with pytest.raises(LastFactor):
        factors.remove_totp(session, actor_of(clerk), NOW, clerk.id)
    member, _ = enrolled(session, Role.member)
    factors.make_codes(session, COMMAND, NOW, member.id, KEYS)
    factors.remove_totp(session, actor_of(member), NOW, member.id)
    assert factors.factors_of(session, member.id) == factors.Factors(False, (), 0)
    with pytest.raises(NotFound):
        factors.remove_totp(session, actor_of(member), NOW, member.id)


def test_a_reset_takes_everything_and_ends_every_session(session: Session) -> None:
    user, _ = enrolled(session)
    factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    opening.open_seat(session, NOW, user.id, frozenset({Proof.second}), "Firefox")
    mail_reset(session, NOW, user.email, Post(KEYS.sealer, "https://desk.example/", "desk.example"))
    factors.reset(session, COMMAND, NOW, user.id)
    assert factors.factors_of(session, user.id) == factors.Factors(False, (), 0)
    assert session.scalar(select(func.count(SignInSession.id))) == 0
    assert session.scalars(select(EmailProof.used_at)).all() == [NOW]
    opened = opening.open_seat(session, NOW, user.id, frozenset({Proof.password}), "Firefox")
    assert opened.stage is Stage.enrolment


def test_a_session_that_ended_meanwhile_is_led_no_further(session: Session) -> None:
    user, _ = enrolled(session)
    opening.open_seat(session, NOW, user.id, frozenset({Proof.password}), "Firefox")
    half = session.scalars(select(SignInSession.id)).one()
    factors.reset(session, COMMAND, NOW, user.id)
    with pytest.raises(WrongProof):
        opening.advance(session, NOW, user.id, half, frozenset({Proof.second}), "Firefox")


def test_whoever_listens_hears_what_happens_and_no_secret(session: Session) -> None:
    heard: list[tuple[int, Happening, dict[str, str]]] = []
    session.info[HAPPENED] = lambda _s, _now, user_id, what, facts: heard.append((user_id, what, facts))
    user, _ = enrolled(session)
    codes = factors.make_codes(session, COMMAND, NOW, user.id, KEYS)
    factors.use_recovery_code(session, NOW, user.id, codes[0], KEYS)
    factors.reset(session, COMMAND, NOW, user.id)
    session.info.pop(HAPPENED)
    assert [(what, facts) for _user, what, facts in heard] == [
        (Happening.factor_added, {"factor": "totp"}),
        (Happening.codes_made, {}),
        (Happening.recovery_used, {"left": "9"}),
        (Happening.factors_reset, {}),
    ]
    assert {user_id for user_id, _what, _facts in heard} == {user.id}


def test_of_two_that_ask_for_new_codes_at_once_one_has_those_that_work(database: Database) -> None:
    with transaction(database.sessions) as session:
        user_id = make_user(session).id
    ready = Barrier(4)

    def make(_n: int) -> None:
        ready.wait()
        with transaction(database.sessions) as session:
            factors.make_codes(session, COMMAND, NOW, user_id, KEYS)

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(make, range(4)))
    with database.sessions() as session:
        assert factors.factors_of(session, user_id).codes_left == 10
