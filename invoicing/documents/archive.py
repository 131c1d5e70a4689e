"""Bytes that never change, kept under their SHA-256: a folder by default, an S3 bucket by setting.

The file is written (and, in a folder, flushed to the disk) before its row is committed: a crash in between leaves
an orphan file and nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from invoicing.errors import Refused

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_PATIENCE: Final = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_first_process: list[int] = []  # obstore's threads don't survive a fork: a child would wait for ever


class ArchiveDamaged(Refused):
    """The archive has not, or no longer, the bytes that were stored under this SHA-256."""

    def __init__(self, sha256: str):
        self.sha256 = sha256
        super().__init__(sha256)


class Archive:
    """Writes bytes once, reads them back only if they are still the same."""

    def __init__(self, store: ObjectStore, folder: Path | None = None):
        self._store, self._folder = store, folder

    def put(self, data: bytes, *, flush: bool = True) -> str:
        """Stores the bytes and returns their SHA-256; bytes that are there already are left alone.

        Under that name only these bytes can be right: a file torn by a crash is mended. Whoever stores very many puts
        them on the disk together, with `flush=False`.
        """
        _check_process()
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            self._store.put(place(sha256), data, mode="create")
        except AlreadyExistsError:
            if self._read(sha256) != data:
                self._store.put(place(sha256), data)
        if flush:
            self._flush(sha256)
        return sha256

    def put_together(self, files: Sequence[bytes]) -> list[str]:
        """Stores files that belong together; their SHA-256 in their order, once all are on the disk.

        In a folder they are flushed together, the folders above them once; to a bucket they travel at the same time.
        """
        if self._folder is None:
            with ThreadPoolExecutor(len(files)) as hands:
                return list(hands.map(self.put, files))
        sha256s = [self.put(data, flush=False) for data in files]
        self._flush(*sha256s)
        return sha256s

    def get(self, sha256: str) -> bytes:
        """The stored bytes; raises ArchiveDamaged if they are missing or others."""
        data = self._read(sha256)
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            raise ArchiveDamaged(sha256)
        return data

    def found(self, sha256: str) -> tuple[str, int] | None:
        """The SHA-256 and the length of what lies there now; None where nothing can be read. For the verification."""
        try:
            data = self._plain(sha256)
        except (OSError, ValueError, BaseError):
            return None
        return None if data is None else (hashlib.sha256(data).hexdigest(), len(data))

    def check(self) -> None:
        """Returns if it can be reached, and a folder can be written; raises OSError or obstore's error."""
        if self._folder is None:
            _check_process()
            next(iter(self._store.list("00/00/00")), None)  # asking for a file, a bucket that isn't there looks empty
        elif not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "the folder of the archive can't be written")

    def _plain(self, sha256: str) -> bytes | None:
        """A folder's files are read without obstore, which costs more than their hash."""
        if self._folder is None:
            return self._read(sha256)
        return (self._folder / place(sha256)).read_bytes()

    def _read(self, sha256: str) -> bytes | None:
        _check_process()
        try:
            return bytes(self._store.get(place(sha256)).bytes())
        except FileNotFoundError:
            return None

    def _flush(self, *sha256s: str) -> None:
        """Puts files and the names of their folders on the disk."""
        if self._folder is None:
            return
        paths = [self._folder / place(sha256) for sha256 in sha256s]
        folders = dict.fromkeys(folder for path in paths for folder in _parents(path, self._folder))
        for each in (*paths, *folders):
            handle = os.open(each, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def place(sha256: str) -> str:
    """Where a file lies: ab/cd/abcd…"""
    if not _SHA256.match(sha256):
        raise ValueError("not a SHA-256")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def open_archive(url: str, access: Mapping[str, str] | None = None) -> Archive:
    """The archive at file://, s3://… or memory://, which forgets.

    `access` says how a bucket is reached (endpoint, region, access_key_id, secret_access_key); what it leaves out comes
    from the environment. An endpoint without TLS is taken as it is: it is a machine beside this one.
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return Archive(MemoryStore())
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        return Archive(LocalStore(folder, mkdir=True), folder)
    reach: Any = dict(access or {})
    plain = reach.get("endpoint", os.environ.get("AWS_ENDPOINT_URL", "")).startswith("http://")
    return Archive(from_url(url, config=reach, client_options=_client(plain), retry_config=_PATIENCE))  # type: ignore[call-overload]


def _client(plain: bool) -> dict[str, Any]:
    return {"allow_http": plain, "connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=30)}


def _parents(path: Path, root: Path) -> Iterator[Path]:
    for parent in path.parents:
        yield parent
        if parent == root:
            return


def _check_process() -> None:
    """Refuses, rather than hangs, where an archive was used before this process was forked."""
    if not _first_process:
        _first_process.append(os.getpid())
    elif _first_process[0] != os.getpid():
        raise RuntimeError("the archive was used before the process was forked")
