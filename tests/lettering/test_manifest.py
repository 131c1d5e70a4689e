"""Every accounting export of `tests/data/accounting`, judged alone, gives what its manifest says of each document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from invoicing.accounting.plan import Column, Days, Plan
from invoicing.accounting.reading import choose, documents, recognise
from invoicing.imports.rules import Judged, Unreadable
from invoicing.lettering.bulk_judging import judge_documents, widths_of
from tests.lettering.orders import DATA, load

FOLDER = DATA / "accounting"
MANIFEST: list[dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))["files"]
LETTERING = [each for each in MANIFEST if each["kind"] == "lettering"]
VERDICTS: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "verdicts.json").read_text("utf-8"))
EBP = {1: Column.day, 3: Column.account, 5: Column.label, 6: Column.reference, 7: Column.amount, 8: Column.sense}


def plan_of(file: dict[str, Any], content: bytes) -> Plan:
    """As recognised, or as a person says where nothing names the columns."""
    plan = recognise(content, file["file"])
    if plan.asks and file["format"] == "ebp-ascii":
        columns = [EBP.get(place, Column.ignored) for place in range(len(plan.columns))]
        plan = choose(plan, columns, Days.day_first, "", "")
    assert not plan.asks, f"{file['file']} asks for {plan.asks}"
    return plan


def judged(session: Session, file: dict[str, Any]) -> dict[int, Judged]:
    """The verdicts by line."""
    content = (FOLDER / file["file"]).read_bytes()
    plan = plan_of(file, content)
    rows = list(judge_documents(session, documents(content, plan), widths_of(plan)))
    assert len({row.line for row in rows}) == len(rows)
    return {row.line: row for row in rows}


def faults(file: dict[str, Any], found: dict[int, Judged]) -> list[str]:
    """Where it differs from the manifest; no verdict that letters where it mustn't is ever right."""
    said = []
    for row, wanted in zip(file["rows"], VERDICTS[file["file"]], strict=True):
        assert row["line"] == wanted["line"]
        got = found.pop(row["line"], None)
        if got is None:
            said.append(f"{file['file']}:{row['line']} {row['reference']} is missing")
            continue
        told = f"{file['file']}:{row['line']} {got.subject} {got.verdict} {got.facts}"
        said += [f"{told} instead of {other}" for other in _others(row, wanted, got)]
    return said + [f"{file['file']}:{line} {row.verdict} is no document" for line, row in found.items()]


def _others(row: dict[str, Any], wanted: dict[str, Any], got: Judged) -> Iterator[object]:
    """What the row should have been."""
    if got.verdict not in (wanted["verdict"], *wanted.get("also", ())):
        yield wanted["verdict"]
    if got.verdict == "will_letter" and wanted.get("never"):
        yield "no lettering"
    if got.subject.split() != row["reference"].split():
        yield row["reference"]
    if row["our_number"] and got.facts["number"] not in ("", row["our_number"]):
        yield row["our_number"]
    cents = int(row["amount"].replace(".", ""))
    if (got.facts["amount_cents"], got.facts["day"]) != (cents, row["date"]):
        yield cents, row["date"]
    if wanted.get("order") and got.facts["suggestions"][0]["number"] != wanted["order"]:
        yield wanted["order"]


@pytest.fixture
def orders(session: Session) -> Session:
    load(session)
    return session


def test_every_file_gives_what_its_manifest_says(orders: Session) -> None:
    assert [said for file in LETTERING for said in faults(file, judged(orders, file))] == []
    assert len(LETTERING) == 13 and sum(len(file["rows"]) for file in LETTERING) > 200


def test_a_real_file_that_names_none_of_ours_letters_nothing(orders: Session) -> None:
    (file,) = (each for each in MANIFEST if each["file"].startswith("real_111111111FEC"))
    found = judged(orders, file)
    assert len(found) > 80
    assert {row.verdict for row in found.values()} <= {"unknown_invoice", "suggest", "bad_reference"}


def test_a_bank_statement_is_refused() -> None:
    content = (FOLDER / "real_cfonb120.txt").read_bytes()
    with pytest.raises(Unreadable) as refused:
        recognise(content, "real_cfonb120.txt")
    assert refused.value.code == "bank_statement"
