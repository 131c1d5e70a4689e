"""What happens to the organisation and its sellers, asked of the core itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.journal import COMMAND, JournalEntry
from invoicing.numbering import Series
from invoicing.sellers import queries, service
from invoicing.sellers.content import OrganisationContent, SellerContent
from invoicing.sellers.models import Region, Seller
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_organisation, make_seller

QUEBEC = SellerContent("Rimouski", "QC", "CAD", "gst_qst_registered", "America/Toronto", gst="123456789RT0001",
                       qst="1234567890TQ0001", country="CA")  # fmt: skip
FORMAT = "Q{year}-{n:05}"


def faults(session: Session, content: SellerContent, format: str = FORMAT) -> dict[str, str]:
    """Field → code of what is refused."""
    with pytest.raises(FieldFaults) as refused:
        service.add_seller(session, COMMAND, NOW, content, format)
    return {fault.field: fault.code for fault in refused.value.faults}


def last(session: Session) -> JournalEntry:
    session.commit()
    return session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc()).limit(1)).one()


def test_a_seller_comes_with_its_series_and_registrations(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, f" {FORMAT} ")
    (series,) = queries.all_series(session, seller.id)
    assert (series.format, queries.next_number(session, series, TODAY)) == (FORMAT, "Q2026-00001")
    assert sorted(row.number for row in seller.registrations) == ["1234567890TQ0001", "123456789RT0001"]
    assert last(session).facts()["format"] == [None, FORMAT]


@pytest.mark.parametrize("format", ["F{year}-{n:05}", "F{year}-{n}", "F2026-{n:05}", "x{n}", "{n", "F{year}"])
def test_a_format_that_could_repeat_a_number_is_refused(session: Session, format: str) -> None:
    make_seller(session)
    found = faults(session, QUEBEC, format)
    assert found in ({"format": "format_taken"}, {"format": "bad_format"})
    assert len(session.scalars(select(Series)).all()) == 1


def test_the_next_number_follows_what_was_given(session: Session) -> None:
    seller = make_seller(session)
    make_invoice(session, make_customer(session), seller)
    (series,) = queries.all_series(session, seller.id)
    assert queries.next_number(session, series, TODAY) == "F2026-00002"
    assert queries.next_number(session, series, TODAY.replace(year=2027)) == "F2027-00001"


@pytest.mark.parametrize(("over", "field"), [
    ({"name": " "}, "name"), ({"region": "DE"}, "region"), ({"currency": "USD"}, "currency"),
    ({"tax_status": "nonprofit"}, "tax_status"), ({"timezone": "Rimouski"}, "timezone"),
    ({"country": "Canada"}, "country"), ({"neq": "12"}, "neq"),
    ({"gst": "123456789"}, "gst"), ({"qst": "TQ"}, "qst"), ({"due_days": "-1"}, "due_days"),
    ({"due_days": "366"}, "due_days"), ({"due_days": "٣"}, "due_days"), ({"accent": "#12345"}, "accent"),
    ({"interac": "moi"}, "interac"), ({"bic": "AGRI"}, "bic"), ({"siret": "81234567800015"}, "siret"),
    ({"iban": "FR7630006000011234567890188"}, "iban"), ({"paper": "a3"}, "paper"), ({"city": "\U0001f600"}, "city"),
])  # fmt: skip
def test_each_mistake_is_found_at_its_field(session: Session, over: dict[str, str], field: str) -> None:
    assert list(faults(session, replace(QUEBEC, **over))) == [field]
    assert session.scalars(select(Seller)).all() == []


def test_rules_are_journalled_from_and_to_and_what_names_a_person_is_not(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    content = replace(QUEBEC, due_days="0", gst="", iban="FR7630006000011234567890189")
    service.change_seller(session, COMMAND, NOW, seller.id, 1, content)
    assert last(session).facts() == {"due_days": [30, 0], "TPS": [None, None], "iban": [None, None]}


def test_a_form_that_changes_nothing_writes_nothing(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    service.change_seller(session, COMMAND, NOW, seller.id, 0, QUEBEC)
    assert last(session).action == "seller.added"


def test_the_region_changes_until_there_is_an_invoice(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    french = replace(QUEBEC, region="FR", currency="EUR", tax_status="nonprofit", gst="", qst="")
    assert service.change_seller(session, COMMAND, NOW, seller.id, 1, french).region is Region.FR
    make_used = replace(french, street="1 rue A", postcode="73000", city="Chambéry", rna="W732001234")
    service.change_seller(session, COMMAND, NOW, seller.id, 2, make_used)
    make_invoice(session, make_customer(session), make_seller(session))
    assert not service.is_used(session, seller.id)


def test_region_and_currency_of_a_used_seller_are_refused_together(session: Session) -> None:
    seller = make_seller(session)
    make_invoice(session, make_customer(session), seller)
    with pytest.raises(FieldFaults) as refused:
        service.change_seller(session, COMMAND, NOW, seller.id, 1, QUEBEC)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("region", "fixed"), ("currency", "fixed")]


def test_a_new_seller_is_journalled_without_what_names_a_person(session: Session) -> None:
    make_organisation(session)
    person = replace(QUEBEC, name="Anne Roy", street="1 rue A", phone="06", email="anne@example.fr")
    service.add_seller(session, COMMAND, NOW, person, FORMAT)
    entry = last(session)
    assert not [text for text in ("Anne", "rue", "06", "anne@", "RT0001") if text in entry.changes]
    assert entry.facts()["region"] == [None, "QC"] and entry.facts()["name"] == [None, None]


def test_a_form_drawn_before_another_change_changes_nothing(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    paid = replace(QUEBEC, iban="FR7630006000011234567890189")
    service.change_seller(session, COMMAND, NOW, seller.id, 1, paid)
    session.commit()
    with pytest.raises(Stale):
        service.change_seller(session, COMMAND, NOW, seller.id, 1, replace(QUEBEC, due_days="0"))
    session.rollback()
    assert (seller.iban, seller.revision) == (paid.iban, 2)
    assert service.change_seller(session, COMMAND, NOW, seller.id, 1, paid).revision == 2  # it says the same


def test_the_organisation_is_named_then_changed(session: Session) -> None:
    service.change_organisation(session, COMMAND, NOW, 0, OrganisationContent(" La  Lettre "))
    assert last(session).facts()["name"] == [None, None]
    service.change_organisation(session, COMMAND, NOW, 1, OrganisationContent("La Lettre", language="fr_CA"))
    assert last(session).facts() == {"language": ["fr_FR", "fr_CA"]}
    with pytest.raises(Stale):
        service.change_organisation(session, COMMAND, NOW, 1, OrganisationContent("Autre"))


def test_the_organisation_named_by_several_at_once_is_one_of_theirs(database: Database) -> None:
    def name(session: Session, n: int) -> None:
        service.change_organisation(session, COMMAND, NOW, 0, OrganisationContent(f"Nom {n}"))

    assert sorted(at_once(database, name)) == ["", *["Stale"] * 7]


def test_formats_that_meet_are_refused_at_once_too(database: Database) -> None:
    def add(session: Session, n: int) -> None:
        service.add_seller(session, COMMAND, NOW, QUEBEC, f"Q{{year}}-{{n:0{n + 2}}}")

    assert sorted(at_once(database, add)) == ["", *["FieldFaults"] * 7]


def at_once(database: Database, act: Callable[[Session, int], None]) -> list[str]:
    """What each of eight transactions was refused with, all begun together."""

    def one(n: int) -> str:
        try:
            with transaction(database.sessions) as session:
                act(session, n)
        except Refused as refusal:
            return type(refusal).__name__
        return ""

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(8)))
