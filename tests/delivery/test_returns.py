"""Bounces from a mailbox to the delivery: marked once, by the Message-ID alone, whatever the mailbox is."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from invoicing.database import transaction
from invoicing.delivery import notices
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.delivery.queries import last_trouble, returns_box
from invoicing.delivery.returns import Outcome, take
from lettrine.returns import Returns
from tests.conftest import Database, make_settings
from tests.delivery.dsn import NOBODY, block, dsn
from tests.delivery.office import Office, open_office
from tests.delivery.smtp import ACCEPTED, Letterbox, letterbox


def sent(office: Office, count: int = 1) -> list[Delivery]:
    """E-mails that the server has accepted."""
    ids = office.plain(count)
    office.worker.deliver()
    return [office.delivery(n) for n in ids]


def told(office: Office, raw: bytes) -> Outcome:
    """What a notice leads to."""
    notice = notices.read(raw)
    assert notice is not None
    with transaction(office.database.sessions) as session:
        return take(session, notice, office.clock())


def test_an_accepted_e_mail_that_comes_back_is_marked_and_says_why(office: Office) -> None:
    (mail,) = sent(office)
    assert told(office, dsn(mail.message_id)) is Outcome.bounced
    now = office.delivery(mail.id)
    assert (now.state, now.reason, now.answer) == (DeliveryState.bounced, "returned", f"5.1.1 {NOBODY}")
    assert [(e.state.value, e.answer) for e in now.events][-2:] == [("sent", ACCEPTED), ("bounced", f"5.1.1 {NOBODY}")]
    with office.database.sessions() as session:
        trouble = last_trouble(session, mail.recipient)
        assert trouble is not None and trouble.id == mail.id


def test_a_notice_is_told_once_however_often_it_comes(office: Office) -> None:
    (mail,) = sent(office)
    late = dsn(mail.message_id, block("delayed", status="4.4.1", words="451 later"))
    assert [told(office, late), told(office, late)] == [Outcome.noted, Outcome.known]
    bounce = dsn(mail.message_id, number=2)
    assert [told(office, bounce), told(office, bounce)] == [Outcome.bounced, Outcome.known]
    assert told(office, dsn(mail.message_id, number=3)) is Outcome.known  # another server says the same
    assert office.history(mail.id)[-2:] == [("deferred", "delayed"), ("bounced", "returned")]


@pytest.mark.parametrize(
    ("action", "step"),
    [("delayed", ("deferred", "delayed")), ("delivered", ("sent", "arrived")), ("relayed", ("sent", "relayed"))],
)
def test_what_is_no_failure_is_a_step_and_changes_no_state(office: Office, action: str, step: tuple[str, str]) -> None:
    (mail,) = sent(office)
    assert told(office, dsn(mail.message_id, block(action, words="ok"))) is Outcome.noted
    assert office.history(mail.id)[-1] == step and office.delivery(mail.id).state is DeliveryState.sent


def test_an_address_alone_proves_nothing(office: Office) -> None:
    (mail,) = sent(office)
    forged = "<ffffffffffffffffffffffffffffffff@example.org>"
    assert told(office, dsn(forged, block(to=mail.recipient))) is Outcome.unknown
    assert office.delivery(mail.id).state is DeliveryState.sent


def test_a_notice_about_others_alone_changes_nothing(office: Office) -> None:
    (mail,) = sent(office)
    raw = dsn(mail.message_id, block("failed", "x@example.org"), block("delivered", "y@example.org"))
    assert told(office, raw) is Outcome.unknown


def test_one_recipient_comes_back_and_the_other_stays(office: Office) -> None:
    first, second = sent(office, 2)
    told(office, dsn(first.message_id, block(to=first.recipient)))
    assert [office.delivery(m.id).state.value for m in (first, second)] == ["bounced", "sent"]


def test_what_was_never_tried_cannot_come_back(office: Office) -> None:
    (delivery_id,) = office.plain()
    assert told(office, dsn(office.delivery(delivery_id).message_id)) is Outcome.unknown


def test_a_message_in_a_workers_hands_is_left_for_later(office: Office) -> None:
    (mail,) = sent(office)
    with transaction(office.database.sessions) as session:
        session.get_one(Delivery, mail.id).state = DeliveryState.sending
    assert told(office, dsn(mail.message_id)) is Outcome.early


def test_a_message_in_doubt_that_comes_back_is_not_sent_again(office: Office, box: Letterbox) -> None:
    box.data = ["451 4.3.0 try later", ACCEPTED]
    (mail,) = sent(office)
    assert mail.state is DeliveryState.deferred
    assert told(office, dsn(mail.message_id)) is Outcome.bounced
    office.clock.forward(days=1)
    assert office.worker.deliver() == 0 and office.delivery(mail.id).sealed is None


# mailboxes ---------------------------------------------------------------------------------------------------------


def reader(office: Office, url: str) -> Returns:
    """The worker's reader, for another mailbox."""
    settings = office.settings.model_copy(update={"returns_url": url})
    return Returns(settings, office.worker.sessions, office.clock, office.worker.stopping)


