"""The digest of the morning: one mail a day to those who want it, nothing where there is nothing to say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from invoicing.accounts.models import Role, User
from invoicing.database import transaction
from invoicing.delivery import digest
from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState
from invoicing.delivery.queries import count_trouble
from invoicing.invoices.models import Invoice
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox, closed_port
from tests.delivery.test_mail import body
from tests.factories import make_user

NOBODY = "550 5.1.1 No such user"


def reader(office: Office, role: Role = Role.sales, **over: object) -> str:
    """Somebody who wants it."""
    with transaction(office.database.sessions) as session:
        return make_user(session, role, wants_digest=True, **over).email


def digests(office: Office) -> list[Delivery]:
    with office.database.sessions() as session:
        return list(session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.digest)))


def morning(office: Office, day: int, hour: int = 6) -> None:
    """That day of November at 7 o'clock in Paris (6 in UTC)."""
    office.clock.moment = datetime(2026, 11, day, hour, 30)  # noqa: DTZ001 - naive UTC


def test_it_says_what_failed_and_what_waits(office: Office, box: Letterbox) -> None:
    box.rcpt = ["451 4.7.1 later", NOBODY, "250 OK"]  # the link goes first
    first = office.invoice(last_name="Lefèvre")
    office.plain()
    office.worker.deliver()
    with transaction(office.database.sessions) as session:
        session.get_one(Invoice, first.invoice_id).to_check = "payback"
    to = reader(office, name="Nadia Benali")
    morning(office, 23)
    office.worker.postman.promise_digests()
    office.worker.deliver(only=digests(office)[0].id)
    (mail,) = box.messages
    text = body(mail, "plain")
    assert mail["To"] == to and mail["Subject"] == "Ce qui vous attend ce matin · Les Ateliers de la Lettre"
    for said in ("Bonjour Nadia Benali,", "1 courriel n’est pas arrivé", "1 courriel est réessayé", "à vérifier",
                 f"{first.number}", "Élodie Lefèvre · L’adresse n’existe pas.", "/ventes/envois"):  # fmt: skip
        assert said in text, text
    assert "Élodie Lefèvre · L’adresse n’existe pas." in body(mail, "html")
    assert "white-space: nowrap" in body(mail, "html") and not list(mail.iter_attachments())


def test_it_comes_once_a_day_after_its_hour(office: Office, box: Letterbox) -> None:
    box.rcpt = [NOBODY]
    office.invoice()
    office.worker.deliver()
    reader(office)
    morning(office, 23, hour=5)
    office.worker.postman.promise_digests()
    assert digests(office) == []
    for hour in (6, 7, 20):
        morning(office, 23, hour)
        office.worker.postman.promise_digests()
    assert len(digests(office)) == 1
    morning(office, 24)
    office.worker.postman.promise_digests()
    assert len(digests(office)) == 2


def test_where_there_is_nothing_to_say_no_mail_leaves(office: Office) -> None:
    office.plain()
    office.worker.deliver()
    reader(office)
    for day in (23, 24):
        morning(office, day)
        office.worker.postman.promise_digests()
    assert digests(office) == []


def test_members_the_disabled_and_those_who_did_not_ask_get_none(office: Office, box: Letterbox) -> None:
    box.rcpt = [NOBODY]
    office.invoice()
    office.worker.deliver()
    reader(office, Role.member)
    reader(office, active=False)
    with transaction(office.database.sessions) as session:
        make_user(session)
    morning(office, 23)
    office.worker.postman.promise_digests()
    assert digests(office) == []


def test_whoever_asks_gets_the_first_the_next_morning(office: Office, box: Letterbox) -> None:
    box.rcpt = [NOBODY]
    office.invoice()
    office.worker.deliver()
    morning(office, 23, hour=9)
    with transaction(office.database.sessions) as session:
        digest.choose(session, make_user(session).id, True, office.clock())
    office.worker.postman.promise_digests()
    assert digests(office) == []
    morning(office, 24)
    office.worker.postman.promise_digests()
    assert len(digests(office)) == 1


def test_one_that_is_late_is_nobodys_trouble(office: Office, box: Letterbox) -> None:
    box.rcpt = [NOBODY]
    office.invoice()
    office.worker.deliver()
    reader(office)
    morning(office, 23)
    office.worker.postman.promise_digests()
    object.__setattr__(office.settings, "smtp_port", closed_port())
    morning(office, 24, hour=5)
    office.worker.deliver()
    (late,) = digests(office)
    assert (late.state, late.reason) == (DeliveryState.failed, "expired")
    with office.database.sessions() as session:
        assert count_trouble(session) == 1  # the invoice's alone


def test_whoever_has_changed_their_mind_gets_none(office: Office, box: Letterbox) -> None:
    box.rcpt = [NOBODY, "250 OK"]
    office.invoice()
    office.worker.deliver()
    reader(office)
    morning(office, 23)
    office.worker.postman.promise_digests()
    with transaction(office.database.sessions) as session:
        session.scalars(select(User)).one().wants_digest = False
    office.worker.deliver()
    assert not box.raw and digests(office)[0].reason == "expired"
