"""The null entrants do what their name says, and by the same seed the same."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.strategy.domain.baseline import BaselineConfig, signals
from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Opinion
from tests.strategy import build

MANY: dict[str, Any] = {"max_signals": 1000, "max_positions": 1000, "pick_share": 1}


def crowd(count: int = 300) -> Pool:
    return build.pool(
        *(
            build.market(number, yes_bid=0.2 if number % 2 else 0.7, yes_ask=0.22 if number % 2 else 0.72)
            for number in range(1, count + 1)
        )
    )


def asked(pool: Pool, hours: int = 0, **config: Any) -> Opinion:
    return signals(pool, build.portfolio(cash="1000000"), BaselineConfig(**config), build.NOW + timedelta(hours=hours))


def actions(opinion: Opinion) -> list[tuple[int, str]]:
    return [(signal.market_no, signal.action) for signal in opinion.signals]


def test_cash_never_trades() -> None:
    opinion = asked(crowd())

    assert opinion.signals == []
    assert opinion.abstentions == {"by_design": 300}


@pytest.mark.parametrize(
    ("entrant", "odd", "even"), [("always_no", "buy_no", "buy_no"), ("favourite", "buy_no", "buy_yes")]
)
def test_always_no_buys_no_and_the_favourite_what_is_above_a_half(entrant: str, odd: str, even: str) -> None:
    opinion = asked(crowd(), entrant=entrant, **MANY)

    assert len(opinion.signals) == 300
    assert {action for number, action in actions(opinion) if number % 2} == {odd}
    assert {action for number, action in actions(opinion) if not number % 2} == {even}


def test_follow_takes_the_side_of_the_last_move_and_leaves_what_did_not_move() -> None:
    rows = [build.market(1), build.market(2), build.market(3)]
    pool = build.pool(*rows, past={1: [0.45] * 100, 2: [0.55] * 100})

    opinion = asked(pool, entrant="follow", **MANY)

    assert sorted(actions(opinion)) == [(1, "buy_yes"), (2, "buy_no")]
    assert opinion.abstentions == {"move_too_small": 1}


def test_chance_is_the_same_for_the_same_seed_and_hour_whatever_else_is_in_the_pool() -> None:
    first, again = asked(crowd(300), entrant="random", **MANY), asked(crowd(200), entrant="random", **MANY)

    kept = {number: action for number, action in actions(first) if number <= 200}

    assert dict(actions(again)) == kept
    assert actions(asked(crowd(), entrant="random", seed=2, **MANY)) != actions(first)
    assert actions(asked(crowd(), hours=1, entrant="random", **MANY)) != actions(first)


def test_chance_takes_each_side_about_as_often() -> None:
    counts = Counter(action for _, action in actions(asked(crowd(1000), entrant="random", **MANY)))

    assert abs(counts["buy_yes"] - counts["buy_no"]) < 4 * 1000**0.5


def test_only_a_share_of_the_markets_comes_into_question() -> None:
    opinion = asked(crowd(1000), entrant="always_no", **(MANY | {"pick_share": "0.1"}))

    assert 60 < len(opinion.signals) < 140
    assert opinion.abstentions["by_design"] == 1000 - len(opinion.signals)
