"""What a draft says, whether it can be drawn, and whether it still is what was shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent, check
from invoicing.documents.paper import Facts, paper_of
from invoicing.documents.pdf import render
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import FieldFaults
from invoicing.invoices import service
from invoicing.invoices.composing import Composed, compose
from invoicing.invoices.models import Invoice
from invoicing.invoices.rules import ContentOutdated, PreviewOutdated
from invoicing.journal import COMMAND
from invoicing.sellers.models import Region, Seller, TaxRegistration
from invoicing.sellers.rules import MentionsMissing, Missing, is_iban, number_faults
from invoicing.taxes.models import Tax
from tests.factories import NOW, TODAY, make_customer, make_draft, make_line, make_seller

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")  # digits to `\d` and to int(), and no glyphs of the paper's font


def composed(session: Session, customer: Customer, seller: Seller, **over: object) -> Composed:
    return compose(session, make_draft(session, customer, seller, **over), TODAY)


def said(session: Session, customer: Customer, seller: Seller, **over: object) -> Snapshot:
    return composed(session, customer, seller, **over).snapshot


def faults(content: CustomerContent) -> list[tuple[str, str]]:
    with pytest.raises(FieldFaults) as refused:
        check(content)
    return [(fault.field, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("name", "value"),
    [("siret", "99900001100018"), ("rna", "W732004567"), ("vat_number", "FR66999000011"), ("neq", "1234567890")],
)
def test_numbers_have_the_digits_that_the_paper_can_draw(name: str, value: str) -> None:
    assert number_faults({name: value}) == []
    assert [fault.code for fault in number_faults({name: value.translate(EASTERN)})] == [f"bad_{name}"]


def test_so_have_iban_and_siren() -> None:
    iban = "FR7630006000011234567890189"
    assert is_iban(iban) and not is_iban("FR" + iban[2:4].translate(EASTERN) + iban[4:])
    assert ("siren", "bad_siren") in faults(CustomerContent("person", last_name="A", siren="٧٣٢٨٢٩٣٢٠"))


def test_a_street_has_as_many_lines_as_the_paper_has_room_for() -> None:
    five = "\n".join("abcde")
    assert check(CustomerContent("person", last_name="A", street=five)).street == five
    assert faults(CustomerContent("person", last_name="A", street=five + "\nf")) == [
        ("street", "too_many_address_lines")
    ]
    assert number_faults({"street": five[:7]}) == []
    (fault,) = number_faults({"street": five})
    assert (fault.code, fault.facts) == ("too_many_address_lines", {"most": 4})


def test_a_street_that_came_otherwise_blocks_and_says_whose(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    seller.street, customer.street = "a\nb\nc\nd\ne", "a\nb\nc\nd\ne\nf"
    found = composed(session, customer, seller).missing
    assert found and found.missing == (Missing("seller", "street_lines"), Missing("customer", "street_lines"))


@pytest.mark.parametrize("region", [Region.FR, Region.QC])
def test_the_longest_addresses_are_drawn_on_one_page(session: Session, region: Region) -> None:
    seller = make_seller(session, region, street="Bâtiment A\nEscalier B\nPorte C\n12 rue des Imprimeurs")
    customer = make_customer(
        session, kind="organisation", organisation_name="Atelier du Sablon", street="a\nb\nc\nd\n4 rue de Namur",
        postcode="1000", city="Bruxelles", country="BE",
    )  # fmt: skip
    snapshot = said(session, customer, seller)
    assert len(snapshot.buyer.lines) == 8 and len(snapshot.seller.lines) == 6
    assert render(paper_of(snapshot, Facts(draft=True))).pages == 1


def test_what_the_font_lacks_is_refused_before_it_stands(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    draft = make_draft(session, customer, seller)
    seller.legal_form = "Association 🎉"
    session.flush()
    with pytest.raises(FieldFaults) as refused:
        finalise(session, draft, service.fingerprint(session, draft.id, NOW))
    assert [(f.field, f.code, f.facts) for f in refused.value.faults] == [
        ("lines-0-label", "no_glyph", {"characters": "🎉"})
    ]
    assert draft.number is None


def finalise(session: Session, draft: Invoice, shown: str) -> service.Finalised:
    return service.finalise(
        session,
        COMMAND,
        NOW,
        draft.id,
        draft.revision,
        draft.total_cents,
        email=True,
        domain="example.org",
        shown=shown,
    )


def _move(seller: Seller, customer: Customer) -> None:
    customer.street = "9 rue Neuve"


def _rename(seller: Seller, customer: Customer) -> None:
    customer.last_name = "Autre"


def _readdress(seller: Seller, customer: Customer) -> None:
    customer.email = "autre@example.fr"


def _rebank(seller: Seller, customer: Customer) -> None:
    seller.iban = "FR1420041010050500013M02606"


@pytest.mark.parametrize("change", [_move, _rename, _readdress, _rebank])
def test_another_document_than_the_one_shown_is_refused(
    session: Session, change: Callable[[Seller, Customer], None]
) -> None:
    seller, customer = make_seller(session), make_customer(session)
    draft = make_draft(session, customer, seller)
    shown = service.fingerprint(session, draft.id, NOW)
    change(seller, customer)
    session.flush()
    with pytest.raises(ContentOutdated) as refused:
        finalise(session, draft, shown)
    assert isinstance(refused.value, PreviewOutdated) and draft.number is None
    assert finalise(session, draft, service.fingerprint(session, draft.id, NOW)).number == "F2026-00001"


def test_a_country_is_printed_where_it_is_abroad(session: Session) -> None:
    french, quebec = make_seller(session), make_seller(session, Region.QC)
    there = {"street": "4 rue de Namur", "postcode": "1000", "city": "Bruxelles", "country": "BE"}
    belgian, reader = make_customer(session, **there), make_customer(session, language="en", **there)
    one = said(session, belgian, french)
    assert (one.buyer.lines[-1], one.seller.lines[-1]) == ("Belgique", "France")
    other = said(session, reader, french)
    assert (other.buyer.lines[-1], other.seller.lines[-1]) == ("Belgium", "France")
    bilingual = said(session, reader, quebec)
    assert (bilingual.buyer.lines[-1], bilingual.seller.lines[-1]) == ("Belgique", "Canada")
    home = said(session, make_customer(session), french)
    assert (home.buyer.lines[-1], home.seller.lines[-1]) == ("73190 Saint-Baldoph", "73000 Chambéry")


def test_an_american_address_stands_in_its_countrys_order_with_its_state(session: Session) -> None:
    seller, there = make_seller(session), {"street": "350 5th Ave", "postcode": "10001", "city": "New York"}
    buyer = make_customer(session, country="US", province="NY", **there)
    assert said(session, buyer, seller).buyer.lines == ("350 5th Ave", "New York NY 10001", "États-Unis")
    stateless = make_customer(session, country="US", **there)
    assert said(session, stateless, seller).buyer.lines[1] == "New York 10001"


def test_whose_attention_is_never_english_alone_in_quebec(session: Session) -> None:
    customer = make_customer(
        session,
        kind="organisation",
        organisation_name="Fleuve inc.",
        first_name="Zoé",
        last_name="Gagné",
        language="en",
    )
    assert said(session, customer, make_seller(session)).buyer.lines[0] == "Attn Zoé Gagné"
    quebec = said(session, customer, make_seller(session, Region.QC))
    assert quebec.buyer.lines[0] == "À l’attention de / Attn Zoé Gagné"
    customer.language = "fr_CA"
    assert said(session, customer, make_seller(session, prefix="G")).buyer.lines[0] == "À l’attention de Zoé Gagné"


@pytest.mark.parametrize("code", ["QC_TAXED", "QC_GST", "QC_NONE"])
def test_quebec_prints_both_numbers_whatever_the_lines_bear(session: Session, code: str) -> None:
    seller = make_seller(session, Region.QC)
    tvq = select(Tax.id).where(Tax.code == "TVQ").scalar_subquery()
    session.execute(delete(TaxRegistration).where(TaxRegistration.tax_id == tvq))
    draft = make_draft(session, make_customer(session), seller, make_line(session, code=code))
    found = compose(session, draft, TODAY).missing
    assert isinstance(found, MentionsMissing) and found.missing == (Missing("seller", "registrations"),)
