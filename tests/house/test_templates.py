"""How templates are written: tokens, no inline styles, plain spaces, real links, real pictures."""

from __future__ import annotations

import ast
import re

from flask import Flask
from jinja2 import Environment, nodes

from tests.house.source import ROOT, Template, code, pages, place, templates
from web.statuses import STATUSES

FORM = re.compile(r"<form\b(?P<tag>(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*)>(?P<body>.*?)</form>", re.S)
INLINE = re.compile(r"<[a-zA-Z][^>]*?\s(?:style|on[a-z]+)\s*=", re.S)
ENDPOINT = re.compile(r"""url_for\(\s*(['"])([\w.]+)\1""")
NO_BREAK = re.compile("[\u00a0\u202f\u2007]|&(?:nbsp|#160|#xa0|#8239);", re.I)
STYLE = re.compile(r"<style|<script(?![^>]*\ssrc=)|javascript:")


def forms() -> list[tuple[Template, re.Match[str]]]:
    """Every form of our pages; the catcher's mails are not ours to send."""
    return [(t, found) for t in pages() for found in FORM.finditer(t.text)]


def test_every_form_that_posts_holds_its_token() -> None:
    posting = [(t, found) for t, found in forms() if 'method="post"' in found["tag"]]
    assert len(posting) > 12
    assert not [place(t, f.start()) for t, f in posting if "{{ csrf() }}" not in f["body"]]


def test_a_form_that_only_asks_sends_no_token() -> None:
    asking = [(t, found) for t, found in forms() if 'method="post"' not in found["tag"]]
    assert not [place(t, f.start()) for t, f in asking if "csrf" in f["body"] or 'method="POST"' in f["tag"]]


def test_no_page_has_inline_styles_or_scripts() -> None:
    inline = [place(t, found.start()) for t in pages() for found in INLINE.finditer(t.text)]
    inline += [place(t, found.start()) for t in pages() for found in STYLE.finditer(t.text)]
    assert not inline


def test_spaces_in_templates_are_plain() -> None:
    """`_` sets them; a cell with nothing else in it is kept open by one in mails."""
    texts = [(t, t.text.replace(">&nbsp;<", ">......<")) for t in templates()]
    assert not [place(t, found.start()) for t, text in texts for found in NO_BREAK.finditer(text)]


def _parsed(template: Template) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.do"]).parse(template.text)


def _strings(template: Template) -> set[str]:
    return {c.value for c in _parsed(template).find_all(nodes.Const) if isinstance(c.value, str)}


def _named_in_code() -> set[str]:
    """Patterns of the names that the code gives to templates; what it fills in may be anything."""
    found: set[str] = set()
    for node in (node for file in code() for node in ast.walk(file.tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(re.escape(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = (re.escape(v.value) if isinstance(v, ast.Constant) else r"[\w-]+" for v in node.values)
            found.add("".join(str(part) for part in parts))
    return {pattern for pattern in found if re.search(r"\.(?:html|txt|css)$", pattern)}


def test_every_template_is_used() -> None:
    by_others = {name for t in templates() if t.name.endswith((".html", ".txt")) for name in _strings(t)}
    patterns = re.compile("|".join(_named_in_code()))
    unused = [t.name for t in templates() if not {t.name, t.name.removeprefix("pdf/")} & by_others
              and not patterns.fullmatch(t.name) and not patterns.fullmatch(t.name.removeprefix("pdf/"))]  # fmt: skip
    assert not unused


def sprite() -> set[str]:
    """The names of the pictures that are there."""
    return set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "web/static/icons.svg").read_text("utf-8")))


def test_every_picture_is_in_the_sprite() -> None:
    known = sprite()
    missing = [f"{t.name}: {picture}" for t in pages() for picture in _pictures(t) if picture not in known]
    assert len(known) > 50
    assert not missing


def test_every_status_has_a_picture_of_the_sprite() -> None:
    assert {shown.icon for shown in STATUSES.values()} <= sprite()


PICTURED = {"icon": 0, "mark": 1, "note": 1, "flash": 1}  # macro → which argument names the picture


def _pictures(template: Template) -> set[str]:
    """The pictures that calls of our macros name, as words."""
    found: set[str] = set()
    for call in _parsed(template).find_all(nodes.Call):
        name = getattr(call.node, "name", getattr(call.node, "attr", ""))
        arguments = list(call.args[PICTURED[name] : PICTURED[name] + 1]) if name in PICTURED else []
        arguments += [pair.value for pair in call.kwargs if pair.key == "icon_name"]
        for argument in arguments:
            found |= {c.value for c in _choices(argument) if isinstance(c.value, str)}
    return found


def _choices(argument: nodes.Expr) -> list[nodes.Const]:
    """The words that an argument may be: itself, or either side of an `if`."""
    if isinstance(argument, nodes.CondExpr):
        return [*_choices(argument.expr1), *(_choices(argument.expr2) if argument.expr2 else [])]
    return [argument] if isinstance(argument, nodes.Const) else []


def test_every_link_leads_to_a_page_that_is_there(app: Flask) -> None:
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    texts = [(t.name, t.text) for t in templates()] + [(f.path, f.text) for f in code()]
    named = {(where, found[2]) for where, text in texts for found in ENDPOINT.finditer(text)}
    assert len(named) > 30
    assert not sorted((where, name) for where, name in named if name.lstrip(".") not in known)
