"""Pure decisions about signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from invoicing.accounts.models import Stage
from invoicing.accounts.rules import (
    Proof,
    Way,
    fold_address,
    fold_email,
    is_alive,
    is_fresh,
    password_fault,
    plain,
    seconds_left,
    stage_after,
    ways,
    window,
)
from invoicing.accounts.secrets import common_passwords
from tests.factories import NOW


@pytest.mark.parametrize("typed", ["zoe@exemple.fr", " Zoe@Exemple.FR ", "ｚoe@exemple.fr", "ZOE@EXEMPLE.FR\u00a0"])
def test_an_address_has_one_spelling(typed: str) -> None:
    assert fold_email(typed) == "zoe@exemple.fr"


def test_a_household_shares_one_address() -> None:
    assert fold_address("2001:db8:1:2:aaaa::1") == fold_address("2001:db8:1:2:bbbb::2")
    assert fold_address("2001:db8:1:3::1") != fold_address("2001:db8:1:2::1")
    assert fold_address("192.0.2.1") != fold_address("192.0.2.2")
    assert fold_address("") == ""


FIRST = (frozenset({Proof.password}), frozenset({Proof.mail}))


@pytest.mark.parametrize("first", FIRST)
def test_staff_without_a_second_factor_choose_one_and_members_are_in(first: frozenset[Proof]) -> None:
    assert stage_after(True, False, first) is Stage.enrolment
    assert stage_after(False, False, first) is Stage.open


@pytest.mark.parametrize("is_staff", [True, False])
def test_whoever_has_a_second_factor_is_asked_for_it(is_staff: bool) -> None:
    assert all(stage_after(is_staff, True, first) is Stage.second_factor for first in FIRST)
    assert stage_after(is_staff, True, frozenset({Proof.second})) is Stage.open


def test_a_passkey_is_two_factors() -> None:
    assert stage_after(True, True, frozenset({Proof.passkey})) is Stage.open


def test_staff_confirm_with_a_second_factor_and_members_as_they_sign_in() -> None:
    assert ways(True, True, True, True) == (Way.totp, Way.passkey)
    assert ways(True, False, True, True) == (Way.passkey,)
    assert ways(True, False, False, True) == ()
    assert ways(False, False, False, True) == (Way.password, Way.mail)
    assert ways(False, False, False, False) == (Way.mail,)
    assert ways(False, True, False, True) == (Way.totp,)


def test_a_proof_is_fresh_for_a_quarter_of_an_hour() -> None:
    assert is_fresh(NOW - timedelta(minutes=14, seconds=59), NOW)
    assert not is_fresh(NOW - timedelta(minutes=15), NOW)


def alive(is_staff: bool, created: timedelta, seen: timedelta, stage: Stage = Stage.open, active: bool = True) -> bool:
    return is_alive(stage, is_staff, active, NOW - created, NOW - seen, NOW)


def test_staff_are_asked_again_after_eight_hours_away_and_each_day() -> None:
    hours = [timedelta(hours=h) for h in range(30)]
    assert alive(True, hours[9], hours[7])
    assert not alive(True, hours[9], hours[8])
    assert not alive(True, hours[24], hours[0])


def test_members_are_asked_again_after_thirty_days_away_and_twice_a_year() -> None:
    days = [timedelta(days=d) for d in range(181)]
    assert alive(False, days[100], days[29])
    assert not alive(False, days[100], days[30])
    assert not alive(False, days[180], days[0])


def test_a_disabled_user_has_no_session() -> None:
    assert not alive(False, timedelta(0), timedelta(0), active=False)


def test_a_half_open_session_lasts_a_quarter_of_an_hour() -> None:
    assert alive(False, timedelta(minutes=14), timedelta(0), Stage.second_factor)
    assert not alive(False, timedelta(minutes=15), timedelta(0), Stage.second_factor)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("onze signes", "short"),
        ("douze signes", None),
        ("é" * 6 + "à" * 6, None),
        ("x" * 512 + "y" * 512, None),
        ("x" * 512 + "y" * 513, "long"),
        ("aaaaaaaaaaaa", "common"),
        ("abcabcabcabc", "common"),
        ("123456789012", "common"),
        ("987654321098", "common"),
        ("abcdefghijklm", "common"),
        ("Mot de passe 2024", "common"),
        ("motdepasse1234", "common"),
        ("Administrateur", "common"),
        ("azertyuiop12", "common"),
        ("zoe.lefevre@exemple.fr", "common"),
        ("zoelefevre2026", "common"),
        ("Les Ateliers de la Lettre", "common"),
        ("ateliers sans lettre", None),
        ("@#$%^&*()_+!", None),
    ],
)
def test_passwords_are_long_and_not_the_ones_that_everybody_tries(password: str, fault: str | None) -> None:
    found = password_fault(password, common_passwords(), "zoe.lefevre@exemple.fr", "Les Ateliers de la Lettre")
    assert found == fault


def test_the_list_is_in_the_spelling_that_is_compared() -> None:
    assert len(common_passwords()) > 500
    assert all(plain(word) == word for word in common_passwords())


def test_a_window_closes_when_it_says() -> None:
    left = seconds_left(NOW + timedelta(seconds=17), 300)
    assert left == 283
    assert window(NOW + timedelta(seconds=17 + left), 300) == window(NOW, 300) + 1
