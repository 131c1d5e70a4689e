"""Any file is survived by the scan, in reasonable time, and another layout than the samples' is read too."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from invoicing.imports.rules import Unreadable
from invoicing.traces.reading import amount_of, currency_of, entry_of, result_of
from invoicing.traces.rules import Entry, Result
from tests.factories import make_shop
from tests.traces.logs import order_of, read, scan, verdicts

HOSTILE = [
    b"", b"\x00" * 5000, b"\xff\xfe\x00", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0rubbish", b'"never closed;\n' * 50,
    b"<html><body>10,00 EUR", b"%PDF-1.7\nTU9LLK1EBHDVV0NBTQ== 10,00 EUR", b"\r\r\r\r", b"a;b\n" * 3 + b";" * 5000,
    bytes(range(256)) * 40, b"12.50 EUR TU9LLK1EBHDVV0NBTQ== paid", b"[(((]]]\\[+*?\n" * 20,
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_files_are_survived(session: Session, content: bytes) -> None:
    if b"TU9LLK1EBHDVV0NBTQ==" in content:
        assert next(row.verdict for row in scan(session, content)) == "no_invoice"
    else:
        with pytest.raises(Unreadable):
            scan(session, content)


PICTURE = b"\x89PNG\r\n\x1a\n" + bytes((n * n * 7919 + n // 3) % 256 for n in range(40_000))


@pytest.mark.parametrize("content", [
    PICTURE, PICTURE + b"\nTU9LLK1EBHDVV0NBTQ== 10,00 EUR", "Bonjour,\nvoici 12,50 € [merci].\n".encode(),
    b"nom;ville;solde\nDupont;Lyon;12,50\nDurand;Nice;3,00\n", b"[worker1] started\n[worker1] stopped\n",
])  # fmt: skip
def test_what_tells_of_no_transaction_is_no_log(session: Session, content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        scan(session, content)
    assert refused.value.code == "not_a_log"


def test_a_log_with_codes_of_ours_alone_is_one(session: Session) -> None:
    order_of(session, make_shop(session), "TX1==", 1250)
    assert [row.verdict for row in scan(session, b"[TX1==] Order placed : 12.50\n")] == ["no_payment"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=3000), st.text(max_size=2000).map(lambda text: text.encode("utf-8", "replace"))))
def test_anything_at_all_is_survived(session: Session, content: bytes) -> None:
    with suppress(Unreadable):
        assert all(row.line >= 1 for row in scan(session, content))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_log_that_was_damaged_is_survived(session: Session, data: st.DataObject) -> None:
    content = bytearray(read(data.draw(st.sampled_from(["merchant_trace.log", "systempay_JT.csv"]))))
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unreadable):
        assert all(row.line >= 1 for row in scan(session, bytes(content)))


def test_a_line_of_fifty_megabytes_takes_seconds(session: Session) -> None:
    before = time.monotonic()
    scan(session, b"TU9LLK1EBHDVV0NBTQ== 10.00 EUR paid;" * 1_400_000)
    assert time.monotonic() - before < 30


def test_lines_that_are_only_counted_take_no_place(session: Session) -> None:
    order_of(session, make_shop(session), "TX1==", 1250)
    told = scan(session, b"x\n" * 50_000 + b"TX1== paid 12.50 EUR")
    assert [(row.verdict, row.line, row.facts) for row in told[1:]] == [
        ("no_code", 1, {"count": 50_000, "lines": [*range(1, 9)]})
    ]


def test_a_last_line_without_an_end_counts(session: Session) -> None:
    order_of(session, make_shop(session), "TX1==", 1250)
    assert verdicts(session, "\n\nTX1== paid 12.50 EUR") == [(3, "match")]


def test_columns_without_known_names_are_recognised_by_what_they_hold(session: Session) -> None:
    shop = make_shop(session)
    for n in range(3):
        order_of(session, shop, f"TX{n}a==", 1250 + n)
    rows = "".join(f"{n + 1};{n * 7 + 100};x;TX{n}a==;zz;{1250 + n}\n" for n in range(3))
    assert verdicts(session, rows) == [(1, "match"), (2, "match"), (3, "match")]  # in cents, by the totals


def test_french_headings_and_amounts_are_read(session: Session) -> None:
    order_of(session, make_shop(session), "TU93CKFXLJVGS0RXBQ==", 243912)
    head = '"Date";"Type";"État";"Devise";"Avant commission";"Commission";"Net";"N° de transaction";"N° de facture"\n'
    row = '"14/01/2026";"Paiement";"Terminé";"EUR";"2 439,12";"-71,08";"2 368,04";"36993S";"TU93CKFXLJVGS0RXBQ=="\n'
    assert verdicts(session, head + row) == [(2, "match")]


@pytest.mark.parametrize(
    ("text", "cents"),
    [("2,439.12", 243912), ("4.626,81", 462681), ("1 234,56 €", 123456), ("$60.00", 6000), ("(12,50)", -1250),
     ("12,50-", -1250), ("−3", -300), ("−1,234", -123400),
     ("68.99000000", 6899), ("1,234", 123400), ("abc", None), ("", None)],
)  # fmt: skip
def test_amounts_are_read_as_providers_write_them(text: str, cents: int | None) -> None:
    assert amount_of(text) == cents


def test_currencies_are_read_by_number_letters_and_sign() -> None:
    assert [currency_of(text) for text in ("978", "124", "eur", "€", "?")] == ["EUR", "CAD", "EUR", "EUR", ""]


@pytest.mark.parametrize(
    ("words", "result"),
    [("CAPTURED DEBIT", Result.accepted), ("REFUSED", Result.refused), ("Remboursement", Result.refunded),
     ("Payment declined", Result.refused), ("Order placed", None), ("CANCELLED", None), ("", Result.accepted),
     ("Unpaid", Result.refused), ("Incomplete", Result.refused), ("Impayé", Result.refused), ("Uncaptured", None),
     ("requires_payment_method", None)],
)  # fmt: skip
def test_results_are_read_in_both_languages(words: str, result: Result | None) -> None:
    assert result_of(words) is result


def test_a_line_of_a_log_is_a_payment_or_none() -> None:
    line = "-- 2026-1-19 14:29:47 074 -3-  [TX==] Systempay IPN : paid 1985.00 EUR txn pxj5j7"
    wanted = Entry(7, "TX==", 198500, Result.accepted, "EUR", "pxj5j7", "2026-1-19")
    assert entry_of(7, line, "TX==") == wanted
    refused = line.replace("paid", "payment refused for")
    assert entry_of(7, refused, "TX==") == replace(wanted, result=Result.refused)
    assert entry_of(7, "-- 2026-1-19 14:26:47 037 -2-  [TX==] Order placed : 1 product for 1985.00", "TX==") is None
