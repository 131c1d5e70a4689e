"""Every document as it stands today: against the journal's last state of it, its snapshot, its sums and its money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from invoicing.proof.chain import Chain, Last
from invoicing.proof.numbers import Numbers
from invoicing.proof.rules import UNREADABLE, Tally
from invoicing.proof.snapshots import adds_up, differences, received
from invoicing.proof.states import INVOICE, NONE, Document, words_of

_ID, _KIND, _NUMBER, _FOLDED = (INVOICE.index(name) for name in ("id", "kind", "number", "number_folded"))
_SERIES, _SELLER, _DAY = (INVOICE.index(name) for name in ("series_id", "seller_id", "issued_on"))
_CORRECTS, _TOTAL = INVOICE.index("corrects_id"), INVOICE.index("total_cents")
_PAID, _CREDITED = INVOICE.index("paid_cents"), INVOICE.index("credited_cents")
_LETTERING, _LETTERING_FOLDED = INVOICE.index("lettering"), INVOICE.index("lettering_folded")
LETTERING_SHOWN: Final = 2


class Documents:
    """Takes the documents in by id; keeps of them what the other checks ask."""

    def __init__(self, chain: Chain, numbers: Numbers) -> None:
        self.tally, self.payments = Tally("documents"), Tally("payments")
        self.names: dict[int, str | None] = {}  # of every document that is there
        self.lettered: dict[int, tuple[str, str | None]] = {}
        self._chain, self._numbers = chain, numbers
        self._credits: defaultdict[int, int] = defaultdict(int)
        self._credited: dict[int, int] = {}

    def take(self, documents: Iterable[Document]) -> None:
        """The next ones."""
        for document in documents:
            self.names[document.invoice[_ID]] = document.invoice[_NUMBER]
            try:
                self._check(document)
            except UNREADABLE:
                self.tally.fault("document_altered", what="", **self._name(document.invoice[_ID]))

    def finish(self, numbers_of_gone: dict[int, str]) -> None:
        """Documents that the journal knows and that are gone; credit notes against what they correct."""
        for invoice_id, last in self._chain.documents.items():
            if invoice_id not in self.names and not last.is_deleted:
                number = numbers_of_gone.get(invoice_id)
                self.tally.fault("document_gone", number=number, invoice_id=invoice_id)
        for invoice_id in sorted({*self._credits, *self._credited}):
            told, found = self._credited.get(invoice_id, 0), self._credits.get(invoice_id, 0)
            if told != found:
                self.payments.fault("credited", told=told, found=found, **self._name(invoice_id))

    def gone(self) -> list[int]:
        """Ids of the documents that are gone, to look up what they were called."""
        return [key for key, last in self._chain.documents.items() if key not in self.names and not last.is_deleted]

    def _name(self, invoice_id: int) -> dict[str, str | int | None]:
        return {"number": self.names.get(invoice_id), "invoice_id": invoice_id}

    def _check(self, document: Document) -> None:
        row = document.invoice
        self._check_state(document)
        if row[_NUMBER] is not None:
            self._numbers.take(row[_SERIES], row[_SELLER], row[_NUMBER], row[_FOLDED], row[_DAY], document.is_frozen)
        self._check_money(document)
        if row[_LETTERING] is not None or row[_LETTERING_FOLDED] is not None:
            self.lettered[row[_ID]] = (row[_LETTERING], row[_LETTERING_FOLDED])

    def _check_state(self, document: Document) -> None:
        self.tally.count += 1
        self.tally.notes["frozen" if document.is_frozen else "drafts"] += 1
        name = self._name(document.invoice[_ID])
        parts = list(differences(document)) if document.is_frozen else []
        code = _judged(document, self._chain.documents.get(document.invoice[_ID]))
        if code == "document_altered" and not parts and received(document) != document.invoice[_PAID]:
            parts = ["payments"]
        overwritten = self._chain.overwritten.get(document.invoice[_ID])
        if code or parts:
            self.tally.fault(code or "document_altered", what=", ".join(parts), **name)
        elif overwritten:
            self.tally.fault("document_overwritten", position=overwritten, **name)
        elif document.is_frozen and not adds_up(document):
            self.tally.fault("document_sums", **name)

    def _check_money(self, document: Document) -> None:
        row, found = document.invoice, received(document)
        self.payments.count += len(document.payments)
        if found != row[_PAID]:
            self.payments.fault("paid", told=row[_PAID], found=found, **self._name(row[_ID]))
        if row[_CREDITED]:
            self._credited[row[_ID]] = row[_CREDITED]
        if row[_KIND] == "credit_note" and row[_CORRECTS] is not None and document.is_frozen:
            self._credits[row[_CORRECTS]] += row[_TOTAL]


def _judged(document: Document, last: Last | None) -> str:
    """How the journal's last word about it differs; empty: it doesn't."""
    if last is None:
        return "document_unknown"
    if not last.is_genuine:
        return "document_unproven"
    if last.is_deleted:
        return "document_unknown"
    if last.state is None:
        return "document_unsealed"
    is_same = document.state(words_of(last.state).format) == last.state and last.added in (NONE, document.added())
    return "" if is_same else "document_altered"
