"""/healthz, /readyz, /metrics, and the numbers of requests in the log."""

from __future__ import annotations

import http.client
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from flask import Flask

from config.settings import Settings
from lettrine import readiness
from lettrine.jobs import Nudge, beat, open_queue
from tests.cluster.hosts import Host
from tests.conftest import Browser, Database, make_settings, running
from tests.delivery.test_worker import environ
from tests.factories import NOW
from tests.lettrine.test_troubles import READ_ONLY, every_connection
from web import health
from web.database import db, now

TOKEN = "a token for Prometheus, of more than 32 characters"
FOREIGN = {"Host": "10.1.2.3:8000"}  # a balancer asks the machine, not the site


@pytest.fixture
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is kept."""
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)


def test_it_is_alive_whatever_the_database_says(app: Flask, client: Browser, database: Database) -> None:
    with app.app_context():
        db.engines["default"] = None  # type: ignore[assignment]
        answer = client.get("/healthz", headers=FOREIGN)
        db.engines["default"] = database.engine
    assert (answer.status_code, answer.get_json()) == (200, {"alive": True})
    assert answer.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in answer.headers


def test_it_is_ready_and_says_of_what(client: Browser) -> None:
    answer = client.get("/readyz", headers=FOREIGN)
    told = {"ready": True, "database": "ok", "schema": "ok", "archive": "ok", "worker": "unknown"}
    assert (answer.status_code, answer.get_json()) == (200, told)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_get_and_head(client: Browser, path: str) -> None:
    assert client.head(path).data == b""
    refused = client.post(path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_a_schema_of_another_version_is_not_ready(
    client: Browser, asked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "is_current", lambda _engine: False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["schema"], answer.get_json()["database"]) == (503, "failed", "ok")


def test_a_database_that_does_not_answer_is_not_ready_and_says_no_more(settings: Settings, tmp_path: Path) -> None:
    away = make_settings("postgresql+psycopg://secret-user:secret-word@127.0.0.1:1/x", tmp_path)
    from lettrine.app import create_app

    answer = create_app(away).test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "failed")
    assert "secret" not in answer.text


def test_an_archive_that_cannot_be_reached_is_not_ready(database: Database, tmp_path: Path) -> None:
    settings = make_settings(database.url, tmp_path, archive_url="s3://x/y", archive_endpoint="http://127.0.0.1:1",
                             archive_region="x", archive_key_id="x", archive_key="x")  # fmt: skip
    for app in running(settings):
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["archive"]) == (503, "failed")


def test_a_read_only_database_may_still_be_read(app: Flask, client: Browser) -> None:
    with app.app_context():
        engine = db.engine
    with every_connection(engine, *READ_ONLY):
        assert client.get("/readyz").status_code == 200


def test_an_answer_is_kept_for_a_moment(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(readiness, "is_current", lambda _engine: 1 / 0)
    assert [client.get("/readyz").status_code for _ in range(50)] == [200] * 50


def test_a_worker_is_told_of_and_changes_nothing(client: Browser, settings: Settings, asked_anew: None) -> None:
    queue = open_queue(settings)
    beat(queue, now())
    assert client.get("/readyz").get_json()["worker"] == "ok"
    beat(queue, now() - readiness.SILENT)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["worker"]) == (200, "silent")
    queue.huey.storage.close()


def test_a_word_of_the_worker() -> None:
    assert [readiness.word_of(at, NOW) for at in (None, NOW, NOW - timedelta(minutes=2))] == ["unknown", "ok", "silent"]


def test_without_a_token_there_are_no_metrics(client: Browser) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.fixture
def metered(database: Database, tmp_path: Path) -> Iterator[Browser]:
    """An application that counts."""
    pytest.importorskip("prometheus_client")
    for app in running(make_settings(database.url, tmp_path, metrics_token=TOKEN)):
        yield app.test_client()  # type: ignore[misc]


def metrics(browser: Browser, token: str = TOKEN) -> dict[str, float]:
    """Each line of what Prometheus reads."""
    answer = browser.get("/metrics", headers={**FOREIGN, "Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    lines = (line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "é"])
def test_only_who_has_the_token_reads_them(metered: Browser, token: str) -> None:
    answer = metered.get("/metrics", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_they_count_requests_by_view_and_never_by_address(metered: Browser) -> None:
    for path in ("/connexion", "/connexion", "/connexion/mot-de-passe/a-secret", "/nowhere"):
        metered.get(path)
    told = metrics(metered)
    asked = 'lettrine_request_seconds_count{endpoint="signin.enter",method="GET",status="2xx"}'
    assert told[asked] == 2
    assert told['lettrine_request_seconds_count{endpoint="none",method="GET",status="4xx"}'] == 1
    assert not [name for name in told if "secret" in name or "/" in name]


def test_they_tell_what_waits(metered: Browser) -> None:
    told = metrics(metered)
    assert told["lettrine_database_up"] == 1
    assert told['lettrine_deliveries{state="queued"}'] == 0 == told["lettrine_documents_due"]


# the log ---------------------------------------------------------------------------------------------------------


def said(app: Flask, lines: io.StringIO, **headers: str) -> tuple[str, str]:
    """The number that the answer bears, and the one in the log."""
    if "probe" not in app.view_functions:
        app.add_url_rule("/probe", "probe", lambda: structlog.get_logger("x").info("probe.seen") or "")
    answer = app.test_client().get("/probe", headers=headers)
    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()][-1:]
    return answer.headers["X-Request-Id"], line["request_id"]


def test_each_line_of_a_request_bears_its_number(app: Flask, lines: io.StringIO) -> None:
    first, second = said(app, lines), said(app, lines)
    assert first[0] == first[1] != second[0] == second[1]


def test_the_number_of_our_own_proxy_is_taken(database: Database, tmp_path: Path, lines: io.StringIO) -> None:
    for app in running(make_settings(database.url, tmp_path, proxies=1)):
        assert said(app, lines, **{"X-Request-Id": "0123-abcd"}) == ("0123-abcd", "0123-abcd")
        forged = said(app, lines, **{"X-Request-Id": "<script> a"})
        assert len(forged[0]) == 16 and forged[0] == forged[1]


def test_a_stranger_s_number_is_not_taken(app: Flask, lines: io.StringIO) -> None:
    assert said(app, lines, **{"X-Request-Id": "0123-abcd"})[0] != "0123-abcd"


def test_a_queue_that_is_away_tells_of_no_worker(tmp_path: Path) -> None:
    settings = make_settings("", tmp_path, queue_url="redis://127.0.0.1:1/0")
    assert Nudge(settings).last_beat() is None


@pytest.mark.slow
def test_processes_of_a_host_count_together_and_leave_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    shutil.copy(sqlite_template, tmp_path / "lettrine.db")
    settings = make_settings("", tmp_path, metrics_token=TOKEN, web_workers=2)
    env = {**environ(settings), "TMPDIR": str(tmp_path)}
    host = Host("web", [sys.executable, "-m", "lettrine.running", "web", "--port", "0"], env)
    host.start()
    try:
        for _ in range(12):
            assert fetched(host.port, "/connexion")[0] == 200
        status, text = fetched(host.port, "/metrics", Authorization=f"Bearer {TOKEN}")
        assert list(tmp_path.glob("lettrine-metrics-*"))
    finally:
        host.stop()
    found = re.search(r'_count\{endpoint="signin.enter",method="GET",status="2xx"\} (\S+)', text)
    assert status == 200 and found and float(found[1]) == 12
    assert not list(tmp_path.glob("lettrine-metrics-*"))


def fetched(port: int, path: str, **headers: str) -> tuple[int, str]:
    """One answer over the wire."""
    line = http.client.HTTPConnection("localhost", port, timeout=60)
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, text
