"""Every pair of statuses, by both modes, frozen or not, lettered or not: what staff may do by hand (SPEC B7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.documents.desk import Facts, Heading
from invoicing.errors import NotFound, Refused, Stale
from invoicing.invoices.models import Invoice, Origin, Status
from invoicing.invoices.moving import move
from invoicing.invoices.moving_rules import (
    BY_MONEY,
    CreditedStands,
    NotByHand,
    OnlyByMoney,
    StillDue,
    possible,
    standing_of,
)
from invoicing.invoices.queries import history
from invoicing.invoices.rules import LetteredStands, MoveRefused, StandsForGood
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, Source
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_draft, make_invoice, make_order, make_seller, make_shop
from tests.invoices.test_crediting import make_credit
from tests.lettering.test_together import together

S = Status
TABLE = {  # SPEC B7 without partial and paid: what a button may do where nothing else stands in the way
    S.draft: {S.placed, S.pending, S.complete, S.failed, S.cancelled},
    S.placed: {S.pending, S.failed, S.refused, S.cancelled},
    S.pending: {S.failed, S.refused, S.cancelled},
    S.partial: set(),
    S.refused: {S.pending, S.cancelled},
    S.failed: {S.cancelled},
    S.paid: {S.complete},
    S.complete: set(),
    S.cancelled: set(),
}
WORLDS = [(mode, frozen, lettered) for mode in Mode for frozen, lettered in ((0, 0), (1, 0), (1, 1))]


def allowed(mode: Mode, frozen: bool, lettered: bool, now: Status, wanted: Status, owed: bool) -> bool:
    """The oracle."""
    if wanted not in TABLE[now] or (wanted is S.complete and owed):
        return False
    if frozen and mode is Mode.official and wanted in (S.failed, S.refused, S.cancelled):
        return False
    return not (lettered and wanted is S.cancelled)


def make_world(session: Session, mode: Mode, frozen: bool, lettered: bool) -> Invoice:
    """An order that stands, or doesn't; lettered, or not."""
    shop = make_shop(session, make_seller(session), mode=mode, source=Source.generated)
    order = make_order(session, shop, status=S.complete if frozen else S.draft)
    if lettered:
        letter(session, COMMAND, NOW, order.id, "FA-1", 0)
    return order


def put(order: Invoice, status: Status) -> None:
    """In this status, with what goes with it."""
    order.status = status
    order.paid_cents = {S.partial: 100, S.paid: order.total_cents, S.complete: order.total_cents}.get(status, 0)


@pytest.mark.parametrize(("mode", "frozen", "lettered"), WORLDS)
def test_every_move_that_is_not_allowed_is_refused_and_changes_nothing(
    session: Session, mode: Mode, frozen: bool, lettered: bool
) -> None:
    order = make_world(session, mode, frozen, lettered)
    for now in S:
        if now is S.draft and frozen:
            continue  # the database refuses that
        for wanted in S:
            put(order, now)
            session.flush()
            before, noted = order.revision, len(session.info["journal"])
            may = allowed(mode, frozen, lettered, now, wanted, order.remaining_cents > 0)
            assert (wanted in possible(standing_of(order))) is may, (now, wanted)
            step = session.begin_nested()
            if may:
                move(session, COMMAND, NOW, order.id, wanted, order.revision)
                assert (order.status, order.revision > before) == (wanted, True), (now, wanted)
                assert len(session.info["journal"]) == noted + 1
            else:
                with pytest.raises(Refused):
                    move(session, COMMAND, NOW, order.id, wanted, order.revision)
                assert (order.status, order.revision) == (now, before), (now, wanted)
            step.rollback()
            session.expire_all()
            assert (order.revision, len(session.info["journal"])) == (before, noted)


@pytest.mark.parametrize("wanted", [S.pending, S.placed])
def test_a_portal_reference_stands_when_it_is_accepted(session: Session, wanted: Status) -> None:
    order = make_world(session, Mode.portal_reference, False, False)
    move(session, COMMAND, NOW, order.id, wanted, order.revision)
    assert order.is_frozen and order.number and order.status is wanted
    assert [Facts.from_json(version.facts).heading for version in order.versions] == [Heading.order]
    session.commit()
    moved = history(session, order.id)[-1]
    assert moved.action == "invoice.moved" and moved.facts()["number"] == [None, order.number]


