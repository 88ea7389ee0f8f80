"""What the board itself claims in worlds whose truth is known: order, false alarms, and what gaps do to them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from services.arena.domain.board import judged
from services.arena.domain.evidence import Days, Entrant, Evidence, Floats, Forecasts, Results, Tally
from tests.scoring.worlds import (
    NULL_ENTRANTS,
    Forecaster,
    World,
    most_by_chance,
    no_better_than_the_crowd,
    null_profits,
    world,
)

WORLDS = 60
UNITS = 80
MARKETS = 2  # of one unit: they end alike
SETTLED_MIN = 20
CASH = Decimal(100_000)
STAKE = 1_000
MISSED = 0.3  # of the units, by each model on its own


def test_null_entrants_are_rarely_beaten_by_who_knows_nothing() -> None:
    unskilled = Forecaster(knows=0, believes=0.8)

    beaten = [_board([unskilled], seed)[0]["return"]["better_than_null"] for seed in range(WORLDS)]

    assert set(beaten) <= {True, False}
    assert sum(beaten) <= most_by_chance(WORLDS, 0.05)


def test_who_is_no_better_than_the_crowd_is_rarely_called_better() -> None:
    loud = no_better_than_the_crowd(knows=0.8)

    better = [_board([loud], 1_000 + seed)[0]["skill"]["better_than_null"] for seed in range(WORLDS)]

    assert set(better) <= {True, False}
    assert sum(better) <= most_by_chance(WORLDS, 0.05)


def test_equals_are_rarely_told_apart_though_they_met_different_events() -> None:
    """With a third of the events missed by each, whose crowd was worse is luck."""
    twins = [Forecaster(knows=0.8, believes=0.8)] * 2

    tiers = [_board(twins, 2_000 + seed) for seed in range(WORLDS)]

    apart = [first["skill"]["tier"] != second["skill"]["tier"] for first, second in tiers]
    assert sum(apart) <= most_by_chance(WORLDS, 0.05)


def test_who_met_the_events_of_a_worse_crowd_is_not_called_better_for_it() -> None:
    """Both say the same. The crowd errs in the first half of the events, which one of them has met, and knows better in
    the second half, which the other has met."""
    seen = world([Forecaster(0, 0)] * 2, UNITS, seed=5_000)
    wrong = np.arange(UNITS) < UNITS // 2
    crowd = np.abs(np.where(wrong, 1 - seen.outcomes, seen.outcomes) - 0.3 * seen.crowd)
    told = World(crowd, seen.outcomes, np.full((UNITS, 2), 0.5))

    first, second = _places(told, np.column_stack([wrong, ~wrong]), seed=5_000)

    assert (first["skill"]["rank"], second["skill"]["rank"]) == (1, 2)
    assert first["skill"]["interval"]["low"] > 0 > second["skill"]["interval"]["high"]
    assert first["skill"]["tier"] == second["skill"]["tier"] == 1


def test_who_knows_more_stands_first_and_in_the_first_tier() -> None:
    field = [Forecaster(0, 0.8), Forecaster(knows=1.6, believes=1.6), Forecaster(knows=0, believes=2.5)]

    for seed in range(3):
        nothing, much, noise = _board(field, 3_000 + seed, units=400)

        assert (much["skill"]["rank"], much["skill"]["tier"]) == (1, 1)
        assert much["skill"]["better_than_null"] is True and much["skill"]["probability_best"] > 0.95
        assert (much["return"]["rank"], much["return"]["tier"]) == (1, 1)
        assert much["return"]["better_than_null"] is True
        assert nothing["skill"]["better_than_null"] is noise["skill"]["better_than_null"] is False
        assert 1 < nothing["skill"]["tier"] <= noise["skill"]["tier"]


def test_too_few_events_make_no_claim() -> None:
    for seed in range(10):
        [found] = _board([Forecaster(knows=3, believes=3)], 4_000 + seed, units=SETTLED_MIN - 1)

        assert found["return"]["rank"] is found["skill"]["rank"] is None
        assert found["return"]["better_than_null"] is found["skill"]["interval"] is None


def _board(field: Sequence[Forecaster], seed: int, units: int = UNITS) -> list[dict[str, Any]]:
    """The places of the forecasters, in the order in which they were given; null entrants stand between them."""
    met = np.random.default_rng([seed, 2]).uniform(size=(units, len(field))) >= MISSED
    return _places(world(field, units, seed), met, seed)


def _places(seen: World, met: npt.NDArray[np.bool_], seed: int) -> list[dict[str, Any]]:
    models = range(2, 2 + 2 * met.shape[1], 2)
    nulls = [1, *range(3, 3 + 2 * (len(NULL_ENTRANTS) - 1), 2)]
    found = judged(_evidence(seen, list(models), nulls, met, seed), SETTLED_MIN)
    return [found[number]["boards"] for number in models]


def _evidence(
    seen: World, models: Sequence[int], nulls: Sequence[int], met: npt.NDArray[np.bool_], seed: int
) -> Evidence:
    columns = [np.where(met[:, place], seen.profit[:, place] * STAKE, np.nan) for place in range(len(models))]
    profits = dict(zip(models, columns, strict=True))
    of_nulls = np.where(null_profits(seen, seed) == 0, np.nan, null_profits(seen, seed)) * STAKE
    profits |= {number: of_nulls[:, place] for place, number in enumerate(nulls)}
    return Evidence(
        entrants=[_entrant(number, profits[number], number in models) for number in sorted(profits)],
        results=_results(profits),
        forecasts=_forecasts(seen, models, met),
        days=Days(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)),
        falls={},
        tally=Tally({}, {}, {}, {}, {}, {}),
        tried=len(profits),
    )


def _entrant(number: int, profits: Floats, model: bool) -> Entrant:
    worth = CASH + Decimal(round(float(np.nansum(profits)), 2))
    return Entrant(
        portfolio_id=number,
        name=f"Number {number}",
        strategy_type="ai_model" if model else "baseline",
        null_kind=None if model else "null",
        initial_balance=CASH,
        account_value=worth,
        trade_count=int((~np.isnan(profits)).sum()) * MARKETS,
        model=f"m{number}" if model else None,
        model_kind="model" if model else None,
    )


def _results(profits: dict[int, Floats]) -> Results:
    rows = [
        (number, unit, pnl * MARKETS)
        for number, column in sorted(profits.items())
        for unit, pnl in enumerate(column)
        if not np.isnan(pnl)
    ]
    portfolio, unit, pnl = (np.array(column) for column in zip(*rows, strict=True))
    nothing = np.zeros(len(rows))
    return Results(portfolio.astype(np.int64), unit.astype(np.int64), pnl, nothing, nothing, nothing)


def _forecasts(seen: World, models: Sequence[int], met: npt.NDArray[np.bool_]) -> Forecasts:
    """One a market: those of a unit are the same chance, told several times."""
    units, places = (np.repeat(each, MARKETS) for each in np.nonzero(met))
    return Forecasts(
        portfolio=np.array(models, dtype=np.int64)[places],
        unit=units.astype(np.int64),
        probability=seen.forecasts[units, places],
        crowd=seen.crowd[units],
        outcome=seen.outcomes[units],
    )
