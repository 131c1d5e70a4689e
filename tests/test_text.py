"""Text that people type."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from invoicing.text import clean, lacking, typeset

ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    for lines in (False, True):
        assert clean(clean(text, lines=lines), lines=lines) == clean(text, lines=lines)


@given(ANY)
def test_nothing_invisible_stays(text: str) -> None:
    found = {unicodedata.category(char) for char in clean(text)}
    assert not found & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY)
def test_cleaned_text_can_be_stored_and_is_composed(text: str) -> None:
    cleaned = clean(text, lines=True)
    cleaned.encode()
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_categories=["Cc", "Cf"])))
def test_latin_text_only_loses_blanks(text: str) -> None:
    assert clean(text).replace(" ", "").strip("\u00a0") == text.replace(" ", "").strip("\u00a0")


def test_letters_that_reorder_or_hide_text_are_removed() -> None:
    assert clean("abc\u202egpj\u202c.\u200b\u2066x\u2069\ufeff\u00ad\ufe0f") == "abcgpj.x"


def test_accents_are_composed() -> None:
    assert clean("E\u0301te\u0301") == "Été"
    assert lacking(clean("E\u0301te\u0301")) == ()


def test_blanks_are_evened_out_and_breaks_become_blanks() -> None:
    assert clean("  a \t b\r\nc\u2028d  ") == "a b c d"


def test_lines_are_kept_where_they_are_wanted() -> None:
    assert clean(" a  b \r\n\r\n\r\n\r\n c\n", lines=True) == "a b\n\nc"


def test_look_alikes_are_replaced() -> None:
    assert clean("12\u202f€ Jean\u2011Luc o\ufb03ce") == "12\u00a0€ Jean-Luc office"


def test_lone_surrogates_and_non_characters_are_removed() -> None:
    assert clean("a\ud800b\uffffc\ufdd0d\U0001fffee") == "abcde"


def test_what_the_font_lacks_is_named_once_each_in_order() -> None:
    assert lacking("Merci \U0001f600 東京 \U0001f600\n") == ("\U0001f600", "東", "京")


def test_the_languages_of_europe_can_be_drawn() -> None:
    for text in ("Œuvre à 12 € – « Noël »", "Łódź Dvořák Șerban İstanbul", "Ελλάδα", "Україна Ђорђе", "Nguyễn Thị"):
        assert lacking(text) == ()


def test_french_gets_its_no_break_spaces_and_english_none() -> None:
    text = "« a » : 1 234 € ; 5 % ! n° 3"
    assert typeset(text, "fr_FR").replace("\u00a0", "_") == "«_a_»_: 1_234_€_; 5_%_! n°_3"
    assert typeset(text, "en") == text


@given(st.text("ab12 «»:;!?%€°n\u00a0"))
def test_typesetting_twice_changes_nothing_more(text: str) -> None:
    assert typeset(typeset(text, "fr_FR"), "fr_FR") == typeset(text, "fr_FR")
