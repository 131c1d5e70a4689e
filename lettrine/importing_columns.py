"""What the command line says of a file's columns: `--column "N° facture=reference"`, by heading or by place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from invoicing.accounting.plan import Column, Days, Plan
from invoicing.accounting.reading import choose
from invoicing.imports.headings import plain
from invoicing.imports.rules import Unreadable

_OPTION: Final = "--column"


@dataclass(frozen=True)
class Said:
    """What the options say: "HEADING=ROLE" each, how days are written, the sign of decimals."""

    columns: tuple[str, ...] = ()
    days: Days | None = None
    decimal: str = ""


@dataclass(eq=False)
class Unclear(Exception):
    """How the file is to be read isn't known; `plan.asks` says what is missing."""

    plan: Plan


def settled(plan: Plan, said: Said) -> Plan:
    """The plan as recognised, changed as said. Raises Unclear, and click.UsageError for what it doesn't have."""
    if said.columns or said.days or said.decimal:
        if said.columns and not plan.is_table:
            raise click.BadParameter(f"the columns of {plan.program or plan.layout} are fixed", param_hint=_OPTION)
        columns = _columns(plan, said.columns)
        plan = choose(plan, columns, said.days or Days.unknown, said.decimal or plan.decimal, plan.currency)
    if plan.asks:
        raise Unclear(plan)
    return plan


def _columns(plan: Plan, said: Sequence[str]) -> tuple[Column, ...]:
    columns = list(plan.columns)
    for each in said:
        heading, equals, role = each.rpartition("=")
        if not equals or role.strip() not in set(Column):
            raise click.BadParameter(f"{each!r} is no HEADING=ROLE; roles are {', '.join(Column)}", param_hint=_OPTION)
        columns[_place(plan, heading.strip())] = Column(role.strip())
    return tuple(columns)


def _place(plan: Plan, heading: str) -> int:
    """Where a column stands, by its heading, or else by its place from 1."""
    places = [place for place, known in enumerate(plan.headings) if plain(known) == plain(heading)]
    if not places and heading.isascii() and heading.isdigit() and 0 < int(heading[:6]) <= len(plan.columns):
        return int(heading) - 1
    if len(places) != 1:
        known = ", ".join(filter(None, plan.headings)) or f"places 1 to {len(plan.columns)}"
        why = "stands there twice: say its place" if places else f"is not there. There are: {known}"
        raise click.BadParameter(f"{heading!r} {why}", param_hint=_OPTION)
    return places[0]


def tell_unclear(fault: Unreadable | Unclear, as_json: bool) -> None:
    """Why the file can't be read, or what must be said first."""
    from web import imports, letterings
    from web.words import _

    if isinstance(fault, Unreadable):
        says = imports.why_unreadable(fault)
        told: dict[str, object] = {"unreadable": fault.code, "says": says}
    else:
        says = " ".join(_(letterings.ASKS[ask]) for ask in fault.plan.asks)
        columns = [{"place": place, "heading": heading, "role": role} for place, heading, role in _shown(fault.plan)]
        told = {"asks": list(fault.plan.asks), "says": says, "columns": columns}
    if as_json:
        click.echo(json.dumps({"run": None, "applied": False, **told}, ensure_ascii=False))
        return
    click.echo(f"Error: {says}", err=True)
    if isinstance(fault, Unclear):
        for place, heading, role in _shown(fault.plan):
            click.echo(f"{place:>8}  {heading or '–'}: {role}", err=True)
        click.echo('Say it with --column "HEADING=ROLE" and --days.', err=True)


def _shown(plan: Plan) -> list[tuple[int, str, str]]:
    """Place from 1, heading (or else the first value), role."""
    first = plan.sample[0] if plan.sample else ()
    heads = [*plan.headings, *first[len(plan.headings) :]]
    heads += [""] * (len(plan.columns) - len(heads))
    return [(place, heads[place - 1], str(column)) for place, column in enumerate(plan.columns, start=1)]
