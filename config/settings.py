"""Every setting of the installation. What the organisation decides is kept in the database instead."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, MultiFernet
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

WEAK = ("change", "secret", "example", "password", "lettrine")
FEW = 12  # different characters that a random key of 32 has at least


class Environment(StrEnum):
    """Where it runs: production refuses weak settings, the others don't."""

    production = "production"
    demo = "demo"
    test = "test"


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is protected; certificates are always checked."""

    none = "none"
    starttls = "starttls"
    tls = "tls"


class Settings(BaseSettings):
    """Read from LETTRINE_… variables and an optional .env file; see config/example.env."""

    model_config = SettingsConfigDict(env_prefix="LETTRINE_", env_file=".env", extra="ignore", frozen=True)

    environment: Environment = Environment.production
    data_dir: Path = Path("var")
    database_url: str = ""  # default: SQLite in data_dir
    archive_url: str = ""  # default: a folder in data_dir; s3://bucket/prefix
    archive_endpoint: str = ""  # of an S3 that isn't Amazon's: https://s3.example.net
    archive_region: str = ""
    archive_key_id: str = ""
    archive_key: SecretStr = SecretStr("")
    queue_url: str = ""  # default: a file in data_dir; redis://…, or "database": tables beside ours in PostgreSQL
    anchors: str = ""  # where the head of the journal is noted; default: a folder in data_dir
    public_url: str = "http://localhost:8000"

    secret_key: SecretStr  # signs cookies and forms
    code_key: SecretStr  # keyed hash of short codes
    journal_key: SecretStr  # keyed hash of the journal's chain
    seal_keys: SecretStr  # Fernet keys, newest first, separated by commas

    smtp_host: str = "localhost"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: SmtpSecurity = SmtpSecurity.none
    smtp_timeout: float = Field(default=20, gt=0, le=120)  # seconds, per step of the conversation

    returns_url: str = ""  # where bounces arrive: imaps://user@host/INBOX, maildir:/path or mbox:/path; empty: unread
    returns_password: SecretStr = SecretStr("")
    returns_seconds: int = Field(default=300, ge=1)  # how often it is read
    returns_address: str = ""  # envelope sender of every e-mail, where bounces go; default: the sender's own
    returns_token: SecretStr = SecretStr("")  # for a mail server that hands bounces over itself; empty: none may

    proxies: int = Field(default=0, ge=0, le=5)  # trusted reverse proxies in front
    hsts_subdomains: bool = True  # whether names below the public address are held to HTTPS for a year, too
    tries_per_address: int = Field(default=30, ge=5, le=10_000)  # in 5 minutes from one (a school shares it)
    api_calls_per_minute: int = Field(default=12_000, ge=1)  # of one key: 5,000 orders with all that follows, and more
    api_wrong_keys: int = Field(default=20, ge=1, le=10_000)  # in 5 minutes from one address
    lease_seconds: int = Field(default=180, ge=1)  # how long a worker may hold one delivery
    sweep_seconds: int = Field(default=60, ge=1)  # how often the worker looks for what was left behind
    drawing_processes: int = Field(default=1, ge=0, le=64)  # for many papers at once; 0: in the worker itself
    checks_schematron: bool = False  # every structured invoice also by the rules of EN 16931 and BR-FR (saxonche)
    mails_per_minute: int = Field(default=0, ge=0)  # what the mail server bears; 0: as many as it takes
    web_threads: int = Field(default=8, ge=1)
    web_workers: int = Field(default=2, ge=1)
    metrics_token: SecretStr = SecretStr("")  # who may read /metrics; empty: nobody, it isn't there
    flask_debug: str = Field(default="", validation_alias="FLASK_DEBUG")  # read to be refused

    @model_validator(mode="after")
    def _strong(self) -> Self:
        """Refuses to start with keys that are short, known or shared."""
        keys = [k.get_secret_value() for k in (self.secret_key, self.code_key, self.journal_key)]
        if any(len(key) < 32 for key in keys):
            raise ValueError("secret_key, code_key and journal_key need 32 characters at least")
        if self.environment is Environment.production:
            self._check_production(keys)
        self._readable()
        try:
            MultiFernet([Fernet(key) for key in self.fernet_keys]).encrypt(b"")
        except (ValueError, TypeError):
            raise ValueError("seal_keys must be Fernet keys, separated by commas (lettrine keys)") from None
        if 0 < len(self.metrics_token.get_secret_value()) < 32:
            raise ValueError("metrics_token needs 32 characters at least")
        if self.queue_url and not self.queue_url.startswith(("redis://", "rediss://")) and self.queue_url != "database":
            raise ValueError('queue_url must be redis://…, rediss://… or the word "database"')
        if self.checks_schematron and find_spec("saxonche") is None:
            raise ValueError("checks_schematron needs saxonche: pip install 'lettrine[schematron]'")
        if self.queue_url == "database" and not self.database.startswith("postgresql"):
            raise ValueError('queue_url can be "database" on PostgreSQL only')
        return self

    def _check_production(self, keys: list[str]) -> None:
        """What is good enough for a try and not for work."""
        is_weak = any(len(set(key)) < FEW or any(weak in key.lower() for weak in WEAK) for key in keys)
        if len(set(keys)) < len(keys) or is_weak:
            raise ValueError("secret_key, code_key and journal_key must be random and different (lettrine keys)")
        if urlsplit(self.public_url).scheme != "https":
            raise ValueError("public_url must start with https:// in production: cookies never travel in the clear")
        if self.flask_debug.lower() not in ("", "0", "false", "no"):
            raise ValueError("FLASK_DEBUG must not be set in production")
        if self.archive.startswith("memory:") or ":memory:" in self.database or self.database == "sqlite://":
            raise ValueError("database and archive must be kept in production, not in memory")
        if self.smtp_password.get_secret_value() and self.smtp_security is SmtpSecurity.none and not self._posts_here:
            raise ValueError("smtp_password never travels in the clear: smtp_security must be starttls or tls")
        if self.lease_seconds < 4 * self.smtp_timeout:
            raise ValueError("lease_seconds must be four times smtp_timeout at least, or every message is too slow")

    def _readable(self) -> None:
        """Refuses a mailbox of bounces that can't be meant, or is read without TLS."""
        if self.returns_url and urlsplit(self.returns_url).scheme not in ("imaps", "maildir", "mbox"):
            raise ValueError("returns_url must be imaps://user@host/FOLDER, maildir:/path or mbox:/path")
        if 0 < len(self.returns_token.get_secret_value()) < 32:
            raise ValueError("returns_token needs 32 characters at least")

    @property
    def _posts_here(self) -> bool:
        """Whether the mail server stands on this very machine."""
        return self.smtp_host in ("localhost", "127.0.0.1", "::1")

    @property
    def database(self) -> str:
        """The database's URL, with its default."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'lettrine.db').resolve()}"

    @property
    def archive(self) -> str:
        """The archive's URL, with its default."""
        return self.archive_url or f"file://{(self.data_dir / 'archive').resolve()}"

    @property
    def archive_access(self) -> dict[str, str]:
        """How a bucket is reached, as obstore names it; what is left out comes from the environment (AWS_…)."""
        known = {
            "endpoint": self.archive_endpoint,
            "region": self.archive_region,
            "access_key_id": self.archive_key_id,
            "secret_access_key": self.archive_key.get_secret_value(),
        }
        return {name: value for name, value in known.items() if value}

    @property
    def anchor_dir(self) -> Path:
        """The anchors' folder, with its default."""
        return Path(self.anchors) if self.anchors else self.data_dir / "anchors"

    @property
    def host(self) -> str:
        """The host name of the public address; passkeys are made for it (RP ID)."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def origin(self) -> str:
        """The public address without a path, as a browser names it when it shows a passkey."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_https(self) -> bool:
        """Whether cookies may be restricted to HTTPS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def fernet_keys(self) -> list[str]:
        """Sealing keys, newest first."""
        return [key.strip() for key in self.seal_keys.get_secret_value().split(",") if key.strip()]
