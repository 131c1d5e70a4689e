"""Returned notices read as bytes: whose message, what became of it; nothing forged or broken is believed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoicing.delivery.notices import SIZE_MAX, Action, fate_of, read
from tests.delivery.dsn import NOBODY, block, dsn

OURS = "<0123456789abcdef0123456789abcdef@example.org>"


@pytest.mark.parametrize("head_only", [True, False])
def test_a_notice_says_which_message_and_why(head_only: bool) -> None:
    notice = read(dsn(OURS, head_only=head_only))
    assert notice is not None and notice.ids == (OURS,)
    (fate,) = notice.fates
    assert (fate.action, fate.recipients) == (Action.failed, {"p0@example.org"})
    assert fate.answer == f"5.1.1 {NOBODY}"


@pytest.mark.parametrize("header", ["Message-ID", "Original-Message-ID", "X-Original-Message-ID"])
def test_the_message_is_known_by_any_header_that_quotes_its_id(header: str) -> None:
    notice = read(dsn(OURS, quoted_in=header))
    assert notice is not None and notice.ids == (OURS,)


def test_a_notice_that_answers_our_message_is_about_it() -> None:
    raw = dsn("<something@else>").replace(
        b"Subject: Undelivered", b"In-Reply-To: %s\nSubject: Undelivered" % OURS.encode()
    )
    notice = read(raw)
    assert notice is not None and notice.ids == (OURS,)


def test_recipients_are_told_apart() -> None:
    blocks = [block("failed", "a@example.org"), block("delivered", "B@Example.org", "2.0.0", "250 ok")]
    notice = read(dsn(OURS, *blocks))
    assert notice is not None
    assert [getattr(fate_of(notice, to), "action", None) for to in ("a@example.org", "b@example.org")] == [
        Action.failed, Action.delivered,
    ]  # fmt: skip
    assert fate_of(notice, "c@example.org") is None


def test_an_address_that_forwards_is_told_under_the_one_behind_it() -> None:
    notice = read(dsn(OURS, block("failed", "behind@elsewhere.example")))
    assert notice is not None
    fate = fate_of(notice, "p0@example.org")
    assert fate is not None and fate.action is Action.failed


def test_a_domain_is_known_in_both_its_spellings() -> None:
    notice = read(dsn(OURS, block("failed", "a@xn--caf-dma.example"), block("delivered", "b@x.example")))
    assert notice is not None
    fate = fate_of(notice, "a@café.example")
    assert fate is not None and fate.action is Action.failed


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: Re: Facture\nIn-Reply-To: %s\n\nMerci !" % OURS.encode(),
        b"Auto-Submitted: auto-replied\nReferences: %s\n\nJe suis absente." % OURS.encode(),
        dsn("<not-ours@example.org>"),
        dsn("<0123456789ABCDEF@example.org>"),
        dsn(OURS).replace(b"multipart/report", b"multipart/mixed"),
        dsn(OURS).replace(b"message/delivery-status", b"message/disposition-notification"),
        dsn(OURS, block("flattened")),
        dsn(OURS) + b"x" * SIZE_MAX,
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n--x--",
        b"".join(b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
    ],
)
def test_what_is_no_notice_about_a_message_of_ours_is_not_understood(raw: bytes) -> None:
    assert read(raw) is None


def test_the_same_notice_has_the_same_digest_and_another_has_another() -> None:
    once, again, other = read(dsn(OURS)), read(b"Received: from elsewhere\n" + dsn(OURS)), read(dsn(OURS, number=2))
    assert once and again and other
    assert once.digest == again.digest != other.digest


def test_a_servers_words_are_one_plain_line() -> None:
    notice = read(dsn(OURS, block(words="550 <b>no</b> MARK here")).replace(b"MARK", b"\x07\n\t  \x1b[31m"))
    assert notice is not None and notice.fates[0].answer == "5.1.1 550 <b>no</b> [31m here"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_break_the_reader(data: st.DataObject) -> None:
    raw = bytearray(dsn(OURS, head_only=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 30))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    notice = read(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    assert notice is None or set(notice.ids) <= {OURS} or all(len(name) > 34 for name in notice.ids)
