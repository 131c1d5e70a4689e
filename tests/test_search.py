"""Searching invoices: the same on both engines as letter by letter, rare and common, and the index that stands."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyascii import anyascii
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from invoicing import finding, search_index
from invoicing.database import make_engine
from invoicing.invoices.freezing import make_findable
from invoicing.invoices.models import Invoice
from invoicing.search import amount_tokens, fold, matches, wish
from lettrine.cli import problems
from tests.conftest import Database
from tests.factories import make_customer, make_draft, make_line, make_seller

ALL_PLANS = (0, 1, 1000)  # how many hits are looked for before the lists are walked


def found(session: Session, query: str, rare: int = finding.RARE) -> list[int]:
    """The ids that a query finds; both of its conditions must agree."""
    narrowed = finding.narrow(session, query, rare)
    ids = [sorted(session.scalars(select(Invoice.id).where(each))) for each in (narrowed.page, narrowed.whole)]
    assert ids[0] == ids[1]
    return ids[0]


# letter by letter, from the description alone ---------------------------------------------------------------------


def cents_of(number: str) -> set[int]:
    """What an unsigned number may mean: groups of three after blanks, points or commas, two decimals at most."""
    number, meant = number.removeprefix("-"), set()
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", number):
        meant.add(int(number.replace(",", "")) * 100)
    if decimal := re.fullmatch(r"(\d{1,15})(?:,(\d{0,2}?)0*)?(?<!,)", number):
        meant.add(int(decimal[1]) * 100 + int((decimal[2] or "0").ljust(2, "0")))
    return meant


def holds(words: str, cents: set[int], query: str) -> bool:
    """Every word stands in the folded words; a number may stand there, or be one of the amounts; so may a group."""
    typed, at = fold(query.replace('"', " ")).split(), 0
    if not typed and query.strip():
        return False
    while at < len(typed):
        end = at + 1
        while re.fullmatch(r"-?\d{1,3}", typed[at]) and end < len(typed) and re.fullmatch(r"\d{3}", typed[end]):
            end += 1
        if end < len(typed) and end > at and re.fullmatch(r"-?\d{1,3}", typed[at]):
            end += bool(re.fullmatch(r"\d{3},\d{1,2}", typed[end]))
        alone = all(word in words or bool(cents & cents_of(word)) for word in typed[at:end])
        if not alone and not cents & cents_of("".join(typed[at:end])):
            return False
        at = end
    return True


TEXTS = st.text(alphabet="abBœé%_'\"/\\ -01", max_size=12)
AMOUNTS = st.sampled_from([0, 100, 1000, 1100, 10_000, 11_100])
QUERIES = st.text(alphabet="abBœé%_'\"/\\ -,01", max_size=7)


@pytest.fixture(scope="module")
def engines(
    sqlite_template: Path, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Engine]]:
    """Both engines, each with one draft to copy."""
    path = tmp_path_factory.mktemp("search") / "both.db"
    shutil.copy(sqlite_template, path)
    made = [make_engine(f"sqlite:///{path}"), make_engine(postgres_url)]
    yield made
    for engine in made:
        engine.dispose()


def put(session: Session, documents: list[tuple[str, int]]) -> dict[int, tuple[str, set[int]]]:
    """Drafts with these texts and totals, in a transaction that is never committed: id → folded words, amounts."""
    seller = make_seller(session)
    customer = make_customer(session)
    made = {}
    for words, total in documents:
        draft = make_draft(session, customer, seller)
        draft.search_text = f"{fold(words)} {amount_tokens(total)}".strip()
        made[draft.id] = (fold(words), {total})
    session.flush()
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, AMOUNTS), max_size=5), st.lists(QUERIES, min_size=3, max_size=6))
def test_both_engines_find_what_a_plain_look_finds(
    engines: list[Engine], documents: list[tuple[str, int]], queries: list[str]
) -> None:
    for engine in engines:
        with Session(engine, info={"journal_key": b"a key for the journal of the tests"}) as session:
            session.connection(execution_options={"write": True})
            made = put(session, documents)
            for query, rare in itertools.product(queries, ALL_PLANS):
                wanted = [number for number, (words, cents) in made.items() if holds(words, cents, query)]
                assert found(session, query, rare) == sorted(wanted), (query, rare, engine.dialect.name)
            session.rollback()


# every kind of term -----------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(session: Session) -> Session:
    """Two drafts: one to be found, one beside it."""
    seller = make_seller(session)
    wanted = make_customer(
        session,
        first_name="Zoé",
        last_name="D'Œuvrard",
        organisation_name="Fédération des Œuvres",
        email="zoe_o@example.fr",
    )
    lines = make_line(session, "Stage de reliure, 100% papier", price=1030)
    draft = make_draft(session, wanted, seller, lines, subject="Année 2027 « été »")
    draft.transaction_code, draft.lettering, draft.number = "Ab+/9=Xy_Q7", "FA-2026/0731", "B-20170920-44"
    beside = make_customer(session)
    other = make_draft(session, beside, seller)
    other.transaction_code = "HHHHHHHH"  # a code by chance would be found now and then
    make_findable(draft, wanted)
    make_findable(other, beside)
    session.commit()
    session.info.update(wanted=draft.id, other=other.id)
    return session


@pytest.mark.parametrize("rare", ALL_PLANS)
@pytest.mark.parametrize(
    "query",
    ["b-20170920-44", "0920-44", "Ab+/9=Xy", "fa-2026/0731", "zoe", "ZOÉ d'œuvrard", "D'OEUVRARD", "oeuvrard",
     "fédération", "FEDERATION",
     "zoe_o@", "100%", "reliure", "lieur reliu", "q7", "_o", "1 236,00", "1236", "1 236", "1236.00",
     "1 236,00 €", "1236 €", "€1,236.00", "−1 236,00 €", "1,236", "1 030,00", "1030", "zoe 1 236",
     "été 1 030,00 €", "'", "/", "« été »", '"reliure"', "“reliure”"],
)  # fmt: skip
def test_it_is_found_by_every_kind_of_term(shelf: Session, query: str, rare: int) -> None:
    if "lieur" in query:
        assert found(shelf, query, rare) == []  # every word counts
    else:
        assert found(shelf, query, rare) == [shelf.info["wanted"]]


@pytest.mark.parametrize("rare", ALL_PLANS)
@pytest.mark.parametrize(
    "query", ["0920_44", "0920%44", "zoe%", "XBCDX", "236,00 €", "1236,5", '"', "\\", "\u200b", "zoe elodie", "zzz"]
)
def test_nothing_in_a_query_is_a_wild_card_or_half_an_amount(shelf: Session, query: str, rare: int) -> None:
    assert shelf.info["wanted"] not in found(shelf, query, rare)


def test_the_tokens_of_amounts_are_no_text_that_can_be_typed() -> None:
    assert amount_tokens(123_600, 103_000, 123_600) == "XBCDGAAX XBADAAAX"
    assert not any(char.isupper() for char in fold("XBCDGAAX", "ÀÉ", "ＸＢ"))


def test_eight_words_at_most_are_looked_for() -> None:
    assert len(wish("a b c d e f g h i j").parts) == 8


def test_an_empty_query_leaves_everything(shelf: Session) -> None:
    assert len(list(shelf.scalars(select(Invoice.id).where(matches(Invoice.search_text, "  "))))) == 2


def test_folding_gives_plain_ascii_only() -> None:
    assert fold("Cœur  d'Été\u00a0!") == "coeur d'ete !"
    assert anyascii("−") == "-"


# the index --------------------------------------------------------------------------------------------------------


def test_the_index_follows_every_change(shelf: Session) -> None:
    it = {"it": shelf.info["wanted"]}
    shelf.execute(text("UPDATE invoice SET search_text = 'tout autre chose' WHERE id = :it"), it)
    assert found(shelf, "reliure") == [] and found(shelf, "autre chose") == [shelf.info["wanted"]]
    shelf.rollback()
    shelf.execute(text("DELETE FROM invoice_line WHERE invoice_id = :it"), {"it": shelf.info["wanted"]})
    shelf.execute(text("DELETE FROM invoice WHERE id = :it"), {"it": shelf.info["wanted"]})
    assert found(shelf, "reliure") == []


def test_a_check_finds_the_schema_whole(database: Database) -> None:
    assert problems(database.engine) == []


def test_a_check_names_what_is_missing_of_the_index(database: Database) -> None:
    sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER search_update" if sqlite else "DROP INDEX ix_search_invoice"))
    try:
        assert len(problems(database.engine)) == 1
        assert problems(database.engine)[0].startswith("search: ")
    finally:
        with database.engine.begin() as connection:
            search_index.install(connection)
    assert problems(database.engine) == []


def test_a_damaged_index_is_named_and_built_anew(shelf: Session) -> None:
    connection = shelf.connection()
    if connection.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its own index")
    connection.execute(text("DELETE FROM invoice_search_data WHERE id > 10"))
    assert "damaged" in search_index.problems(connection)[-1]
    search_index.install(connection)
    assert search_index.problems(connection) == [] and found(shelf, "reliure") == [shelf.info["wanted"]]


def test_what_changed_without_triggers_is_indexed_again(shelf: Session) -> None:
    connection = shelf.connection()
    if connection.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its own index")
    search_index.remove(connection)
    it = {"it": shelf.info["wanted"]}
    connection.execute(text("UPDATE invoice SET search_text = 'tout autre chose' WHERE id = :it"), it)
    assert "search: " not in str(search_index.problems(connection)[-1]) and len(search_index.problems(connection)) == 4
    search_index.install(connection)
    assert search_index.problems(connection) == [] and found(shelf, "autre chose") == [shelf.info["wanted"]]


def test_a_rare_word_is_looked_up_and_a_common_one_walks(shelf: Session) -> None:
    assert finding.narrow(shelf, "reliure").few
    assert not finding.narrow(shelf, "example", rare=1).few  # both drafts
    assert finding.narrow(shelf, "ex").few
    assert not finding.narrow(shelf, "e").few  # one letter has no trigrams


def test_a_rare_word_asks_the_database_but_once(shelf: Session) -> None:
    said: list[str] = []
    event.listen(shelf.get_bind(), "before_cursor_execute", lambda *about: said.append(about[2]))
    finding.narrow(shelf, "reliure")
    looks = [each for each in said if "SELECT" in each and not each.startswith("EXPLAIN")]  # which runs nothing
    assert len(looks) == 1
