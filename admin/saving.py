"""What views that change a record share: save, or the form again; ask, then delete, or say why it stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from invoicing.errors import FieldFaults, Refused, Stale
from web.database import transaction
from web.errors import sentence
from web.words import _


def save(
    work: Callable[[Session], Any], again: Callable[[Refused], ResponseReturnValue], said: str,
    then: str | Callable[[Any], str],
) -> ResponseReturnValue:  # fmt: skip
    """Does it in one transaction, says so, and goes on to `then` (an address, or one made of what `work` answers).

    A form with faults, or one that somebody else was quicker with, is drawn `again`.
    """
    try:
        with transaction() as session:
            made = work(session)
    except (FieldFaults, Stale) as refusal:
        return again(refusal)
    flash(said, "ok")
    return redirect(then if isinstance(then, str) else then(made), 303)


def delete(
    label: str, check: Callable[[], object], work: Callable[[Session], object],
    stays: type[Refused] | tuple[type[Refused], ...], then: str, ask: Callable[[str], str],
) -> ResponseReturnValue:  # fmt: skip
    """Asks on GET, does it on POST; `ask` draws the question, with the reason where `stays` is raised."""
    try:
        check()
        if request.method == "POST":
            with transaction() as session:
                work(session)
            flash(_("Supprimé : %(label)s.", label=label), "ok")
            return redirect(then, 303)
    except stays as refusal:
        return ask(sentence(refusal)), 409 if request.method == "POST" else 200
    return ask("")
