"""Names of files that every system takes, Windows too; none twice, whatever their capitals."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 100  # characters, before the ending
_UNFIT: Final = re.compile('[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+')
_TAKEN: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.I)  # devices of Windows


def safe_name(text: str) -> str:
    """The text as the name of a file without its ending: « B/44 » becomes "B-44", « con » "_con"."""
    name = _UNFIT.sub("-", text)[:LONGEST].strip(" .")
    return f"_{name}" if not name or _TAKEN.match(name) else name


class FileNames:
    """The names that one folder holds already."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.casefold() for name in taken}

    def new(self, text: str, ending: str) -> str:
        """A name that isn't there yet: « B-44.pdf », then « B-44 (2).pdf »."""
        safe, count = safe_name(text), 1
        name = f"{safe}.{ending}"
        while name.casefold() in self._taken:
            count += 1
            name = f"{safe} ({count}).{ending}"
        self._taken.add(name.casefold())
        return name
