"""Deliveries as rows: promised, claimed once, settled by whoever holds the lease."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.database import committing, transaction
from invoicing.delivery import rules
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryKind, DeliveryState
from invoicing.delivery.service import (
    AlreadyRetried,
    BadAddress,
    Claim,
    NotRetryable,
    Outgoing,
    claim,
    queue,
    retry,
    settle_deferred,
    settle_failed,
    settle_sent,
    wipe_expired,
)
from invoicing.errors import NotFound
from invoicing.journal import JournalEntry
from tests.conftest import Database
from tests.factories import NOW, actor_of, make_customer, make_invoice, make_seller, make_user

LEASE = 180


def promise(session: Session, **over: object) -> int:
    values = {"kind": DeliveryKind.reset, "recipient": "a@example.org", "language": "fr_FR", "sealed": "x", **over}
    with committing(session):
        return queue(session, Outgoing(**values), NOW, "example.org").id  # type: ignore[arg-type]


def taken(session: Session, now: datetime = NOW, only: int | None = None) -> Claim:
    with committing(session):
        found = claim(session, now, LEASE, only)
    assert found is not None
    return found


def history(session: Session, delivery_id: int) -> list[tuple[str, str]]:
    session.expire_all()
    delivery = session.get(Delivery, delivery_id)
    assert delivery is not None
    return [(event.state.value, event.reason) for event in delivery.events]


def test_a_promise_is_gone_with_its_cause(session: Session) -> None:
    def refused() -> None:
        with committing(session):
            queue(session, Outgoing(DeliveryKind.reset, "a@example.org", "fr_FR"), NOW, "example.org")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refused()
    assert session.scalar(select(func.count(Delivery.id))) == 0


@pytest.mark.parametrize("address", ["", "a", "a@", "@b.org", "a b@c.org", "a@b.org\r\nBcc: x@y.org", "é@b.org", "a@b"])
def test_a_bad_address_is_refused(session: Session, address: str) -> None:
    with pytest.raises(BadAddress) as refusal:
        promise(session, recipient=address)
    assert refusal.value.address == address


def test_a_claimed_delivery_is_nobody_elses(session: Session) -> None:
    delivery_id = promise(session)
    first = taken(session)
    with committing(session):
        assert claim(session, NOW, LEASE) is None
    assert (first.delivery_id, first.tries) == (delivery_id, 1)


def test_a_link_that_somebody_waits_for_goes_before_many_invoices(session: Session) -> None:
    first, link = promise(session, sealed=None), promise(session)
    held = taken(session).delivery_id, taken(session).delivery_id
    assert held == (link, first)


def test_of_what_was_deferred_and_what_was_never_tried_the_longest_due_goes_first(session: Session) -> None:
    late, later, deferred = (promise(session, sealed=None) for _ in range(3))
    with committing(session):
        for delivery_id, minutes in ((late, 3), (later, 1), (deferred, 2)):
            session.get_one(Delivery, delivery_id).next_try_at = NOW - timedelta(minutes=minutes)
        session.get_one(Delivery, deferred).state = DeliveryState.deferred
    assert [taken(session).delivery_id for _ in range(3)] == [late, deferred, later]


def test_sent_is_noted_with_the_servers_answer_and_the_secret_is_wiped(session: Session) -> None:
    delivery_id = promise(session)
    held = taken(session)
    with committing(session):
        assert settle_sent(session, held, "250 ok", NOW)
    delivery = session.get(Delivery, delivery_id)
    assert delivery is not None
    assert (delivery.state, delivery.answer, delivery.sealed) == (DeliveryState.sent, "250 ok", None)
    assert (delivery.sent_at, delivery.lease_token) == (NOW, None)
    assert history(session, delivery_id) == [("queued", ""), ("sending", ""), ("sent", "")]


def test_an_expired_lease_is_taken_over_and_the_history_says_so(session: Session) -> None:
    delivery_id = promise(session)
    lost = taken(session)
    again = taken(session, NOW + timedelta(seconds=LEASE))
    assert (again.message_id, again.tries) == (lost.message_id, 2)
    assert history(session, delivery_id)[-1] == ("sending", "lease_expired")


@pytest.mark.parametrize("settle", [settle_sent, settle_deferred, settle_failed])
def test_a_worker_that_lost_its_lease_changes_nothing(session: Session, settle: object) -> None:
    delivery_id = promise(session)
    lost = taken(session)
    taken(session, NOW + timedelta(seconds=LEASE))
    before = history(session, delivery_id)
    extra = () if settle is settle_sent else ("later",)
    with committing(session):
        assert settle(session, lost, "250 ok", *extra, NOW) is False  # type: ignore[operator]
    assert history(session, delivery_id) == before
    assert session.get_one(Delivery, delivery_id).state is DeliveryState.sending


def test_a_late_settlement_counts_while_nobody_took_over(session: Session) -> None:
    promise(session)
    held = taken(session)
    with committing(session):
        assert settle_sent(session, held, "250 ok", NOW + timedelta(hours=1))


def test_a_worker_that_dies_each_time_is_followed_with_growing_pauses(session: Session) -> None:
    promise(session)
    moment, waits = NOW, []
    for _ in range(4):
        held = taken(session, moment)
        delivery = session.get_one(Delivery, held.delivery_id, populate_existing=True)
        waits.append((delivery.next_try_at - held.lease_until).total_seconds() / 60)
        moment = delivery.next_try_at
    assert waits == [0, 5, 15, 60]


def test_it_gives_up_on_a_message_whose_workers_all_die(session: Session) -> None:
    delivery_id = promise(session)
    moment = NOW
    for _ in range(rules.TRIES):
        taken(session, moment)
        moment = session.get_one(Delivery, delivery_id, populate_existing=True).next_try_at
    with committing(session):
        assert claim(session, moment, LEASE) is None
    assert history(session, delivery_id)[-2:] == [("sending", "lease_expired"), ("failed", "gave_up")]


def test_pauses_grow_and_end_after_three_days(session: Session) -> None:
    delivery_id = promise(session, kind=DeliveryKind.invoice)
    moment, pauses = NOW, []
    while True:
        held = taken(session, moment)
        with committing(session):
            assert settle_deferred(session, held, "451 later", "later", moment)
        delivery = session.get_one(Delivery, delivery_id, populate_existing=True)
        if delivery.state is DeliveryState.failed:
            break
        pauses.append((delivery.next_try_at - moment).total_seconds() / 60)
        moment = delivery.next_try_at
    assert pauses == [1, 5, 15, 60, 180, 360, 720, 1440, 1440]
    assert delivery.reason == "gave_up" and delivery.answer == "451 later"


def test_a_deferred_delivery_waits_for_its_time(session: Session) -> None:
    promise(session)
    held = taken(session)
    with committing(session):
        settle_deferred(session, held, "", "later", NOW)
    with committing(session):
        assert claim(session, NOW + timedelta(seconds=59), LEASE) is None
    assert taken(session, NOW + timedelta(seconds=60)).tries == 2


def test_a_link_that_no_longer_works_is_not_sent(session: Session) -> None:
    delivery_id = promise(session, expires_at=NOW + timedelta(minutes=30))
    other = promise(session)
    assert taken(session, NOW + timedelta(minutes=30)).delivery_id == other
    assert history(session, delivery_id)[-1] == ("failed", "expired")
    assert session.get_one(Delivery, delivery_id).sealed is None


def test_no_try_is_planned_after_the_link_has_died(session: Session) -> None:
    delivery_id = promise(session, expires_at=NOW + timedelta(seconds=50))
    held = taken(session)
    with committing(session):
        assert settle_deferred(session, held, "451 later", "later", NOW)
    assert history(session, delivery_id)[-1] == ("failed", "expired")


def test_dead_secrets_are_wiped_whatever_became_of_their_message(session: Session) -> None:
    delivery_id = promise(session, expires_at=NOW + timedelta(minutes=30))
    taken(session)
    with committing(session):
        assert wipe_expired(session, NOW + timedelta(hours=1)) == 1
    assert session.get_one(Delivery, delivery_id).sealed is None


def test_eight_threads_claim_fifty_deliveries_each_once(database: Database) -> None:
    with transaction(database.sessions) as session:
        for n in range(50):
            queue(session, Outgoing(DeliveryKind.reset, f"a{n}@example.org", "fr_FR"), NOW, "example.org")
    claimed: list[int] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        while True:
            with transaction(database.sessions) as session:
                found = claim(session, NOW, LEASE)
            if found is None:
                return
            claimed.append(found.delivery_id)
            with transaction(database.sessions) as session:
                assert settle_sent(session, found, "250 ok", NOW)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == list(range(1, 51))
    with database.sessions() as session:
        assert session.scalar(select(func.count(DeliveryEvent.id))) == 150


# sending again (D8) ----------------------------------------------------------------------------------------------


def bounced(session: Session) -> int:
    """An invoice's delivery that was refused for good."""
    with committing(session):
        made = make_invoice(session, make_customer(session), make_seller(session), email=True)
    assert made.delivery_id
    held = taken(session, NOW + timedelta(minutes=1))
    with committing(session):
        settle_failed(session, held, "550 no such user", "refused", NOW)
    return made.delivery_id