def test_an_official_order_stays_without_a_number_until_it_is_paid(session: Session) -> None:
    order = make_world(session, Mode.official, False, False)
    for wanted in (S.placed, S.pending, S.refused, S.cancelled):
        move(session, COMMAND, NOW, order.id, wanted, order.revision)
    assert (order.status, order.number, order.is_frozen) == (S.cancelled, None, False)


def test_the_same_form_twice_moves_once_and_a_stale_one_is_told(session: Session) -> None:
    order = make_world(session, Mode.portal_reference, False, False)
    drawn = order.revision
    move(session, COMMAND, NOW, order.id, S.placed, drawn)
    after = order.revision
    move(session, COMMAND, NOW, order.id, S.placed, drawn)
    assert order.revision == after
    with pytest.raises(Stale):
        move(session, COMMAND, NOW, order.id, S.cancelled, drawn)
    with pytest.raises(NotFound):
        move(session, COMMAND, NOW, 99_999, S.cancelled, 1)


def refusal_of(session: Session, invoice: Invoice, wanted: Status) -> Refused:
    with pytest.raises(Refused) as refused:
        move(session, COMMAND, NOW, invoice.id, wanted, invoice.revision)
    return refused.value


def test_each_refusal_says_which_rule_it_is(session: Session) -> None:
    order = make_world(session, Mode.portal_reference, True, True)
    put(order, S.pending)
    session.flush()
    assert isinstance(refusal_of(session, order, S.cancelled), LetteredStands)
    for wanted in BY_MONEY:
        assert isinstance(refusal_of(session, order, wanted), OnlyByMoney)
    put(order, S.complete)
    assert isinstance(refusal_of(session, order, S.pending), MoveRefused)
    unfinished = make_order(session, order.shop, status=S.draft) if order.shop else order
    assert isinstance(refusal_of(session, unfinished, S.complete), StillDue)


def test_staff_move_no_manual_invoice_no_draft_and_no_credit_note(session: Session) -> None:
    customer, seller = make_customer(session), make_seller(session)
    invoice = session.get_one(Invoice, make_invoice(session, customer, seller).invoice_id)
    assert isinstance(refusal_of(session, invoice, S.cancelled), StandsForGood)
    draft = make_draft(session, customer, seller)
    assert isinstance(refusal_of(session, draft, S.cancelled), NotByHand)
    note = session.get_one(Invoice, make_credit(session, invoice).invoice_id)
    assert isinstance(refusal_of(session, note, S.cancelled), NotByHand)
    assert possible(standing_of(invoice)) == possible(standing_of(note)) == ()


def test_what_a_credit_note_corrects_is_not_given_up(session: Session) -> None:
    order = make_order(session, make_shop(session), status=S.pending)
    make_credit(session, order, (1, 100))
    for wanted in (S.cancelled, S.failed, S.refused):
        assert isinstance(refusal_of(session, order, wanted), CreditedStands)


def test_a_manual_portal_reference_may_be_cancelled(session: Session) -> None:
    seller = make_seller(session)
    invoice = session.get_one(Invoice, make_invoice(session, make_customer(session), seller).invoice_id)
    standing = standing_of(invoice)
    assert standing.origin is Origin.manual
    assert S.cancelled in possible(replace(standing, mode=Mode.portal_reference))
    assert possible(replace(standing, mode=Mode.portal_reference, is_frozen=False, status=S.draft)) == ()


def test_of_two_who_move_at_once_one_does(database: Database) -> None:
    with transaction(database.sessions) as session:
        order = make_order(session, make_shop(session), status=S.placed)
        order_id, revision = order.id, order.revision

    def moving(wanted: Status) -> Callable[[], None]:
        def run() -> None:
            with transaction(database.sessions) as session:
                move(session, COMMAND, NOW, order_id, wanted, revision)

        return run

    answers = together([moving(S.cancelled), moving(S.failed)])
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "Stale"]
    with database.sessions() as session:
        assert session.get_one(Invoice, order_id).status in (S.cancelled, S.failed)