def tally(office: Office) -> tuple[int, int, str]:
    with office.database.sessions() as session:
        box = returns_box(session)
        return (box.understood, box.left_alone, box.fault) if box else (0, 0, "unread")


def maildir(folder: Path) -> mailbox.Mailbox:  # type: ignore[type-arg]
    return mailbox.Maildir(folder / "retours")


def mbox(folder: Path) -> mailbox.Mailbox:  # type: ignore[type-arg]
    return mailbox.mbox(folder / "retours")


@pytest.mark.parametrize("kind", [maildir, mbox])
def test_a_mailbox_is_read_once_and_what_is_not_understood_stays(office: Office, tmp_path: Path, kind) -> None:  # type: ignore[no-untyped-def]
    first, second = sent(office, 2)
    box = kind(tmp_path)
    for raw in (dsn(first.message_id), b"Subject: Bonjour\n\nUne question.\n", b"Subject: long\n\n" + b"x\n" * 300_000):
        box.add(raw)
    box.close()
    returns = reader(office, f"{kind.__name__}:{tmp_path / 'retours'}")
    for _ in range(2):  # a restart reads nothing twice
        returns.read()
        assert tally(office) == (1, 2, "")
    box = kind(tmp_path)
    flags = sorted((message.get_flags(), len(message.as_bytes()) > 600_000) for message in box)  # type: ignore[attr-defined]
    assert flags == [("F", False), ("F", True), ("S" if kind is maildir else "R", False)]
    box.add(dsn(second.message_id, block(to=second.recipient)))
    box.close()
    returns.read()
    assert tally(office) == (2, 2, "") and office.delivery(second.id).state is DeliveryState.bounced


def test_what_is_early_is_read_again(office: Office, tmp_path: Path) -> None:
    (mail,) = sent(office)
    with transaction(office.database.sessions) as session:
        session.get_one(Delivery, mail.id).state = DeliveryState.sending
    maildir(tmp_path).add(dsn(mail.message_id))
    returns = reader(office, f"maildir:{tmp_path / 'retours'}")
    returns.read()
    assert tally(office) == (0, 0, "")
    with transaction(office.database.sessions) as session:
        session.get_one(Delivery, mail.id).state = DeliveryState.sent
    returns.read()
    assert tally(office) == (1, 0, "") and office.delivery(mail.id).state is DeliveryState.bounced


@pytest.mark.parametrize(
    ("url", "fault"),
    [("maildir:{0}/none", "missing"), ("mbox:{0}/none/spool", "missing"), ("mbox:{0}/spool", ""),
     ("imaps://a:b@127.0.0.1:1/INBOX", "connection")],
)  # fmt: skip
def test_a_mailbox_that_cannot_be_read_says_so(office: Office, tmp_path: Path, url: str, fault: str) -> None:
    reader(office, url.format(tmp_path)).read()
    assert tally(office) == (0, 0, fault)


def test_an_mbox_that_its_server_holds_is_read_later(office: Office, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "retours")
    box.add(b"Subject: x\n\ny")
    box.lock()
    reader(office, f"mbox:{tmp_path / 'retours'}").read()
    box.close()
    assert tally(office) == (0, 0, "busy")


def test_bounces_come_to_the_address_that_is_set_for_them(database: Database, tmp_path: Path) -> None:
    with letterbox() as box, open_office(database, tmp_path, box.port, returns_address="retours@example.org") as office:
        sent(office)
        assert box.senders == ["retours@example.org"]
        assert box.messages[0]["From"] != "retours@example.org"


@pytest.mark.parametrize(
    "wrong", [{"returns_url": "imap://a@b/INBOX"}, {"returns_url": "x"}, {"returns_token": "short"}]
)
def test_settings_that_cannot_be_meant_are_refused(database: Database, tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="returns_"):
        make_settings(database.url, tmp_path, **wrong)
