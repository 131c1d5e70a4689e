"""Codes by e-mail: tried, used, expired, raced for; on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import codes, service
from invoicing.accounts.models import EmailProof, Purpose, Role, User
from invoicing.accounts.rules import WrongProof
from invoicing.accounts.secrets import Post, Sealer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryKind
from tests.conftest import Database
from tests.factories import NOW, make_user

KEY = b"a key for short codes"
POST = Post(Sealer([Fernet.generate_key().decode()]), "https://desk.example/mot/", "desk.example",
            "https://desk.example/lien/", KEY)  # fmt: skip
HERE, THERE = "the secret of this browser", "the secret of another browser"
SIGN_IN = Purpose.sign_in


def zoe_of(session: Session) -> User:
    return make_user(session, Role.member, email="zoe@exemple.fr")


def mailed(session: Session, asked: str = HERE, now: datetime = NOW) -> tuple[str, str]:
    """Asks for a code; what the mail holds: (code, the link's token)."""
    codes.mail_sign_in(session, now, " ZOE@exemple.fr", asked, POST)
    sealed = session.scalars(select(Delivery.sealed).order_by(Delivery.id.desc())).first()
    found = POST.sealer.unseal(sealed or "")
    return found["code"], found["link"].removeprefix(POST.sign_in_base)


def opens(session: Session, code: str, asked: str = HERE, now: datetime = NOW) -> bool:
    """A try, as the edge does it."""
    if not codes.count_try(session, now, asked, SIGN_IN):
        return False
    try:
        codes.use_code(session, now, asked, code, SIGN_IN, KEY)
    except WrongProof:
        return False
    return True


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_code_opens_once(session: Session) -> None:
    user = zoe_of(session)
    code, _ = mailed(session)
    assert codes.count_try(session, NOW, HERE, SIGN_IN)
    assert codes.use_code(session, NOW, HERE, f"{code[:3]} {code[3:]}", SIGN_IN, KEY) == user.id
    assert not opens(session, code)


def test_the_code_and_the_link_are_sealed_in_the_delivery_and_hashed_in_the_proof(session: Session) -> None:
    zoe_of(session)
    code, token = mailed(session)
    mail, proof = session.scalars(select(Delivery)).one(), session.scalars(select(EmailProof)).one()
    assert (mail.kind, mail.expires_at) == (DeliveryKind.sign_in, NOW + timedelta(minutes=10))
    assert len(code) == 6 and code.isdigit()
    assert not any(text in repr(vars(row)) for text in (f"'{code}'", token, HERE) for row in (mail, proof))


def test_a_code_is_worth_nothing_in_another_browser(session: Session) -> None:
    zoe_of(session)
    code, _ = mailed(session)
    assert not opens(session, code, THERE)
    assert opens(session, code)


def test_a_code_dies_after_five_wrong_tries(session: Session) -> None:
    zoe_of(session)
    code, _ = mailed(session)
    for _ in range(4):
        assert not opens(session, wrong(code))
    assert opens(session, code)
    again, _ = mailed(session)
    for _ in range(5):
        assert not opens(session, wrong(again))
    assert not opens(session, again)


def test_a_code_lives_ten_minutes(session: Session) -> None:
    zoe_of(session)
    code, token = mailed(session)
    assert not opens(session, code, now=NOW + timedelta(minutes=10))
    with pytest.raises(WrongProof):
        codes.use_link(session, NOW + timedelta(minutes=10), token)
    assert opens(session, code, now=NOW + timedelta(minutes=9, seconds=59))


def test_a_new_mail_kills_the_code_and_the_link_of_the_one_before(session: Session) -> None:
    zoe_of(session)
    code, token = mailed(session)
    newer, _ = mailed(session, THERE)
    assert not opens(session, code)
    with pytest.raises(WrongProof):
        codes.use_link(session, NOW, token)
    assert opens(session, newer, THERE)


def test_the_link_opens_where_nobody_asked_and_uses_the_code_up(session: Session) -> None:
    user = zoe_of(session)
    code, token = mailed(session)
    for _ in range(3):
        assert codes.peek_link(session, NOW, token).person.id == user.id
    assert codes.use_link(session, NOW, token) == user.id
    assert not opens(session, code)


def test_a_link_to_a_password_signs_nobody_in_and_the_other_way_round(session: Session) -> None:
    zoe_of(session)
    _, token = mailed(session)
    with pytest.raises(WrongProof):
        service.peek_link(session, token, NOW)
    service.mail_reset(session, NOW, "zoe@exemple.fr", POST)
    sealed = session.scalars(select(Delivery.sealed).order_by(Delivery.id.desc())).first()
    other = POST.sealer.unseal(sealed or "")["link"].removeprefix(POST.link_base)
    with pytest.raises(WrongProof):
        codes.use_link(session, NOW, other)


def test_a_code_to_confirm_signs_nobody_in(session: Session) -> None:
    zoe_of(session)
    codes.mail_confirmation(session, NOW, "zoe@exemple.fr", HERE, POST)
    sealed = session.scalars(select(Delivery.sealed)).one()
    assert not opens(session, POST.sealer.unseal(sealed or "")["code"])


def test_an_unknown_address_gets_a_decoy_that_nothing_opens(session: Session) -> None:
    codes.mail_sign_in(session, NOW, "personne@exemple.fr", HERE, POST)
    assert session.scalars(select(EmailProof.user_id)).all() == [None]
    assert session.scalar(select(func.count(Delivery.id))) == 0
    assert not opens(session, "123456")
    assert session.scalars(select(EmailProof.tries)).all() == [1]


def test_a_disabled_user_is_mailed_nothing(session: Session) -> None:
    make_user(session, email="zoe@exemple.fr", active=False)
    codes.mail_sign_in(session, NOW, "zoe@exemple.fr", HERE, POST)
    assert session.scalar(select(func.count(Delivery.id))) == 0


def test_every_try_is_written_down_even_one_that_can_not_be_right(session: Session) -> None:
    """Or the price would tell whether a newer mail has gone out."""
    zoe_of(session)
    mailed(session)
    mailed(session, THERE)
    assert not codes.count_try(session, NOW, HERE, SIGN_IN)
    assert session.scalars(select(EmailProof.tries).order_by(EmailProof.id)).all() == [1, 0]


def test_of_twenty_at_once_one_gets_in(database: Database) -> None:
    with transaction(database.sessions) as session:
        zoe_of(session)
        code, token = mailed(session)
    start = Barrier(20)

    def attempt(n: int) -> bool:
        start.wait()
        try:
            with transaction(database.sessions) as session:
                may_be = codes.count_try(session, NOW, HERE, SIGN_IN)
            with transaction(database.sessions) as session:
                if n % 2 or not may_be:
                    codes.use_link(session, NOW, token)
                else:
                    codes.use_code(session, NOW, HERE, code, SIGN_IN, KEY)
        except WrongProof:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 1


def test_of_twenty_wrong_tries_at_once_five_are_looked_at(database: Database) -> None:
    with transaction(database.sessions) as session:
        zoe_of(session)
        mailed(session)
    start = Barrier(20)

    def attempt(_: int) -> bool:
        start.wait()
        with transaction(database.sessions) as session:
            return codes.count_try(session, NOW, HERE, SIGN_IN)

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 5


def test_asking_again_while_the_link_is_used_keeps_nobody_waiting_for_ever(database: Database) -> None:
    """Both lock the user first: PostgreSQL would end one of two that wait for each other."""
    with transaction(database.sessions) as session:
        zoe_of(session)
    for _ in range(10):
        with transaction(database.sessions) as session:
            _, token = mailed(session)
        start = Barrier(2)

        def use(token: str = token, start: Barrier = start) -> None:
            start.wait()
            try:
                with transaction(database.sessions) as session:
                    codes.use_link(session, NOW, token)
            except WrongProof:
                pass

        def ask(start: Barrier = start) -> None:
            start.wait()
            with transaction(database.sessions) as session:
                codes.mail_sign_in(session, NOW, "zoe@exemple.fr", THERE, POST)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(use), pool.submit(ask)]:
                done.result()
