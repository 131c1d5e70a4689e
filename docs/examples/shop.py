"""A shop that speaks to Lettrine: a customer, an order, its payment, and what has become of it.

    python shop.py https://factures.exemple.fr ltr_…

Needs nothing but Python 3.11. Everything may be sent again: it is done only once.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class Lettrine:
    """The API of one installation, with the key of one shop."""

    def __init__(self, address: str, key: str):
        self.address, self.key = address.rstrip("/") + "/api/v1", key

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """Sends one request and gives the answer; a refusal says which field and what to do."""
        address = f"{self.address}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "fr"}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            asked = Request(address, data, headers, method=method)  # noqa: S310 - the address is the caller's own
            with urlopen(asked, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as refused:
            raise SystemExit(f"{refused.code} {refused.read().decode()}") from None


def main(address: str, key: str) -> None:
    """One sale, from the customer to the payment."""
    lettrine = Lettrine(address, key)
    me = lettrine.ask("GET", "/me")
    print(f"{me['shop']}, en {me['currency']}")
    customer = {
        "id": "1042", "first_name": "Élodie", "last_name": "Lefèvre", "email": "elodie@exemple.fr",
        "street": "4 impasse du Clos", "postcode": "73190", "city": "Saint-Baldoph",
    }  # fmt: skip
    lettrine.ask("PUT", "/customers", customer)
    now, code = datetime.now(UTC).isoformat(timespec="seconds"), uuid.uuid4().hex + "+/="
    order = {
        "transaction_code": code, "customer_id": "1042", "ordered_at": now, "currency": me["currency"],
        "lines": [{"label": "Cours en ligne", "price": "150.00", "tax": me["taxes"][0]["code"]}],
    }  # fmt: skip
    if me["brings_numbers"]:
        order["number"] = me["number_prefix"] + code[:12]
    placed = lettrine.ask("POST", "/orders", order)
    for warning in placed["warnings"]:
        print(f"Attention : {warning['detail']}")
    payment = {"transaction_code": code, "payment_id": "1", "amount": placed["total"], "at": now}
    lettrine.ask("POST", "/payments", payment)
    lettrine.ask("POST", "/payments", payment)  # the answer may have been lost: sent again, booked once
    found = lettrine.ask("GET", "/orders", transaction_code=code)
    print(f"{found['number']} : {found['total']} {found['currency']}, {found['status']}, reste {found['remaining']}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
