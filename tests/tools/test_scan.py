"""The scan reads forms as a browser would, judges logs honestly, and has no way into the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.conftest import make_settings
from tests.house.source import ROOT, code
from tools.scan.crawling import read as findings
from tools.scan.filled import FILLED, filled
from tools.scan.forms import read
from tools.scan.injection import Job, command, each_time, judged, marked
from tools.scan.place import Place
from tools.scan.targets import Target, leaves

PAGE = """
<a href="/ventes?q=1">x</a>
<form method="post" action="/a" id="f"><input type="hidden" name="csrf_token" value="t">
<input name="name" required><input name="empty"><input type="email" name="email" required>
<input type="checkbox" name="off" value="1"><input type="checkbox" name="on" value="1" checked>
<select name="kind"><option value="p">P</option><option value="o" selected>O</option></select>
<select name="first"><option value="">–</option><option value="z">Z</option></select>
<input type="file" name="file"><textarea name="note"></textarea><button name="do" value="save">S</button></form>
<form action="/b"><input type="search" name="q"></form><input form="f" name="loose" value="l">
"""


def test_forms_are_read_as_a_browser_would_send_them() -> None:
    page = read(PAGE)
    assert page.links == ["/ventes?q=1"]
    assert [(form.method, form.action) for form in page.forms] == [("POST", "/a"), ("GET", "/b")]
    assert page.forms[0].fields == {
        "csrf_token": "t", "name": "texte", "empty": "", "email": "personne@exemple.fr", "off": "", "on": "1",
        "kind": "o", "first": "", "note": "", "do": "save", "loose": "l",
    }  # fmt: skip
    assert page.forms[1].fields == {"q": ""}


def test_our_own_guards_are_sent_and_not_tried() -> None:
    target = Target("a", "POST", "/a", "sales", {"csrf_token": "t", "form_token": "u", "name": "x"})
    assert target.parameters == ["name"]


def test_what_guards_against_a_second_time_is_new_at_each_request(tmp_path: Path) -> None:
    place = Place(tmp_path, "sqlite://", 1, "x", cookies={"sales": "c"})
    fields = {"form_token": "u", "revision": "3", "name": "x", "code": "y", "city": ""}
    made = Target("admin.shop_new", "POST", "/n", "sales", fields, page="/n")
    assert each_time(Job(made, "SQLite", ("code",))) == (
        "import secrets;form_token=secrets.token_urlsafe(24);name=secrets.token_hex(3).upper()+name"
    )
    assert each_time(Job(Target("a", "GET", "/a", "sales", {"q": ""}), "SQLite", ("q",))) == ""
    words = command(Job(made, "SQLite", ("code",)), place, "sqlmap", tmp_path)
    assert words[words.index("--csrf-token") + 1] == "revision" and "http://localhost:1/n" in words


def test_what_a_form_needs_is_typed_and_nothing_added() -> None:
    assert filled("admin.item_new POST", {"label": "", "code": ""}) == {"label": "Cours", "code": "neuf"}
    assert filled("a POST", {"name": ""}) == {"name": ""}
    routes = (ROOT / "docs/HOUSE.md").read_text("utf-8")
    assert all(f"| {name.removesuffix(' POST')} |" in routes for name in FILLED)


def test_every_plain_value_of_a_body_is_tried() -> None:
    body = {"a": 1, "b": [{"c": "x"}, {"c": "y"}], "d": {"e": None}}
    assert sorted(leaves(body)) == ["a", "b[0].c", "b[1].c", "d.e"]
    assert marked(body) == {"a": "1*", "b": [{"c": "x*"}, {"c": "y*"}], "d": {"e": "None*"}}


CLEAN = "[CRITICAL] all tested parameters do not appear to be injectable. Try to increase values"
LOGS = [
    (CLEAN, False, "clean"),
    ("GET parameter 'q' appears to be 'SQLite boolean' injectable\n" + CLEAN, False, "clean"),
    ("---\nParameter: q (GET)\n    Type: boolean-based blind", False, "found"),
    ("Parameter: q (GET)\n" + CLEAN, True, "found"),
    ("[INFO] testing 'AND boolean-based'", True, "too long"),
    ("[CRITICAL] page not found (404)", False, "unclear"),
    ("Traceback (most recent call last)", False, "unclear"),
    ("", False, "unclear"),
]


@pytest.mark.parametrize(("log", "late", "verdict"), LOGS)
def test_a_log_is_clean_only_where_sqlmap_says_so(log: str, late: bool, verdict: str) -> None:
    assert judged(log, late)[0] == verdict


def test_what_sqlmap_suspected_is_told_though_it_was_withdrawn() -> None:
    assert "q" in judged(LOGS[1][0], False)[1]


def test_findings_of_wapiti_are_told_by_kind() -> None:
    one = {"method": "GET", "path": "/a", "parameter": "q", "info": "it is"}
    report = {"vulnerabilities": {"SQL Injection": [one, one], "XSS": []}, "anomalies": {"Error 500": [one]}}
    place = Place(ROOT, "sqlite://", 1, "x")
    told = [(line.route, line.verdict, line.parameters) for line in findings(report, place, "sales", 1, ["xss"])]
    assert told == [("all else", "clean", 0), ("SQL Injection", "found", 2), ("Error 500", "found", 1)]
    assert findings({}, place, "sales", 1, ["sql", "xss"])[0].told == "0 pages seen; cut short by time: sql, xss"


def test_nothing_of_the_package_knows_of_it() -> None:
    """Limits are taken away in the scan's own process; there is nothing that could be left on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "tools" not in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert not [file.path for file in code() if "tools.scan" in file.text or "from tools" in file.text]
    taking = [file.path for file in code() if "count_try =" in file.text.replace("may_be = codes.count_try", "")]
    assert not taking


@pytest.mark.parametrize("name", ["tries_per_address", "api_wrong_keys"])
@pytest.mark.parametrize("value", [0, 10**9])
def test_no_setting_takes_a_limit_away(name: str, value: int, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=name):
        make_settings("", tmp_path, **{name: value})


def test_only_a_demo_is_served_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    from invoicing.accounts import limits
    from tools.scan import server

    class Work:
        environment = "production"

    kept = limits.count_try
    monkeypatch.setattr(server, "Settings", Work)
    with pytest.raises(SystemExit, match="Only a demo"):
        server.main(0)
    assert limits.count_try is kept
