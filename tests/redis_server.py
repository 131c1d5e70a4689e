"""A Redis server of a test's own, on a free port."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.postgres import free_port
from tests.conftest import REQUIRED


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Its address; skipped, plainly, where there is none."""
    pytest.importorskip("redis")
    path = shutil.which("redis-server")
    if not path:
        if "redis" in REQUIRED:
            raise RuntimeError("redis-server is not here")
        pytest.skip("redis-server is not on this machine")
    port = free_port()
    words = [path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert any("Ready to accept" in line for line in process.stdout)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
