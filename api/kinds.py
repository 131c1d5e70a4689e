"""The kinds of values that the API reads and writes: decimals as text, moments with their time zone, plain text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from invoicing.money import exact

CODE: Final = "^[!-~]{1,64}$"
OWN_ID: Final = "^[!-~]{1,120}$"
MONEY: Final = r"^(0|[1-9][0-9]{0,9})\.[0-9]{2}$"
SIGNED_MONEY: Final = r"^-?(0|[1-9][0-9]{0,15})\.[0-9]{2}$"
PRICE: Final = r"^(0|[1-9][0-9]{0,6})(\.[0-9]{1,4})?$"
QUANTITY: Final = r"^-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?$"
PERCENT: Final = r"^(100(\.0{1,2})?|[1-9]?[0-9](\.[0-9]{1,2})?)$"
PLAIN: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Shape(BaseModel):
    """A body or query: exactly these fields, nothing guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _fault(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, "no")  # type: ignore[arg-type]  # the sentence comes later, in a language


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _fault("string_type")
    return value


def _decimal(pattern: str, decimals: int, code: str) -> BeforeValidator:
    """Reads text as an integer scaled by 10^decimals."""
    form = re.compile(pattern.removesuffix("$"), re.ASCII)

    def read(value: Any) -> int:
        if form.fullmatch(_text(value)) is None:
            raise _fault(code)
        return exact(value, decimals)

    return BeforeValidator(read)


def _moment(value: Any) -> datetime:
    """Naive UTC."""
    if _MOMENT.fullmatch(_text(value)) is None:
        raise _fault("bad_moment")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _fault("bad_moment") from None


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(_text(value)) else _no_day()
    except ValueError:
        raise _fault("bad_day") from None


def _no_day() -> date:
    raise _fault("bad_day")


def _count(most: int) -> BeforeValidator:
    """A whole number of a query, from 1."""

    def read(value: Any) -> int:
        if not (isinstance(value, str) and re.fullmatch("[0-9]{1,6}", value, re.ASCII) and 1 <= int(value) <= most):
            raise _fault("bad_format")
        return int(value)

    return BeforeValidator(read)


def _said(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


Cents = Annotated[int, _decimal(MONEY, 2, "bad_money"), _said(MONEY, "12.50")]
PriceE4 = Annotated[int, _decimal(PRICE, 4, "bad_decimal"), _said(PRICE, "150.00")]
QuantityE3 = Annotated[int, _decimal(QUANTITY, 3, "bad_decimal"), _said(QUANTITY, "1")]
DiscountE4 = Annotated[int, _decimal(PERCENT, 2, "bad_decimal"), _said(PERCENT, "12.5")]
_MOMENT_SCHEMA = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T10:30:00+01:00"]})
Moment = Annotated[datetime, BeforeValidator(_moment), _MOMENT_SCHEMA]
Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-22"]})
]
Code = Annotated[str, Field(pattern=CODE)]
OwnId = Annotated[str, Field(pattern=OWN_ID)]
Limit = Annotated[int, _count(200), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 200, "default": 100})]


def plain(most: int, least: int = 0) -> Any:
    """Text without control characters (which reading has refused already), of so many characters."""
    return Field(min_length=least, max_length=most, json_schema_extra={"pattern": PLAIN})


def money(cents: int) -> str:
    """An amount as it is written: "12.50", "-0.05"."""
    return decimal(cents, 2, 2)


def decimal(value: int, decimals: int, least: int = 0) -> str:
    """A scaled integer, `least` decimals at least and no needless zero."""
    digits = f"{abs(value):0{decimals + 1}d}"
    fraction = digits[-decimals:].rstrip("0").ljust(least, "0")
    return ("-" if value < 0 else "") + digits[:-decimals] + (f".{fraction}" if fraction else "")


def moment(value: datetime) -> str:
    """A naive UTC moment as it is written."""
    return value.replace(microsecond=0).isoformat() + "Z"
