"""Brier, log loss, calibration and skill of recorded forecasts, against figures that others computed from them."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from shared.scoring.brier import EventForecast, brier_skill, forecaster_brier
from shared.scoring.calibration import calibration
from shared.scoring.ensemble import median_forecasts
from shared.scoring.log_score import log_loss
from shared.scoring.matrix import score_matrix
from tests.scoring import recorded
from tests.scoring.recorded import Graded, oracle

CLIP = 1e-6  # of those figures; ours is 0.01
SETS = ("2025-10-26", "2025-11-23", "2025-12-21", "2026-01-18", "2026-02-15")


def figures(graded: Graded) -> dict[str, Any]:
    found = calibration(*graded)
    assert found is not None
    return {
        "n": found.forecasts,
        "base_rate": found.base_rate,
        "brier": found.brier,
        "log_loss": log_loss(*graded, clip=CLIP),
        "ece10": found.ece,
        "brier_skill_vs_base": brier_skill(found.brier, found.uncertainty),
        "bins": [{"lo": b.low, "n": b.forecasts, "mean_p": b.stated, "freq": b.happened} for b in found.bins],
    }


def agree(found: dict[str, Any], told: dict[str, Any]) -> None:
    """Told to six digits, by whoever computed them."""
    for name, value in told.items():
        if name == "bins":
            assert len(found["bins"]) == len(value)
            for own, bin_told in zip(found["bins"], value, strict=True):
                agree(own, bin_told)
        elif name in found:
            assert found[name] == pytest.approx(value, abs=1.1e-6), name


@pytest.mark.parametrize("hours", [96, 48, 24, 6])
@pytest.mark.parametrize(("name", "read"), [("weekly", recorded.weekly), ("dense", recorded.dense)])
def test_prices_before_the_end(name: str, read: Callable[[int], Graded], hours: int) -> None:
    told = oracle("calibration")["dev"][f"{name}_{hours}h"]

    agree(figures(read(hours)), told)


@pytest.mark.parametrize(
    ("file", "path", "read"),
    [
        ("llm_and_crowd_forecasts", ("gpt4o",), recorded.gpt4o),
        ("llm_and_crowd_forecasts", ("manifold_close",), recorded.manifold),
        ("kalshi_weather", ("mids_score",), recorded.weather_mids),
        ("polls", ("score",), recorded.polls),
    ],
)
def test_recorded_forecasts(file: str, path: tuple[str, ...], read: Callable[[], Graded]) -> None:
    told = oracle(file)["dev"]
    for name in path:
        told = told[name]

    agree(figures(read()), told)


def test_a_quarter_of_a_million_states_of_games() -> None:
    told = oracle("nba_win_probability")["dev"]["formula"]
    del told["log_loss"]  # a matter of nine states in the far tail of the normal distribution, whose clip is not told

    agree(figures(recorded.nba_formula()), told)


def test_the_median_of_professional_forecasters() -> None:
    told = oracle("llm_and_crowd_forecasts")["dev"]["metaculus_pros_median"]
    stated, outcomes = recorded.metaculus_pros()
    said = [(who, question, p) for question, of in stated.items() for who, p in of.items()]
    matrix = score_matrix([who for who, _, _ in said], [question for _, question, _ in said], [p for _, _, p in said])

    medians = median_forecasts(matrix.scores)

    agree(figures((list(medians), [outcomes[str(question)] for question in matrix.events])), told)


@pytest.mark.parametrize("day", SETS)
def test_the_crowd_of_each_question_set(day: str) -> None:
    told = oracle("forecastbench")["dev"][day]

    agree(figures(recorded.forecastbench_crowd(day)), told)


def test_the_crowd_of_all_question_sets() -> None:
    told = oracle("forecastbench")["dev"]["all_sets"]
    together: Graded = ([], [])
    for day in SETS:
        probabilities, outcomes = recorded.forecastbench_crowd(day)
        together = (together[0] + probabilities, together[1] + outcomes)

    agree(figures(together), told)


def test_superforecasters_each_and_together() -> None:
    told = oracle("forecastbench")["dev"]["supers"]
    stated, outcomes = recorded.superforecasters()
    forecasts: dict[str, list[EventForecast]] = defaultdict(list)
    for question, of_question in stated.items():
        for who, probabilities in of_question.items():
            forecasts[who] += [EventForecast(question, [p], [outcomes[question]]) for p in probabilities]

    scores = {who: forecaster_brier(theirs) for who, theirs in forecasts.items()}

    for who, questions, brier in told["per_forecaster"]:
        assert scores[who].scored == questions
        assert scores[who].brier == pytest.approx(brier, abs=1.1e-6)
    agree(
        figures(([recorded.middle(of) for of in stated.values()], [outcomes[question] for question in stated])),
        told["median_forecast"],
    )