def test_a_retry_is_a_new_row_for_the_same_promise(session: Session) -> None:
    old_id = bounced(session)
    with committing(session):
        actor = actor_of(make_user(session))
        new_id = retry(session, old_id, "elodie@example.org", actor, NOW, "example.org").id
    old, new = session.get_one(Delivery, old_id), session.get_one(Delivery, new_id)
    assert (old.replaced_by_id, old.state) == (new.id, DeliveryState.failed)
    assert (new.recipient, new.state) == ("elodie@example.org", DeliveryState.queued)
    assert (new.invoice_id, new.customer_id, new.language) == (old.invoice_id, old.customer_id, old.language)
    assert new.message_id != old.message_id
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "delivery.retried")).one()
    assert (entry.actor_id, entry.subject_id) == (actor.user_id, old.invoice_id)
    assert entry.facts() == {"delivery_id": [old_id, new_id], "address_changed": [False, True]}


def test_a_retry_happens_once(session: Session) -> None:
    old_id = bounced(session)
    with committing(session):
        actor = actor_of(make_user(session))
        new_id = retry(session, old_id, "a@example.org", actor, NOW, "example.org").id
    with pytest.raises(AlreadyRetried) as refusal, committing(session):
        retry(session, old_id, "b@example.org", actor, NOW, "example.org")
    assert refusal.value.by == new_id
    assert session.scalar(select(func.count(Delivery.id))) == 2


