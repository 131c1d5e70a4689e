"""Numbered, reviewed steps of the schema; run by `lettrine db upgrade`, never at application start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

HERE = Path(__file__).parent


def configuration(engine: Engine) -> Config:
    """Alembic's configuration, bound to an engine."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> None:
    """Brings the schema to the newest step."""
    command.upgrade(configuration(engine), "head")


def is_current(engine: Engine) -> bool:
    """Whether every step has been applied."""
    with engine.connect() as connection:
        applied = set(MigrationContext.configure(connection).get_current_heads())
    return applied == set(ScriptDirectory(str(HERE)).get_heads())
