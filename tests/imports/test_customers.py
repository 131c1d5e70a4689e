"""A list of customers comes in row by row: found by the member number alone, never silently by name (SPEC A7)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer, Standing
from invoicing.database import transaction
from invoicing.imports.models import RunKind, RunState
from tests.factories import make_customer
from tests.imports.bench import Bench

HEADING = "Nom;Prénom;Organisation;E-mail;Adresse;Code postal;Ville;Pays;N° de membre;Statut;Langue;Professionnel;SIREN"


def listed(*rows: str) -> bytes:
    return "\r\n".join([HEADING, *rows]).encode("cp1252")


def bring_in(bench: Bench, *rows: str) -> list[str]:
    """Judged and applied; the verdicts afterwards."""
    run_id = bench.start(listed(*rows), RunKind.customers)
    bench.apply(run_id)
    return bench.verdicts(run_id)


def judged(bench: Bench, content: bytes) -> list[str]:
    run_id = bench.start(content, RunKind.customers)
    bench.importer().work(run_id)
    return bench.verdicts(run_id)


ZOE = "Roy;Zoé;;zoe@exemple.fr;1 rue X;73000;Chambéry;France;;;;;"


def test_a_row_becomes_a_contact_with_all_that_it_says(bench: Bench, session: Session) -> None:
    said = "Roy;Zoé;Atelier;zoe@exemple.fr;1 rue X;73000;Chambéry;Belgique;;;anglais;oui;732829320"
    assert bring_in(bench, said) == ["contact"]
    made = session.scalars(select(Customer)).one()
    assert (made.name, made.organisation_name, made.country, made.language) == ("Zoé Roy", "Atelier", "BE", "en")
    assert (made.standing, made.professional, made.siren) == (Standing.contact, True, "732829320")


def test_a_member_number_makes_a_member_and_the_word_takes_the_next_number(bench: Bench, session: Session) -> None:
    verdicts = bring_in(bench, "Roy;Zoé;;z@exemple.fr;;;;;M-7;;;;", "Roy;Léo;;l@exemple.fr;;;;;;membre;;;")
    assert verdicts == ["member", "member"]
    found = session.execute(select(Customer.member_number, Customer.standing).order_by(Customer.id)).all()
    assert [tuple(each) for each in found] == [("M-7", "member"), ("00001", "member")]


def test_an_organisation_is_one_where_no_person_is_named(bench: Bench, session: Session) -> None:
    bring_in(bench, ";;Éditions du Pont;;;;;;;;;;")
    assert session.scalars(select(Customer.kind)).all() == ["organisation"]


def test_the_member_number_finds_whom_to_change_and_blanks_change_nothing(bench: Bench, session: Session) -> None:
    with transaction(bench.sessions) as writing:
        member = make_customer(writing, first_name="Zoé", last_name="Roy", email="zoe@exemple.fr", city="Lyon")
        number = member.member_number
    assert bring_in(bench, f"Roy;Zoé;;;;;Brest;;{number};;;;") == ["update"]
    found = session.scalars(select(Customer)).one()
    assert (found.city, found.email, found.postcode) == ("Brest", "zoe@exemple.fr", "73190")
    session.rollback()
    assert judged(bench, listed(f"Roy;Zoé;;;;;Brest;;{number};;;;")) == ["unchanged"]


def test_whoever_looks_like_somebody_is_neither_made_nor_changed(bench: Bench, session: Session) -> None:
    with transaction(bench.sessions) as writing:
        make_customer(writing, member=False, first_name="Zoé", last_name="Roy", email="zoe@exemple.fr")
    rows = ("Autre;Nom;;ZOE@exemple.fr;;;;;;;;;", "Roy;Zoé;;;;;;;;;;;", "Roy;Zoé;;autre@exemple.fr;;;;;;;;;")
    assert judged(bench, listed(*rows)) == ["alike", "alike", "contact"]
    assert session.scalar(select(func.count(Customer.id))) == 1


def test_the_same_list_twice_makes_nobody_twice(bench: Bench, session: Session) -> None:
    assert bring_in(bench, ZOE) == ["contact"]
    assert judged(bench, listed(ZOE)) == ["alike"]
    assert session.scalar(select(func.count(Customer.id))) == 1


def test_the_same_person_or_number_twice_in_the_file_is_told(bench: Bench) -> None:
    numbers = ("A;B;;a@x.fr;;;;;M1;;;;", "C;D;;c@x.fr;;;;;M1;;;;")
    assert judged(bench, listed(ZOE, ZOE, *numbers)) == ["contact", "duplicate", "duplicate", "duplicate"]


@pytest.mark.parametrize(
    ("rows", "verdicts"),
    [
        (("Roy;Zoé;;f@x.fr;;;;;M1;;;;", "Roy;Léo;;f@x.fr;;;;;M2;;;;"), ["member", "member"]),
        (("Li;Ana;;;;;;;;;;;", "Li;Ana;;ana@x.fr;;;;;;;;;"), ["contact", "duplicate"]),
        (("Bo;Ana;;bo@x.fr;;;;;;;;;", "Bo;Ana;;bo@x.fr;;;;;M9;;;;"), ["contact", "duplicate"]),
        (("Bo;Ana;;bo@x.fr;;;;;;;;;", "Bo;Ana;;other@x.fr;;;;;;;;;"), ["contact", "contact"]),
    ],
)
def test_what_the_dry_run_says_of_likes_is_what_happens(
    bench: Bench, rows: tuple[str, str], verdicts: list[str]
) -> None:
    assert judged(bench, listed(*rows)) == verdicts
    assert bring_in(bench, *rows) == verdicts


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("Roy;Zoé;;pas une adresse;;;;;;;;;", "email"),
        ("Roy;Zoé;;;;;;;;;;;123", "siren"),
        ("Roy;Zoé;;;;;;Atlantide;;;;;", "country"),
        ("Roy;Zoé;;;;;;XX;;;;;", "country"),
        ("Roy;Zoé;;;;;;;;peut-être;;;", "standing"),
        ("Roy;Zoé;;;;;;;;;klingon;;", "language"),
        (";;;zoe@exemple.fr;;;;;;;;;", "last_name"),
    ],
)
def test_faults_stand_at_their_fields(bench: Bench, row: str, field: str) -> None:
    run_id = bench.start(listed(row), RunKind.customers)
    bench.importer().work(run_id)
    faults = bench.facts(run_id)[0]["faults"]
    assert [fault["field"] for fault in faults] == [field]  # type: ignore[attr-defined]


def test_a_list_without_any_name_says_so(bench: Bench) -> None:
    run_id = bench.start(b"E-mail;Ville\na@x.fr;Lyon\n", RunKind.customers)
    bench.importer().work(run_id)
    assert bench.run(run_id).state is RunState.unreadable
