"""Hashed and sealed values."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet

from invoicing.accounts import secrets as sec

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_passwords_are_kept_with_argon2id() -> None:
    assert sec.hash_password("peu importe").startswith("$argon2id$")


def test_the_figures_outside_tests_are_strong() -> None:
    strong = PasswordHasher()
    assert (strong.memory_cost, strong.time_cost) >= (65536, 3)


def test_a_hash_made_with_other_figures_is_made_again() -> None:
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    assert sec.needs_rehash(dearer.hash("x"))
    assert not sec.needs_rehash(sec.hash_password("x"))


def test_nobodys_hash_matches_nothing() -> None:
    assert not sec.password_matches(None, "")
    assert not sec.password_matches("not a hash", "x")


def test_a_new_key_still_reads_what_the_old_one_sealed() -> None:
    sealed = sec.Sealer([OLD]).seal({"link": "https://…"})
    assert sec.Sealer([NEW, OLD]).unseal(sealed) == {"link": "https://…"}


def test_a_foreign_key_or_an_altered_value_reads_nothing() -> None:
    sealed = sec.Sealer([OLD]).seal({"link": "x"})
    for sealer, text in (
        (sec.Sealer([NEW]), sealed),
        (sec.Sealer([OLD]), sealed[:-4] + "AAA="),
        (sec.Sealer([OLD]), "é"),
    ):
        with pytest.raises(sec.Unreadable):
            sealer.unseal(text)


def test_a_short_code_is_worth_nothing_without_its_key() -> None:
    assert sec.keyed_digest(b"one key", "ask", "123456") != sec.keyed_digest(b"another", "ask", "123456")
    assert sec.keyed_digest(b"one key", "ab", "c") != sec.keyed_digest(b"one key", "a", "bc")
