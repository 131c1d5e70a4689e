"""Prints the text of a PDF given on standard input; a process of its own, with little time and memory.

Run by `received`, never imported there: whatever the file does, only this process suffers.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Final

MEMORY: Final = 768 * 1024 * 1024  # bytes of addresses
SECONDS: Final = 6  # of processor
PAGES: Final = 4
TEXT: Final = 100_000  # characters


def main() -> None:
    """Reads, extracts, prints; any trouble is an exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    left = TEXT
    for page in reader.pages[:PAGES]:
        text = page.extract_text()[:left]
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()  # what has been read counts, whatever the next page does
        left -= len(text)


if __name__ == "__main__":
    main()
