"""A ZIP of documents as bytes that stream: the archived PDFs as they are, then a table of all of them.

The memory that it takes doesn't grow with the number of documents: one PDF at a time, the table in a file without a
name. No connection of the database is held while bytes go out. docs/decisions/zips.md says why it is made so.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from tempfile import TemporaryFile
from typing import IO, Final
from zlib import crc32
from zoneinfo import ZoneInfo

from obstore.exceptions import BaseError
from sqlalchemy.exc import SQLAlchemyError
from stream_zip import NO_COMPRESSION_32, NO_COMPRESSION_64, ZIP_32, ZIP_64, MemberFile, stream_zip

from invoicing.documents.archive import Archive, ArchiveDamaged
from invoicing.documents.making import Press
from invoicing.documents.service import Sessions, open_version
from invoicing.sheets import CHUNK, Column, Row, csv_bytes
from invoicing.zone.file_names import FileNames
from invoicing.zone.packing import LOT, Packed, lot

INDEX: Final = "index.csv"
DRAWN_MOST: Final = 100  # documents that one ZIP waits for while they are drawn
PLAIN_BYTES: Final = 3 * 2**30  # beyond, and beyond so many files, a ZIP needs the larger format (ZIP64)
PLAIN_FILES: Final = 60_000
_MODE: Final = stat.S_IFREG | 0o644
_FIRST, _LAST = date(1980, 1, 1), date(2037, 12, 31)  # days that every program reads


class Missing(StrEnum):
    """Why a document isn't in its ZIP."""

    not_yet = "not_yet"  # not drawn so far, and this ZIP has drawn its share
    failed = "failed"  # it can't be drawn now
    damaged = "damaged"  # the archive has other bytes, or none
    unreachable = "unreachable"  # the archive doesn't answer


@dataclass(frozen=True)
class IndexWords:
    """The words of the table in the reader's language: headings, standing of a document, reasons."""

    columns: tuple[Column, ...]
    standing: Callable[[Packed], str]
    missing: Mapping[Missing, str]
    broken_off: str  # the database stopped answering
    shows_official: bool
    zone: ZoneInfo


@dataclass(frozen=True)
class Stock:
    """Where documents come from."""

    sessions: Sessions
    archive: Archive
    press: Press


@dataclass
class Zip:
    """One ZIP of one user's documents; `taken` is told of each lot that went out, `at` is now."""

    stock: Stock
    user_id: int
    ids: Sequence[int]
    words: IndexWords
    at: datetime
    weight: int  # bytes at most
    taken: Callable[[list[Packed]], None]
    drawn: int = 0

    def stream(self) -> Iterator[bytes]:
        """The whole file, some 64 kB at a time. What can't be had now is named in the table, with its reason."""
        with closing(self._members()) as members:
            yield from stream_zip(members, chunk_size=CHUNK)

    @property
    def is_large(self) -> bool:
        """Whether it needs the larger format."""
        return self.weight > PLAIN_BYTES or len(self.ids) > PLAIN_FILES

    def _members(self) -> Generator[MemberFile, None, None]:
        names = FileNames(INDEX)
        with TemporaryFile() as table:
            self._write(table, (), headed=True)
            for start in range(0, len(self.ids), LOT):
                rows = self._lot(self.ids[start : start + LOT])
                if rows is None:
                    self._write(table, [_remark(self.words.broken_off, len(self.words.columns))])
                    break
                yield from self._files(rows, names, table)
            table.seek(0)
            yield INDEX, self.at.replace(tzinfo=UTC), _MODE, ZIP_64 if self.is_large else ZIP_32, _chunks(table)

    def _lot(self, ids: Sequence[int]) -> list[Packed] | None:
        """What is this user's still; None where the database doesn't answer."""
        try:
            with self.stock.sessions() as session:
                return lot(session, self.user_id, ids)
        except SQLAlchemyError:
            return None

    def _files(self, rows: list[Packed], names: FileNames, table: IO[bytes]) -> Iterator[MemberFile]:
        taken: list[Packed] = []
        listed: list[Row] = []
        for row in rows:
            found = self._bytes(row)
            if isinstance(found, Missing):
                listed.append(self._listed(row, "", "", self.words.missing[found]))
                continue
            data, sha256 = found
            name = names.new(row.number, "pdf")
            method = (NO_COMPRESSION_64 if self.is_large else NO_COMPRESSION_32)(len(data), crc32(data))
            yield name, _noon(row.day), _MODE, method, (data,)
            listed.append(self._listed(row, name, sha256, ""))
            taken.append(row)
        self._write(table, listed)
        self.taken(taken)

    def _bytes(self, row: Packed) -> tuple[bytes, str] | Missing:
        """The stored bytes and their SHA-256; drawn first where that is due, as long as there are few of these."""
        if row.version_id is None:
            return Missing.failed
        if row.sha256 is None:
            if self.drawn >= DRAWN_MOST:
                return Missing.not_yet
            self.drawn += 1
        try:
            if row.sha256:
                return self.stock.archive.get(row.sha256), row.sha256
            found = open_version(self.stock.sessions, self.stock.archive, self.stock.press, row.version_id, self.at)
        except ArchiveDamaged:
            return Missing.damaged
        except (OSError, BaseError):
            return Missing.unreachable
        except Exception:  # whatever drawing comes to: the other documents are not lost for it
            return Missing.failed
        return found.data, found.sha256

    def _listed(self, row: Packed, name: str, sha256: str, why: str) -> Row:
        official = row.lettering if self.words.shows_official else ""
        return (
            row.number, row.day, row.subject, row.customer, self.words.standing(row), row.net_cents, row.tax_cents,
            row.total_cents, row.currency.value, official, name, sha256, why,
        )  # fmt: skip

    def _write(self, table: IO[bytes], rows: Sequence[Row], *, headed: bool = False) -> None:
        for part in csv_bytes(self.words.columns, rows, self.words.zone, headed=headed):
            table.write(part)


def _remark(text: str, columns: int) -> Row:
    return (*(None,) * (columns - 1), text)


def _noon(day: date) -> datetime:
    """The moment that a file bears: noon of its day, as far as the format has it."""
    return datetime.combine(min(max(day, _FIRST), _LAST), time(12), UTC)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(CHUNK):
        yield part
