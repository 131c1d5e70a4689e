"""Documents sent again where the setting allows it (SPEC D8): the same bytes, in the journal, limited."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.database import committing, transaction
from invoicing.delivery import rules
from invoicing.delivery.again import (
    Again,
    NothingToSend,
    NotSentAgain,
    OnItsWay,
    TooSoon,
    close,
    send_again,
)
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.delivery.queries import count_trouble, last_trouble
from invoicing.delivery.service import BadAddress, retry
from invoicing.errors import NotFound, Refused
from invoicing.journal import COMMAND, JournalEntry
from invoicing.sellers.models import Organisation
from tests.conftest import Database
from tests.delivery.office import Office
from tests.delivery.smtp import ACCEPTED, Letterbox
from tests.factories import NOW, make_customer, make_draft, make_invoice, make_seller

LATER = NOW + timedelta(days=2)
TO = Again("a@example.org", "fr_FR")


@pytest.fixture
def invoice_id(session: Session) -> int:
    """An invoice that stands and was never e-mailed; sending again is allowed."""
    with committing(session):
        made = make_invoice(session, make_customer(session), make_seller(session))
        session.get_one(Organisation, 1).sends_again = True
    return made.invoice_id


def send(session: Session, invoice_id: int, wanted: Again = TO, now=LATER) -> Delivery:  # type: ignore[no-untyped-def]
    with committing(session):
        return send_again(session, invoice_id, wanted, COMMAND, now, "example.org")


def settle(session: Session, state: DeliveryState) -> None:
    with committing(session):
        for delivery in session.scalars(select(Delivery)):
            delivery.state = state


def test_it_is_off_unless_the_organisation_allows_it(session: Session) -> None:
    with committing(session):
        made = make_invoice(session, make_customer(session), make_seller(session))
    with pytest.raises(NotSentAgain):
        send(session, made.invoice_id)
    assert session.scalar(select(func.count(Delivery.id))) == 0


def test_it_is_a_new_row_of_its_own_in_the_journal(session: Session, invoice_id: int) -> None:
    first = send(session, invoice_id).id
    settle(session, DeliveryState.sent)
    second = send(session, invoice_id, now=LATER + rules.AGAIN_AFTER).id
    rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [row.id for row in rows] == [first, second] and len({row.message_id for row in rows}) == 2
    assert [row.replaced_by_id for row in rows] == [None, None]
    entries = session.scalars(select(JournalEntry).where(JournalEntry.action == "delivery.sent_again")).all()
    assert [(e.subject_id, e.facts()["delivery_id"]) for e in entries] == [
        (invoice_id, [None, first]), (invoice_id, [None, second]),
    ]  # fmt: skip


def test_what_a_member_asks_for_is_told_apart(session: Session, invoice_id: int) -> None:
    send(session, invoice_id, Again("a@example.org", "en", by_member=True))
    assert session.scalar(select(JournalEntry.action).where(JournalEntry.action.startswith("delivery."))) == (
        "delivery.asked_for"
    )


def test_one_that_is_on_its_way_is_not_doubled(session: Session, invoice_id: int) -> None:
    send(session, invoice_id)
    with pytest.raises(OnItsWay):
        send(session, invoice_id, now=LATER + timedelta(days=3))
    send(session, invoice_id, Again("b@example.org", "fr_FR"))  # somebody else gets it


def test_one_address_waits_ten_minutes_and_one_document_leaves_six_times_a_day(
    session: Session, invoice_id: int
) -> None:
    send(session, invoice_id)
    settle(session, DeliveryState.sent)
    with pytest.raises(TooSoon) as refusal:
        send(session, invoice_id, now=LATER + timedelta(minutes=9))
    assert refusal.value.until == LATER + timedelta(minutes=10)
    for n in range(rules.AGAIN_MOST - 1):
        send(session, invoice_id, Again(f"b{n}@example.org", "fr_FR"))
    with pytest.raises(TooSoon) as refusal:
        send(session, invoice_id, Again("c@example.org", "fr_FR"))
    assert refusal.value.until == LATER + timedelta(days=1)


def test_what_does_not_stand_or_has_no_address_is_refused(session: Session, invoice_id: int) -> None:
    with committing(session):
        draft = make_draft(session, make_customer(session), make_seller(session, prefix="G")).id
    with pytest.raises(NothingToSend):
        send(session, draft)
    with pytest.raises(BadAddress):
        send(session, invoice_id, Again("a@b@c", "fr_FR"))
    with pytest.raises(NotFound):
        send(session, 99_999)


def test_of_ten_who_ask_at_once_one_sends(database: Database, session: Session, invoice_id: int) -> None:
    barrier, refused = threading.Barrier(10), []

    def ask() -> None:
        barrier.wait()
        try:
            with transaction(database.sessions) as own:
                send_again(own, invoice_id, TO, COMMAND, LATER, "example.org")
        except Refused as refusal:
            refused.append(type(refusal))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.scalar(select(func.count(Delivery.id))) == 1 and set(refused) == {OnItsWay} and len(refused) == 9


def test_the_same_bytes_leave_again(office: Office, box: Letterbox) -> None:
    made = office.invoice(email="a@example.org")
    office.worker.deliver()
    with transaction(office.database.sessions) as session:
        session.get_one(Organisation, 1).sends_again = True
        customer = make_customer(session, email="x@example.org")  # other rows change meanwhile
        customer.street = "elsewhere"
    office.clock.forward(days=30)
    with transaction(office.database.sessions) as session:
        send_again(session, made.invoice_id, TO, COMMAND, office.clock(), "example.org")
    office.worker.deliver()
    first, second = box.messages
    papers = [next(mail.iter_attachments()).get_content() for mail in (first, second)]
    assert papers[0] == papers[1] and papers[0].startswith(b"%PDF-")
    assert first["Message-ID"] != second["Message-ID"] and box.recipients == ["a@example.org"] * 2


def test_a_trouble_that_is_set_aside_stays_true_and_may_still_be_retried(office: Office, box: Letterbox) -> None:
    box.data = ["554 5.7.1 no", ACCEPTED]
    made = office.invoice(email="a@example.org")
    office.worker.deliver()
    with transaction(office.database.sessions) as session:
        assert count_trouble(session) == 1
        assert close(session, made.delivery_id or 0, COMMAND, office.clock())
    with transaction(office.database.sessions) as session:
        assert not close(session, made.delivery_id or 0, COMMAND, office.clock())
        assert count_trouble(session) == 0 and last_trouble(session, "a@example.org") is not None
        assert session.get_one(Delivery, made.delivery_id).state is DeliveryState.failed
        retry(session, made.delivery_id or 0, "a@example.org", COMMAND, office.clock(), "example.org")
    assert office.worker.deliver() == 1 and len(box.raw) == 1
