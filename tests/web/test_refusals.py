"""What is refused stands in the log, without a word of what was typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from invoicing.accounts.models import Role, User
from tests.conftest import Browser
from tests.factories import make_user

EMAIL = "zoe.dupont@exemple.fr"


@pytest.fixture
def noted() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as lines:
        yield lines  # type: ignore[misc]


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    user = make_user(session, Role.member, email=EMAIL, password_hash=password_hash)
    session.commit()
    session.refresh(user)
    session.rollback()
    return user


def refused(lines: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(x["view"], x["status"], x["user_id"]) for x in lines if x["event"] == "request.refused"]


def test_a_wrong_proof_is_noted_and_what_was_typed_is_not(
    client: Browser, zoe: User, noted: list[dict[str, object]]
) -> None:
    client.sign_in(EMAIL, "ce n'est pas le bon")
    client.send("/connexion/mot-de-passe/un-lien-secret", form="/connexion")
    assert refused(noted) == [("signin.enter", 422, None), ("signin.new_password", 410, None)]
    assert not any(word in str(noted) for word in ("zoe", "pas le bon", "un-lien-secret"))


def test_too_many_tries_are_noted(client: Browser, zoe: User, noted: list[dict[str, object]]) -> None:
    for _ in range(11):
        client.sign_in(EMAIL, "ce n'est pas le bon")
    assert refused(noted)[-1] == ("signin.enter", 429, None)


def test_a_right_that_is_missing_is_noted_with_who_it_was(
    app: Flask, session: Session, noted: list[dict[str, object]]
) -> None:
    user = make_user(session, Role.member)
    session.commit()
    user_id = user.id
    session.rollback()
    client: Browser = app.test_client()  # type: ignore[assignment]
    client.become(user_id)
    for path in ("/ventes", "/mes-factures/F1999-00001", "/no-such-page"):
        client.get(path)
    client.post("/mon-compte/nom", data={"name": "Z"})
    assert refused(noted) == [
        ("admin.hub", 403, user_id), ("portal.invoice", 404, user_id), ("account.name", 400, user_id),
    ]  # fmt: skip


def test_a_program_without_its_key_is_noted(client: Browser, noted: list[dict[str, object]]) -> None:
    client.get("/api/v1/orders", headers={"Authorization": "Bearer ltr_secret"})
    assert refused(noted) == [("api.orders", 401, None)] and "ltr_secret" not in str(noted)


def test_what_goes_well_is_not_noted(client: Browser, zoe: User, noted: list[dict[str, object]]) -> None:
    client.sign_in(EMAIL)
    for path in ("/mes-factures", "/no-such-page", "/static/none.css"):
        client.get(path)
    assert refused(noted) == []
