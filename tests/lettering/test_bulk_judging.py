"""The verdict of each official document of a file: what it names, what contradicts it, how our documents stand."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from invoicing.accounting.plan import Column, Days, Official
from invoicing.accounting.reading import choose, documents, recognise
from invoicing.invoices.models import Status
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.sellers.models import Organisation
from tests.factories import NOW, make_credit
from tests.lettering.desk import desk, judge, official, order, verdicts


def test_a_row_that_quotes_our_number_letters_it(session: Session) -> None:
    ours = order(session, desk(session), "B-20260314-4")
    (row,) = judge(session, official(7, "FA-1", "Cmd b-20260314-4, cours"))
    assert (row.verdict, row.line, row.subject, row.invoice_id) == ("will_letter", 7, "FA-1", ours.id)
    assert row.content == {"invoice_id": ours.id, "typed": "FA-1", "folded": "fa-1", "total_cents": 7200}
    assert row.facts == {
        "number": "B-20260314-4", "customer": "Zoé Roy", "amount_cents": 7200, "currency": "EUR", "day": "2026-03-14",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["B-20260314-44", "AB-20260314-4", "AV-B-20260314-4", "B-20260314-4-2", "B-20260314"])
def test_a_number_is_bounded_on_both_sides(session: Session, text: str) -> None:
    order(session, desk(session), "B-20260314-4")
    assert verdicts(judge(session, official(1, "FA-1", text, cents=100))) == ["unknown_invoice"]


@pytest.mark.parametrize(
    "text", ["(B-20260314-4)", "n°B-20260314-4.", "web:B-20260314-4/2", "B‑20260314‑4", "Ｂ-20260314-4", "b-20260314-4"]
)
def test_a_number_is_found_whatever_stands_around_it(session: Session, text: str) -> None:
    order(session, desk(session), "B-20260314-4")
    assert verdicts(judge(session, official(1, "FA-1", text))) == ["will_letter"]


def test_a_number_that_nobody_bears_is_said(session: Session) -> None:
    order(session, desk(session), "B-20260314-4")
    (row,) = judge(session, official(1, "FA-1", "B-20260314-940"))
    assert (row.verdict, row.facts["why"], row.facts["number"]) == (
        "unknown_invoice", "no_such_number", "B-20260314-940",
    )  # fmt: skip


def test_a_longer_number_that_a_full_field_may_have_cut_is_no_certainty(session: Session) -> None:
    shop = desk(session)
    order(session, shop, "B-20260314-4")
    cut = "Commande B-20260314-4"
    label = "x" * (25 - len(cut) - 1) + " " + cut
    told, widths = official(1, "FA-1", label), frozenset({25})
    assert verdicts(judge(session, told, widths=widths)) == ["will_letter"]
    order(session, shop, "B-20260314-44")
    assert verdicts(judge(session, told)) == ["will_letter"]
    (row,) = judge(session, told, widths=widths)
    assert (row.verdict, row.facts["numbers"]) == ("several_candidates", ["B-20260314-4", "B-20260314-44"])


def test_numbers_without_a_letter_count_in_their_own_column_alone(session: Session) -> None:
    shop = desk(session)
    order(session, shop, "1152")
    assert verdicts(judge(session, official(1, "FA-1", "1152", cents=100))) == ["unknown_invoice"]
    assert verdicts(judge(session, official(1, "FA-1", numbers=("1152",)))) == ["will_letter"]
    content = b"N\xc2\xb0 facture;Commande;Total TTC\nFA-1;1152;72,00\nFA-2;1153;1152,00\n"
    plan = choose(recognise(content), (Column.reference, Column.number, Column.amount), Days.unknown, "", "")
    assert verdicts(judge(session, *documents(content, plan))) == ["will_letter", "unknown_invoice"]


def test_a_reference_that_looks_like_a_number_of_ours_is_no_number_of_ours(session: Session) -> None:
    shop = desk(session)
    order(session, shop, "B-20260314-4")
    order(session, shop, "B-20260314-5", 100)
    rows = judge(session, official(1, "B-20260314-4", "Facture B-20260314-4 de B-20260314-5", cents=100))
    assert (rows[0].verdict, rows[0].facts["number"]) == ("will_letter", "B-20260314-5")


def test_one_reference_for_two_documents_letters_neither(session: Session) -> None:
    shop = desk(session)
    for n in (1, 2, 3):
        order(session, shop, f"B-20260314-{n}")
    rows = judge(
        session, official(2, "FA-1", "B-20260314-1"), official(3, "FA-2", "B-20260314-2"),
        official(4, "fa-1 ", "B-20260314-3"),
    )  # fmt: skip
    assert verdicts(rows) == ["duplicate_in_file", "will_letter", "duplicate_in_file"]
    assert [row.facts.get("lines") for row in rows] == [[4], None, [2]]
    assert [row.facts["number"] for row in rows] == ["B-20260314-1", "B-20260314-2", "B-20260314-3"]


def test_two_references_for_one_document_letter_it_with_neither(session: Session) -> None:
    order(session, desk(session), "B-20260314-1")
    rows = judge(session, official(2, "FA-1", "B-20260314-1"), official(3, "FA-2", "B-20260314-1"))
    assert [(row.verdict, row.facts["lines"]) for row in rows] == [
        ("duplicate_in_file", [3]), ("duplicate_in_file", [2]),
    ]  # fmt: skip


def test_a_document_told_twice_is_lettered_once(session: Session) -> None:
    order(session, desk(session), "B-20260314-1")
    again = [official(line, "FA-1", "B-20260314-1") for line in (2, 9, 12)]
    rows = judge(session, *again)
    assert verdicts(rows) == ["will_letter", "already", "already"]
    assert [row.facts.get("lines") for row in rows] == [None, [2], [2]]
    rows = judge(session, official(2, "FA-1", "B-20260314-1", cents=1), *again[1:])
    assert verdicts(rows) == ["amount_differs", "will_letter", "already"]


def test_one_row_for_several_documents_letters_none(session: Session) -> None:
    shop = desk(session)
    for n in (1, 2):
        order(session, shop, f"B-20260314-{n}")
    for text in ("B-20260314-1 et B-20260314-2", "B-20260314-1 et B-20260314-99"):
        (row,) = judge(session, official(1, "FA-1", text, cents=14400))
        assert row.verdict == "several_candidates" and len(row.facts["numbers"]) == 2


def test_the_order_of_verdicts_is_that_of_a_single_lettering(session: Session) -> None:
    shop = desk(session)
    done, waits, other = (order(session, shop, f"B-20260314-{n}", status=status)
                          for n, status in enumerate([Status.complete, Status.pending, Status.complete]))  # fmt: skip
    letter(session, COMMAND, NOW, done.id, "FA 1", 0)
    rows = judge(
        session, official(1, "fa  1", "B-20260314-0", cents=1), official(2, "FA-2", "B-20260314-0", cents=1),
    )  # fmt: skip
    assert verdicts(rows) == ["duplicate_in_file", "duplicate_in_file"]
    assert verdicts(judge(session, official(1, "fa  1", "B-20260314-0", cents=1))) == ["already"]
    (row,) = judge(session, official(1, "FA-2", "B-20260314-0", cents=1))
    assert (row.verdict, row.facts["has"]) == ("already_lettered_otherwise", "FA 1")
    (row,) = judge(session, official(1, "FA 1", "B-20260314-1", cents=1))
    assert (row.verdict, row.facts["status"]) == ("wrong_status", "pending")
    (row,) = judge(session, official(1, "FA 1", "B-20260314-2", cents=1))
    assert (row.verdict, row.facts["by"], row.facts["by_id"]) == ("taken", "B-20260314-0", done.id)
    (row,) = judge(session, official(1, "FA-3", "B-20260314-2", cents=1))
    assert (row.verdict, row.facts["total_cents"], row.facts["invoice_currency"]) == ("amount_differs", 7200, "EUR")
    assert row.invoice_id == other.id
    session.get_one(Organisation, 1).letters_unpaid = True
    session.flush()
    assert verdicts(judge(session, official(1, "FA-3", "B-20260314-1"))) == ["will_letter"]
    assert waits.lettering is None


def test_currency_is_compared_where_the_file_says_one_and_no_amount_compares_nothing(session: Session) -> None:
    order(session, desk(session), "B-20260314-1")
    number = "B-20260314-1"
    assert verdicts(judge(session, official(1, "FA-1", number, currency="CAD"))) == ["amount_differs"]
    assert verdicts(judge(session, official(1, "FA-1", number, currency=""))) == ["will_letter"]
    assert verdicts(judge(session, official(1, "FA-1", number, cents=None, currency="CAD"))) == ["will_letter"]


def test_a_credit_note_that_quotes_our_invoice_never_letters_it(session: Session) -> None:
    ours = order(session, desk(session), "B-20260314-1")
    for told in (official(2, "AV-1", "B-20260314-1", cents=-7200),
                 official(2, "AV-1", "B-20260314-1", cents=None, is_credit_note=True)):  # fmt: skip
        (row,) = judge(session, told)
        assert (row.verdict, row.facts["why"]) == ("unknown_invoice", "credit_note")
        assert (row.facts["number"], row.facts["original_id"]) == ("B-20260314-1", ours.id)
        rows = judge(session, told, official(3, "FA-1", "B-20260314-1"))
        assert verdicts(rows) == ["unknown_invoice", "will_letter"]


def test_a_credit_note_letters_ours_whose_number_it_quotes(session: Session) -> None:
    ours = order(session, desk(session), "B-20260314-1")
    note = make_credit(session, ours.id)
    told = official(2, "AV-1", f"{note.number} sur B-20260314-1", cents=-7200)
    (row,) = judge(session, told)
    assert (row.verdict, row.invoice_id) == ("will_letter", note.id)
    (row,) = judge(session, official(2, "AV-1", note.number or "", cents=7200))
    assert (row.verdict, row.facts["total_cents"]) == ("amount_differs", -7200)


def test_a_transaction_code_alone_is_a_suggestion(session: Session) -> None:
    shop = desk(session)
    ours = order(session, shop, "B-20260314-1", code="TU9+LK1/BHDVV0NBTQ==")
    told = official(2, "FA-1", "CB TU9+LK1/BHDVV0NBTQ==")
    (row,) = judge(session, told)
    assert (row.verdict, row.content, row.invoice_id) == ("suggest", None, ours.id)
    assert [each["invoice_id"] for each in row.facts["suggestions"]] == [ours.id]
    for text in ("tu9+lk1/bhdvv0nbtq==", "TU9+LK1/BHDVV0NBTQ===", "xTU9+LK1/BHDVV0NBTQ=="):
        assert judge(session, official(2, "FA-1", text, cents=100, customer="?"))[0].invoice_id is None
    other = order(session, shop, "B-20260314-2")
    (row,) = judge(session, official(2, "FA-1", "B-20260314-2 TU9+LK1/BHDVV0NBTQ=="))
    assert (row.verdict, set(row.facts["numbers"])) == ("several_candidates", {ours.number, other.number})
    letter(session, COMMAND, NOW, ours.id, "FA-1", 0)
    assert verdicts(judge(session, told)) == ["already"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [("", "empty"), (" \u00a0 ", "empty"), ("sans", "placeholder"), ("Néant", "placeholder"), ("N/A", "placeholder"),
     ("RAN", "placeholder"), ("---", "placeholder"), ("#REF!", "placeholder"), ("VIR", "placeholder"),
     ("F" * 65, "too_long"), ("FA\u200b1", "invisible"), ("FA\x001", "invisible"), ("FA 𒀀", "no_glyph")],
)  # fmt: skip
def test_what_is_no_reference_says_why(session: Session, typed: str, why: str) -> None:
    order(session, desk(session), "B-20260314-1")
    rows = judge(session, official(2, typed, "B-20260314-1"), official(3, typed, "B-20260314-1"))
    assert [(row.verdict, row.facts["why"]) for row in rows] == [("bad_reference", why)] * 2
    assert "\x00" not in rows[0].subject


@pytest.mark.parametrize("typed", ["0", "5", "01/02", "VE  0123", "cicogne", "VIR-12", "sans-12"])
def test_odd_references_are_references(session: Session, typed: str) -> None:
    order(session, desk(session), "B-20260314-1")
    assert verdicts(judge(session, official(2, typed, "B-20260314-1"))) == ["will_letter"]


def test_what_cannot_be_read_of_a_row_is_said_of_it(session: Session) -> None:
    order(session, desk(session), "B-20260314-1")
    (row,) = judge(session, official(2, "FA-1", "B-20260314-1", cents=None, unread="amount", unread_text="1.234"))
    assert (row.verdict, row.facts["unread"], row.facts["text"]) == ("bad_row", "amount", "1.234")


def test_without_our_number_what_bears_the_reference_is_told(session: Session) -> None:
    ours = order(session, desk(session), "B-20260314-1")
    letter(session, COMMAND, NOW, ours.id, "FA-1", 0)
    rows = judge(session, official(2, "FA-1"), official(3, "FA-1", cents=100), official(4, "FA-2", cents=999))
    assert verdicts(rows) == ["already", "taken", "unknown_invoice"]
    assert (rows[1].facts["by"], rows[2].facts["why"]) == ("B-20260314-1", "no_number")


def test_a_document_that_another_row_names_is_not_suggested(session: Session) -> None:
    ours = order(session, desk(session), "B-20260314-1", 12345)
    guess = official(2, "FA-1", cents=12345, customer=ours.buyer_name, day=ours.issued_on)
    assert verdicts(judge(session, guess)) == ["suggest"]
    named = official(3, "FA-2", "B-20260314-1", cents=12345)
    assert verdicts(judge(session, guess, named)) == ["unknown_invoice", "will_letter"]


def test_a_reference_on_thousands_of_rows_names_only_some_lines(session: Session) -> None:
    shop = desk(session)
    for n in range(30):
        order(session, shop, f"B-20260314-{n}")
    rows = judge(session, *(official(n + 1, "VE1", f"B-20260314-{n % 30}") for n in range(3000)))
    assert set(verdicts(rows)) == {"duplicate_in_file"}
    assert max(len(row.facts["lines"]) for row in rows) == 10


def test_an_empty_file_says_nothing(session: Session) -> None:
    desk(session)
    none: list[Official] = []
    assert judge(session, *none) == []
