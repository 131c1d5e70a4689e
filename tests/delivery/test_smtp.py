"""A mail server that refuses, hangs, drops the line or is down: the state is true, nothing is lost, one Message-ID."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from invoicing.delivery.models import DeliveryState
from lettrine.postman import DOWN_SECONDS
from tests.conftest import Database
from tests.delivery.office import Office, open_office
from tests.delivery.smtp import ACCEPTED, Letterbox, Rude, closed_port, letterbox, rude_server

LATER = "451 4.7.1 Greylisted, try again later"
NOBODY = "550 5.1.1 No such user"


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_temporary_refusal_is_tried_again_as_the_same_message(office: Office, box: Letterbox, step: str) -> None:
    setattr(box, step, [LATER, ACCEPTED])
    made = office.invoice()
    office.worker.deliver()
    delivery = office.delivery(made.delivery_id)
    assert (delivery.state, delivery.answer, delivery.reason) == (DeliveryState.deferred, LATER, "later")
    assert delivery.next_try_at == office.clock() + timedelta(minutes=1)

    office.clock.forward(minutes=1)
    office.worker.deliver()
    assert office.delivery(made.delivery_id).state is DeliveryState.sent
    assert [mail["Message-ID"] for mail in box.messages] == [delivery.message_id]


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_permanent_refusal_stops_at_once(office: Office, box: Letterbox, step: str) -> None:
    setattr(box, step, [NOBODY])
    made = office.invoice()
    office.worker.deliver()
    delivery = office.delivery(made.delivery_id)
    assert (delivery.state, delivery.answer, delivery.reason) == (DeliveryState.failed, NOBODY, "refused")
    office.clock.forward(days=9)
    assert office.worker.deliver() == 0


def test_one_refused_message_does_not_stop_the_others_nor_the_connection(office: Office, box: Letterbox) -> None:
    box.rcpt = [NOBODY, LATER, "250 OK"]
    first, second, third = office.plain(3)
    assert office.worker.deliver() == 3
    states = [office.delivery(n).state.value for n in (first, second, third)]
    assert states == ["failed", "deferred", "sent"]
    assert box.connections == 1


@pytest.mark.parametrize("at", ["banner", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("how", "reason"), [("hang", "timeout"), ("drop", "dropped")])
def test_a_server_that_hangs_or_hangs_up(database: Database, tmp_path: Path, at: str, how: str, reason: str) -> None:
    with (
        rude_server(Rude(at, how, times=1)) as rude,
        open_office(database, tmp_path, rude.port, smtp_timeout=0.3) as office,
    ):
        (delivery_id,) = office.plain()
        office.worker.deliver()
        delivery = office.delivery(delivery_id)
        expected = reason if (at, how) != ("banner", "drop") else "connection"
        assert (delivery.state, delivery.reason) == (DeliveryState.deferred, expected)
        office.clock.forward(minutes=1)
        office.worker.deliver()
        assert office.history(delivery_id)[-2:] == [("sending", ""), ("sent", "")]
        assert len(rude.raw) == 1


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_no_answer_after_the_last_dot_is_said_to_be_in_doubt(database: Database, tmp_path: Path, how: str) -> None:
    with (
        rude_server(Rude("body", how, times=1)) as rude,
        open_office(database, tmp_path, rude.port, smtp_timeout=0.3) as office,
    ):
        (delivery_id,) = office.plain()
        office.worker.deliver()
        assert office.history(delivery_id)[-1] == ("deferred", "no_answer")
        office.clock.forward(minutes=1)
        office.worker.deliver()
        assert office.history(delivery_id)[-1] == ("sent", "")
    ids = [line for raw in rude.raw for line in raw.split(b"\r\n") if line.startswith(b"Message-ID")]
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_server_that_keeps_the_line_alive_for_ever_is_cut_off(database: Database, tmp_path: Path) -> None:
    patient = {"smtp_timeout": 60, "lease_seconds": 2}
    with (
        rude_server(Rude("RCPT", "trickle", times=1)) as rude,
        open_office(database, tmp_path, rude.port, **patient) as office,
    ):
        (delivery_id,) = office.plain()
        start = time.monotonic()
        office.worker.deliver()
        assert time.monotonic() - start < 30
        assert office.history(delivery_id)[-1] == ("deferred", "timeout")


def test_a_failed_farewell_after_acceptance_changes_nothing(database: Database, tmp_path: Path) -> None:
    with rude_server(Rude("QUIT", "drop")) as rude, open_office(database, tmp_path, rude.port) as office:
        (delivery_id,) = office.plain()
        office.worker.deliver()
        assert office.history(delivery_id) == [("queued", ""), ("sending", ""), ("sent", "")]
        assert len(rude.raw) == 1


def test_a_server_that_is_down_is_asked_twice_and_the_rest_waits(database: Database, tmp_path: Path) -> None:
    with open_office(database, tmp_path, closed_port()) as office:
        ids = office.plain(5)
        assert office.worker.deliver() == 2
        found = [office.delivery(n) for n in ids]
        assert [d.state.value for d in found] == ["deferred", "deferred", "queued", "queued", "queued"]
        assert found[0].reason == "connection" and "refused" in found[0].answer
        assert office.worker.deliver(only=ids[2]) == 0  # a nudge leaves it alone for a while

        with letterbox() as box:
            object.__setattr__(office.settings, "smtp_port", box.port)
            office.clock.forward(minutes=1)
            office.worker.deliver()
        assert [office.delivery(n).state.value for n in ids] == ["sent"] * 5
        assert sorted(m["Message-ID"] for m in box.messages) == sorted(d.message_id for d in found)


def test_a_nudge_without_a_name_leaves_it_alone_as_well(database: Database, tmp_path: Path) -> None:
    with open_office(database, tmp_path, closed_port()) as office:
        office.plain(2)
        postman, patience = office.worker.postman, Patience()
        postman.stopping = patience
        postman.asked.set()
        postman._rest()
        assert patience.waited == [0]  # nothing is known of the server yet: at once
        office.worker.deliver()
        postman.asked.set()
        postman._rest()
        assert 0 < patience.waited[1] <= DOWN_SECONDS and not postman.asked.is_set()


class Patience(Event):
    """Notes how long somebody would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        return False


