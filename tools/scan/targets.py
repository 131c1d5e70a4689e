"""What there is to be scanned: pages are walked through, their forms and links noted, the fullest routes chosen."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, RequestRedirect

from config.settings import Settings
from tools.scan.filled import filled
from tools.scan.forms import Form, read
from tools.scan.place import Person, Place, token

LEFT_OUT = ("signin.out", "site.language", "static")
GUARDS = ("csrf_token", "form_token", "revision")  # ours: another value ends at the door
FROM = ("/ventes", "/ventes/factures", "/ventes/clients", "/mes-factures", "/mon-compte", "/preferences", "/connexion")
VISITS = 3  # pages looked at of one route
PAGES = 300  # looked at in all, by one person


@dataclass
class Target:
    """One route and method: an address, the fields that it takes, and who may."""

    endpoint: str
    method: str
    address: str
    role: str
    fields: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None  # JSON of a program
    page: str = ""  # where its form stands, with today's revision

    @property
    def parameters(self) -> list[str]:
        """Those that are tried."""
        if self.body is not None:
            return sorted(leaves(self.body))
        return [name for name in self.fields if name not in GUARDS]

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"{self.endpoint} {self.method}"


def leaves(value: Any, at: str = "") -> Counter[str]:
    """The names of a body's plain values."""
    if isinstance(value, dict):
        return sum((leaves(v, f"{at}.{k}" if at else k) for k, v in value.items()), Counter())
    if isinstance(value, list):
        return sum((leaves(v, f"{at}[{n}]") for n, v in enumerate(value)), Counter())
    return Counter([at])


class Walk:
    """One person's walk through all that they can reach."""

    def __init__(self, place: Place, role: str, routes: MapAdapter, found: dict[str, Target]):
        self.person, self.address, self.role = Person(place.address, place.cookies[role]), place.address, role
        self.routes, self.found = routes, found
        self.seen: Counter[str] = Counter()

    def go(self) -> None:
        """Breadth first, a few pages of each route."""
        waiting, known = list(FROM), set(FROM)
        while waiting and sum(self.seen.values()) < PAGES:
            waiting.sort(key=lambda path: (self.seen[self.endpoint(path)], "?" in path))  # what is new comes first
            path = waiting.pop(0)
            endpoint = self.endpoint(path)
            if not endpoint or "export" in endpoint or self.seen[endpoint] >= VISITS:
                continue
            self.seen[endpoint] += 1
            page, at = self.person.ask(path)
            page_of = read(page)
            for link in [*page_of.links, *(f.action for f in page_of.forms)]:
                there = self.inside(urllib.parse.urljoin(at, link))
                if there and there not in known and self.seen[self.endpoint(there)] < VISITS:
                    known.add(there)
                    waiting.append(there)
                self.note_link(there)
            for form in page_of.forms:
                self.note(form, self.inside(urllib.parse.urljoin(at, form.action)) or path, path)

    def inside(self, address: str) -> str:
        """The path of an address of ours, with its query."""
        split = urllib.parse.urlsplit(address)
        if f"{split.scheme}://{split.netloc}" != self.address:
            return ""
        return split.path + (f"?{split.query}" if split.query else "")

    def endpoint(self, path: str, method: str = "GET") -> str:
        """The route of a path; empty where there is none."""
        try:
            found: str = self.routes.match(path.partition("?")[0], method=method)[0]
        except (HTTPException, RequestRedirect):
            return ""
        return "" if found in LEFT_OUT else found

    def note_link(self, there: str) -> None:
        """The parameters of a link."""
        query = dict(urllib.parse.parse_qsl(there.partition("?")[2], keep_blank_values=True))
        if query and (endpoint := self.endpoint(there)):
            self.add(endpoint, "GET", there.partition("?")[0], query)

    def note(self, form: Form, there: str, page: str) -> None:
        """A form's fields, and those of the address that it is sent to; `page` is where it stands."""
        path, _mark, query = there.partition("?")
        endpoint = self.endpoint(path, form.method)
        if endpoint:
            more = dict(urllib.parse.parse_qsl(query)) if form.method == "GET" else {}
            self.add(endpoint, form.method, path if form.method == "GET" else there,
                     {**more, **form.fields}, page)  # fmt: skip

    def add(self, endpoint: str, method: str, address: str, fields: dict[str, str], page: str = "") -> None:
        """What is known of a route grows: GET by every link, POST by its fullest form."""
        known = self.found.get(f"{endpoint} {method}")
        if known is None:
            self.found[f"{endpoint} {method}"] = Target(endpoint, method, address, self.role, dict(fields),
                                                          page=page)  # fmt: skip
        elif method == "GET" and known.role == self.role:
            known.fields = {**fields, **known.fields}
        elif len(fields) > len(known.fields) and known.role == self.role:
            known.address, known.fields, known.page = address, dict(fields), page


def programs(place: Place) -> list[Target]:
    """What a shop's program sends."""
    me = json.loads(_asked(place, "/api/v1/me"))
    customer = {"id": "1042", "first_name": "Élodie", "last_name": "Lefèvre", "email": "elodie@exemple.fr",
                "street": "4 impasse du Clos", "postcode": "73190", "city": "Saint-Baldoph"}  # fmt: skip
    tax = me["taxes"][0]["code"] if me["taxes"] else None
    line = {"label": "Cours en ligne", "price": "150.00", **({"tax": tax} if tax else {})}
    order = {"transaction_code": "scan+1/=", "customer_id": "1042", "ordered_at": "2026-01-15T10:00:00+00:00",
             "currency": me["currency"], "lines": [line],
             **({"number": me["number_prefix"] + "scan1"} if me["brings_numbers"] else {})}  # fmt: skip
    _asked(place, "/api/v1/customers", customer, "PUT")
    _asked(place, "/api/v1/orders", order, "POST")
    payment = {"transaction_code": "scan+1/=", "payment_id": "1", "amount": "1.00", "at": "2026-01-15T11:00:00+00:00"}
    return [
        Target("api.customer_put", "PUT", "/api/v1/customers", "program", body=customer),
        Target("api.order_new", "POST", "/api/v1/orders", "program", body=order),
        Target("api.payment_new", "POST", "/api/v1/payments", "program", body=payment),
    ]


def _asked(place: Place, path: str, body: dict[str, Any] | None = None, method: str = "GET") -> str:
    """What a program is answered; refusals too."""
    headers = {"Authorization": f"Bearer {place.key}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(place.address + path, data, headers, method=method)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def walk(place: Place, settings: Settings) -> list[Target]:
    """Every route that takes anything, the fullest first; the first of member, sales, admin who reaches it is taken."""
    from lettrine.app import create_app

    routes = create_app(settings).url_map.bind("localhost")
    found: dict[str, Target] = {}
    for role in ("member", "sales", "admin"):
        Walk(place, role, routes, found).go()
    for name, target in list(found.items()):
        beside = found.get(name.replace("_export", "")) if "_export" in name else None
        if beside:
            target.fields = {**beside.fields, **target.fields}
    for name, target in found.items():
        target.fields = filled(name, target.fields)
    every = [target for target in (*found.values(), *programs(place)) if target.parameters]
    return sorted(every, key=lambda target: (-len(target.parameters), target.name))


def renewed(place: Place, target: Target) -> dict[str, str]:
    """The fields with the token of today's session."""
    if "csrf_token" not in target.fields:
        return target.fields
    fresh = token(Person(place.address, place.cookies[target.role]).ask("/preferences")[0])
    return {**target.fields, "csrf_token": fresh}
