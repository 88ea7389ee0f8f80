"""Which markets a portfolio looks at, and the reason under which every other one is counted."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.filters import screened
from services.strategy.domain.signals import Opinion
from tests.strategy import build

NOW = build.NOW.timestamp()

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("platform_not_wanted", {"platform": 1}, {"platforms": ["polymarket"]}),
    ("category_not_wanted", {"category": 3}, {"categories": ["Politics", "crypto"]}),
    ("category_not_wanted", {"category": 0}, {"categories": ["politics"]}),
    ("category_not_wanted", {}, {"categories": ["gardening"]}),
    ("liquidity_too_low", {"liquidity": 999.99}, {"min_liquidity": 1000}),
    ("liquidity_unknown", {"liquidity": np.nan}, {"min_liquidity": 1}),
    ("volume_too_low", {"volume": 10.0}, {"min_volume": 11}),
    ("volume_too_low", {"volume": np.nan}, {"min_volume": 11}),
    ("spread_too_wide", {"yes_bid": 0.40, "yes_ask": 0.51}, {"max_spread": "0.10"}),
    ("no_quote", {"yes_bid": np.nan}, {}),
    ("no_quote", {"yes_ask": np.nan}, {}),
    ("closes_too_soon", {"closes_at": NOW + 3_500}, {"min_hours_to_close": 1}),
    ("closes_too_late", {"closes_at": NOW + 21 * build.DAY}, {"max_days_to_close": 20}),
    ("close_unknown", {"closes_at": np.nan}, {"max_days_to_close": 20}),
    ("close_unknown", {"closes_at": np.nan}, {"min_hours_to_close": 1}),
    ("market_closed", {"accepting": 0}, {}),
    ("market_closed", {"placeholder": 1}, {}),
]


def looked_at(pool: Any, **config: Any) -> tuple[list[bool], Opinion]:
    opinion = Opinion(considered=len(pool))
    alive = screened(pool, StrategyConfig(**config), build.NOW, opinion)
    return alive.tolist(), opinion


@pytest.mark.parametrize(("reason", "facts", "config"), CASES)
def test_a_market_that_a_filter_is_against_counts_under_its_reason(
    reason: str, facts: dict[str, Any], config: dict[str, Any]
) -> None:
    pool = build.pool(build.market(1), build.market(2, **facts))

    alive, opinion = looked_at(pool, **config)

    assert alive == [reason != "category_not_wanted" or bool(facts), False]
    assert opinion.abstentions[reason] == alive.count(False)
    assert opinion.matched == alive.count(True)


@pytest.mark.parametrize(
    ("facts", "config"),
    [
        ({"liquidity": 1000.0}, {"min_liquidity": 1000}),
        ({"liquidity": np.nan}, {"min_liquidity": 1000, "accept_unknown_liquidity": True}),
        ({"yes_bid": 0.50, "yes_ask": 0.60}, {"max_spread": "0.10"}),
        ({"yes_bid": 0.05, "yes_ask": 0.06}, {"max_spread": "0.01"}),
        ({"closes_at": NOW + 3_600}, {"min_hours_to_close": 1}),
        ({"closes_at": NOW + 2 * build.DAY}, {"max_days_to_close": 2}),
        ({"closes_at": np.nan}, {}),
        ({"accepting": -1}, {}),
        ({"category": 3}, {"categories": ["SPORTS"]}),
    ],
)
def test_a_limit_that_is_just_met_lets_the_market_pass(facts: dict[str, Any], config: dict[str, Any]) -> None:
    alive, opinion = looked_at(build.pool(build.market(1, **facts)), **config)

    assert alive == [True]
    assert not opinion.abstentions


figures = st.one_of(st.just(np.nan), st.floats(0, 1e6, allow_nan=False))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "platform": st.integers(0, 1),
                "category": st.integers(0, 3),
                "liquidity": figures,
                "volume": figures,
                "yes_bid": st.one_of(st.just(np.nan), st.integers(1, 98).map(lambda cents: cents / 100)),
                "accepting": st.integers(-1, 1),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    config=st.fixed_dictionaries(
        {
            "min_liquidity": st.integers(0, 500_000),
            "min_volume": st.integers(0, 500_000),
            "accept_unknown_liquidity": st.booleans(),
            "platforms": st.sampled_from([(), ("kalshi",), ("polymarket",)]),
            "categories": st.sampled_from([(), ("politics",), ("crypto", "sports")]),
        }
    ),
)
def test_every_market_passes_or_is_counted_once(rows: list[dict[str, Any]], config: dict[str, Any]) -> None:
    pool = build.pool(*(build.market(place + 1, yes_ask=0.99, **row) for place, row in enumerate(rows)))

    alive, opinion = looked_at(pool, max_spread="0.99", **config)

    assert opinion.matched + sum(opinion.abstentions.values()) == len(rows)
    for row, passed in zip(rows, alive, strict=True):
        enough = row["liquidity"] >= config["min_liquidity"] or (
            np.isnan(row["liquidity"]) and (config["accept_unknown_liquidity"] or not config["min_liquidity"])
        )
        traded = row["volume"] >= config["min_volume"] or not config["min_volume"]
        venue = not config["platforms"] or ("polymarket", "kalshi")[row["platform"]] in config["platforms"]
        names = {1: "politics", 2: "crypto", 3: "sports", 0: None}
        about = not config["categories"] or names[row["category"]] in config["categories"]
        quoted = not np.isnan(row["yes_bid"])
        assert passed == (enough and traded and venue and about and quoted and row["accepting"] != 0)
