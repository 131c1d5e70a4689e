"""How the code is written: sizes, names, docstrings, integers, imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from tests.house.source import DOORS, PACKAGES, ROOT, Function, code, functions, length

FORBIDDEN_NAMES = re.compile(r"(?:^|_)(?:utils?|helpers?|common|managers?|base|misc)(?:_|$)")
LENGTHS = {  # lengths and places on paper, in points and millimetres; no amount of money passes through them
    "invoicing/documents/ink.py",
    "invoicing/documents/lines.py",
    "invoicing/documents/measure.py",
    "invoicing/documents/pdf.py",
    "invoicing/documents/plan.py",
    "invoicing/documents/rows.py",
    "invoicing/documents/sums.py",
}


def run(*command: str) -> None:
    """Runs a program of this environment; its words are the failure's."""
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_longer_than_250_lines() -> None:
    long = {file.path: file.text.count("\n") for file in code() if file.text.count("\n") > 250}
    assert not long


def test_nine_functions_of_ten_have_25_lines_at_most() -> None:
    lengths = sorted(length(node) for _place, node in functions())
    assert lengths[len(lengths) * 9 // 10] <= 25


def is_view(node: Function) -> bool:
    """Whether a blueprint or an application routes to it."""
    calls = (deco.func for deco in node.decorator_list if isinstance(deco, ast.Call))
    return any(isinstance(func, ast.Attribute) and func.attr in ("get", "post", "route") for func in calls)


def test_no_view_is_longer_than_30_lines() -> None:
    views = [(place, length(node)) for place, node in functions(*DOORS) if is_view(node)]
    assert len(views) > 20
    assert not [(place, lines) for place, lines in views if lines > 30]


Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public(tree: ast.Module) -> list[Named]:
    """Public functions and classes of a module, and the public methods and properties of those classes."""
    top = [node for node in tree.body if isinstance(node, Named) and not node.name.startswith("_")]
    inside = [node for owner in top if isinstance(owner, ast.ClassDef) for node in owner.body]
    return [*top, *(node for node in inside if isinstance(node, Function) and not node.name.startswith("_"))]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_public_says_what_it_is(package: str) -> None:
    silent = [
        f"{file.path}:{node.lineno} {node.name}"
        for file in code(package)
        for node in _public(file.tree)
        if not ast.get_docstring(node) and not _is_stub(node)
    ]
    assert not silent


def _is_stub(node: Named) -> bool:
    """A method of a Protocol: `...` is all it says."""
    only = node.body[0] if len(node.body) == 1 else None
    return isinstance(only, ast.Expr) and getattr(only.value, "value", None) is ...


def test_every_module_says_what_it_is_for() -> None:
    assert not [file.path for file in code() if file.text.strip() and not ast.get_docstring(file.tree)]


def test_modules_are_named_with_the_fields_words() -> None:
    assert not [f.path for f in code() if any(FORBIDDEN_NAMES.search(part) for part in PurePath(f.path[:-3]).parts)]


def _inexact(tree: ast.Module) -> list[int]:
    """Lines that hold a float, call `float`, or bring Decimal in."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()) | ast.Call(func=ast.Name(id="float")) | ast.ImportFrom(module="decimal"):
                found.append(node.lineno)
            case ast.Import(names=names) if any(name.name == "decimal" for name in names):
                found.append(node.lineno)
    return found


def test_the_core_reckons_with_integers_only() -> None:
    inexact = {file.path: lines for file in code("invoicing") if (lines := _inexact(file.tree))}
    assert not {path: lines for path, lines in inexact.items() if path not in LENGTHS}


def test_no_money_is_named_where_lengths_are_reckoned() -> None:
    files = [file for file in code("invoicing") if file.path in LENGTHS]
    assert len(files) == len(LENGTHS)
    assert not [file.path for file in files if re.search(r"\w_(?:cents|e[345])\b", file.text)]


def test_a_head_request_never_passes_for_a_post() -> None:
    """HEAD comes to every GET route: `if method == "GET": show, else act` would let it act."""
    traps = [
        f"{file.path}:{node.lineno}"
        for file in code(*DOORS, "lettrine")
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Attribute)
        and node.left.attr == "method"
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and isinstance(node.comparators[0], ast.Constant)
        and node.comparators[0].value == "GET"
    ]
    assert not [place for place in traps if not _remembers_only(place)]


def _remembers_only(place: str) -> bool:
    """`ask_to_sign_in` keeps the address of a GET; HEAD keeps nothing, which is the safe side."""
    return place.startswith("web/rights.py")


def test_no_test_sleeps() -> None:
    sleeping = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("sleep", "wait_for_timeout")
    ]
    assert not sleeping


def test_imports_point_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")  # apart: it would put out everybody's loggers
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_ruff_has_nothing_to_say() -> None:
    run("-m", "ruff", "check", "--no-cache", ".")


@pytest.mark.slow
def test_mypy_has_nothing_to_say() -> None:
    run("-m", "mypy", "--no-incremental")
