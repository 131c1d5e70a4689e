"""Says plainly, before the tests, what this machine has and what will be skipped: `python -m tests.what_is_here`."""

from __future__ import annotations

import shutil

from sqlalchemy import create_engine

from tests.conftest import POSTGRES

PROGRAMS = ("initdb", "pg_dump", "pg_restore", "redis-server", "systemd-analyze")  # of the tests of several hosts
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def postgresql() -> str:
    """The server's version, or ""."""
    engine = create_engine(POSTGRES, connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            return ".".join(map(str, connection.dialect.server_version_info or ()))
    except Exception:
        return ""
    finally:
        engine.dispose()


def chromium() -> str:
    """The browser's path, or ""."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), "")


def main() -> None:
    """A few lines for people."""
    server, browser = postgresql(), chromium()
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    print(f"PostgreSQL: {server}" if server else "PostgreSQL: none answers; its half of the tests is SKIPPED")
    print(f"Chromium:   {browser}" if browser else "Chromium:   not found; the browser journeys are SKIPPED")
    if missing:
        print(f"Programs:   {', '.join(missing)} not found; what needs them is SKIPPED")


if __name__ == "__main__":
    main()
