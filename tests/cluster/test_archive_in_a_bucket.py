"""The archive in a bucket: the same promises as in a folder, and a bucket that isn't there is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from obstore.exceptions import BaseError
from obstore.store import from_url

from invoicing.documents.archive import Archive, ArchiveDamaged, open_archive, place
from tests.cluster.hosts import BUCKET, s3_server

DATA = b"%PDF-1.4 a document"
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def access() -> Iterator[dict[str, str]]:
    """How a server of the test's own is reached."""
    with s3_server() as endpoint:
        yield {"endpoint": endpoint, "region": "us-east-1", "access_key_id": "x", "secret_access_key": "y"}


@pytest.fixture
def bucket(access: dict[str, str], request: pytest.FixtureRequest) -> tuple[str, Archive]:
    """An empty part of the bucket."""
    url = f"s3://{BUCKET}/{request.node.name}"
    return url, open_archive(url, access)


def test_bytes_come_back_under_their_sha256(bucket: tuple[str, Archive]) -> None:
    _url, archive = bucket
    archive.check()
    assert archive.put(DATA) == SHA == archive.put(DATA)
    assert archive.get(SHA) == DATA and archive.found(SHA) == (SHA, len(DATA))
    assert archive.found("0" * 64) is None
    with pytest.raises(ArchiveDamaged):
        archive.get("0" * 64)


def test_altered_bytes_are_never_served_and_mended_when_they_come_again(
    bucket: tuple[str, Archive], access: dict[str, str]
) -> None:
    url, archive = bucket
    from_url(url, config=access, client_options={"allow_http": True}).put(place(SHA), b"other")  # type: ignore[call-overload]
    with pytest.raises(ArchiveDamaged):
        archive.get(SHA)
    archive.put(DATA)
    assert archive.get(SHA) == DATA


def test_many_may_store_the_same_bytes(bucket: tuple[str, Archive]) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(bucket[1].put, [DATA] * 24)) == {SHA}


@pytest.mark.parametrize("over", [{"endpoint": "http://127.0.0.1:1"}, {}])
def test_what_cannot_be_reached_is_noticed(access: dict[str, str], over: dict[str, str]) -> None:
    with pytest.raises(BaseError):
        open_archive("s3://no-such-bucket/x", {**access, **over}).check()
