"""What a container runs, and that the compose file knows every service."""

import os
import signal
import subprocess
import sys
from itertools import pairwise

import pytest
import requests

from shared import topology
from shared.launcher import healthcheck, service
from shared.topology import Service
from tests.launcher.arena import CHECKOUT, free_offset, wait_for

COMPOSE = (CHECKOUT / "docker-compose.yml").read_text()
OURS = [known for known in topology.SERVICES if known not in topology.OWN.values()]


@pytest.mark.parametrize("known", OURS, ids=lambda known: known.name)
def test_every_service_has_a_container_on_a_port_of_this_machine_alone(known: Service) -> None:
    command = f"[python, -m, shared.launcher.service, {known.name}]"
    check = f"[CMD, python, -m, shared.launcher.healthcheck, {known.name}]"

    published = f"- 127.0.0.1:{known.port}:{known.port}\n"

    assert all(COMPOSE.count(line) == 1 for line in (command, check, published))


@pytest.mark.parametrize("known", OURS, ids=lambda known: known.name)
def test_containers_find_every_service_by_its_name(known: Service) -> None:
    if known != topology.SANDBOX:
        assert f"{known.name.upper()}_URL: http://{known.name}:{known.port}\n" in COMPOSE


def test_the_schedule_is_kept_by_the_container_cron_alone() -> None:
    services = COMPOSE.split("\nservices:\n")[1]
    orchestrator = services.split("\n  orchestrator:\n")[1].split("\n\n")[0]
    cron = services.split("\n  cron:\n")[1].split("\n\n")[0]

    assert 'SCHEDULE_ENABLED: "false"' in orchestrator
    assert "command: [python, -m, shared.launcher.cron]" in cron
    assert "command: [python, -m, shared.launcher.samples]" in services


def test_no_port_is_published_to_other_machines() -> None:
    lines = [line.strip() for line in COMPOSE.splitlines()]

    published = [line for after, line in pairwise(lines) if after == "ports:"]

    assert len(published) == COMPOSE.count("ports:") > 0
    assert all(line.startswith("- 127.0.0.1:") for line in published)


def test_a_single_service_runs_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    offset = free_offset()
    monkeypatch.setenv("PORT_OFFSET", str(offset))
    command = [sys.executable, "-m", "shared.launcher.service", "sandbox"]

    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: healthcheck.main("sandbox") == 0)
        answer = requests.get(f"http://127.0.0.1:{8090 + offset}/health", timeout=5)
        process.send_signal(signal.SIGTERM)

    assert answer.json()["service"] == "sandbox"
    assert process.returncode in (0, -signal.SIGTERM)
    assert healthcheck.main("sandbox") == 1


def test_a_service_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code = service.main(["casino"])

    assert code == 2
    assert "name one service: sandbox, events, markets, paper_trading" in capsys.readouterr().err


def test_bound_wider_than_this_machine_a_service_wants_a_token() -> None:
    environment = {**os.environ, "BIND_HOST": "0.0.0.0"}
    environment.pop("COLISEUM_TOKEN", None)

    said = subprocess.run(
        [sys.executable, "-m", "shared.launcher.service", "sandbox"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 2
    assert said.stderr.startswith("coliseum: BIND_HOST is 0.0.0.0")