def test_promising_an_email_talks_to_no_server(database: Database, tmp_path: Path) -> None:
    with rude_server(Rude("banner", "hang")) as rude, open_office(database, tmp_path, rude.port) as office:
        office.invoice()
        assert rude.connections == 0


def test_many_messages_share_one_connection(office: Office, box: Letterbox) -> None:
    office.plain(20)
    assert office.worker.deliver() == 20
    assert (len(box.raw), box.connections) == (20, 1)


def test_an_open_connection_that_died_is_replaced_without_a_word(database: Database, tmp_path: Path) -> None:
    rude = Rude("MAIL", "drop", times=1, after=1)
    with rude_server(rude), open_office(database, tmp_path, rude.port) as office:
        ids = office.plain(2)
        office.worker.deliver()
        for delivery_id in ids:
            assert office.history(delivery_id) == [("queued", ""), ("sending", ""), ("sent", "")]
        assert rude.connections == 2


def test_a_password_is_never_sent_where_tls_is_missing(database: Database, tmp_path: Path) -> None:
    secured = {"smtp_security": "starttls", "smtp_user": "u", "smtp_password": "p"}
    with rude_server(Rude()) as rude, open_office(database, tmp_path, rude.port, **secured) as office:
        (delivery_id,) = office.plain()
        office.worker.deliver()
        assert office.history(delivery_id)[-1] == ("deferred", "tls")
        assert rude.raw == []


def certificate(folder: Path) -> Path:
    """A certificate that vouches for itself, for localhost, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_servers_certificate_is_checked(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str, known: bool
) -> None:
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    options = {"ssl": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    with letterbox(**options) as box:
        over = {"smtp_host": "localhost", "smtp_security": security}
        with open_office(database, tmp_path, box.port, **over) as office:
            (delivery_id,) = office.plain()
            office.worker.deliver()
            found = office.history(delivery_id)[-1]
    assert found == (("sent", "") if known else ("deferred", "tls"))
    assert len(box.raw) == known
