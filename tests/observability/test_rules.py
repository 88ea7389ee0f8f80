"""The alerts: they ask for what exists, fire when they should and not otherwise, and a page says what to do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared import topology
from tests.observability.asked import wrong_in
from tests.observability.exported import CHECKOUT, exported

FOLDER = CHECKOUT / "observability" / "prometheus"
RULES = FOLDER / "rules.yml"
TESTS = FOLDER / "tests" / "rules.test.yml"
RUNBOOK = CHECKOUT / "docs" / "operations.md"


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def alerts() -> list[dict[str, Any]]:
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed: it comes with Prometheus (apt-get install prometheus)")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_asks_for_what_services_tell(alert: dict[str, Any]) -> None:
    assert wrong_in(alert["expr"], exported()) == []


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_how_urgent_it_is_and_what_is_the_matter(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["description"].endswith(".")


def test_names_of_alerts_are_theirs_alone() -> None:
    names = [alert["alert"] for alert in alerts()]

    assert len(names) == len(set(names)) > 20


def test_every_alert_stands_in_the_runbook_and_nothing_else_does() -> None:
    table = re.findall(r"^\| `(\w+)` \((page|ticket)\)", RUNBOOK.read_text(), re.MULTILINE)

    assert sorted(table) == sorted((alert["alert"], alert["labels"]["severity"]) for alert in alerts())


def test_every_alert_has_been_seen_to_fire() -> None:
    worlds = read(TESTS)["tests"]
    expected = str([world.get("promql_expr_test") for world in worlds])

    assert [alert["alert"] for alert in alerts() if f'alertname="{alert["alert"]}"' not in expected] == []


def test_what_nobody_tells_is_found() -> None:
    said = {"coliseum_cycles_total": frozenset({"status"}), "coliseum_verify_disagreements": frozenset[str]()}

    assert wrong_in('sum(rate(coliseum_cycles_total{status="failed"}[5m])) by (status) > 0', said) == []
    assert wrong_in("time() - max(coliseum_cycle_total)", said) == ["nobody tells coliseum_cycle_total"]
    assert wrong_in('coliseum_cycles_total{outcome="failed"}', said) == ["coliseum_cycles_total has no label outcome"]
    assert wrong_in("coliseum_verify_disagreements > 0", said) == [
        "coliseum_verify_disagreements stands at nought in every process: name its job"
    ]


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    config = promtool("check", "config", FOLDER / "prometheus.yml")
    rules = promtool("check", "rules", RULES)

    assert config.returncode == 0, config.stdout + config.stderr
    assert rules.returncode == 0, rules.stdout + rules.stderr


def test_alerts_fire_in_the_worlds_that_deserve_it_and_in_no_other() -> None:
    found = promtool("test", "rules", TESTS)

    assert found.returncode == 0, found.stdout + found.stderr


def test_every_service_is_asked_where_compose_runs_it() -> None:
    [coliseum] = read(FOLDER / "prometheus.yml")["scrape_configs"]

    asked = {entry["labels"]["job"]: entry["targets"] for entry in coliseum["static_configs"]}

    assert asked == {service.name: [f"{service.name}:{service.port}"] for service in topology.SERVICES}
