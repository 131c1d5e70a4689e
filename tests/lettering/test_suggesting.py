"""Suggestions for official documents without our number: right nearly always, on the labelled set and others."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from invoicing.accounting.plan import Official
from invoicing.lettering.suggesting import Pool
from invoicing.lettering.suggesting_names import words_of
from invoicing.lettering.suggesting_pool import Document, person_of, plain_code
from invoicing.lettering.suggesting_rules import SHOWN, WEAK, Reason
from tests.lettering import noise_more
from tests.lettering.noise import Case, Made, Sale, make
from tests.lettering.noise_score import precision, recall, score
from tests.lettering.noise_words import ONE

LABELLED = Path(__file__).parents[1] / "data" / "matching"
DAY = date(2026, 3, 14)


def rows(name: str) -> list[dict[str, str]]:
    with (LABELLED / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def labelled() -> Made:
    """The set that people have judged: what may be lettered and isn't, and every row of the ledger."""
    online = [row for row in rows("online.csv") if row["status"] in ("paid", "complete") and not row["lettering"]]
    sales = [
        Sale(row["number"], row["transaction"], cents(row["total"]), row["currency"],
             date.fromisoformat(row["date"][:10]), f"{row['first_name']} {row['last_name']}", row["organisation"],
             (row["item_code"], row["item"]))
        for row in online
    ]  # fmt: skip
    truth: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows("truth.csv"):
        truth[row["ledger_id"]].append(row)
    cases = []
    for line, row in enumerate(rows("ledger.csv"), 2):
        told = truth[row["ledger_id"]]
        official = Official(line, row["reference"], tuple(row.values()), cents(row["amount"]), row["currency"],
                            date.fromisoformat(row["date"]), row["customer"])  # fmt: skip
        cases.append(Case(told[0]["noise"], official, tuple(each["number"] for each in told if each["number"])))
    return Made(sales, cases)


def test_on_the_labelled_set_what_is_shown_is_right_95_times_in_100() -> None:
    made = labelled()
    found = score(made.pool(), made.cases)
    assert sum(each.asked for each in found.values()) == 300
    assert precision(found) >= 950 and recall(found) >= 900, found
    for trap in ("same_amount_other_name", "same_name_last_year", "stranger", "grouped"):
        assert found[trap].shown == 0, trap
    assert found["grouped"].grouped == found["grouped"].asked == 3


@pytest.mark.parametrize("seed", [71, 72])
def test_on_made_up_ledgers_what_is_shown_is_right_95_times_in_100(seed: int) -> None:
    made = make(seed, 6000, 1200)
    found = score(made.pool(), made.cases)
    assert precision(found) >= 950 and recall(found) >= 850, found
    for kind in (*ONE, *noise_more.ONE):
        assert found[kind].right * 100 >= 95 * found[kind].shown > 0, kind
    for kind in ("instalment", "two_numbers", "next_month", "membership"):
        assert found[kind].shown * 10 <= found[kind].asked, kind


def pool_of(*sales: Sale) -> Pool:
    return Made(list(sales), []).pool()


def sale(number: str = "B-20260314-4", code: str = "TU9VWE9ERU1RTWDXNA==", total: int = 12_000, **over: object) -> Sale:
    values = {"currency": "EUR", "day": DAY, "person": "Zoé Müller", "organisation": "", **over}
    return Sale(number, code, total, item=("S", "Stage de printemps"), **values)  # type: ignore[arg-type]


def official(
    *texts: str, amount: int | None = 12_000, days: int | None = 1, customer: str = "", **over: object
) -> Official:
    day = None if days is None else DAY + timedelta(days=days)
    values: dict[str, object] = {"currency": "EUR", **over}
    return Official(2, "FA-1", ("FA-1", *texts, customer), amount, day=day, customer=customer, **values)  # type: ignore[arg-type]


def test_amount_name_and_day_are_the_reasons_and_the_days_are_counted() -> None:
    (found,) = pool_of(sale()).suggest(official(customer="MULLER ZOE"))
    assert found.reasons == (Reason.amount, Reason.name, Reason.days)
    assert (found.number, found.days, found.day, found.total_cents) == ("B-20260314-4", 1, DAY, 12_000)
    assert SHOWN <= found.score <= 100


def test_a_code_in_any_cell_is_enough_whole_or_cut() -> None:
    pool = pool_of(sale(), sale("B-20260314-5", "TU80AWVABERREK1RAQ=="))
    (found,) = pool.suggest(official("CB TU9VWE9ERU1RTWDXNA", amount=None, days=None))
    assert found.number == "B-20260314-4" and found.reasons == (Reason.code,)
    (cut,) = pool.suggest(official("CB tu9vwe9eru1rt", days=None))
    assert cut.number == "B-20260314-4" and cut.reasons == (Reason.code_cut, Reason.amount)
    assert not pool.fitting(official("CB TU9VWE", amount=1, days=None))


def test_our_number_in_pieces_or_without_its_beginning_is_found_and_bounded() -> None:
    pool = pool_of(sale(), sale("B-20260314-44", "X", 9900, day=DAY - timedelta(days=1)))
    for text in ("REM CHQ B 20260314 4", "b_20260314_4", "B20260314/4"):
        (found,) = pool.suggest(official(text, amount=None, days=None))
        assert found.number == "B-20260314-4" and found.reasons == (Reason.number,), text
    (tail,) = pool.suggest(official("0260314-44", amount=9900, days=None))
    assert tail.number == "B-20260314-44" and tail.reasons == (Reason.number_cut, Reason.amount)