def test_of_eight_retries_at_once_one_wins(database: Database) -> None:
    with database.sessions() as session:
        old_id = bounced(session)
        with committing(session):
            actor = actor_of(make_user(session))
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        try:
            with transaction(database.sessions) as session:
                retry(session, old_id, "a@example.org", actor, NOW, "example.org")
            outcomes.append("won")
        except AlreadyRetried:
            outcomes.append("late")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["late"] * 7 + ["won"]
    with database.sessions() as session:
        assert session.scalar(select(func.count(Delivery.id))) == 2


def test_only_an_invoice_in_trouble_may_be_retried(session: Session) -> None:
    with committing(session):
        actor = actor_of(make_user(session))
        made = make_invoice(session, make_customer(session), make_seller(session), email=True)
    reset = promise(session)
    held = taken(session, only=reset)
    with committing(session):
        settle_failed(session, held, "550", "refused", NOW)
    for delivery_id, refusal in ((made.delivery_id, NotRetryable), (reset, NotRetryable), (999, NotFound)):
        with pytest.raises(refusal), committing(session):
            retry(session, delivery_id or 0, "a@example.org", actor, NOW, "example.org")


def test_a_retry_to_a_bad_address_changes_nothing(session: Session) -> None:
    old_id = bounced(session)
    with committing(session):
        actor = actor_of(make_user(session))
    with pytest.raises(BadAddress), committing(session):
        retry(session, old_id, "elodie@", actor, NOW, "example.org")
    assert session.get_one(Delivery, old_id).replaced_by_id is None
