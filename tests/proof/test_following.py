"""A state that follows the one before is the state that reading the whole document gives."""

from __future__ import annotations

from sqlalchemy import Connection, select

from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.proof import states
from invoicing.proof.following import Followed
from tests.factories import NOW, TODAY
from tests.proof.conftest import Desk


def _followed(connection: Connection, ids: list[int]) -> dict[int, str]:
    followed = Followed(connection, ids)
    return {number: followed.state(number) for number in ids}


def test_each_document_has_the_same_state_either_way(desk: Desk) -> None:
    with transaction(desk.database.sessions) as session:
        first = session.scalars(select(Invoice).where(Invoice.number == "F2026-00001")).one()
        content = PaymentContent(PaymentMethod.cheque, TODAY, "13", 500)
        record_payment(session, COMMAND, NOW, first.id, content, "t9")
        order = session.scalars(select(Invoice).where(Invoice.number.like("B-%"))).one()
        letter(session, COMMAND, NOW, order.id, "VE-1", 0)
        last = last_change(session, order.id)
        assert last
        letter(session, COMMAND, NOW, order.id, "VE-2", last.id)
        session.flush()
        ids = list(session.scalars(select(Invoice.id)))
        connection = session.connection()
        assert len(ids) > 6 and _followed(connection, ids) == states.states_of(connection, ids)
    with desk.database.sessions() as session:
        connection = session.connection()
        assert _followed(connection, ids) == states.states_of(connection, ids)


def test_a_document_without_a_state_of_this_format_is_read_whole(desk: Desk) -> None:
    desk.tamper("UPDATE journal SET state = substr(state, 3)", "UPDATE journal SET state = NULL WHERE subject_id = 1")
    with desk.database.sessions() as session:
        connection = session.connection()
        ids = list(session.scalars(select(Invoice.id)))
        assert _followed(connection, ids) == states.states_of(connection, ids)


def test_what_was_altered_in_between_is_no_part_of_it(desk: Desk) -> None:
    with desk.database.sessions() as session:
        before = states.states_of(session.connection(), [1])
    desk.tamper("UPDATE invoice SET total_cents = total_cents + 1 WHERE id = 1")
    with desk.database.sessions() as session:
        assert _followed(session.connection(), [1]) == before != states.states_of(session.connection(), [1])
