"""Passkeys: made, shown, replayed, lied about; on both engines."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import factors, passkeys, service
from invoicing.accounts.models import Passkey, PasskeyChallenge, Role, User
from invoicing.accounts.passkeys import Site
from invoicing.accounts.rules import LastFactor, WrongProof
from invoicing.database import transaction
from invoicing.errors import NotFound
from tests.accounts.soft_key import PRESENT, SoftKey, b64
from tests.conftest import Database
from tests.factories import NOW, actor_of, make_user

SITE = Site("localhost", "http://localhost")
BROWSER = "the secret of one browser"


def made(session: Session, user: User, key: SoftKey, now: datetime = NOW, first: bool = False, **lies: Any) -> int:
    options = passkeys.creation_options(session, now, user.id, BROWSER, SITE)
    answer = key.make(options, **lies)
    return passkeys.add(session, actor_of(user), now, user.id, answer, " Téléphone ", BROWSER, SITE, first)


def shown(session: Session, key: SoftKey, now: datetime = NOW, **lies: Any) -> int:
    options = passkeys.request_options(session, now, BROWSER, SITE)
    return passkeys.use(session, now, key.show(options, **lies), BROWSER, SITE)


def test_a_key_that_was_made_opens(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    assert shown(session, key, NOW + timedelta(days=9)) == user.id
    (found,) = factors.factors_of(session, user.id).keys
    assert (found.name, found.last_used_at) == ("Téléphone", NOW + timedelta(days=9))


def test_what_is_asked_names_nobody_and_wants_to_know_who_holds_the_key(session: Session) -> None:
    user = make_user(session)
    made(session, user, SoftKey())
    asked = json.loads(passkeys.request_options(session, NOW, BROWSER, SITE))
    assert not asked.get("allowCredentials") and asked["userVerification"] == "required"
    new = json.loads(passkeys.creation_options(session, NOW, user.id, BROWSER, SITE))
    assert new["authenticatorSelection"]["residentKey"] == "required"
    assert "authenticatorAttachment" not in new["authenticatorSelection"]
    assert len(new["excludeCredentials"]) == 1
    assert new["user"]["id"] == b64(user.passkey_handle)


def test_an_answer_is_taken_once_though_the_key_does_not_count(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    answer = key.show(passkeys.request_options(session, NOW, BROWSER, SITE))
    assert passkeys.use(session, NOW, answer, BROWSER, SITE) == user.id
    with pytest.raises(WrongProof):
        passkeys.use(session, NOW, answer, BROWSER, SITE)


def test_of_twenty_same_answers_at_once_one_opens(database: Database) -> None:
    with transaction(database.sessions) as session:
        user, key = make_user(session), SoftKey()
        made(session, user, key)
        answer = key.show(passkeys.request_options(session, NOW, BROWSER, SITE))
    start = Barrier(20)

    def use(_: int) -> bool:
        start.wait()
        try:
            with transaction(database.sessions) as session:
                passkeys.use(session, NOW, answer, BROWSER, SITE)
        except WrongProof:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(use, range(20))) == 1


@pytest.mark.parametrize(
    "lies",
    [
        {"flags": PRESENT},  # nobody checked who holds it
        {"flags": 0},
        {"origin": "https://ailleurs.example"},
        {"origin": "http://localhost.ailleurs.example"},
        {"host": "ailleurs.example"},
        {"challenge": b64(b"another challenge")},
    ],
)
def test_a_lie_makes_no_key_and_opens_nothing(session: Session, lies: dict[str, Any]) -> None:
    user, key = make_user(session), SoftKey()
    with pytest.raises(WrongProof):
        made(session, user, SoftKey(), **lies)
    made(session, user, key)
    with pytest.raises(WrongProof):
        shown(session, key, **lies)


def test_the_handle_must_be_its_owners(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    for handle in (make_user(session).passkey_handle, b"", None):
        with pytest.raises(WrongProof):
            shown(session, key, handle=handle)


def test_anothers_signature_opens_nothing(session: Session) -> None:
    user, key, other = make_user(session), SoftKey(), SoftKey()
    made(session, user, key)
    other.id, other.handle = key.id, key.handle
    with pytest.raises(WrongProof):
        shown(session, other)


def test_a_count_that_goes_back_is_a_copied_key(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    key.count = 5
    shown(session, key)
    with pytest.raises(WrongProof):
        shown(session, key)
    key.count = 6
    assert shown(session, key) == user.id


def test_what_one_browser_was_asked_no_other_answers(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    answer = key.show(passkeys.request_options(session, NOW, "another browser", SITE))
    with pytest.raises(WrongProof):
        passkeys.use(session, NOW, answer, BROWSER, SITE)


def test_a_challenge_lives_five_minutes(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    for seconds, opens in ((299, True), (300, False)):
        answer = key.show(passkeys.request_options(session, NOW, BROWSER, SITE))
        later = NOW + timedelta(seconds=seconds)
        if opens:
            assert passkeys.use(session, later, answer, BROWSER, SITE) == user.id
        else:
            with pytest.raises(WrongProof):
                passkeys.use(session, later, answer, BROWSER, SITE)


def test_a_challenge_for_a_new_key_of_one_person_makes_none_for_another(session: Session) -> None:
    user, other = make_user(session), make_user(session)
    answer = SoftKey().make(passkeys.creation_options(session, NOW, user.id, BROWSER, SITE))
    with pytest.raises(WrongProof):
        passkeys.add(session, actor_of(other), NOW, other.id, answer, "", BROWSER, SITE)
    session.rollback()


def test_a_challenge_for_a_new_key_signs_nobody_in(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    answer = key.show(passkeys.creation_options(session, NOW, user.id, BROWSER, SITE))
    with pytest.raises(WrongProof):
        passkeys.use(session, NOW, answer, BROWSER, SITE)


def test_a_key_is_kept_once(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    with pytest.raises(WrongProof):
        made(session, user, key)
    assert session.scalar(select(func.count(Passkey.id))) == 1


def test_a_half_open_session_gets_no_second_key(session: Session) -> None:
    user = make_user(session)
    made(session, user, SoftKey(), first=True)
    with pytest.raises(WrongProof):
        made(session, user, SoftKey(), first=True)


def test_a_disabled_user_is_opened_to_by_no_key(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    user.active = False
    session.flush()
    with pytest.raises(WrongProof):
        shown(session, key)


NONSENSE = ["", "null", "[]", "{", '"x"', "{}", '{"response": 3}', '{"response": {"clientDataJSON": "AAAA"}}',
            '{"rawId": "é", "response": {}}', "0" * 20_000]  # fmt: skip


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_is_refused_and_no_error(session: Session, answer: str) -> None:
    user = make_user(session)
    with pytest.raises(WrongProof):
        passkeys.use(session, NOW, answer, BROWSER, SITE)
    with pytest.raises(WrongProof):
        passkeys.add(session, actor_of(user), NOW, user.id, answer, "", BROWSER, SITE)


def test_pieces_of_an_answer_that_are_cut_or_changed_are_refused(session: Session) -> None:
    user, key = make_user(session), SoftKey()
    made(session, user, key)
    for piece in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        for spoilt in ("", "AAAA", None, 7, []):
            answer = json.loads(key.show(passkeys.request_options(session, NOW, BROWSER, SITE)))
            answer["response"][piece] = spoilt
            with pytest.raises(WrongProof):
                passkeys.use(session, NOW, json.dumps(answer), BROWSER, SITE)


def test_staff_keep_their_last_key_and_members_need_none(session: Session) -> None:
    clerk, member = make_user(session, Role.sales), make_user(session, Role.member)
    first, second = made(session, clerk, SoftKey()), made(session, clerk, SoftKey())
    passkeys.remove(session, actor_of(clerk), NOW, clerk.id, first)
    with pytest.raises(LastFactor):
        passkeys.remove(session, actor_of(clerk), NOW, clerk.id, second)
    passkeys.remove(session, actor_of(member), NOW, member.id, made(session, member, SoftKey()))
    assert not factors.factors_of(session, member.id).has_second


def test_anothers_key_is_not_removed(session: Session) -> None:
    clerk, other = make_user(session), make_user(session)
    theirs = made(session, other, SoftKey())
    with pytest.raises(NotFound):
        passkeys.remove(session, actor_of(clerk), NOW, clerk.id, theirs)


def test_old_challenges_are_cleared_away(session: Session) -> None:
    passkeys.request_options(session, NOW, BROWSER, SITE)
    service.purge(session, NOW + timedelta(minutes=4))
    assert session.scalar(select(func.count()).select_from(PasskeyChallenge)) == 1
    service.purge(session, NOW + timedelta(minutes=6))
    assert session.scalar(select(func.count()).select_from(PasskeyChallenge)) == 0
