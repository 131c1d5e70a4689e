"""Filled databases of which each side of a benchmark gets a fresh copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.conftest import POSTGRES


class Lite:
    """SQLite: each side works on a copy of the file."""

    def __init__(self, folder: str) -> None:
        self.folder, self.url = Path(folder), f"sqlite:///{folder}/filled.db"

    def copy(self, name: str) -> str:
        """A fresh copy's address."""
        for left in self.folder.glob(f"{name}.db*"):
            left.unlink()
        shutil.copy(self.folder / "filled.db", self.folder / f"{name}.db")
        return f"sqlite:///{self.folder}/{name}.db"

    def close(self) -> None:
        """Nothing is left but the folder."""


class Postgres:
    """PostgreSQL: each side works on a database made from the filled one."""

    def __init__(self) -> None:
        self.admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
        self.name, self.made = f"lettrine_bench_letterings_{os.getpid()}", set[str]()
        self.url = self._make(self.name, "")

    def _make(self, name: str, template: str) -> str:
        with self.admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name} {template}"))
            connection.execute(text("CHECKPOINT"))
        self.made.add(name)
        return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)

    def copy(self, name: str) -> str:
        """A fresh copy's address."""
        return self._make(f"{self.name}_{name}", f"TEMPLATE {self.name}")

    def close(self) -> None:
        """Drops them all."""
        with self.admin.connect() as connection:
            for name in sorted(self.made):
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        self.admin.dispose()
