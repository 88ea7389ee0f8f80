"""What rules get wrong, most of all somebody's own: each slip is told in a sentence that helps."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from services.strategy.domain.filters import Screen
from services.strategy.domain.moves import moves_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.sides import beliefs
from services.strategy.domain.signals import Opinion, Signal
from shared.database import Database
from tests.strategy import build
from tests.strategy.conftest import Serve
from tests.strategy.test_generation import ask, count, portfolio, world

POOL = build.pool(build.market(1), build.market(2))


def screen() -> Screen:
    return Screen(np.ones(len(POOL), dtype=np.bool_), Opinion(len(POOL)))


@pytest.mark.parametrize(
    ("probability", "told"),
    [
        (np.array([0.5]), "one probability for each of the 2 markets"),
        (np.array(0.5), "one probability for each of the 2 markets"),
        ([0.5, 0.5, 0.5], "one probability for each of the 2 markets"),
        (np.array([0.5, 95.0]), "a probability of 95 was said of row 1; they go from 0 to 1"),
        (np.array([-0.01, np.nan]), "a probability of -0.01 was said of row 0"),
    ],
)
def test_beliefs_that_cannot_be_are_named(probability: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        beliefs(POOL, screen(), probability, str)


def test_one_answer_for_all_markets_keeps_none_by_accident() -> None:
    with pytest.raises(ValueError, match="true or false for each of the 2 markets"):
        screen().keep(True, "no_longshot")  # type: ignore[arg-type]


def test_a_past_that_was_not_asked_for_is_no_past_without_moves() -> None:
    with pytest.raises(ValueError, match=r"say Rule\(…, history=True\)"):
        moves_over(Pool(POOL.columns, POOL.loaded_at), 10)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_rule_that_speaks_in_percent_is_told_so(
    serve: Serve, fresh_database: Database, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    world(fresh_database)
    client = serve("baseline")
    resources = client.app.state.resources  # type: ignore[attr-defined]
    signal = Signal(7, "buy_yes", Decimal("0.5"), "sure", amount=Decimal(5), probability=Decimal(95))

    def in_percent(pool: Any, owner: Any, config: Any, now: Any) -> Opinion:
        return Opinion(1, 1, [signal])

    monkeypatch.setattr(resources, "rule", type(resources.rule)(resources.rule.config, in_percent, "?", history=True))

    answer = ask(client, 500, portfolio_id=portfolio(fresh_database), dry_run=dry_run)

    assert answer["error"] == "RuleFailed"
    assert answer["detail"].endswith("it says a probability of 95 for market 7, beyond 0 to 1.")
    assert count(fresh_database, "signal_generations") == 0
