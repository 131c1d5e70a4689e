"""Compiles the catalogues while the wheel is built: a wheel never lacks its translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):
    """Makes every .mo from its .po and lists them as build artefacts."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects the files."""
        for source in Path(self.root).glob("web/translations/*/LC_MESSAGES/*.po"):
            with source.open("rb") as file:
                catalogue = read_po(file, locale=source.parts[-3])
            target = source.with_suffix(".mo")
            with target.open("wb") as file:
                write_mo(file, catalogue)
            build_data["artifacts"].append(str(target.relative_to(self.root)))
