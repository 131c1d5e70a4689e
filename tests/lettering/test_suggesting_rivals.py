"""Lines of one file that suggest the same document: the better claim has it, and where none is better a person sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from invoicing.lettering.suggesting_rivals import Claims
from invoicing.lettering.suggesting_rules import MARGIN, SHOWN, Reason, Suggestion, leading, scored
from tests.lettering.desk import DAY, desk, judge, official, order, verdicts

ALL = (Reason.amount, Reason.name, Reason.days)


def fit(invoice_id: int, points: int, *reasons: Reason) -> Suggestion:
    return Suggestion(
        invoice_id, f"B-{invoice_id}", 0, reasons or ALL, "Zoé Roy", 7200, "EUR", date(2026, 3, 14), 1, points
    )


def settled(
    lines: dict[str, list[Suggestion]], named: tuple[int, ...] = ()
) -> dict[str, list[tuple[int, bool, Reason]]]:
    """Per reference: the documents in their order, whether each is shown as the one, and the last thing said of it."""
    claims = Claims()
    for reference, found in lines.items():
        claims.add(reference, found)
    claims.settle(lambda invoice_id: invoice_id in named)
    return {
        reference: [(each.invoice_id, each.is_shown, each.reasons[-1]) for each in claims.scored(reference, found)]
        for reference, found in lines.items()
    }


def test_the_line_that_clearly_leads_has_the_document_and_the_other_is_weak() -> None:
    found = settled({"fa-1": [fit(1, 98)], "fa-2": [fit(1, 98 - MARGIN)]})
    assert found == {"fa-1": [(1, True, Reason.days)], "fa-2": [(1, False, Reason.rival)]}


def test_where_no_line_leads_neither_is_shown_and_both_say_so() -> None:
    found = settled({"fa-1": [fit(1, 98)], "fa-2": [fit(1, 98 - MARGIN + 1)]})
    assert found == {"fa-1": [(1, False, Reason.rival)], "fa-2": [(1, False, Reason.rival)]}


def test_what_another_line_clearly_has_leaves_the_next_best() -> None:
    found = settled({"fa-1": [fit(1, 173, Reason.code), fit(2, 98)], "fa-2": [fit(1, 98), fit(2, 95)]})
    assert found["fa-1"][0] == (1, True, Reason.code)
    assert found["fa-2"] == [(2, True, Reason.days), (1, False, Reason.rival)]


def test_what_a_line_names_is_suggested_nowhere_and_leaves_the_next_best() -> None:
    assert settled({"fa-2": [fit(1, 98), fit(2, 95)]}, named=(1,)) == {"fa-2": [(2, True, Reason.days)]}


def test_a_line_that_is_for_another_document_is_no_rival() -> None:
    found = settled({"fa-1": [fit(1, 98)], "fa-2": [fit(2, 173), fit(1, 98)]})
    assert found["fa-1"] == [(1, True, Reason.days)] and found["fa-2"][0] == (2, True, Reason.days)


def test_one_reference_on_two_lines_is_one_official_document() -> None:
    claims = Claims()
    claims.add("fa-1", [fit(1, 98)])
    claims.add("fa-1", [fit(1, 90)])
    claims.settle(lambda _id: False)
    assert all(claims.scored("fa-1", [fit(1, points)])[0].is_shown for points in (98, 90))
    claims = Claims()
    claims.add("fa-1", [fit(1, 98)])
    claims.add("fa-1", [fit(2, 95)])
    claims.settle(lambda _id: False)
    (one,) = claims.scored("fa-1", [fit(1, 98)])
    assert one.score == SHOWN - 1 and one.reasons[-1] is Reason.several


def test_another_amount_wins_nothing() -> None:
    found = settled({"fa-1": [fit(1, 130, Reason.code_cut, Reason.amount_differs)], "fa-2": [fit(1, 98)]})
    assert not found["fa-1"][0][1] and found["fa-2"] == [(1, False, Reason.rival)]


def test_who_leads_and_what_is_said_of_the_others() -> None:
    assert leading({}) is None and leading({1: 50}) == 1
    assert leading({1: 90, 2: 90 + MARGIN}) == 2 and leading({1: 90, 2: 89 + MARGIN}) is None
    (again,) = scored([replace(fit(1, 98), reasons=(*ALL, Reason.several, Reason.rival))], 1, {})
    assert again.reasons == ALL and again.score == 98


def test_in_a_file_two_lines_alike_are_both_weak_and_the_nearer_day_has_it(session: Session) -> None:
    ours = order(session, desk(session), "B-20260314-1", 12345)
    who = {"customer": ours.buyer_name, "cents": 12345}
    (alone,) = judge(session, official(2, "FA-1", day=ours.issued_on, **who))
    assert alone.verdict == "suggest"
    rows = judge(
        session, official(2, "FA-1", day=ours.issued_on, **who), official(3, "FA-2", day=ours.issued_on, **who)
    )
    assert verdicts(rows) == ["unknown_invoice"] * 2
    for row in rows:
        (weak,) = row.facts["suggestions"]
        assert (row.facts["why"], weak["score"], weak["reasons"][-1]) == ("weak", SHOWN - 1, "rival")
    later = ours.issued_on.replace(year=ours.issued_on.year + 1)
    rows = judge(session, official(2, "FA-1", day=ours.issued_on, **who), official(3, "FA-2", day=later, **who))
    assert verdicts(rows) == ["suggest", "unknown_invoice"]


def test_of_twins_of_which_a_line_names_one_the_other_is_suggested(session: Session) -> None:
    shop = desk(session)
    first = order(session, shop, "B-20260314-1", 12345)
    second = order(session, shop, "B-20260314-2", 12345, customer=first.customer)
    guess = official(2, "FA-1", cents=12345, customer=first.buyer_name, day=first.issued_on)
    (row,) = judge(session, guess)
    assert row.verdict == "several_candidates"
    rows = judge(session, guess, official(3, "FA-2", "B-20260314-1", cents=12345, day=DAY))
    assert verdicts(rows) == ["suggest", "will_letter"]
    assert [each["invoice_id"] for each in rows[0].facts["suggestions"]] == [second.id]
