"""Which look-backs hold enough collections at which rhythm, and the sentence where one does not."""

import numpy as np
import pytest

from services.strategy.domain.baseline import BaselineConfig
from services.strategy.domain.history import HOURS, MINUTES, Span, scaled
from services.strategy.domain.hybrid import HybridConfig
from services.strategy.domain.moves import JUMP_STEPS_MIN, jumps_over, moves_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import Lookback, minutes_between
from services.strategy.domain.rules import RULES
from tests.strategy import build


def collected(every: int) -> Pool:
    """A market whose price goes to and fro, as collections every so many minutes have seen it for two days."""
    columns = build.columns([build.market(1)])
    return Pool(columns, build.NOW, minutes=_span(MINUTES, 1, every), hours=_span(HOURS, 60, every))


def _span(depth: int, each: int, every: int) -> Span:
    end = int(build.NOW.timestamp()) // (60 * each) - 1
    minute = (np.arange(end - depth + 1, end + 1) + 1) * each - 1  # the last one of each row
    prices = (0.5 + 0.01 * (minute // every % 2)).astype(np.float64)
    heard = np.ones(depth, np.bool_) if each >= every else (minute // each) % (every // each) == 0
    return Span(end, scaled(prices)[:, None], heard)


@pytest.mark.parametrize("every", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 240])
def test_what_is_said_to_see_sees_and_what_is_said_to_be_blind_is_blind(every: int) -> None:
    pool = collected(every)

    for minutes in (4, 5, 8, 10, 15, 20, 30, 45, 60, 180, 240, 360):
        moves = not np.isnan(moves_over(pool, minutes).z[0])
        jumps = not np.isnan(jumps_over(pool, minutes).z[0])
        assert moves == Lookback(minutes).holds(every), minutes
        assert jumps == Lookback(minutes, JUMP_STEPS_MIN).holds(every), minutes


@pytest.mark.parametrize(
    ("lookback", "every", "way_out"),
    [
        (Lookback(10), 5, "use 25 to 60, or 240 or more."),
        (Lookback(10), 15, "use 240 or more."),
        (Lookback(10, JUMP_STEPS_MIN), 15, "use 240 or more."),
        (Lookback(180), 60, "use 240 or more."),
        (Lookback(360), 120, "none does unless markets are collected once an hour."),
    ],
)
def test_the_sentence_names_a_look_back_that_sees(lookback: Lookback, every: int, way_out: str) -> None:
    note = lookback.note(every)

    assert note == (
        f"Markets are collected every {every} min: a look-back of {lookback.minutes} min sees nothing; {way_out}"
    )


def test_a_rhythm_is_what_is_usual_and_needs_a_few_collections() -> None:
    regular = [900.0 * turn for turn in range(8)]

    assert minutes_between(regular) == 15
    assert minutes_between([*regular[:4], *[end + 7_200 for end in regular[4:]]]) == 15
    assert minutes_between([0, 20, 40, 60]) == 1
    assert minutes_between(regular[:3]) is None


def test_only_rules_that_look_back_have_something_to_say() -> None:
    alone = HybridConfig.model_validate({"weights": {"momentum": 0, "mean_reversion": 0}})

    assert RULES["hybrid"].notes(alone, 15) == []
    assert len(RULES["hybrid"].notes(HybridConfig(), 15)) == 2
    assert RULES["arbitrage"].notes(RULES["arbitrage"].config(), 15) == []
    assert RULES["baseline"].notes(BaselineConfig(entrant="random"), 15) == []
    assert len(RULES["baseline"].notes(BaselineConfig(entrant="follow", lookback_minutes=15), 15)) == 1
    assert RULES["momentum"].notes(RULES["momentum"].config(), None) == []
