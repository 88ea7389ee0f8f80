"""Strategies in the folder of whoever runs this: how they are found, and what keeps them from starting."""

from pathlib import Path

import pytest

from services.strategy.domain.rules import rule_of
from shared import topology
from shared.launcher.checks import check_strategies
from shared.launcher.errors import StrategyUnusable
from shared.topology import Service, own_strategies

OURS = [service for service in topology.SERVICES if service not in topology.OWN.values()]


def test_a_file_that_names_its_port_is_a_strategy_and_is_called_like_the_file(tmp_path: Path) -> None:
    (tmp_path / "longshots.py").write_text("PORT = 8_011  # of its page\n")
    (tmp_path / "typed.py").write_text("import numpy\n\nPORT: int = 8012\n")
    (tmp_path / "broken.py").write_text("PORT = 8013\ndef (\n")
    (tmp_path / "test_longshots.py").write_text("def test_it() -> None:\n    PORT = 1\n")
    (tmp_path / "REPORT.md").write_text("PORT = 8014\n")

    found = own_strategies(tmp_path)

    assert {name: service.port for name, service in found.items()} == {"broken": 8013, "longshots": 8011, "typed": 8012}
    assert found["longshots"].name == "strategy_longshots"
    assert found["longshots"].application == "services.strategy.app:longshots"


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert own_strategies(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("name", "port", "complaint"),
    [
        (
            "longshots",
            8001,
            "strategies/longshots.py cannot be used: port 8001 belongs to markets, so it needs another",
        ),
        ("momentum", 8011, "strategies/momentum.py cannot be used: there is a strategy momentum already"),
        ("Long-Shots", 8011, "strategies/Long-Shots.py cannot be used: its name must be small letters"),
    ],
)
def test_a_strategy_that_is_in_somebodys_way_is_refused(name: str, port: int, complaint: str) -> None:
    own = {name: Service(f"strategy_{name}", "strategy", port, app=name)}

    with pytest.raises(StrategyUnusable, match=complaint):
        check_strategies(own, [*OURS, *own.values()])


def test_strategies_that_are_in_nobodys_way_pass() -> None:
    own = {name: Service(f"strategy_{name}", "strategy", port, app=name) for name, port in (("a", 8011), ("b", 8012))}

    check_strategies(own, [*OURS, *own.values()])


def test_a_file_without_a_rule_is_told_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "without_rule.py").write_text("PORT = 8011\nRULE = print\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(TypeError, match=r"it has no RULE = Rule\(…\), but <built-in function print>"):
        rule_of("without_rule")
