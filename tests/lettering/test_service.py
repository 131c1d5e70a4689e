"""One reference, one document: given, changed, cleared; refused in the order that was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.service import delete_draft
from invoicing.journal import Actor, ActorKind, JournalEntry
from invoicing.lettering import queries
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.rules import BadReference, LetteringStale, LetteringTaken, NotLetterable
from invoicing.lettering.service import digest_of, letter
from invoicing.payments.models import PaymentMethod
from invoicing.search import matches
from invoicing.sellers.models import Organisation
from tests.factories import NOW, TODAY, make_customer, make_draft, make_invoice, make_line, make_seller, make_user


@dataclass
class Desk:
    """Two complete invoices, an unpaid one, and who letters."""

    session: Session
    actor: Actor
    one: Invoice
    two: Invoice
    unpaid: Invoice

    def letter(self, invoice: Invoice, typed: str, reason: str = "", seen: int | None = None) -> LetteringChange | None:
        """Through the service, with a form as fresh as can be unless `seen` says otherwise."""
        last = queries.last_change(self.session, invoice.id)
        known = (last.id if last else 0) if seen is None else seen
        return letter(self.session, self.actor, NOW, invoice.id, typed, known, reason)

    def entries(self) -> list[JournalEntry]:
        """What the journal says of lettering, once it is committed."""
        self.session.commit()
        query = select(JournalEntry).where(JournalEntry.action.contains("letter"))
        return list(self.session.scalars(query.order_by(JournalEntry.position)))


@pytest.fixture
def desk(session: Session) -> Desk:
    seller, customer = make_seller(session), make_customer(session)
    paid: dict[str, Any] = {"paid_method": PaymentMethod.card, "paid_on": TODAY}
    made = [make_invoice(session, customer, seller, **over) for over in (paid, paid, {})]
    one, two, unpaid = (session.get_one(Invoice, done.invoice_id) for done in made)
    return Desk(session, Actor(ActorKind.user, make_user(session).id), one, two, unpaid)


def test_a_reference_is_kept_as_typed_and_compared_folded(desk: Desk) -> None:
    desk.letter(desk.one, " FA\u00a02017  0931")
    assert (desk.one.lettering, desk.one.lettering_folded) == ("FA 2017 0931", "fa 2017 0931")


def test_history_journal_revision_and_search_follow(desk: Desk) -> None:
    revision = desk.one.revision
    change = desk.letter(desk.one, "FA-0931")
    assert change is not None
    assert (change.before, change.after, change.actor_id, change.at) == (None, "FA-0931", desk.actor.user_id, NOW)
    assert desk.one.revision == revision + 1
    found = select(Invoice.id).where(matches(Invoice.search_text, "fa-0931"))
    assert desk.session.scalars(found).all() == [desk.one.id]
    (entry,) = desk.entries()
    assert (entry.action, entry.subject_id) == ("invoice.lettered", desk.one.id)
    assert entry.facts() == {"lettering": [None, "FA-0931"], "digest": [None, digest_of(change)]}


def test_the_journal_proves_the_reason_without_holding_it(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    change = desk.letter(desk.one, "", reason="saisie sur la mauvaise facture")
    assert change is not None
    entry = desk.entries()[-1]
    assert entry.action == "invoice.unlettered" and "mauvaise" not in entry.changes
    assert entry.facts()["digest"][1] == digest_of(change)
    change.reason = "autre chose"
    assert entry.facts()["digest"][1] != digest_of(change)
    desk.session.rollback()


def test_a_change_frees_the_old_value(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    desk.letter(desk.one, "FA-2")
    desk.letter(desk.two, "FA-1")
    assert (desk.one.lettering, desk.two.lettering) == ("FA-2", "FA-1")
    assert [entry.action for entry in desk.entries()] == [
        "invoice.lettered", "invoice.lettering_changed", "invoice.lettered"
    ]  # fmt: skip


def test_nothing_typed_takes_it_away_and_frees_it(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    desk.letter(desk.one, " \u00a0", reason="erreur")
    assert (desk.one.lettering, desk.one.lettering_folded) == (None, None)
    desk.letter(desk.two, "fa-1")
    assert desk.two.lettering == "fa-1"


def test_taking_it_away_without_a_reason_is_refused(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    with pytest.raises(FieldFaults) as refused:
        desk.letter(desk.one, "")
    assert [(f.field, f.code) for f in refused.value.faults] == [("reason", "required")]
    assert desk.one.lettering == "FA-1"


@pytest.mark.parametrize("typed", ["FA 1", "fa 1", "ＦＡ　１", " FA\t1 "])
def test_what_another_document_bears_is_refused_with_its_number(desk: Desk, typed: str) -> None:
    desk.letter(desk.one, "FA 1")
    with pytest.raises(LetteringTaken) as refused:
        desk.letter(desk.two, typed)
    assert (refused.value.holder_id, refused.value.holder_number) == (desk.one.id, desk.one.number)
    assert (refused.value.holder_kind, refused.value.hint) == (InvoiceKind.invoice, False)
    assert desk.two.lettering is None
    assert len(queries.changes(desk.session, desk.two.id)) == 0


def test_the_same_value_changes_nothing_even_from_a_stale_form(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    revision = desk.one.revision
    assert desk.letter(desk.one, " FA-1 ", seen=0) is None
    assert (desk.one.revision, len(desk.entries())) == (revision, 1)


def test_nothing_for_what_has_none_changes_nothing(desk: Desk) -> None:
    assert desk.letter(desk.unpaid, "") is None
    assert desk.entries() == []


def test_another_spelling_of_its_own_reference_is_a_change(desk: Desk) -> None:
    desk.letter(desk.one, "fa-1")
    change = desk.letter(desk.one, "FA-1")
    assert change is not None
    assert (change.before, change.after, desk.one.lettering_folded) == ("fa-1", "FA-1", "fa-1")


def test_a_form_drawn_before_somebody_elses_change_is_told_what_it_was(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    with pytest.raises(LetteringStale) as refused:
        desk.letter(desk.one, "FA-2", seen=0)
    assert (refused.value.before, refused.value.after, refused.value.by) == (None, "FA-1", desk.actor)
    assert desk.one.lettering == "FA-1"


def test_stale_comes_before_taken(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    desk.letter(desk.two, "FA-2")
    with pytest.raises(LetteringStale):
        desk.letter(desk.two, "FA-1", seen=0)


def test_the_status_comes_before_taken(desk: Desk) -> None:
    desk.letter(desk.one, "FA-1")
    with pytest.raises(NotLetterable):
        desk.letter(desk.unpaid, "FA-1")


def test_what_is_unpaid_takes_none_unless_the_setting_says_so(desk: Desk) -> None:
    with pytest.raises(NotLetterable) as refused:
        desk.letter(desk.unpaid, "FA-1")
    assert (refused.value.number, refused.value.status) == (desk.unpaid.number, Status.pending)
    desk.session.get_one(Organisation, 1).letters_unpaid = True
    desk.letter(desk.unpaid, "FA-1")
    assert desk.unpaid.lettering == "FA-1"


def test_what_is_lettered_may_be_changed_and_cleared_whatever_its_status(desk: Desk) -> None:
    organisation = desk.session.get_one(Organisation, 1)
    organisation.letters_unpaid = True
    desk.letter(desk.unpaid, "FA-1")
    organisation.letters_unpaid = False
    desk.letter(desk.unpaid, "FA-2")
    desk.letter(desk.unpaid, "", reason="pas encore payée")
    assert desk.unpaid.lettering is None
    with pytest.raises(NotLetterable):
        desk.letter(desk.unpaid, "FA-2")


def test_a_draft_takes_none(desk: Desk) -> None:
    draft = make_draft(desk.session, desk.one.customer, desk.one.seller, make_line(desk.session, price=0))
    desk.session.get_one(Organisation, 1).letters_unpaid = True
    with pytest.raises(NotLetterable):
        desk.letter(draft, "FA-1")
    delete_draft(desk.session, desk.actor, NOW, draft.id)
    with pytest.raises(NotFound):
        letter(desk.session, desk.actor, NOW, 99_999, "FA-1", 0)


def test_what_cannot_be_a_reference_changes_nothing(desk: Desk) -> None:
    with pytest.raises(BadReference):
        desk.letter(desk.one, "FA\u200b-1")
    assert desk.session.scalar(select(func.count(LetteringChange.id))) == 0
