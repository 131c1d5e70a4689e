"""The queue in a file, in PostgreSQL and in Redis: a nudge arrives, a beat is heard, a forged job is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import Settings
from invoicing.database import make_engine
from lettrine.cli import problems
from lettrine.jobs import Nudge, beat, open_queue
from tests.conftest import make_settings
from tests.factories import NOW
from tests.redis_server import redis_server


class Heard:
    """Hands that only note what they are asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []

    def mail(self, only: int | None = None) -> int:
        self.asked.append(("deliver", only))
        return 0

    def render(self, version_id: int) -> bool:
        self.asked.append(("render", version_id))
        return True

    def prove(self) -> None:
        self.asked.append(("prove", None))

    def bring_in(self) -> None:
        self.asked.append(("bring_in", None))


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis server of the test's own."""
    with redis_server(tmp_path) as url:
        yield url


@pytest.fixture(params=["file", "database", "redis"])
def queued(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with each kind of queue."""
    if request.param == "file":
        return make_settings("", tmp_path)
    if request.param == "database":
        return make_settings(request.getfixturevalue("postgres_url"), tmp_path, queue_url="database")
    return make_settings("", tmp_path, queue_url=request.getfixturevalue("redis_url"))


def test_what_is_put_there_is_done_by_whoever_has_hands(queued: Settings) -> None:
    nudge, heard = Nudge(queued), Heard()
    nudge(delivery_id=7, version_id=8)
    nudge(proof=True)
    nudge(imports=True)
    queue = open_queue(queued, heard)
    while (task := queue.huey.dequeue()) is not None:
        queue.huey.execute(task)
    assert heard.asked == [("render", 8), ("deliver", 7), ("prove", None), ("bring_in", None)]
    assert nudge.last_beat() is None
    beat(queue, NOW)
    beat(queue, NOW + timedelta(seconds=10))
    assert nudge.last_beat() == NOW + timedelta(seconds=10)
    queue.huey.storage.put_data("lettrine.beat", b"no moment")
    assert nudge.last_beat() is None
    nudge.close()
    queue.huey.storage.close()


def test_a_forged_job_is_not_unpacked(queued: Settings) -> None:
    queue = open_queue(queued, Heard())
    queue.huey.storage.enqueue(b"cbuiltins\nprint\n(S'unpacked'\ntR.")
    with pytest.raises(ValueError, match="Separator"):
        queue.huey.dequeue()
    queue.huey.storage.close()


def test_its_tables_are_no_difference_of_the_schema(postgres_url: str, tmp_path: Path) -> None:
    open_queue(make_settings(postgres_url, tmp_path, queue_url="database")).huey.storage.close()
    engine = make_engine(postgres_url)
    assert problems(engine) == []
    engine.dispose()


def test_installations_that_share_a_redis_are_told_apart(redis_url: str, tmp_path: Path) -> None:
    first = make_settings("", tmp_path, queue_url=redis_url)
    other = make_settings("", tmp_path, queue_url=redis_url, secret_key="another secret for the cookies, long enough")
    Nudge(first)(delivery_id=1)
    assert open_queue(other, Heard()).huey.dequeue() is None
    assert open_queue(first, Heard()).huey.dequeue() is not None


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "database"])
def test_a_queue_that_is_away_costs_a_page_nothing(url: str, tmp_path: Path) -> None:
    settings = make_settings("postgresql+psycopg://nobody@127.0.0.1:1/x", tmp_path, queue_url=url)
    Nudge(settings)(delivery_id=1)
