"""Legal texts hold by day, region, tax status, customer and language."""

from __future__ import annotations

from datetime import date

import pytest

from invoicing.legal.texts import all_texts, legal_text
from invoicing.sellers.models import Region, TaxStatus

FR, QC = Region.FR, Region.QC


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 8, 31), "TVA non applicable, art. 293 B du CGI"),
        (date(2026, 9, 1), "TVA non applicable, article L. 223-3 du CIBS"),
    ],
)
def test_the_small_business_text_changes_on_the_first_of_september(day: date, expected: str) -> None:
    assert legal_text("exemption", day, FR, TaxStatus.small_business, "fr_FR") == expected


def test_a_seller_with_vat_has_no_exemption() -> None:
    assert legal_text("exemption", date(2026, 11, 1), FR, TaxStatus.vat_registered, "fr_FR") == ""


def test_penalties_are_for_professionals_only() -> None:
    where = ("compensation", date(2026, 11, 1), FR, TaxStatus.vat_registered, "fr_FR")
    assert legal_text(*where) == ""
    assert "40 €" in legal_text(*where, professional=True)


def test_quebec_is_never_english_alone() -> None:
    text = legal_text("net_days", date(2026, 11, 1), QC, TaxStatus.gst_qst_registered, "en", days=30)
    assert text == "Conditions de paiement : net 30 jours. / Terms of payment: net 30 days."


def test_no_two_texts_of_one_key_hold_on_the_same_day() -> None:
    rows = all_texts()
    for index, one in enumerate(rows):
        for other in rows[index + 1 :]:
            same = (one.key, one.region, one.professional) == (other.key, other.region, other.professional)
            if same and (one.status is None or other.status is None or one.status is other.status):
                apart = (one.until or date.max) < (other.since or date.min) or (other.until or date.max) < (
                    one.since or date.min
                )
                assert apart, (one, other)
