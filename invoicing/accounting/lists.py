"""Lists of invoices to documents: one row each, or a row per line of the invoice with its reference repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from invoicing.accounting.cells import Reader, tried
from invoicing.accounting.plan import Column, Official
from invoicing.accounting.words import kind_of, says_credit
from invoicing.imports.reading import Row
from invoicing.money import NotANumber, half_up

_C = Column
Key = tuple[str, ...]
TEXTS_MAX: Final = 2_000  # cells of one document that are kept: more tell nothing new


def officials(rows: Callable[[], Iterator[Row]], reader: Reader, codes: bool = False) -> Iterator[Official]:
    """The documents, each where its last row stands. `rows` gives the data rows, as often as it is asked for them."""
    key_of = _keys(reader)
    back = _coming_back(rows(), key_of)
    waiting: dict[Key, list[Row]] = {}
    current: list[Row] = []
    key: Key | None = None
    for row in _kept(rows(), reader, codes):
        mine = key_of(row)
        if mine is not None and hash(mine) in back:
            waiting.setdefault(mine, []).append(row)
            continue
        if current and (mine is None or mine != key):
            yield _official(current, reader, codes)
            current = []
        current.append(row)
        key = mine
    if current:
        yield _official(current, reader, codes)
    for some in waiting.values():
        yield _official(some, reader, codes)


def _coming_back(rows: Iterable[Row], key_of: Callable[[Row], Key | None]) -> set[int]:
    """The documents whose rows don't stand together, by hash."""
    seen: set[int] = set()
    back: set[int] = set()
    last = 0
    for row in rows:
        key = key_of(row)
        mine = hash(key) if key is not None else 0
        if mine != last and mine in seen:
            back.add(mine)
        if mine:
            seen.add(mine)
        last = mine
    return back


def _keys(reader: Reader) -> Callable[[Row], Key | None]:
    """What the rows of one document share; None for a row that stands alone, as it has no reference."""
    sums = reader.has(_C.line_amount)
    roles = () if sums else (_C.amount, _C.debit, _C.number)
    places = [at for role in (_C.reference, _C.customer, _C.day, *roles) for at in reader.places(role)]
    referred = reader.places(_C.reference)

    def key(row: Row) -> Key | None:
        cells = row.cells
        if not any(cells[at] for at in referred if at < len(cells)):
            return None
        return tuple([cells[at] for at in places if at < len(cells)])

    return key


def _kept(rows: Iterable[Row], reader: Reader, codes: bool) -> Iterator[Row]:
    """Without sums, payments and what says nothing of a document."""
    has_credit_column = reader.has(_C.credit) and reader.has(_C.debit)
    for row in rows:
        if reader.is_sum(row) or any(kind_of(kind, codes) == "other" for kind in reader.texts(row, _C.kind) if kind):
            continue
        if not (reader.text(row, _C.reference) or reader.text(row, _C.day)):
            continue
        if has_credit_column and _is_credited(row, reader) and not _says_credit(row, reader, codes):
            continue  # of a customer's account: a payment
        yield row


def _is_credited(row: Row, reader: Reader) -> bool:
    """Whether it takes something off the customer's account; a credit below nothing puts it on."""
    try:
        return (signed(row, reader) or 0) < 0 and not reader.cents(reader.text(row, _C.debit), _C.debit)
    except NotANumber:
        return False


def _says_credit(row: Row, reader: Reader, codes: bool) -> bool:
    kinds = (kind_of(kind, codes) for kind in reader.texts(row, _C.kind) if kind)
    return "credit" in kinds or any(says_credit(label) for label in reader.texts(row, _C.label) if label)


def _official(rows: Sequence[Row], reader: Reader, codes: bool) -> Official:
    first = rows[0]
    try:
        cents: int | NotANumber | None = amount_of(rows, reader)
    except NotANumber as error:
        cents = error
    day, unread, text = tried(first, reader, cents)
    amount = None if isinstance(cents, NotANumber) else cents
    credit = _says_credit(first, reader, codes)
    if credit and amount is not None and amount > 0:
        amount = -amount
    texts = first.cells if len(rows) == 1 else tuple(dict.fromkeys(cell for row in rows for cell in row.cells if cell))
    currency = reader.currency(first)
    return Official(
        first.line, reader.text(first, _C.reference), texts[:TEXTS_MAX], amount, currency, day,
        reader.text(first, _C.customer), credit or (amount or 0) < 0, False, len(rows), unread, text,
        _numbers(rows, reader),
    )  # fmt: skip


def _numbers(rows: Sequence[Row], reader: Reader) -> tuple[str, ...]:
    """What stands in the columns of our numbers."""
    if not reader.has(_C.number):
        return ()
    return tuple(dict.fromkeys(cell for row in rows for cell in reader.texts(row, _C.number) if cell))


def amount_of(rows: Sequence[Row], reader: Reader) -> int | None:
    """The total of a document, in cents: told once, or the sum of its lines. Raises NotANumber."""
    if reader.has(_C.line_amount) and not reader.has(_C.amount, _C.debit):
        parts = [part for row in rows for part in _line(row, reader)]
        return sum(parts) if parts else None
    return signed(rows[0], reader)


def _line(row: Row, reader: Reader) -> list[int]:
    """The amounts of one line: the first times its quantity, and what is added to it (a tax)."""
    texts = reader.texts(row, _C.line_amount) or ("",)
    quantity = reader.scaled(reader.text(row, _C.quantity), _C.quantity, 4) if reader.has(_C.quantity) else None
    if quantity is None:
        first = reader.cents(texts[0], _C.line_amount)
    else:
        price = reader.scaled(texts[0], _C.line_amount, 4)
        first = None if price is None else half_up(price * quantity, 1_000_000)
    others = (reader.cents(text, _C.line_amount) for text in texts[1:])
    return [cents for cents in (first, *others) if cents is not None]


def signed(row: Row, reader: Reader) -> int | None:
    """The amount of one row: debit less credit, or with the sign that another column gives. Raises NotANumber."""
    if reader.has(_C.debit, _C.credit):
        debit = reader.cents(reader.text(row, _C.debit), _C.debit)
        credit = reader.cents(reader.text(row, _C.credit), _C.credit)
        return None if debit is None and credit is None else (debit or 0) - (credit or 0)
    cents = reader.cents(reader.text(row, _C.amount), _C.amount)
    if cents is None or not reader.has(_C.sense):
        return cents
    sense = reader.text(row, _C.sense).strip().casefold()
    if sense in ("d", "debit", "débit", "dr", "0", "+", "+1"):
        return cents
    if sense in ("c", "credit", "crédit", "cr", "1", "-", "-1"):
        return -cents
    raise NotANumber(f"{reader.text(row, _C.amount)} {sense}".strip())
