"""« À lettrer »: order, ages, filters, the field that letters and goes on, refusals, skipping, proposals."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.invoices.models import Invoice, Status
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import LetteringChange, SuggestedLettering
from invoicing.lettering.service import letter
from invoicing.lettering.work_list import count_waiting
from invoicing.sellers.models import Organisation
from invoicing.shop.models import Shop
from tests.admin.desk import Desk, hidden
from tests.factories import NOW, TODAY, actor_of, make_credit, make_invoice, make_order, make_shop

LIST = "/ventes/a-lettrer"


@pytest.fixture
def shop(desk: Desk) -> Shop:
    with desk.writing() as session:
        return make_shop(session, desk.seller)


def order(desk: Desk, shop: Shop, days: int = 0, **over: object) -> str:
    """An order of so many days ago: its number."""
    with desk.writing() as session:
        made = make_order(session, shop, desk.customer, now=NOW - timedelta(days), **over)  # type: ignore[arg-type]
        return made.number or ""


def shown(text: str) -> str:
    """The number of the document in sight."""
    found = re.search(r'<h2 class="h-sec">[^<]*<a href="/ventes/factures/[^"]*">([^<]*)</a>', text)
    return found[1] if found else ""


def ahead(text: str) -> list[str]:
    """The numbers of those that follow."""
    return re.findall(r'<th scope="row" class="num nowrap"><a [^>]*>([^<]*)</a>', text)


def send(desk: Desk, at: str = LIST, **form: object) -> TestResponse:
    """The form of the page as it is at this address, with what is typed or pressed."""
    text = desk.browser.get(at).text
    values = {"invoice": hidden(text, "invoice"), "seen": hidden(text, "seen"), "reference": "", **form}
    return desk.send(at, values, at)


def lettering(desk: Desk, number: str) -> str | None:
    desk.session.rollback()
    return desk.session.query(Invoice).filter_by(number=number).one().lettering


def test_the_oldest_comes_first_and_enter_letters_it_and_goes_on(desk: Desk, shop: Shop) -> None:
    recent, old, middle = (order(desk, shop, days) for days in (2, 120, 45))
    text = desk.browser.get(LIST).text
    assert shown(text) == old and ahead(text) == [middle, recent]
    assert "1 sur 3" in text and "il y a 120 jours" in text and "autofocus" in text
    answer = send(desk, reference=" FA-1 ")
    assert answer.status_code == 303 and answer.location == LIST
    text = desk.browser.get(LIST).text
    assert lettering(desk, old) == "FA-1" and shown(text) == middle and "1 sur 2" in text
    assert f'<a href="/ventes/factures/{old}">{old}</a> lettrée' in text and "FA-1" in text


def test_a_change_by_the_list_is_in_the_history_like_any_other(desk: Desk, shop: Shop) -> None:
    order(desk, shop)
    send(desk, reference="FA-1")
    change = desk.session.query(LetteringChange).one()
    assert (change.before, change.after, change.actor_id, change.run_id) == (None, "FA-1", desk.user.id, None)


def test_nothing_typed_passes_over_without_change_and_never_comes_round(desk: Desk, shop: Shop) -> None:
    numbers = [order(desk, shop, days) for days in (9, 8, 7)]
    at, seen = LIST, []
    for form in ({}, {"reference": " \t"}, {"skip": "1", "reference": "not this"}):
        seen.append(shown(desk.browser.get(at).text))
        answer = send(desk, at, **form)
        assert answer.status_code == 303
        at = answer.location
    assert seen == numbers and desk.count(LetteringChange) == 0
    text = desk.browser.get(at).text
    assert shown(text) == "" and "Vous avez tout passé en revue" in text
    assert "3 documents attendent encore leur référence." in text and f'href="{LIST}"' in text


def test_after_what_was_passed_over_lettering_goes_on_from_there(desk: Desk, shop: Shop) -> None:
    first, second, third = (order(desk, shop, days) for days in (9, 9, 7))
    at = send(desk, skip="1").location
    assert shown(desk.browser.get(at).text) == second
    at = send(desk, at, reference="FA-2").location
    text = desk.browser.get(at).text
    assert shown(text) == third and "2 sur 2" in text and lettering(desk, first) is None


def test_a_reference_that_is_taken_stays_in_the_field_with_the_sentence(desk: Desk, shop: Shop) -> None:
    holder, other = order(desk, shop, 9), order(desk, shop, 8)
    send(desk, reference="FA-1")
    answer = send(desk, reference=" fa-1 ")
    text = html.unescape(answer.text)
    assert answer.status_code == 409 and shown(text) == other
    assert f'Une autre facture porte déjà ce lettrage : <a href="/ventes/factures/{holder}">' in text.replace(
        "\u00a0", " "
    )
    assert 'value=" fa-1 " autofocus' in text and 'aria-invalid="true"' in text and "<title>Erreur" in text
    assert lettering(desk, other) is None


@pytest.mark.parametrize("typed", ["x" * 65, "FA\u200b1"])
def test_what_cannot_be_a_reference_is_refused_at_the_field(desk: Desk, shop: Shop, typed: str) -> None:
    number = order(desk, shop)
    answer = send(desk, reference=typed)
    assert answer.status_code == 422 and shown(answer.text) == number and 'id="reference-e"' in answer.text


def test_a_form_that_a_colleague_overtook_changes_nothing_however_often(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop)
    text = desk.browser.get(LIST).text
    form: dict[str, object] = {"invoice": hidden(text, "invoice"), "seen": hidden(text, "seen"), "reference": "FA-2"}
    with desk.writing() as session:
        letter(session, actor_of(desk.user), NOW, int(hidden(text, "invoice")), "FA-1", 0)
    for _time in range(2):
        answer = desk.send(LIST, form, LIST)
        assert answer.status_code == 409 and "entre-temps" in answer.text and "ouvrez la facture" in answer.text
        form["seen"] = hidden(answer.text, "seen")
    assert lettering(desk, number) == "FA-1" and 'value="FA-2"' in answer.text


def test_what_came_and_went_meanwhile_is_lettered_at_the_second_try(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop)
    text = desk.browser.get(LIST).text
    form: dict[str, object] = {"invoice": hidden(text, "invoice"), "seen": hidden(text, "seen"), "reference": "FA-2"}
    with desk.writing() as session:
        change = letter(session, actor_of(desk.user), NOW, int(hidden(text, "invoice")), "FA-1", 0)
        assert change
        letter(session, actor_of(desk.user), NOW, int(hidden(text, "invoice")), "", change.id, "erreur")
    answer = desk.send(LIST, form, LIST)
    assert answer.status_code == 409 and lettering(desk, number) is None
    assert desk.send(LIST, {**form, "seen": hidden(answer.text, "seen")}, LIST).status_code == 303
    assert lettering(desk, number) == "FA-2"


def test_only_what_may_be_lettered_waits_credit_notes_included(desk: Desk, shop: Shop) -> None:
    for status in Status:
        order(desk, shop, status=status)
    with desk.writing() as session:
        done = make_order(session, shop, desk.customer, now=NOW - timedelta(3))
        note = make_credit(session, done.id).number
    text = desk.browser.get(LIST).text
    assert len([shown(text), *ahead(text)]) == 4 and str(note) in text
    with desk.writing() as session:
        session.get_one(Organisation, 1).letters_unpaid = True
    assert "6 documents" not in text and len(ahead(desk.browser.get(LIST).text)) == 5
    assert "\u22121" in text or "-1" in text  # the credit note's total


def test_official_documents_are_a_filter_away(desk: Desk, shop: Shop) -> None:
    portal = order(desk, shop)
    with desk.writing() as session:
        official = make_invoice(session, desk.customer, desk.seller, paid_on=TODAY, paid_method="card").number
    assert shown(desk.browser.get(LIST).text) == portal and str(official) not in desk.browser.get(LIST).text
    assert shown(desk.browser.get(f"{LIST}?officielle=ici").text) == official
    both = desk.browser.get(f"{LIST}?officielle=toutes").text
    assert {shown(both), *ahead(both)} == {portal, official}
    answer = send(desk, f"{LIST}?officielle=ici", reference="FA-9")
    assert answer.location == f"{LIST}?officielle=ici" and lettering(desk, official) == "FA-9"


def test_four_ages_have_their_counts_and_sums_and_each_is_a_filter(desk: Desk, shop: Shop) -> None:
    numbers = {days: order(desk, shop, days) for days in (0, 30, 31, 60, 61, 90, 91, 400)}
    text = desk.browser.get(LIST).text
    piles = re.findall(r'<span class="v">(\d+)</span>\s*<span class="quiet"><span class="amount">([^<]*)</span>', text)
    assert piles == [("2", "432,00\u00a0€")] * 4
    for age, days in (("90", (400, 91)), ("60", (90, 61)), ("30", (60, 31)), ("0", (30, 0))):
        text = desk.browser.get(f"{LIST}?age={age}").text
        assert [shown(text), *ahead(text)] == [numbers[each] for each in days], age
        assert "1 sur 2" in text and text.count('aria-current="true"') == 1
    send(desk, f"{LIST}?age=30", reference="FA-1")
    assert lettering(desk, numbers[60]) == "FA-1"
    send(desk, f"{LIST}?age=30", reference="FA-2")
    assert "Rien à lettrer de cet âge" in desk.browser.get(f"{LIST}?age=30").text


def test_sums_are_kept_apart_by_currency_and_a_long_list_shows_its_beginning(desk: Desk, shop: Shop) -> None:
    for days in range(12):
        order(desk, shop, days)
    text = desk.browser.get(LIST).text
    assert len(ahead(text)) == 8 and "12</b> documents sans référence" in text and "2\u00a0592,00\u00a0€" in text


def test_everything_lettered_says_so(desk: Desk) -> None:
    text = desk.browser.get(LIST).text
    assert "Tout est lettré" in text and "reference" not in text.partition("<main")[2].replace("références", "")


def test_a_reader_sees_the_list_and_has_no_field(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop)
    reader = desk.browser_of(Role.reader)
    text = reader.get(LIST).text
    assert shown(text) == number and 'name="reference"' not in text and "Prendre" not in text
    assert reader.send(LIST, {"invoice": 1, "reference": "X"}, "/ventes").status_code == 403


def test_nonsense_in_the_address_and_in_the_form_is_no_error(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop)
    assert shown(desk.browser.get(f"{LIST}?officielle=x&age=7&apres=abc").text) == number
    assert shown(desk.browser.get(f"{LIST}?apres=99999").text) == number
    said = {"invoice": "Ce document n’existe pas.", "take": "Cette proposition n’existe plus."}
    for name, value in (("invoice", "x"), ("invoice", "99999"), ("take", "1:2"), ("take", "x")):
        answer = send(desk, reference="FA-1", **{name: value})
        assert answer.status_code == 303 and said[name] in desk.browser.get(LIST).text, value
    assert lettering(desk, number) is None
    assert send(desk, reference="FA-1", seen="x").status_code == 303  # nothing has ever changed


def run_with(session: Session, rows: list[tuple[int, str, int, int, str]], state: RunState = RunState.judged) -> int:
    """A judged file: (line, reference, invoice, score, reasons) each."""
    run = ImportRun(kind=RunKind.letterings, state=state, file_name="compta.csv", sha256="0" * 64, size=1, asked_at=NOW,
                    counts=json.dumps({"suggest": len(rows)}))  # fmt: skip
    session.add(run)
    session.flush()
    facts = {"customer": "LEFEVRE ELODIE", "amount_cents": 21_600, "currency": "EUR", "day": "2026-11-21"}
    for line, reference, invoice_id, score, reasons in rows:
        session.add(ImportRow(run_id=run.id, line=line, verdict=Verdict.suggest, subject=reference,
                              facts=json.dumps(facts)))  # fmt: skip
        session.execute(
            insert(SuggestedLettering).values(
                run_id=run.id, line=line, invoice_id=invoice_id, score=score, reasons=reasons, days=1
            )
        )
    return run.id


def id_of(desk: Desk, number: str) -> int:
    return desk.session.query(Invoice).filter_by(number=number).one().id


def test_proposals_stand_beside_it_with_their_reasons_and_one_click_takes_one(desk: Desk, shop: Shop) -> None:
    number, after = order(desk, shop, 9), order(desk, shop, 8)
    with desk.writing() as session:
        wanted = id_of(desk, number)
        run_id = run_with(
            session, [(2, "FA-7", wanted, 98, "amount name days"), (3, "FA-8", wanted, 45, "amount name_differs")]
        )
    text = desk.browser.get(LIST).text
    assert "même montant, même client, date à 1 jour" in text and "même montant, autre client" in text
    assert text.index("FA-7") < text.index("FA-8") < text.index("Piste faible") and text.count("Piste faible") == 1
    assert "LEFEVRE ELODIE" in text and "21/11/2026" in text
    assert send(desk, take=f"{run_id}:2", reference="not this").status_code == 303
    assert lettering(desk, number) == "FA-7"
    row = desk.session.query(ImportRow).filter_by(line=2).one()
    assert (row.verdict, row.done, row.invoice_id) == (Verdict.lettered, True, wanted)
    assert json.loads(desk.session.get_one(ImportRun, run_id).counts) == {"lettered": 1, "suggest": 1}
    assert shown(desk.browser.get(LIST).text) == after and "FA-8" not in desk.browser.get(LIST).text


def test_a_proposal_that_can_no_longer_be_taken_says_why(desk: Desk, shop: Shop) -> None:
    first, second = order(desk, shop, 9), order(desk, shop, 8)
    with desk.writing() as session:
        ids = id_of(desk, first), id_of(desk, second)
        run_id = run_with(session, [(2, "FA-7", ids[0], 98, "amount"), (2 + 1, "FA-9", ids[0], 80, "amount")])
        session.execute(
            insert(SuggestedLettering).values(run_id=run_id, line=2, invoice_id=ids[1], score=69, reasons="amount")
        )
    send(desk, take=f"{run_id}:2")
    answer = send(desk, take=f"{run_id}:2")
    assert answer.status_code == 409 and f"vient d’être donnée à {first}" in answer.text
    assert lettering(desk, second) is None


@pytest.mark.parametrize("state", [RunState.applying, RunState.undone, RunState.dropped])
def test_files_that_are_being_written_or_gone_propose_nothing(desk: Desk, shop: Shop, state: RunState) -> None:
    number = order(desk, shop)
    with desk.writing() as session:
        run_id = run_with(session, [(2, "FA-7", id_of(desk, number), 98, "amount")], state)
    assert "FA-7" not in desk.browser.get(LIST).text
    assert send(desk, take=f"{run_id}:2").status_code == 409 and lettering(desk, number) is None


def test_a_reference_that_another_bears_by_now_is_proposed_no_more(desk: Desk, shop: Shop) -> None:
    other, number = order(desk, shop, 1), order(desk, shop, 9)
    with desk.writing() as session:
        run_with(session, [(2, "FA-7", id_of(desk, number), 98, "amount")])
        letter(session, actor_of(desk.user), NOW, id_of(desk, other), "fa-7", 0)
    assert "FA-7" not in desk.browser.get(LIST).text


def test_the_frame_says_how_many_wait_up_to_a_thousand(desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.site.MANY", 3)
    assert "À lettrer</a>" in desk.browser.get("/ventes").text
    for days, said in ((1, "1"), (2, "2"), (3, "2+")):
        order(desk, shop, days)
        assert f'À lettrer <span class="count">{said}</span></a>' in desk.browser.get("/ventes").text
    assert count_waiting(desk.session, 1000) == 3 and f'href="{LIST}"' in desk.browser.get("/ventes").text


def test_in_english_every_word_is_english(desk: Desk, shop: Shop) -> None:
    order(desk, shop, 100)
    with desk.writing() as session:
        session.get_one(User, desk.user.id).language = "en"
    text = desk.browser.get(LIST).text
    for said in ("1 of 1", "More than 90 days", "Letter and next", "Skip", "100 days ago", "To be lettered"):
        assert said in text, said
