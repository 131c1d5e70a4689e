"""« Un courriel par jour au plus »: to members who asked, where there are documents that they haven't seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer, CustomerAccess
from invoicing.database import transaction
from invoicing.delivery import daily, news
from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState
from invoicing.delivery.news import NEWS
from invoicing.delivery.queries import count_trouble
from invoicing.sellers.models import Seller
from invoicing.zone import visits
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox
from tests.delivery.test_mail import body
from tests.factories import make_customer, make_invoice, make_seller, make_user

SUNDAY = datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001 - naive UTC; 10:30 in Paris


def member(office: Office, wanted: bool = True, **over: object) -> int:
    """Somebody who was here at 10:30 and asked for it then; linked to one customer."""
    with transaction(office.database.sessions) as session:
        user = make_user(session, Role.member, last_sign_in_at=SUNDAY, **over)
        make_customer(session, users=(user,), email=user.email)
        visits.note_look(session, user.id, SUNDAY, SUNDAY)
        news.choose(session, user.id, wanted, SUNDAY)
        return user.id


def look(office: Office, user_id: int, at: datetime) -> None:
    """They open their zone at that moment."""
    with transaction(office.database.sessions) as session:
        visits.note_look(session, user_id, SUNDAY, at)


def document(office: Office, user_id: int, day: int = 22, hour: int = 12) -> None:
    """One more document, at that hour of November in UTC."""
    with transaction(office.database.sessions) as session:
        user = session.get_one(User, user_id)
        seller = session.scalars(select(Seller)).first() or make_seller(session)
        moment = datetime(2026, 11, day, hour)  # noqa: DTZ001
        make_invoice(session, _own(session, user), seller, now=moment)


def _own(session: Session, user: User) -> Customer:
    return session.scalars(select(Customer).join(CustomerAccess).where(CustomerAccess.user_id == user.id)).one()


def morning(office: Office, day: int, hour: int = 6) -> list[Delivery]:
    """That day at 7:30 in Paris: what is promised; all so far."""
    office.clock.moment = datetime(2026, 11, day, hour, 30)  # noqa: DTZ001
    office.worker.postman.promise_digests()
    with office.database.sessions() as session:
        return list(session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.news)))


def test_it_has_one_link_no_attachment_and_names_nothing(office: Office, box: Letterbox) -> None:
    user_id = member(office, name="Élodie Lefèvre")
    document(office, user_id)
    document(office, user_id)
    (row,) = morning(office, 23)
    office.worker.deliver(only=row.id)
    (mail,) = box.messages
    text = body(mail, "plain")
    assert mail["Subject"] == "De nouveaux documents vous attendent · Les Ateliers de la Lettre"
    assert "2 documents sont arrivés" in text and "Bonjour Élodie Lefèvre," in text
    assert text.count("http") == 1 and "http://localhost/mes-factures\n" in text
    assert not list(mail.iter_attachments()) and "F2026" not in text and "€" not in text
    assert "La page « Mon compte » l’arrête." in text.replace("\u00a0", " ")


def test_it_is_off_at_first(office: Office) -> None:
    with transaction(office.database.sessions) as session:
        user = make_user(session, Role.member)
        make_customer(session, users=(user,))
        user_id = user.id
    document(office, user_id)
    assert morning(office, 23) == []


def test_a_document_is_told_of_once(office: Office) -> None:
    user_id = member(office)
    document(office, user_id)
    assert len(morning(office, 23)) == len(morning(office, 23, 20)) == len(morning(office, 24)) == 1
    document(office, user_id, day=24, hour=8)
    assert len(morning(office, 25)) == 2


def test_where_nothing_is_new_no_mail_leaves(office: Office) -> None:
    user_id = member(office)
    document(office, user_id, hour=8)  # before the last visit
    assert morning(office, 23) == [] and morning(office, 24) == []


def test_what_was_seen_is_not_told(office: Office) -> None:
    user_id = member(office)
    document(office, user_id)
    look(office, user_id, SUNDAY + timedelta(hours=5))
    assert morning(office, 23) == []


def test_whoever_is_here_without_a_look_at_their_documents_is_told(office: Office) -> None:
    """By the zone's own looks: what it marks as new is what the mail tells of."""
    user_id = member(office)
    document(office, user_id)
    later = SUNDAY + timedelta(hours=5)
    with transaction(office.database.sessions) as session:
        session.get_one(User, user_id).last_sign_in_at = later
    with office.database.sessions() as session:
        assert visits.visit_of(session, user_id, later, later).since == SUNDAY
    assert len(morning(office, 23)) == 1


def test_whoever_looks_before_it_leaves_gets_none(office: Office, box: Letterbox) -> None:
    user_id = member(office)
    document(office, user_id)
    (row,) = morning(office, 23)
    look(office, user_id, office.clock())
    office.worker.deliver()
    assert not box.raw
    with office.database.sessions() as session:
        found = session.get_one(Delivery, row.id)
        assert (found.state, found.reason) == (DeliveryState.failed, "expired") and count_trouble(session) == 0


def test_whoever_changes_their_mind_or_is_out_gets_none(office: Office, box: Letterbox) -> None:
    first, second = member(office), member(office)
    for user_id in (first, second):
        document(office, user_id)
    assert len(morning(office, 23)) == 2
    with transaction(office.database.sessions) as session:
        news.choose(session, first, False, office.clock())
        session.get_one(User, second).active = False
    office.worker.deliver()
    assert not box.raw


def test_anothers_documents_are_no_news(office: Office) -> None:
    member(office)
    document(office, member(office, wanted=False))
    assert morning(office, 23) == []


def test_what_is_just_being_made_waits_for_the_next_day(office: Office) -> None:
    user_id = member(office)
    with transaction(office.database.sessions) as session:
        user = session.get_one(User, user_id)
        make_invoice(session, _own(session, user), make_seller(session), now=datetime(2026, 11, 23, 6, 25))  # noqa: DTZ001
    assert morning(office, 23) == []
    assert len(morning(office, 24)) == 1


def test_many_are_decided_for_a_few_at_a_time(office: Office) -> None:
    users = [member(office) for _ in range(5)]
    for user_id in users:
        document(office, user_id)
    moment = datetime(2026, 11, 23, 6, 30)  # noqa: DTZ001
    made = []
    for _ in range(4):
        with transaction(office.database.sessions) as session:
            made.append(daily.promise(session, moment, "example.org", NEWS, most=2))
    assert made == [2, 2, 1, 0]


def test_an_invoices_own_mail_stays_the_only_one_with_the_document(office: Office, box: Letterbox) -> None:
    """SPEC D5: not ticked, no e-mail of the invoice; the morning's mail is none."""
    user_id = member(office)
    document(office, user_id)
    morning(office, 23)
    office.worker.deliver()
    with office.database.sessions() as session:
        rows = session.scalars(select(Delivery)).all()
        assert [(row.kind, row.invoice_id) for row in rows] == [(DeliveryKind.news, None)]
