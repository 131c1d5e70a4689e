"""Bounces read over IMAP: TLS checked, nobody's letters fetched, each message once, whatever flags the server keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicing.delivery.models import DeliveryState
from lettrine.returns import Returns
from tests.delivery.dsn import dsn
from tests.delivery.imap import PASSWORD, Mailbox, imap_server
from tests.delivery.office import Office
from tests.delivery.test_returns import sent, tally
from tests.delivery.test_smtp import certificate

LETTER = b"From: a@example.org\r\nContent-Type: text/plain\r\nSubject: Bonjour\r\n\r\nUne question.\r\n"


@pytest.fixture(params=[True, False])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mailbox on a server that is trusted, and keeps keywords or doesn't."""
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with imap_server(Mailbox(keywords=request.param), pem) as found:
        yield found


def reader(office: Office, mailbox: Mailbox, folder: str = "INBOX", password: str = PASSWORD) -> Returns:
    url = f"imaps://retours%40example.org@localhost:{mailbox.port}/{folder}"
    over = {"returns_url": url, "returns_password": type(office.settings.returns_password)(password)}
    settings = office.settings.model_copy(update=over)
    return Returns(settings, office.worker.sessions, office.clock, office.worker.stopping)


def test_only_reports_are_fetched_and_each_once(office: Office, mailbox: Mailbox) -> None:
    (mail,) = sent(office)
    assert mail.state is DeliveryState.sent
    for raw in (dsn(mail.message_id).replace(b"\n", b"\r\n"), LETTER, dsn("<not-ours@example.org>")):
        mailbox.add(raw)
    for _ in range(2):  # a restart reads nothing twice
        reader(office, mailbox).read()
        assert tally(office) == (1, 2, "")
    assert office.delivery(mail.id).state is DeliveryState.bounced
    assert mailbox.fetched == ["1 head", "1 whole", "2 head", "3 head", "3 whole"]
    read, left = ({"\\Seen", "LettrineRead"}, {"LettrineLeft"}) if mailbox.keywords else ({"\\Seen"}, {"\\Flagged"})
    assert [kept.flags for kept in mailbox.messages] == [read, left, left]


@pytest.mark.parametrize(("over", "fault"), [({"password": "faux"}, "login"), ({"folder": "Autre"}, "missing")])
def test_what_is_wrong_is_said(office: Office, mailbox: Mailbox, over: dict[str, str], fault: str) -> None:
    reader(office, mailbox, **over).read()
    assert tally(office) == (0, 0, fault)


def test_a_server_that_nobody_vouches_for_is_not_talked_to(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    mailbox.add(LETTER)
    reader(office, mailbox).read()
    assert tally(office) == (0, 0, "tls") and mailbox.fetched == []
