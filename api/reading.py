"""Bodies and queries as they come in: JSON read strictly, then checked against its shape; every fault at its place."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from api.words import shape_sentence
from web.problems import Problem
from web.words import _

BODY_MAX: Final = 256 * 1024
DEPTH_MAX: Final = 8  # of objects and lists within each other; an order needs five
FAULTS_MAX: Final = 50  # that are told at once
_DIGITS_MAX: Final = 30
_ODD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Shape = TypeVar("Shape", bound=BaseModel)


class _Odd(ValueError):
    """JSON that two programs would read differently; `args[0]` says why."""


def body(shape: type[Shape]) -> Shape:
    """The request's body in its shape; ends the request with 400, 413, 415 or 422 otherwise."""
    if request.mimetype != "application/json":
        detail = _("Envoyez du JSON, avec l’en-tête Content-Type, « application/json ».")
        raise Problem(415, "unsupported-media-type", detail)
    if (request.content_length or 0) > BODY_MAX or len(data := request.get_data(cache=False)) > BODY_MAX:
        raise RequestEntityTooLarge
    value = _parsed(data)
    if faults := list(_odd_texts(value, "", 0)):
        raise refused(faults)
    return _shaped(shape, value, "pointer")


def query(shape: type[Shape]) -> Shape:
    """The address's query in its shape; ends the request with 422 otherwise."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise refused([_error("parameter", repeated[0], "repeated")])
    values = request.args.to_dict()
    if faults := [_error("parameter", n, "bad_character") for n, v in values.items() if _ODD.search(n + v)]:
        raise refused(faults)
    return _shaped(shape, values, "parameter")


def no_query() -> None:
    """Ends the request with 422 where the address has a query that nobody reads."""
    if request.args:
        raise refused([_error("parameter", next(iter(request.args)), "extra_forbidden")])


def refused(errors: list[dict[str, str]]) -> Problem:
    """The content isn't what it must be."""
    detail = _("Ce que vous avez envoyé ne convient pas : voyez « errors ». Rien n’a été changé.")
    return Problem(422, "invalid", detail, errors[:FAULTS_MAX])


def _parsed(data: bytes) -> Any:
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except UnicodeDecodeError:
        code = "not_utf8"
    except _Odd as odd:
        code = str(odd.args[0])
    except RecursionError:
        code = "too_deep"
    except ValueError:
        code = "not_json"
    errors = [_error("pointer", "", code)]
    raise Problem(400, "bad-request", _("Le corps de la demande ne se lit pas. Rien n’a été changé."), errors)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Odd("repeated")
    return found


def _constant(_name: str) -> None:
    raise _Odd("not_a_number")


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise _Odd("too_great")
    return int(digits)


def _odd_texts(value: Any, at: str, depth: int) -> Iterator[dict[str, str]]:
    """What no text of ours may hold, and what is nested too deep, at its place."""
    if depth > DEPTH_MAX:
        yield _error("pointer", at, "too_deep")
    elif isinstance(value, str):
        if _ODD.search(value):
            yield _error("pointer", at, "bad_character")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if _ODD.search(name) or len(name) > 64:
                yield _error("pointer", at, "bad_character")
            else:
                yield from _odd_texts(inner, f"{at}/{escaped(name)}", depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _odd_texts(inner, f"{at}/{place}", depth + 1)


def escaped(name: str) -> str:
    """A name within a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _shaped(shape: type[Shape], value: Any, kind: str) -> Shape:
    try:
        return shape.model_validate(value)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False)
    places = [each["loc"] for each in found]
    errors = []
    for each in found:
        if each["type"] == "too_short" and any(each["loc"] == place[: len(each["loc"])] != place for place in places):
            continue  # its only elements are wrong, which is told
        names = [escaped(str(part)) for part in each["loc"]]
        at = "/".join(names) if kind == "parameter" else "".join(f"/{name}" for name in names)
        errors.append(_error(kind, at, each["type"], each.get("ctx")))
    raise refused(errors)


def _error(kind: str, at: str, code: str, facts: dict[str, Any] | None = None) -> dict[str, str]:
    named, detail = shape_sentence(code, facts or {})
    return {kind: unicodedata.normalize("NFC", at)[:200], "code": named, "detail": detail}


def error(at: str, code: str, kind: str = "pointer") -> dict[str, str]:
    """One error at a place of the body (or of the query: "parameter") that its shape alone doesn't tell."""
    return _error(kind, at, code)
