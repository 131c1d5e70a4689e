"""The main journeys, through a balancer, on two web servers and two workers."""

from __future__ import annotations

import pytest

from tests.e2e.test_journeys import (
    test_a_contact_becomes_a_member_and_finds_the_older_invoice,
    test_a_member_downloads_and_another_member_finds_nothing,
    test_not_ticked_sends_none_and_the_member_sees_it_at_once,
    test_ticked_sends_one_mail_with_the_pdf,
)

__all__ = [
    "test_a_contact_becomes_a_member_and_finds_the_older_invoice",
    "test_a_member_downloads_and_another_member_finds_nothing",
    "test_not_ticked_sends_none_and_the_member_sees_it_at_once",
    "test_ticked_sends_one_mail_with_the_pdf",
]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
