"""The dashboards: files that Grafana can take, whose panels ask for what exists."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.asked import wrong_in
from tests.observability.exported import CHECKOUT, exported

GRAFANA = CHECKOUT / "observability" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
WANTED = {"cycle", "trading", "models", "venues", "services"}
WIDTH = 24


def provisioned(kind: str) -> dict[str, Any]:
    [file] = (GRAFANA / "provisioning" / kind).glob("*.yml")
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def panels(file: Path) -> Iterator[dict[str, Any]]:
    yield from json.loads(file.read_text())["panels"]


def every_panel() -> list[Any]:
    return [pytest.param(panel, id=f"{file.stem}: {panel.get('title')}") for file in FILES for panel in panels(file)]


def test_there_is_a_dashboard_for_each_part_and_its_address_is_its_own() -> None:
    uids = [json.loads(file.read_text())["uid"] for file in FILES]

    assert {file.stem for file in FILES} == WANTED
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in uids)


@pytest.mark.parametrize("panel", every_panel())
def test_a_panel_has_a_title_a_unit_and_a_query_to_what_is_provisioned(panel: dict[str, Any]) -> None:
    sources = {source["uid"] for source in provisioned("datasources")["datasources"]}

    assert panel["title"].endswith(("?", ")"))  # a question, perhaps with its measure
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert {target["datasource"]["uid"] for target in panel["targets"]} | {panel["datasource"]["uid"]} <= sources
    assert all(target["expr"].strip() for target in panel["targets"])


@pytest.mark.parametrize("panel", every_panel())
def test_a_panel_asks_for_what_services_tell(panel: dict[str, Any]) -> None:
    wrong = [complaint for target in panel["targets"] for complaint in wrong_in(target["expr"], exported())]

    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_stand_beside_and_below_each_other(file: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(file):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= WIDTH
        taken |= cells


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_questions_and_numbers_of_panels_are_theirs_alone(file: Path) -> None:
    titles, numbers = zip(*((panel["title"], panel["id"]) for panel in panels(file)), strict=True)

    assert len(set(titles)) == len(titles)
    assert len(set(numbers)) == len(numbers)


def test_grafana_finds_its_files_and_prometheus_where_compose_puts_them() -> None:
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    mounts = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    [provider] = provisioned("dashboards")["providers"]
    [source] = provisioned("datasources")["datasources"]

    assert mounts["./observability/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert mounts["./observability/grafana/dashboards"] == provider["options"]["path"]
    assert services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] in {
        f"{provider['options']['path']}/{file.name}" for file in FILES
    }
    assert source["url"] == "http://prometheus:9090"


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_what_watches_is_as_confined_as_what_it_watches_and_starts_only_when_asked(name: str) -> None:
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())

    service = compose["services"][name]

    assert service["profiles"] == ["observability"]
    assert {key: service[key] for key in compose["x-hardening"]} == compose["x-hardening"]
    assert service["healthcheck"] and service["mem_limit"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert not re.search(r":latest$|^[^:]+$", service["image"])


def test_nobody_can_log_in_to_grafana() -> None:
    settings = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]["grafana"]["environment"]

    assert settings["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert settings["GF_AUTH_DISABLE_LOGIN_FORM"] == settings["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert settings["GF_AUTH_BASIC_ENABLED"] == settings["GF_USERS_ALLOW_SIGN_UP"] == "false"
