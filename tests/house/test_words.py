"""What people read: French in the source, English in the catalogue, apostrophes and spaces as printers set them."""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.house.source import ROOT

CATALOGUE = ROOT / "web/translations/en/LC_MESSAGES/messages.po"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "_n": (1, 2)}
METHODS = [(".venv/**", "ignore"), ("tests/**", "ignore"), ("tools/**", "ignore"), ("bench/**", "ignore"),
           ("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]  # fmt: skip
SKIPPED = {".venv", ".git", "tests", "tools", "bench", "node_modules"}
FACT = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def _wanted(path: str) -> bool:
    return Path(path).name not in SKIPPED and not Path(path).name.startswith(".")


@lru_cache
def said() -> dict[str | tuple[str, ...], str]:
    """Every message of the source, with a place where it stands."""
    found: dict[str | tuple[str, ...], str] = {}
    for file, line, message, _comments, _context in extract_from_dir(
        ROOT, METHODS, keywords=KEYWORDS, directory_filter=_wanted
    ):
        found.setdefault(message, f"{file}:{line}")
    return found


def words() -> list[tuple[str, str]]:
    """(message, place), a plural's two forms apart."""
    return [(m, at) for message, at in said().items() for m in ([message] if isinstance(message, str) else message)]


@lru_cache
def catalogue() -> dict[str, Message]:
    """The English catalogue: French (its singular) → message."""
    if not CATALOGUE.exists():
        pytest.fail(f"{CATALOGUE.relative_to(ROOT)} is missing")
    read = read_po(BytesIO(CATALOGUE.read_bytes()), locale="en")
    return {m.id if isinstance(m.id, str) else m.id[0]: m for m in read if m.id}


def english(message: Message) -> list[str]:
    """One translation, or one per plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_the_source_speaks() -> None:
    assert len(said()) > 150


def test_every_message_has_its_english() -> None:
    known = catalogue()
    missing = []
    for message, at in said().items():
        found = known.get(message if isinstance(message, str) else message[0])
        if found is None or found.fuzzy or not all(english(found)):
            missing.append(f"{at} {message}")
    assert not missing, f"{len(missing)} messages"


def test_a_plural_has_its_plural_in_english() -> None:
    known = catalogue()
    plurals = [m for m in said() if isinstance(m, tuple)]
    assert not [m for m in plurals if m[0] in known and len(english(known[m[0]])) != 2]


def test_the_english_fills_in_the_same_facts() -> None:
    differing = []
    for message in catalogue().values():
        french = set(FACT.findall(str(message.id)))
        if any(set(FACT.findall(text)) - french for text in english(message)):
            differing.append(message.id)
    assert not differing


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    said_once = {m if isinstance(m, str) else m[0] for m in said()}
    assert not [text for text in catalogue() if text not in said_once]


def test_apostrophes_are_typographers() -> None:
    assert not [f"{at} {text}" for text, at in words() if re.search(r"\w'\w", text)]


def test_spaces_in_messages_are_plain() -> None:
    assert not [f"{at} {text}" for text, at in words() if re.search("[\u00a0\u202f\u2007\u2009]", text)]


def test_french_sentences_have_their_spaces() -> None:
    close = re.compile(r"[^\s:%][;!?](?=\s|$)|\w:(?=\s|$)|«\S|\S»|\.\.\.")
    assert not [f"{at} {text}" for text, at in words() if close.search(text)]
