"""Bounces that a mail server hands over itself: with the token, once, and nothing without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryState
from tests.conftest import Database
from tests.delivery.dsn import block, dsn
from tests.delivery.office import Office, open_office
from tests.delivery.smtp import letterbox

TOKEN = "un jeton assez long pour le serveur de courriel"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    """An installation whose mail server has a token."""
    with letterbox() as box, open_office(database, tmp_path, box.port, returns_token=TOKEN) as office:
        yield office


def post(office: Office, raw: bytes, token: str = TOKEN) -> TestResponse:
    return office.app.test_client().post(
        "/retours", data=raw, content_type="message/rfc822", headers={"Authorization": f"Bearer {token}"}
    )


def test_a_bounce_marks_its_e_mail_once(office: Office) -> None:
    (delivery_id,) = office.plain()
    office.worker.deliver()
    raw = dsn(office.delivery(delivery_id).message_id)
    answers = [post(office, raw) for _ in range(2)]
    assert [(a.status_code, a.json) for a in answers] == [(200, {"outcome": "bounced"}), (200, {"outcome": "known"})]
    assert office.delivery(delivery_id).state is DeliveryState.bounced


def test_without_the_token_nothing_is_read(office: Office) -> None:
    (delivery_id,) = office.plain()
    office.worker.deliver()
    raw = dsn(office.delivery(delivery_id).message_id)
    assert [post(office, raw, token).status_code for token in ("", "é", TOKEN[:-1])] == [401, 401, 401]
    assert office.delivery(delivery_id).state is DeliveryState.sent


def test_what_is_no_notice_of_ours_is_said_to_be_none(office: Office) -> None:
    forged = dsn("<ffffffffffffffffffffffffffffffff@example.org>", block())
    assert [post(office, raw).status_code for raw in (b"", b"Subject: x\n\ny", forged)] == [422, 422, 422]


def test_one_that_is_in_a_workers_hands_comes_again_later(office: Office) -> None:
    (delivery_id,) = office.plain()
    office.worker.deliver()
    with transaction(office.database.sessions) as session:
        session.get_one(Delivery, delivery_id).state = DeliveryState.sending
    answer = post(office, dsn(office.delivery(delivery_id).message_id))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
