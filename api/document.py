"""The OpenAPI document: what SpecTree finds in the views, completed with problems, headers, words and examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from spectree import Response as Statuses
from spectree import SpecTree

from api import answers, shapes
from api.answers import OrderAnswer, OrderList, ProblemTold
from api.described import HEADERS, OPERATIONS, STATUSES, TAGS, about, sample_of
from web.problems import MEDIA
from web.services import services
from web.words import _

JSON: Final = "application/json"
ALWAYS: Final = (400, 401, 403, 414, 422, 429, 500, 503)
WITH_BODY: Final = (413, 415)

spec = SpecTree(
    "flask",
    mode="strict",
    annotations=False,
    title="Lettrine",
    version="1",
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
)


def told_by(status: int, answer: type[BaseModel], *others: int) -> Statuses:
    """The statuses of a view: `answer` for those below 300, a problem for the others and for what can always happen."""
    wanted = {f"HTTP_{code}": answer if code < 300 else ProblemTold for code in (status, *others, *ALWAYS)}
    return Statuses(**wanted)


def document() -> dict[str, Any]:
    """The whole document in the language of the moment."""
    made: dict[str, Any] = json.loads(json.dumps(spec.spec))
    made["info"] |= {"title": "Lettrine", "description": about(), "version": "1"}
    made["servers"] = [{"url": services().settings.public_url.rstrip("/")}]
    made["security"] = [{"key": []}]
    made["tags"] = [{"name": name, "description": _(text)} for name, text in TAGS.items()]
    schemas = made["components"]["schemas"]
    for model in (OrderAnswer, OrderList):
        schemas.setdefault(model.__name__, _schema(model, schemas))
    schemas["OrderOrList"] = {"anyOf": [{"$ref": _ref("OrderAnswer")}, {"$ref": _ref("OrderList")}]}
    made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "ltr_…"}}
    for name, schema in schemas.items():
        if schema.get("description") == (getattr(answers, name, shapes).__doc__):
            schema.pop("description", None)  # the class's own words, for whoever reads the source
        _tidy(schema)
    for _path, _method, operation in operations(made):
        _complete(operation, schemas)
    _translate(made["components"]["schemas"])
    return made


def operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation), in the order of the words about them."""
    found = [(path, method, op) for path, each in made["paths"].items() for method, op in each.items()]
    yield from sorted(found, key=lambda row: list(OPERATIONS).index(row[2]["operationId"]))


def _ref(name: str) -> str:
    return f"#/components/schemas/{name}"


def _schema(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    """A shape that no view answers with alone, and those within it."""
    made = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    for name, inner in made.pop("$defs", {}).items():
        schemas.setdefault(name, inner)
    return made


def _complete(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Words, the language of problems, headers, the sizes that can be too great, an example for each answer."""
    summary, text, scope = OPERATIONS[operation["operationId"]]
    needed = _("Droit : « %(scope)s ».", scope=scope) if scope else ""
    operation |= {"summary": _(summary), "description": f"{_(text)} {needed}".strip()}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
        for code in WITH_BODY:
            operation["responses"][str(code)] = json.loads(json.dumps(operation["responses"]["400"]))
    for parameter in operation["parameters"]:
        _tidy({"properties": {"it": parameter["schema"]}})
        _translate(parameter)
    operation["parameters"].append(_language())
    operation["responses"] = {code: _response(code, operation, schemas) for code in sorted(operation["responses"])}


def _language() -> dict[str, Any]:
    schema = {"type": "string", "examples": ["fr", "en"]}
    return {"name": "Accept-Language", "in": "header", "required": False, "schema": schema,
            "description": _("Langue des explications.")}  # fmt: skip


def _response(code: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = operation["responses"][code]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]
    media = JSON if int(code) < 300 else MEDIA
    content = {media: {"schema": {"$ref": _ref(name)}, "example": sample_of(name, code)}}
    headers = {each: {"description": _(text), "schema": {"type": kind}}
               for each, (text, kind, codes) in HEADERS.items() if code in codes
               and (each != "Idempotency-Replayed" or code in _remembered(operation))}  # fmt: skip
    return {"description": _(STATUSES[code]), "content": content, **({"headers": headers} if headers else {})}


def _remembered(operation: dict[str, Any]) -> tuple[str, ...]:
    """The statuses of answers that are kept for a repetition; customers are put anew."""
    return ("200", "201") if "requestBody" in operation and operation["tags"] != ["customers"] else ()


def _tidy(schema: Any) -> None:
    """Takes out what pydantic says and nobody needs: titles, and defaults that stand for « not said »."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    if not isinstance(schema, dict):
        return
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
        if field.get("default", "") in ("", None) or (field.get("type") == "string" and "enum" not in field):
            field.pop("default", None)
        if field.get("default") == []:
            field.pop("default")
    if isinstance(schema.get("title"), str):
        schema.pop("title")
    for each in schema.values():
        _tidy(each)


def _translate(value: Any) -> None:
    """Every description in the language of the moment."""
    if isinstance(value, list):
        for each in value:
            _translate(each)
    elif isinstance(value, dict):
        text = value.get("description")
        if text and isinstance(text, str):  # a field of that name is no text
            value["description"] = _(text)
        for name, each in value.items():
            if name not in ("examples", "example", "enum"):
                _translate(each)
