"""Taxes, dated rates and choices of taxes: never changed under a document, deleted only where nothing uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND, JournalEntry
from invoicing.sellers.models import Region
from invoicing.taxes import changes
from invoicing.taxes.content import RateContent, SetContent, TaxContent
from invoicing.taxes.models import Tax, TaxSet
from invoicing.taxes.queries import all_set_ids, sets_for, uses_of_set
from invoicing.taxes.rules import NoRate, rate_on
from invoicing.taxes.service import load_reference
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_line, make_seller, tax_set

NEW = TaxContent("TVA", "VAT", "TVA85", "FR", "8,5", "01/01/2027")
OWN = SetContent("TVA 8,5 %", "VAT 8.5%", "FR_85", "FR")


def faults(call: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(FieldFaults) as refused:
        call()
    return [(fault.field, fault.code) for fault in refused.value.faults]


def tax_of(session: Session, code: str = "TVA20") -> Tax:
    return session.scalars(select(Tax).where(Tax.code == code)).one()


def add_rate(session: Session, rate: str, day: str, code: str = "TVA20", revision: int | None = None) -> Tax:
    tax = tax_of(session, code)
    content = RateContent(rate, day)
    return changes.add_rate(session, COMMAND, NOW, tax.id, tax.revision if revision is None else revision, content)


def actions(session: Session) -> list[str]:
    """What was journalled, once it is committed."""
    session.commit()
    return list(session.scalars(select(JournalEntry.action).order_by(JournalEntry.position)))


def test_a_tax_is_added_with_its_first_rate_once(session: Session) -> None:
    load_reference(session)
    made = changes.add_tax(session, COMMAND, NOW, NEW)
    assert changes.add_tax(session, COMMAND, NOW, NEW).id == made.id
    assert (made.code, made.region, rate_on(made, date(2027, 1, 1))) == ("TVA85", Region.FR, 8_500)
    with pytest.raises(NoRate):
        rate_on(made, date(2026, 12, 31))
    assert faults(lambda: changes.add_tax(session, COMMAND, NOW, replace(NEW, rate="9"))) == [("code", "code_taken")]
    assert actions(session).count("tax.added") == 1


def test_every_mistake_of_a_new_tax_is_named_at_once(session: Session) -> None:
    odd = TaxContent("", "", "é", "XX", "beaucoup", "demain")
    assert faults(lambda: changes.add_tax(session, COMMAND, NOW, odd)) == [
        ("label_fr", "required"), ("code", "bad_tax_code"), ("region", "choose"), ("rate", "bad_rate"),
        ("valid_from", "bad_date"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "read"),
    [("20", 20_000), ("5,5 %", 5_500), ("9,975", 9_975), ("9.975", 9_975), ("0", 0), ("100", 100_000)],
)
def test_rates_are_read_as_people_write_them(session: Session, typed: str, read: int) -> None:
    load_reference(session)
    made = changes.add_tax(session, COMMAND, NOW, replace(NEW, rate=typed))
    assert made.rates[0].rate_e5 == read


@pytest.mark.parametrize(("typed", "code"), [("", "bad_rate_empty"), ("-1", "bad_rate"), ("100,001", "bad_rate"),
                                             ("9,9751", "bad_rate"), ("vingt", "bad_rate")])  # fmt: skip
def test_what_is_no_rate_is_refused(session: Session, typed: str, code: str) -> None:
    load_reference(session)
    assert faults(lambda: changes.add_tax(session, COMMAND, NOW, replace(NEW, rate=typed))) == [("rate", code)]


def test_a_new_rate_ends_the_one_before_on_the_eve(session: Session) -> None:
    load_reference(session)
    tax = add_rate(session, "21", "01/01/2027")
    assert (rate_on(tax, date(2026, 12, 31)), rate_on(tax, date(2027, 1, 1))) == (20_000, 21_000)
    assert tax.rates[-2].valid_to == date(2026, 12, 31)
    assert actions(session)[-1] == "tax.rate_added"


def test_a_rate_sent_twice_is_added_once_and_an_older_form_is_refused(session: Session) -> None:
    load_reference(session)
    add_rate(session, "21", "01/01/2027", revision=1)
    tax = add_rate(session, "21", "01/01/2027", revision=1)
    assert len(tax.rates) == 3
    with pytest.raises(Stale):
        add_rate(session, "22", "01/01/2028", revision=1)


@pytest.mark.parametrize("day", ["01/01/2014", "31/12/2013", "01/01/2000"])
def test_a_rate_never_begins_before_a_known_one(session: Session, day: str) -> None:
    load_reference(session)
    assert faults(lambda: add_rate(session, "21", day)) == [("valid_from", "rate_overlaps")]


def test_a_rate_does_not_touch_a_day_on_which_a_document_bears_another(session: Session) -> None:
    seller = make_seller(session)
    make_invoice(session, make_customer(session), seller)
    on_the_day, after = f"{TODAY:%d/%m/%Y}", f"{TODAY + timedelta(days=1):%d/%m/%Y}"
    assert faults(lambda: add_rate(session, "21", on_the_day)) == [("valid_from", "rate_borne")]
    assert faults(lambda: add_rate(session, "21", "01/01/2020")) == [("valid_from", "rate_borne")]
    assert rate_on(add_rate(session, "21", after), TODAY) == 20_000
    assert rate_on(add_rate(session, "6", on_the_day, "TVA55"), TODAY) == 6_000  # nobody bears that one


def test_after_a_new_rate_drafts_of_that_day_bear_it(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    add_rate(session, "21", f"{TODAY:%d/%m/%Y}")
    made = make_invoice(session, customer, seller, make_line(session, price=100))
    assert session.get_one(Invoice, made.invoice_id).total_cents == 12_100


@pytest.mark.parametrize(
    ("code", "uses"), [("TVA20", "documents"), ("TVA55", "sets"), ("TPS", "sets")]
)  # fmt: skip
def test_a_tax_that_is_used_stays(session: Session, code: str, uses: str) -> None:
    make_invoice(session, make_customer(session), make_seller(session))
    with pytest.raises(changes.StillUsed) as refused:
        changes.delete_tax(session, COMMAND, NOW, tax_of(session, code).id)
    assert refused.value.by == uses and tax_of(session, code)


def test_a_tax_of_the_program_is_retired_not_deleted(session: Session) -> None:
    load_reference(session)
    for row in session.scalars(select(TaxSet).where(TaxSet.code == "FR_21")):
        session.delete(row)
    session.flush()
    with pytest.raises(changes.OfReference):
        changes.delete_tax(session, COMMAND, NOW, tax_of(session, "TVA21").id)
    with pytest.raises(changes.OfReference):
        changes.delete_set(session, COMMAND, NOW, tax_set(session, "FR_55").id)


def test_what_nothing_uses_is_deleted(session: Session) -> None:
    load_reference(session)
    tax = changes.add_tax(session, COMMAND, NOW, NEW)
    made = changes.add_set(session, COMMAND, NOW, replace(OWN, members=(str(tax.id),)))
    with pytest.raises(changes.StillUsed):
        changes.delete_tax(session, COMMAND, NOW, tax.id)
    changes.delete_set(session, COMMAND, NOW, made.id)
    session.expire_all()
    changes.delete_tax(session, COMMAND, NOW, tax.id)
    assert not session.scalars(select(Tax).where(Tax.code == "TVA85")).all()
    assert actions(session)[-2:] == ["tax_set.deleted", "tax.deleted"]
    with pytest.raises(NotFound):
        changes.delete_tax(session, COMMAND, NOW, 99_999)


def test_a_set_has_its_taxes_in_order_and_is_made_once(session: Session) -> None:
    load_reference(session)
    members = tuple(str(tax_of(session, code).id) for code in ("TVQ", "TPS"))
    content = SetContent("TVQ + TPS", "", "QC_ODD", "QC", (*members, ""))
    made = changes.add_set(session, COMMAND, NOW, content)
    assert [member.tax.code for member in made.members] == ["TVQ", "TPS"]
    assert changes.add_set(session, COMMAND, NOW, content).id == made.id
    twice = replace(content, members=(members[0], members[0]))
    assert faults(lambda: changes.add_set(session, COMMAND, NOW, twice)) == [("member-1", "member_twice")]


@pytest.mark.parametrize(
    ("over", "found"),
    [
        ({"exemption": "training", "mention_fr": "À nous"}, [("exemption", "mention_or_exemption")]),
        ({"exemption": "zero_rated"}, [("exemption", "choose")]),  # of the other region
        ({"mention_en": "Ours"}, [("mention_fr", "mention_french")]),
        ({"members": ("99999",)}, [("member-0", "choose")]),
        ({"region": "XX"}, [("region", "choose")]),
        ({"label_fr": "x" * 61, "code": ""}, [("label_fr", "too_long"), ("label_en", "too_long"),
                                              ("code", "bad_tax_code")]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_set_is_named(session: Session, over: dict[str, Any], found: list[tuple[str, str]]) -> None:
    load_reference(session)
    content = replace(OWN, **{"label_en": "", **over})
    assert faults(lambda: changes.add_set(session, COMMAND, NOW, content)) == found


def test_a_set_with_a_tax_gives_no_reason_for_none(session: Session) -> None:
    load_reference(session)
    content = replace(OWN, members=(str(tax_of(session).id),), exemption="training")
    assert faults(lambda: changes.add_set(session, COMMAND, NOW, content)) == [("exemption", "reason_with_taxes")]


def test_a_french_choice_bears_a_tax_at_one_rate_only(session: Session) -> None:
    load_reference(session)
    members = tuple(str(tax_of(session, code).id) for code in ("TVA20", "TVA10"))
    content = replace(OWN, members=members)
    assert faults(lambda: changes.add_set(session, COMMAND, NOW, content)) == [("member-1", "same_tax")]


def change_set(session: Session, code: str, **over: Any) -> TaxSet:
    row = tax_set(session, code)
    members = tuple(str(member.tax_id) for member in row.members)
    content = SetContent(row.label_fr, row.label_en, members=members, exemption=row.exemption)
    return changes.change_set(session, COMMAND, NOW, row.id, row.revision, replace(content, **over))


def test_the_taxes_of_a_set_that_lines_bear_stay_but_its_name_may_change(session: Session) -> None:
    make_invoice(session, make_customer(session), make_seller(session))
    other = str(tax_of(session, "TVA55").id)
    assert faults(lambda: change_set(session, "FR_20", members=(other,))) == [("member-0", "set_in_use")]
    assert change_set(session, "FR_20", label_fr="Taux normal").label_fr == "Taux normal"
    assert [m.tax.code for m in change_set(session, "FR_10", members=(other,)).members] == ["TVA55"]
    assert uses_of_set(session, tax_set(session, "FR_20").id) == {"lines": 1, "items": 0}


def test_a_retired_set_is_offered_no_more_but_drafts_and_orders_keep_it(session: Session) -> None:
    seller = make_seller(session)
    row = change_set(session, "FR_20", active=False)
    assert row.id not in {one.id for one in sets_for(session, seller)}
    assert row.id in {one.id for one in sets_for(session, seller, {row.id})}
    assert row.id in all_set_ids(session, seller)


def test_an_older_form_changes_nothing(session: Session) -> None:
    load_reference(session)
    tax = tax_of(session)
    changes.change_tax(session, COMMAND, NOW, tax.id, 1, TaxContent("TVA.", "VAT"))
    with pytest.raises(Stale):
        changes.change_tax(session, COMMAND, NOW, tax.id, 1, TaxContent("Autre", "VAT"))
    same = changes.change_tax(session, COMMAND, NOW, tax.id, 1, TaxContent("TVA.", "VAT"))
    assert same.revision == 2  # it says what stands: sent twice, nothing happens


def test_loading_the_reference_undoes_nothing_that_an_administrator_did(session: Session) -> None:
    load_reference(session)
    add_rate(session, "21", "01/01/2027")
    add_rate(session, "6", "01/01/2028", "TVA55")
    change_set(session, "FR_10", active=False, label_fr="Taux réduit")
    assert load_reference(session) == 0
    session.expire_all()
    assert rate_on(tax_of(session), date(2027, 1, 1)) == 21_000
    assert rate_on(tax_of(session), date(2026, 12, 31)) == 20_000
    assert (tax_set(session, "FR_10").active, tax_set(session, "FR_10").label_fr) == (False, "Taux réduit")


def test_whoever_collects_no_tax_is_offered_no_reasons_of_others(session: Session) -> None:
    seller = make_seller(session, tax_status="nonprofit")
    assert [row.code for row in sets_for(session, seller)] == ["FR_NONE"]
