"""Each mandatory mention that is missing blocks finalising, by region, tax status, buyer and day."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from invoicing.invoices.composing import compose
from invoicing.legal.mandates import all_mandates
from invoicing.legal.texts import HERE
from invoicing.sellers.models import Region, TaxRegistration, TaxStatus
from invoicing.sellers.rules import MentionsMissing, Missing, missing_of_customer
from tests.factories import TODAY, make_customer, make_draft, make_line, make_seller

FR, QC = Region.FR, Region.QC
ISSUES = date(2027, 9, 1)  # the usual day on which a small seller issues electronic invoices


def missing(session: Session, day: date = TODAY, code: str = "FR_20", over: dict[str, object] | None = None,
            region: Region = FR, **customer: object) -> list[tuple[str, str]]:  # fmt: skip
    """What a document of that day lacks; `over` are the seller's columns."""
    seller = make_seller(session, region, **(over or {}))
    draft = make_draft(session, make_customer(session), seller, make_line(session, code=code))
    for name, value in customer.items():
        setattr(draft.customer, name, value)
    draft.issued_on = day
    found = compose(session, draft, day).missing
    assert found is None or isinstance(found, MentionsMissing)
    return [(row.whose, row.field) for row in found.missing] if found else []


def test_a_whole_document_lacks_nothing(session: Session) -> None:
    assert missing(session) == []
    assert missing(session, region=QC, code="QC_TAXED") == []


@pytest.mark.parametrize("field", ["name", "street", "postcode", "city", "vat_number"])
def test_each_mention_of_the_seller_is_asked_for(session: Session, field: str) -> None:
    assert missing(session, over={field: ""}) == [("seller", field)]


def test_an_association_without_siret_gives_its_rna(session: Session) -> None:
    assert missing(session, over={"siret": ""}) == [("seller", "siret")]
    assert missing(session, over={"siret": "", "rna": "W732004567", "prefix": "G"}) == []


def test_a_siret_is_not_asked_for_in_quebec(session: Session) -> None:
    assert missing(session, region=QC, code="QC_TAXED", over={"neq": ""}) == []


def test_a_vat_number_is_asked_of_whoever_collects(session: Session) -> None:
    without = {"vat_number": "", "tax_status": TaxStatus.small_business}
    assert missing(session, code="FR_NONE", over=without) == []


def test_quebec_asks_for_both_numbers(session: Session) -> None:
    seller = make_seller(session, QC)
    draft = make_draft(session, make_customer(session), seller)
    session.execute(delete(TaxRegistration).where(TaxRegistration.number.contains("TQ")))
    found = compose(session, draft, TODAY).missing
    assert found and found.missing == (Missing("seller", "registrations"),)


@pytest.mark.parametrize(("changes", "field"), [({"street": ""}, "street"), ({"city": ""}, "city")])
def test_each_mention_of_the_buyer_is_asked_for(session: Session, changes: dict[str, object], field: str) -> None:
    assert missing(session, **changes) == [("customer", field)]


@pytest.mark.parametrize(
    ("country", "found"), [("FR", [("customer", "postcode")]), ("CA", [("customer", "postcode")]), ("IE", [])]
)
def test_a_postcode_is_asked_for_where_every_address_has_one(
    session: Session, country: str, found: list[tuple[str, str]]
) -> None:
    assert missing(session, country=country, postcode="") == found
    buyer = make_customer(session, country=country, postcode="")
    assert [(row.whose, row.field) for row in missing_of_customer(buyer)] == found


BUSINESS = {"professional": True, "siren": ""}


@pytest.mark.parametrize(("day", "found"), [(date(2027, 8, 31), []), (ISSUES, [("customer", "siren")])])
def test_a_business_gives_its_siren_from_the_day_of_electronic_invoices(
    session: Session, day: date, found: list[tuple[str, str]]
) -> None:
    assert missing(session, day, **BUSINESS) == found


@pytest.mark.parametrize(
    ("own", "day", "asked"),
    [
        (date(2026, 9, 1), date(2026, 9, 1), True),
        (date(2026, 9, 1), date(2026, 8, 31), False),
        (date(2020, 1, 1), date(2026, 8, 31), False),  # not before the reform, whatever the seller says
        (date(2027, 9, 1), date(2026, 12, 1), False),
    ],
)
def test_the_day_is_the_sellers_own_but_not_before_the_reform(
    session: Session, own: date, day: date, asked: bool
) -> None:
    assert bool(missing(session, day, over={"einvoicing_on": own}, **BUSINESS)) is asked


@pytest.mark.parametrize(
    ("status", "code", "customer"),
    [
        (TaxStatus.vat_registered, "FR_20", {"professional": False, "siren": ""}),
        (TaxStatus.vat_registered, "FR_20", {"professional": True, "siren": "732829320"}),
        (TaxStatus.vat_registered, "FR_20", {**BUSINESS, "country": "BE"}),
        (TaxStatus.small_business, "FR_NONE", BUSINESS),
        (TaxStatus.nonprofit, "FR_NONE", BUSINESS),
    ],
)
def test_nobody_else_is_asked_for_a_siren(
    session: Session, status: TaxStatus, code: str, customer: dict[str, object]
) -> None:
    assert missing(session, ISSUES, code, {"tax_status": status}, **customer) == []


def test_quebec_asks_no_siren(session: Session) -> None:
    assert missing(session, ISSUES, "QC_TAXED", region=QC, **BUSINESS) == []


@pytest.mark.parametrize("code", ["FR_EU_SERVICES", "FR_EU_GOODS"])
def test_who_pays_no_tax_within_the_union_gives_a_vat_number(session: Session, code: str) -> None:
    assert missing(session, code=code, country="BE") == [("customer", "vat_number")]
    assert missing(session, code=code, country="BE", vat_number="BE0123456789", over={"prefix": "G"}) == []


def test_every_mandate_says_where_it_comes_from() -> None:
    rows = tomllib.loads((HERE / "mandates.toml").read_text(encoding="utf-8"))["mandate"]
    assert len(rows) == len(all_mandates())
    assert all(row["source"] for row in rows)
    known = {"whose", "field", "or", "region", "status", "buyer", "country", "exemption", "einvoicing", "from", "to",
             "source"}  # fmt: skip
    assert all(row.keys() <= known for row in rows)
