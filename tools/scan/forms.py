"""Reads what a page lets people send and where it leads: its forms and its links."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

TYPED = {"date": "2026-01-15", "number": "1", "email": "personne@exemple.fr", "month": "2026-01", "tel": "0102030405",
         "url": "https://exemple.fr", "search": "gravure"}  # fmt: skip


@dataclass
class Form:
    """A form of a page."""

    method: str
    action: str
    fields: dict[str, str]


class Forms(HTMLParser):
    """Reads a page's forms, as a browser would send them, and its links. Fields may stand outside, by `form=`."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.named: dict[str, Form] = {}
        self.loose: list[tuple[str, str, str]] = []
        self.links: list[str] = []
        self.open: Form | None = None
        self.choice = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what is asked for."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            self.open = Form(given.get("method", "get").upper(), given.get("action", ""), {})
            self.forms.append(self.open)
            if "id" in given:
                self.named[given["id"]] = self.open
        elif tag == "select":
            self.choice = given.get("name", "")
        elif tag == "option" and self.choice:
            form = self.open
            if form is not None and ("selected" in given or self.choice not in form.fields):
                form.fields[self.choice] = given.get("value", "")
        elif tag in ("input", "textarea", "button") and given.get("name") and given.get("type") != "file":
            self._take(given)

    def _take(self, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text"), given["name"]
        value = given.get("value", "")
        if kind == "checkbox" and "checked" not in given:
            value = ""  # it is tried, and means nothing to the others
        elif not value and "required" in given:
            value = TYPED.get(kind, "texte")  # what is valid goes further into the application
        if "form" in given:
            self.loose.append((given["form"], name, value))
        elif self.open is not None and (name not in self.open.fields or "checked" in given):
            self.open.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        """Closes it."""
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.choice = ""

    def close(self) -> None:
        """Gives the loose fields to their forms."""
        super().close()
        for form, name, value in self.loose:
            if form in self.named:
                self.named[form].fields.setdefault(name, value)


def read(page: str) -> Forms:
    """The forms and links of a page."""
    found = Forms()
    found.feed(page)
    found.close()
    return found
