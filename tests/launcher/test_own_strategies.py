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
            "strategies/longshots.py cannot be used: its port 8001 is also that of markets; one of them needs another",
        ),
        ("momentum", 8011, "strategies/momentum.py cannot be used: there is a strategy momentum already"),
        ("Long-Shots", 8011, "strategies/Long-Shots.py cannot be used: its name must be small letters"),
    ],
)
def test_a_strategy_that_is_in_somebodys_way_is_refused(tmp_path: Path, name: str, port: int, complaint: str) -> None:
    own = {name: Service(f"strategy_{name}", "strategy", port, app=name)}

    with pytest.raises(StrategyUnusable, match=complaint):
        check_strategies(own, [*OURS, *own.values()], tmp_path)


def test_strategies_that_are_in_nobodys_way_pass(tmp_path: Path) -> None:
    own = {name: Service(f"strategy_{name}", "strategy", port, app=name) for name, port in (("a", 8011), ("b", 8012))}

    check_strategies(own, [*OURS, *own.values()], tmp_path)


@pytest.mark.parametrize("text", ['PORT = "8012"\nRULE = None\n', "PORT: int = 8000 + 12\n", "RULE = Rule(A, b)\n"])
def test_a_file_that_is_meant_as_a_strategy_is_not_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "longshots.py").write_text(text)
    (tmp_path / "helpers.py").write_text("REPORT = 1\ndef twice(x): return 2 * x\n")

    with pytest.raises(StrategyUnusable, match=r"strategies/longshots.py cannot be used: it has no line PORT = 8011"):
        check_strategies(own_strategies(tmp_path), OURS, tmp_path)


def test_a_file_without_a_rule_is_told_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "without_rule.py").write_text("PORT = 8011\nRULE = print\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(TypeError, match=r"it has no RULE = Rule\(…\), but <built-in function print>"):
        rule_of("without_rule")


def test_a_default_that_its_own_key_would_refuse_is_noticed_before_a_portfolio_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "with_a_slip.py").write_text(
        "from services.strategy.domain.own import Opinion, Rule, StrategyConfig\n"
        "class Config(StrategyConfig):\n    needed: int\n    price_min: float = 'lots'\n"
        "RULE = Rule(Config, lambda *_: Opinion(0), 'What?')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(TypeError, match="the default of price_min cannot be used: Input should be a valid number"):
        rule_of("with_a_slip")
