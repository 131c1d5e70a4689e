"""A rate that no document bears is taken back; one that stands on a document stays."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from invoicing.errors import NotFound
from invoicing.journal import COMMAND
from invoicing.taxes import rates
from invoicing.taxes.rules import rate_on
from invoicing.taxes.service import load_reference
from tests.factories import NOW, make_customer, make_invoice, make_line, make_seller
from tests.taxes.test_changes import actions, add_rate, tax_of

NEW_YEAR = date(2027, 1, 1)


def test_a_mistyped_rate_is_taken_back_once_and_the_former_holds_again(session: Session) -> None:
    make_seller(session)
    last = add_rate(session, "12,345", "01/01/2027").rates[-1].id
    tax = tax_of(session)
    assert rate_on(tax, NEW_YEAR) == 12_345
    assert rates.drop_rate(session, COMMAND, NOW, tax.id, last)
    assert (rate_on(tax, NEW_YEAR), tax.rates[-1].valid_to) == (20_000, None)
    assert not rates.drop_rate(session, COMMAND, NOW, tax.id, last)
    load_reference(session)
    assert rate_on(tax, NEW_YEAR) == 20_000
    assert actions(session)[-1] == "tax.rate_dropped"


def test_what_a_document_bears_stays_and_so_does_what_is_not_the_last(session: Session) -> None:
    seller = make_seller(session)
    made = make_invoice(session, make_customer(session), seller, make_line(session))
    tax = tax_of(session)
    first, last = tax.rates[0], tax.rates[-1]
    for rate, number in ((last, made.number), (first, None)):
        with pytest.raises(rates.RateStays) as refused:
            rates.drop_rate(session, COMMAND, NOW, tax.id, rate.id)
        assert refused.value.number == number
    assert len(tax.rates) == 2


def test_the_only_rate_of_a_tax_stays(session: Session) -> None:
    make_seller(session)
    tax = tax_of(session, "TVA55")
    with pytest.raises(rates.RateStays):
        rates.drop_rate(session, COMMAND, NOW, tax.id, tax.rates[0].id)
    with pytest.raises(NotFound):
        rates.drop_rate(session, COMMAND, NOW, 99_999, 1)
