"""Customers by the shop's own ids: made, changed, kept."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.customers.merging import merge
from invoicing.customers.merging_rules import MergeWish, fingerprint
from invoicing.customers.models import Customer
from invoicing.customers.service import make_member
from invoicing.journal import COMMAND
from invoicing.shop.models import ShopCustomer
from tests.api.conftest import Program, customer_body, errors
from tests.factories import NOW, make_customer


def put(program: Program, **over: object) -> tuple[int, dict[str, object]]:
    answer = program.ask("PUT", "/customers", customer_body(**over))
    return answer.status_code, answer.get_json()


def test_a_contact_is_made_then_changed(program: Program, session: Session) -> None:
    assert put(program)[0] == 201
    status, told = put(program, city="Chambéry")
    assert (status, told["changed"], told["kept"]) == (200, True, False)
    [customer] = session.scalars(select(Customer)).all()
    assert (customer.city, customer.is_member, customer.country) == ("Chambéry", False, "FR")


def test_saying_the_same_again_leaves_a_correction_by_staff(program: Program, session: Session) -> None:
    put(program)
    customer = session.scalars(select(Customer)).one()
    customer.city = "Corrigée"
    session.commit()
    assert put(program)[1]["changed"] is False
    session.refresh(customer)
    assert customer.city == "Corrigée"


def test_nobody_is_found_by_e_mail(program: Program, session: Session) -> None:
    make_customer(session, email="elodie@example.fr")
    session.commit()
    assert put(program)[0] == 201
    assert session.scalar(select(func.count(Customer.id))) == 2


def test_a_members_record_is_kept_and_not_shown(program: Program, session: Session) -> None:
    put(program)
    customer = session.scalars(select(Customer)).one()
    make_member(session, COMMAND, NOW, customer.id, "")
    session.commit()
    status, told = put(program, city="Ailleurs")
    assert (status, told) == (
        200, {"id": "1042", "standing": "member", "changed": False, "kept": True, "record": None},
    )  # fmt: skip
    session.refresh(customer)
    assert customer.city == "Saint-Baldoph"


def test_a_record_that_staff_have_merged_is_kept(program: Program, session: Session) -> None:
    put(program)
    survivor = make_customer(session, member=False)
    session.scalars(select(ShopCustomer)).one().customer_id = survivor.id
    session.commit()
    told = put(program, city="Ailleurs")[1]
    assert (told["kept"], told["record"]) == (True, None)
    assert program.order(customer=None, customer_id="1042").get_json()["customer_ids"] == ["1042"]


def test_what_staff_merge_into_a_shops_record_is_not_shown_to_it(program: Program, session: Session) -> None:
    put(program, email="")
    [mine] = session.scalars(select(Customer)).all()
    other = make_customer(session, member=False, email="of@another.shop")
    wish = MergeWish(fingerprint(mine, other), fill=True)
    merge(session, COMMAND, NOW, mine.id, other.id, wish)
    session.commit()
    told = program.get("/customers", id="1042").get_json()
    assert (told["kept"], told["record"]) == (True, None)
    assert put(program, city="Ailleurs")[1]["changed"] is False


def test_a_customer_is_read_again(program: Program) -> None:
    made = program.post("/customers", customer_body("a b".replace(" ", "/")))
    told = program.get("/customers", id="a/b").get_json()
    assert (made.status_code, told["changed"], told["record"]["last_name"]) == (201, False, "Lefèvre")
    assert program.get("/customers", id="nobody").status_code == 404


def test_what_is_wrong_is_named(program: Program) -> None:
    answer = program.post("/customers", customer_body(siren="123456789", country="France", language="de"))
    assert errors(answer) == {("/country", "bad_format"), ("/language", "not_in_list")}
    assert ": fr_FR, fr_CA, en." in answer.get_json()["errors"][1]["detail"].replace("\u00a0", " ").replace(" :", ":")
    answer = program.post("/customers", customer_body(country="XX"))
    assert errors(answer) == {("/country", "unknown_country")}
    assert "XX" in answer.get_json()["errors"][0]["detail"]
    answer = program.post("/customers", customer_body(siren="123456789", first_name="", last_name=""))
    assert errors(answer) == {("/siren", "bad_siren"), ("/last_name", "required")}
