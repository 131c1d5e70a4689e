"""What production refuses to start with, and how settings name the engines."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from config.settings import Environment, Settings
from tests.conftest import make_settings
from tests.delivery.test_worker import environ


def production(**over: object) -> Settings:
    """An installation for work, with fresh keys."""
    keys: dict[str, object] = {f"{name}_key": secrets.token_urlsafe(48) for name in ("secret", "code", "journal")}
    values = {**keys, "seal_keys": Fernet.generate_key().decode(), "public_url": "https://desk.test", **over}
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_DEBUG", raising=False)


def test_fresh_keys_and_https_will_do() -> None:
    made = production()
    assert made.environment is Environment.production and made.is_https


def test_a_password_for_the_mail_server_travels_encrypted_or_stays_on_the_machine() -> None:
    made = production(smtp_host="mail.test", smtp_password="x", smtp_security="starttls")
    assert made.smtp_password.get_secret_value() == "x"
    assert production(smtp_host="localhost", smtp_password="x").smtp_host == "localhost"


SHARED = secrets.token_urlsafe(48)
REFUSED: list[tuple[dict[str, object], str]] = [
    ({"secret_key": "too short"}, "need 32 characters"),
    ({"secret_key": "change-me-" * 5}, "must be random and different"),
    ({"journal_key": "a" * 64}, "must be random and different"),
    ({"code_key": "0123456789" * 5}, "must be random and different"),
    ({"secret_key": SHARED, "code_key": SHARED}, "must be random and different"),
    ({"seal_keys": "no key"}, "must be Fernet keys"),
    ({"public_url": "http://desk.test"}, "must start with https://"),
    ({"archive_url": "memory://"}, "not in memory"),
    ({"database_url": "sqlite:///:memory:"}, "not in memory"),
    ({"database_url": "sqlite://"}, "not in memory"),
    ({"metrics_token": "short"}, "metrics_token needs 32"),
    ({"queue_url": "amqp://x"}, "queue_url must be"),
    ({"queue_url": "database"}, "on PostgreSQL only"),
    ({"lease_seconds": 10}, "four times smtp_timeout"),
    ({"smtp_host": "mail.test", "smtp_password": "x"}, "never travels in the clear"),
]


@pytest.mark.parametrize(("over", "said"), REFUSED, ids=range(len(REFUSED)))
def test_production_refuses_to_start(over: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refusal:
        production(**over)
    assert SHARED not in "".join(e["msg"] for e in refusal.value.errors(include_input=False))


@pytest.mark.parametrize("debug", ["1", "true", "yes", "anything"])
def test_production_refuses_debug(monkeypatch: pytest.MonkeyPatch, debug: str) -> None:
    monkeypatch.setenv("FLASK_DEBUG", debug)
    with pytest.raises(ValidationError, match="FLASK_DEBUG must not be set"):
        production()


@pytest.mark.parametrize("debug", ["", "0", "false", "No"])
def test_debug_that_is_off_is_no_matter(monkeypatch: pytest.MonkeyPatch, debug: str) -> None:
    monkeypatch.setenv("FLASK_DEBUG", debug)
    assert production().is_https


def test_debug_is_off_in_any_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lettrine.app import configuration

    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert configuration(make_settings("", tmp_path))["DEBUG"] is False


def test_a_bucket_is_reached_as_the_settings_say(tmp_path: Path) -> None:
    assert make_settings("", tmp_path).archive_access == {}
    made = make_settings("", tmp_path, archive_endpoint="https://s3.test", archive_key_id="a", archive_key="b")
    told = {"endpoint": "https://s3.test", "access_key_id": "a", "secret_access_key": "b"}
    assert made.archive_access == told and "'b'" not in repr(made)


@pytest.mark.parametrize("command", ["web", "worker", "serve"])
def test_no_process_starts_with_them(command: str, tmp_path: Path) -> None:
    weak = {**environ(make_settings("", tmp_path)), "LETTRINE_ENVIRONMENT": "production"}
    words = [sys.executable, "-c", "from lettrine.cli import main; main()", command]
    done = subprocess.run(words, env={**weak, "PYTHONPATH": os.getcwd()}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "must be random and different" in done.stderr
    assert "a key for the journal" not in done.stderr + done.stdout
