"""The document is whole, its examples hold, and the application keeps to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
import time_machine
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from jsonschema_rs import validator_for
from sqlalchemy.orm import Session

from api.words import CODES
from invoicing.shop.models import Shop
from tests.api.conftest import customer_body, key_of, order_body
from tests.conftest import Browser, Database, make_settings, running
from tests.factories import NOW

EXAMPLES = 12  # per operation; by hand, far more
SEMANTIC_ONLY = set(CODES) - {"required", "one_customer", "item_or_line", "alone", "unknown_cursor", "too_great"}


def document(client: Browser, language: str = "fr") -> dict[str, Any]:
    told: dict[str, Any] = client.get("/api/v1/openapi.json", headers={"Accept-Language": language}).get_json()
    return told


def test_it_is_read_without_a_key_in_both_languages(client: Browser) -> None:
    french, english = document(client), document(client, "en")
    assert french["openapi"].startswith("3.1")
    assert french["paths"].keys() == english["paths"].keys()
    assert "Envoyer une commande" in json.dumps(french, ensure_ascii=False)
    assert "Send an order" in json.dumps(english)


def test_every_operation_names_every_status(client: Browser) -> None:
    for path, methods in document(client)["paths"].items():
        for method, operation in methods.items():
            wanted = {"400", "401", "403", "414", "422", "429", "500", "503"}
            wanted |= {"413", "415"} if "requestBody" in operation else set()
            assert wanted <= set(operation["responses"]), (path, method)
            assert operation["summary"] and operation["description"]


def test_headers_stand_where_they_are_sent(client: Browser) -> None:
    paths = document(client)["paths"]
    told = {
        (path, code, header) for path, methods in paths.items() if "post" in methods
        for code, answer in methods["post"]["responses"].items()
        for header in answer.get("headers", ()) if header != "Retry-After"
    }  # fmt: skip
    kept = {(path, code, "Idempotency-Replayed") for path, code in
            (("/orders", "201"), ("/payments", "201"), ("/events", "200"))}  # fmt: skip
    posts = [path for path, methods in paths.items() if "post" in methods]
    asked = {(path, code, "WWW-Authenticate") for path in posts for code in ("401", "403")}
    assert told == {(f"/api/v1{path}", *rest) for path, *rest in kept} | asked


def test_every_example_holds(client: Browser) -> None:
    made = document(client)
    components = {"components": made["components"]}
    held = 0
    for methods in made["paths"].values():
        for operation in methods.values():
            for content in [a["content"] for a in operation["responses"].values()]:
                [media] = content.values()
                assert validator_for({**media["schema"], **components}).is_valid(media["example"])
                held += 1
    for schema in made["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            assert validator_for({**schema, **components}).is_valid(example)
            held += 1
    assert held > 80


def test_the_bodies_of_the_tests_fit_the_document(client: Browser) -> None:
    made = document(client)
    components = {"components": made["components"]}
    for name, body in (("OrderBody", order_body()), ("CustomerBody", customer_body())):
        schema = validator_for({"$ref": f"#/components/schemas/{name}", **components})
        assert schema.is_valid(body) and not schema.is_valid({**body, "colour": "red"})


def test_the_page_says_it_all_in_both_languages(client: Browser) -> None:
    french = client.get("/api/v1/").text
    for word in ("Envoyer une commande", "POST /api/v1/orders", "transaction_code", "mentions-missing"):
        assert word in french
    assert "Send an order" in client.get("/api/v1/", headers={"Accept-Language": "en"}).text


def semantic(_context: object, response: Any, case: Any) -> None:
    """What fits the document is never refused for its shape."""
    if response.status_code != 422 or not case.meta.generation.mode.is_positive:
        return
    codes = {error["code"] for error in response.json().get("errors", ())}
    assert not codes & SEMANTIC_ONLY, codes


def run(app: Flask, key: str, examples: int, seed: int = 5) -> int:
    """Generated requests, fitting and not, against every operation; gives how many were sent."""
    config = schemathesis.Config.from_dict({
        "seed": seed,
        "generation": {"with-security-parameters": False},
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 422, 429]}},
    })  # fmt: skip
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        can_be_wrong = bool(operation.body or operation.query)
        for mode in list(schemathesis.GenerationMode) if can_be_wrong else [schemathesis.GenerationMode.POSITIVE]:
            strategy = operation.as_strategy(generation_mode=mode)

            @settings(max_examples=examples, database=None, deadline=None, derandomize=True,
                      suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])  # fmt: skip
            @__import__("hypothesis").given(case=strategy)
            def one(case: Any) -> None:
                nonlocal sent
                sent += 1
                case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, additional_checks=[semantic])

            one()
    return sent


@pytest.mark.slow
def test_generated_requests_find_no_fault(database: Database, session: Session, shop: Shop, tmp_path: Any) -> None:
    with time_machine.travel(NOW.isoformat() + "+00:00", tick=True):
        key = key_of(session, session.merge(shop))
        session.commit()
        own = running(make_settings(database.url, tmp_path, api_calls_per_minute=10**6, api_wrong_keys=10_000))
        assert run(next(own), key, EXAMPLES) > 100
        next(own, None)
