"""Official documents in short, with all that their texts may name; a large file is read by a process of its own.

Reading a file is a third of judging it, and needs no database: the other processor does it meanwhile. That process gets
the file on its standard input and writes lots of plain tuples, each with its length before it; the last one is how it
ended. Nobody else writes there, so that what is read back is our own.
"""

from __future__ import annotations

import pickle
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from typing import IO, Any, Final, TypeVar

from invoicing.accounting.plan import Official, Plan
from invoicing.accounting.reading import documents
from invoicing.imports.rules import Unreadable
from invoicing.lettering.bulk_tokens import Tokens, own, tokens_of
from invoicing.lettering.bulk_told import Told, is_credit, told_of

T = TypeVar("T")
AT_ONCE: Final = 1000  # documents whose numbers are looked up together
LARGE: Final = 500_000  # bytes from which a process of its own is worth its start
_OFFICIAL: Final = attrgetter(*(field.name for field in fields(Official)))
_COMING_BACK: Final = ("day", "customer", "unread")
_LENGTH: Final = struct.Struct("!I")


class Short:
    """One official document: itself in short, what its texts may name, and whether it is a credit note."""

    __slots__ = ("_official", "is_credit", "tokens", "told")

    def __init__(self, told: Told, tokens: Tokens, is_credit: bool, official: tuple[Any, ...] | Official) -> None:
        self.told, self.tokens, self.is_credit, self._official = told, tokens, is_credit, official

    @property
    def official(self) -> Official:
        """All of it, which few need."""
        return self._official if isinstance(self._official, Official) else Official(*self._official)


def lots_of(items: Iterable[T]) -> Iterator[list[T]]:
    """Some at a time."""
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def shortened(officials: Iterable[Official], widths: frozenset[int]) -> Iterator[list[Short]]:
    """Some at a time, in the order of the file; `widths` are the lengths at which the program cuts its fields."""
    return ([_short(official, widths) for official in some] for some in lots_of(officials))


def _short(official: Official, widths: frozenset[int]) -> Short:
    told = told_of(official)
    tokens = tokens_of(official.texts, official.numbers, own(told.folded), widths)
    return Short(told, tokens, is_credit(official), official)


def read(content: bytes, plan: Plan, widths: frozenset[int]) -> Iterator[list[Short]]:
    """The documents of a file, in this process or in another. Raises Unreadable."""
    if len(content) < LARGE:
        return shortened(documents(content, plan), widths)
    return _apart(content, plan, widths)


def _apart(content: bytes, plan: Plan, widths: frozenset[int]) -> Iterator[list[Short]]:
    with tempfile.TemporaryFile() as given:
        said = pickle.dumps((plan.to_json(), widths))
        given.write(_LENGTH.pack(len(said)) + said + content)
        given.seek(0)
        command = [sys.executable, "-m", __name__]
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE)  # noqa: S603 - our own
    assert process.stdout is not None
    same: dict[object, Any] = {}  # names, days and what is empty come back: they are kept once
    try:
        while isinstance(some := _next(process.stdout), list):
            yield [_unpacked(each, same) for each in some]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if some is not None:
        raise Unreadable.from_json(some)


def _unpacked(plain: tuple[Any, ...], same: dict[object, Any]) -> Short:
    facts, tokens, is_credit, official = plain
    told = Told(*facts)
    kept = {name: getattr(told, name) for name in _COMING_BACK}
    kept = {name: same.setdefault(fact, fact) for name, fact in kept.items()}
    return Short(told._replace(**kept), Tokens(*tokens), is_credit, official)


def _next(stream: IO[bytes]) -> list[Any] | str | None:
    """Some documents, else why the file can't be read, or None at its end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError("the process that read the file has died")
    found: list[Any] | str | None = pickle.loads(stream.read(_LENGTH.unpack(head)[0]))  # noqa: S301
    return found


# in that process -------------------------------------------------------------------------------------------------


def _write(found: Sequence[Any] | str | None) -> None:
    said = pickle.dumps(found, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.write(_LENGTH.pack(len(said)) + said)


def _main() -> None:
    given = sys.stdin.buffer
    said, widths = pickle.loads(given.read(_LENGTH.unpack(given.read(_LENGTH.size))[0]))  # noqa: S301
    try:
        for some in shortened(documents(given.read(), Plan.from_json(said)), widths):
            _write(list(map(_plain, some)))
        _write(None)
    except Unreadable as fault:
        _write(fault.to_json())
    sys.stdout.buffer.flush()


def _plain(short: Short) -> tuple[Any, ...]:
    tokens = short.tokens
    named = tokens.numbers, tokens.codes, tokens.cut
    return tuple(short.told), named, short.is_credit, _OFFICIAL(short.official)


if __name__ == "__main__":
    _main()
