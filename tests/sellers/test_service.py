"""What happens to the organisation and its sellers, asked of the core itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.errors import FieldFaults
from invoicing.journal import COMMAND, JournalEntry
from invoicing.numbering import Series
from invoicing.sellers import queries, service
from invoicing.sellers.content import OrganisationContent, SellerContent
from invoicing.sellers.models import Region, Seller
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


def test_a_change_is_journalled_from_and_to(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    service.change_seller(session, COMMAND, NOW, seller.id, replace(QUEBEC, due_days="0", gst=""))
    assert last(session).facts() == {"due_days": [30, 0], "TPS": ["123456789RT0001", None]}


def test_a_form_that_changes_nothing_writes_nothing(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    service.change_seller(session, COMMAND, NOW, seller.id, QUEBEC)
    assert last(session).action == "seller.added"


def test_the_region_changes_until_there_is_an_invoice(session: Session) -> None:
    make_organisation(session)
    seller = service.add_seller(session, COMMAND, NOW, QUEBEC, FORMAT)
    french = replace(QUEBEC, region="FR", currency="EUR", tax_status="nonprofit", gst="", qst="")
    assert service.change_seller(session, COMMAND, NOW, seller.id, french).region is Region.FR
    make_used = replace(french, street="1 rue A", postcode="73000", city="Chambéry", rna="W732001234")
    service.change_seller(session, COMMAND, NOW, seller.id, make_used)
    make_invoice(session, make_customer(session), make_seller(session))
    assert not service.is_used(session, seller.id)


def test_region_and_currency_of_a_used_seller_are_refused_together(session: Session) -> None:
    seller = make_seller(session)
    make_invoice(session, make_customer(session), seller)
    with pytest.raises(FieldFaults) as refused:
        service.change_seller(session, COMMAND, NOW, seller.id, QUEBEC)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("region", "fixed"), ("currency", "fixed")]


def test_the_organisation_is_named_then_changed(session: Session) -> None:
    service.change_organisation(session, COMMAND, NOW, OrganisationContent(" La  Lettre "))
    assert last(session).facts()["name"] == ["", "La Lettre"]
    service.change_organisation(session, COMMAND, NOW, OrganisationContent("La Lettre", "aide@lettre.example"))
    assert last(session).facts() == {"contact_email": ["", "aide@lettre.example"]}
