"""The source as the rules of the house look at it: files, syntax trees, functions, templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("admin", "api", "config", "invoicing", "lettrine", "portal", "web")
DOORS = ("admin", "api", "portal", "web")
PAPER = ("pdf", "email")  # drawn for paper and mail programs, which need styles in place

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Code:
    """One Python file: its path from the root, its text, its tree."""

    path: str
    text: str
    tree: ast.Module


@dataclass(frozen=True)
class Template:
    """One template: its name as Jinja knows it, its text without comments."""

    name: str
    text: str

    @property
    def is_page(self) -> bool:
        """Whether it ends up in a browser of ours."""
        return self.name.split("/")[0] not in PAPER


@lru_cache
def code(*packages: str) -> tuple[Code, ...]:
    """Every Python file of the packages, migrations left out."""
    paths = (path for package in packages or PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return tuple(_read(path) for path in paths if "migrations/versions" not in path.as_posix())


def _read(path: Path) -> Code:
    text = path.read_text("utf-8")
    return Code(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


@lru_cache
def templates() -> tuple[Template, ...]:
    """Every template that Jinja draws, sheets included."""
    folder = ROOT / "templates"
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple(Template(path.relative_to(folder).as_posix(), _without_comments(path)) for path in files)


def pages() -> tuple[Template, ...]:
    """The templates that end up in a browser of ours."""
    return tuple(t for t in templates() if t.is_page and t.name.endswith(".html"))


def _without_comments(path: Path) -> str:
    """Comments go, lines stay, so that places can still be told."""
    return re.sub(r"\{#.*?#\}", lambda found: "\n" * found[0].count("\n"), path.read_text("utf-8"), flags=re.S)


def functions(*packages: str) -> Iterator[tuple[str, Function]]:
    """Every function with its place, nested ones included."""
    for file in code(*packages):
        for node in ast.walk(file.tree):
            if isinstance(node, Function):
                yield f"{file.path}:{node.lineno} {node.name}", node


def length(node: Function) -> int:
    """Lines of a function: signature and body, without decorators and docstring."""
    first = node.body[0]
    documented = (first.end_lineno or first.lineno) - first.lineno + 1 if ast.get_docstring(node) else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - documented


def place(template: Template, at: int) -> str:
    """« portal/invoice.html:12 »."""
    return f"{template.name}:{template.text.count(chr(10), 0, at) + 1}"
