"""The archive: written once, read back only unchanged."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from invoicing.documents.archive import Archive, ArchiveDamaged, open_archive, place

DATA = b"%PDF-1.4 a document"
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An empty archive, in a folder whose name needs care, or in memory."""
    return open_archive("memory://" if request.param == "memory" else (tmp_path / "archivé 1").as_uri())


def test_bytes_come_back_under_their_sha256(archive: Archive) -> None:
    assert archive.put(DATA) == SHA
    assert archive.get(SHA) == DATA


def test_the_same_bytes_twice_are_stored_once(archive: Archive) -> None:
    assert archive.put(DATA) == archive.put(DATA)


def test_the_folder_is_laid_out_for_people(tmp_path: Path) -> None:
    open_archive(tmp_path.as_uri()).put(DATA)
    assert (tmp_path / SHA[:2] / SHA[2:4] / SHA).read_bytes() == DATA


def test_a_stored_file_is_not_written_again(tmp_path: Path) -> None:
    archive = open_archive(tmp_path.as_uri())
    archive.put(DATA)
    before = (tmp_path / place(SHA)).stat()
    archive.put(DATA)
    assert (tmp_path / place(SHA)).stat().st_ino == before.st_ino


@pytest.mark.parametrize("found", [b"", DATA[:-1], DATA.replace(b"a", b"b")])
def test_altered_bytes_are_never_served(tmp_path: Path, found: bytes) -> None:
    archive = open_archive(tmp_path.as_uri())
    archive.put(DATA)
    (tmp_path / place(SHA)).write_bytes(found)
    with pytest.raises(ArchiveDamaged) as refusal:
        archive.get(SHA)
    assert refusal.value.sha256 == SHA


def test_a_file_torn_by_a_crash_is_mended_when_its_bytes_come_again(tmp_path: Path) -> None:
    archive = open_archive(tmp_path.as_uri())
    archive.put(DATA)
    (tmp_path / place(SHA)).write_bytes(b"")
    archive.put(DATA)
    assert archive.get(SHA) == DATA


def test_what_is_missing_is_named(archive: Archive) -> None:
    with pytest.raises(ArchiveDamaged):
        archive.get(SHA)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", SHA.upper(), SHA[:-1], SHA + "\n"])
def test_only_a_sha256_is_a_place(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError):
        archive.get(name)


def test_many_threads_may_store_the_same_bytes(archive: Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(archive.put, [DATA] * 40)) == {SHA}
    assert archive.get(SHA) == DATA


def python(code: str, *arguments: str) -> str:
    """What a program of its own prints."""
    around = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=True, env=around, timeout=60
    )
    return done.stdout.decode().strip()


def test_another_process_reads_what_was_stored(tmp_path: Path) -> None:
    open_archive(tmp_path.as_uri()).put(DATA)
    code = (
        "import sys; from invoicing.documents.archive import open_archive\n"
        "print(open_archive(sys.argv[1]).get(sys.argv[2]).decode())"
    )
    assert python(code, tmp_path.as_uri(), SHA) == DATA.decode()


def test_a_forked_child_is_refused_rather_than_left_hanging(tmp_path: Path) -> None:
    code = (
        "import os, sys; from invoicing.documents.archive import open_archive\n"
        "archive = open_archive(sys.argv[1]); archive.put(b'x')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    try: archive.put(b'y')\n"
        "    except RuntimeError: os._exit(7)\n"
        "    os._exit(0)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    assert python(code, tmp_path.as_uri()) == "7"


def test_a_bucket_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert isinstance(open_archive("s3://factures/archive"), Archive)


def test_files_that_belong_together_are_stored_together_in_their_order(archive: Archive) -> None:
    data = [DATA, b"<xml/>", DATA]
    assert archive.put_together(data) == [hashlib.sha256(each).hexdigest() for each in data]
    assert archive.get(hashlib.sha256(b"<xml/>").hexdigest()) == b"<xml/>"


def test_each_of_them_and_each_folder_above_reaches_the_disk_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    archive, sync = open_archive(tmp_path.as_uri()), os.fsync

    def fsync(handle: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{handle}"))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    files = [tmp_path / place(name) for name in archive.put_together([DATA, b"<xml/>"])]
    assert sorted(flushed) == sorted({str(p) for f in files for p in (f, f.parent, f.parent.parent, tmp_path)})