def test_two_that_fit_alike_are_both_weak() -> None:
    pool = pool_of(sale(), sale("B-20260314-5", "X"))
    found = pool.fitting(official(customer="Zoé Müller"))
    assert [each.number for each in found] == ["B-20260314-4", "B-20260314-5"]
    assert all(WEAK <= each.score < SHOWN for each in found) and not pool.suggest(official(customer="Zoé Müller"))


def test_what_was_sold_tells_two_apart() -> None:
    gala = Sale("B-20260314-5", "X", 12_000, "EUR", DAY, "Zoé Müller", "", ("R", "Repas de gala"))
    (found,) = pool_of(sale(), gala).suggest(official("Repas de gala", customer="Zoé Müller"))
    assert found.number == "B-20260314-5" and Reason.text in found.reasons


def test_a_grouped_invoice_is_no_suggestion_but_all_of_its_documents() -> None:
    pool = pool_of(sale(), sale("B-20260314-5", "X", 5_000), sale("B-20260314-6", "Y", 9_900, person="Léa Roy"))
    grouped = official("VIR SEPA MULLER ZOE", amount=17_000, customer="Zoé Müller")
    assert pool.fitting(grouped) == []
    assert [each.number for each in pool.grouped(grouped)] == ["B-20260314-4", "B-20260314-5"]
    assert pool.grouped(official(amount=17_100, customer="Zoé Müller")) == []
    assert pool.grouped(official(amount=17_000, customer="Léa Roy")) == []


def test_what_remains_after_a_card_s_fee_is_recognised() -> None:
    (found,) = pool_of(sale(total=44_663)).suggest(official(amount=43_968, customer="Zoé Müller"))
    assert Reason.amount_less_fee in found.reasons
    assert not pool_of(sale(total=44_663)).suggest(official(amount=43_900, customer="Zoé Müller"))


def test_another_currency_or_the_other_kind_of_document_is_never_meant() -> None:
    assert not pool_of(sale()).fitting(official(customer="Zoé Müller", currency="CAD"))
    credit = official("B 20260314 4", amount=-12_000, customer="Zoé Müller", is_credit_note=True)
    assert not pool_of(sale()).fitting(credit)
    pool, person = Pool(), person_of("Zoé Müller")
    pool.add(Document(1, "A2026-1", -12_000, "EUR", DAY.toordinal(), True, pool.add_person(person), words_of(""),
                      plain_code("X")))  # fmt: skip
    assert [each.number for each in pool.suggest(credit)] == ["A2026-1"]


def test_the_same_amount_a_year_apart_or_of_another_name_is_not_shown() -> None:
    assert not pool_of(sale()).suggest(official(days=-365, customer="Zoé Müller"))
    (weak,) = pool_of(sale()).fitting(official(days=1, customer=""))
    assert weak.score < SHOWN and Reason.amount in weak.reasons
    assert not pool_of(sale()).suggest(official(customer="Aïcha Marchandeau"))


def test_a_code_typed_from_paper_is_found_with_the_amount() -> None:
    pool = pool_of(sale(), sale("B-20260314-5", "TU9VWE9ERUQRTWDXNA==", 9_900))
    (found,) = pool.suggest(official("CB TU9VWE9ERUIRTWDXNA", days=None))
    assert found.number == "B-20260314-4" and found.reasons == (Reason.code_near, Reason.amount)
    assert not pool.suggest(official("CB TU9VWE9ERUIRTWDXNA", amount=None, days=None))


def test_figures_alone_or_a_short_number_in_pieces_name_nothing() -> None:
    pool = pool_of(sale("1152", total=7_000), sale("F 1", "X", 8_000, person="Léa Roy"))
    for text in ("1152", "1152,00", "bat. F 1"):
        assert not pool.fitting(official(text, amount=None, days=None)), text


def test_another_amount_is_never_shown_as_the_one_whatever_names_it() -> None:
    (found,) = pool_of(sale()).fitting(official("B 20260314 4", amount=6_000, customer="Zoé Müller"))
    assert found.score == SHOWN - 1 and Reason.amount_differs in found.reasons and Reason.several not in found.reasons


def test_the_same_dues_a_month_later_are_weak_even_with_their_article() -> None:
    for days in (28, 31, 61, 365):
        (found,) = pool_of(sale()).fitting(official("Stage de printemps", days=days, customer="Zoé Müller"))
        assert WEAK <= found.score < SHOWN, days


def test_the_surest_way_in_which_a_row_names_a_document_counts() -> None:
    (found,) = pool_of(sale()).fitting(official("0260314-4", "B 20260314 4", amount=None, days=None))
    assert found.reasons == (Reason.number,)


def test_in_a_crowd_of_one_amount_who_bears_the_name_is_found_quickly() -> None:
    people = [f"Membre{n} Dupontet" for n in range(3000)]
    crowd = [sale(f"B-20260314-{n}", f"CODE{n:08}", person=name) for n, name in enumerate(people)]
    pool = pool_of(*crowd)
    asked = official(customer="DUPONTET MEMBRE1712")
    (found,) = pool.suggest(asked)
    assert found.customer == "Membre1712 Dupontet"
    assert len(pool.of_amount(12_000, 0, 0, ("dupontet", "membre1712"))) == 1
    assert pool.fitting(official(customer="")) == []
