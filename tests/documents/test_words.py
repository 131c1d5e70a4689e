"""The fixed words in their languages."""

from __future__ import annotations

from dataclasses import fields

import pytest

from invoicing.documents.words import BILINGUAL, LANGUAGES, Words, words_for
from invoicing.text import lacking


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_exists_and_can_be_drawn(language: str) -> None:
    for field in fields(Words):
        word = getattr(LANGUAGES[language], field.name)
        assert word
        assert not lacking(word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_keep_their_amount(language: str) -> None:
    words = LANGUAGES[language]
    for name in ("headline_due", "headline_due_now", "headline_paid", "headline_credit", "headline_total"):
        assert "{amount}" in getattr(words, name)


def test_quebec_speaks_its_own_french() -> None:
    words = LANGUAGES["fr_CA"]
    assert (words.buyer, words.gst, words.qst) == ("Facturé à", "TPS", "TVQ")
    assert (words.net, words.to_pay) == ("Total avant taxes", "Montant dû")


def test_a_quebec_document_is_never_english_alone() -> None:
    assert words_for("en", "QC") is BILINGUAL
    assert all(
        getattr(BILINGUAL, field.name).startswith(getattr(LANGUAGES["fr_CA"], field.name)) for field in fields(Words)
    )


def test_the_sellers_region_decides_the_french() -> None:
    assert words_for("fr_FR", "QC") is LANGUAGES["fr_CA"]
    assert words_for("fr_CA", "FR") is LANGUAGES["fr_FR"]
    assert words_for("en", "FR") is LANGUAGES["en"]
