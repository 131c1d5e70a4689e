"""What lies in deploy/: units that systemd understands, a Compose file whose settings and commands there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import Settings
from lettrine.cli import COMMANDS
from tests.conftest import REQUIRED

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
KNOWN = {f"LETTRINE_{name.upper()}" for name in Settings.model_fields}
OURS = {"LETTRINE_HOST", "LETTRINE_BACKUP_DIR"}  # of the Compose file alone


def compose() -> dict[str, Any]:
    """The Compose file."""
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))


@pytest.mark.parametrize("path", [ROOT / "config/example.env", *DEPLOY.rglob("*")], ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    if path.is_dir():
        return
    assert set(re.findall(r"LETTRINE_[A-Z_]+[A-Z]", path.read_text("utf-8"))) <= KNOWN | OURS


def test_every_command_that_is_run_exists() -> None:
    run = [re.search(r"ExecStart=/opt/lettrine/bin/lettrine (\w+)", path.read_text()) for path in UNITS]
    named = {found[1] for found in run if found}
    named |= {service["command"][1] for service in compose()["services"].values() if "command" in service}
    assert {"serve", "web", "worker", "db", "backup"} == named <= set(COMMANDS)


def test_services_wait_for_each_other_and_share_what_they_must() -> None:
    services = compose()["services"]
    assert {"db", "upgrade", "web", "worker", "proxy"} <= set(services)
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["upgrade"]["condition"] == "service_completed_successfully"
        assert services[name]["environment"]["LETTRINE_QUEUE_URL"] == "database"
        assert "ports" not in services[name]
    assert compose()["networks"]["inside"]["internal"] is True
    volumes = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert {name for name in volumes if name.isalpha()} == set(compose()["volumes"])


def test_a_stop_waits_as_long_as_the_processes_may_take() -> None:
    services, lease = compose()["services"], Settings.model_fields["lease_seconds"].default
    assert int(services["worker"]["stop_grace_period"][:-1]) > lease / 2 + 10
    for name in ("lettrine", "lettrine-worker"):
        found = re.search(r"TimeoutStopSec=(\d+)", (DEPLOY / f"systemd/{name}.service").read_text())
        assert found and int(found[1]) > lease / 2 + 10


def test_no_secret_and_no_registry_stands_there() -> None:
    texts = [path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file()]
    assert not [text for text in texts if re.search(r"(?i)(password|_key)\s*[:=]\s*\S", text)]
    images = [s["image"] for s in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.M)
    assert not [image for image in images if "/" in image or "." in image.partition(":")[0]]


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if not tool:
        if "systemd" in REQUIRED:
            raise RuntimeError("systemd-analyze is not here")
        pytest.skip("systemd-analyze is not on this machine")
    for path in UNITS:  # the program needn't be installed here
        (tmp_path / path.name).write_text(
            path.read_text().replace("/opt/lettrine/bin/lettrine", shutil.which("true") or "")
        )
    units = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run([tool, "verify", *units], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(tmp_path) in line]) == (0, [])
