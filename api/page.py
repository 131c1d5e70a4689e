"""The document, for programs and for people."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, render_template

from api import bp
from api.document import document as whole
from api.document import operations
from web.problems import TITLES, speak


@bp.get("/openapi.json", endpoint="document")
def as_document() -> Response:
    """The OpenAPI document, in the language of Accept-Language."""
    speak()
    return Response(json.dumps(whole(), ensure_ascii=False), mimetype="application/json")


@bp.get("/", endpoint="page")
def as_page() -> str:
    """The same as a page, in the reader's language."""
    made = whole()
    return render_template("api/page.html", document=made, operations=list(operations(made)), titles=TITLES,
                           fields=fields, pretty=pretty)  # fmt: skip


def fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a shape's table: name, kind, whether it is needed, what it may hold."""
    needed = schema.get("required", ())
    return [_row(name, field, name in needed, schemas) for name, field in schema.get("properties", {}).items()]


def _row(name: str, field: dict[str, Any], needed: bool, schemas: dict[str, Any]) -> dict[str, Any]:
    inner = next((each for each in field.get("anyOf", ()) if each.get("type") != "null"), field)
    of = inner.get("items", inner)
    shape = of.get("$ref", "").rpartition("/")[2]
    bounds = [inner.get("pattern", ""), *map(str, inner.get("enum", ()))]
    return {
        "name": name, "needed": needed, "many": "items" in inner, "shape": shape if shape in schemas else "",
        "kind": of.get("format") or of.get("type", ""), "values": inner.get("enum", ()), "bounds": bounds,
        "most": inner.get("maxLength") or inner.get("maxItems"), "text": field.get("description", ""),
        "example": next(iter(inner.get("examples", ())), ""), "empty": "anyOf" in field,
    }  # fmt: skip


def pretty(value: object) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2)
