"""Comparisons and the board never contradict each other, and say nothing where nothing is known."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from fastapi.testclient import TestClient

from services.arena.domain.board import contests
from services.arena.domain.comparing import Comparer, Comparison, compared
from services.arena.domain.evidence import Evidence
from services.arena.judging import read_evidence
from shared.board.rows import By
from shared.database import Database
from tests.arena.season import Entrant, Season, play
from tests.arena.test_board import figures, opened
from tests.services.conftest import resources_of

NEEDED = 20
ENTRANTS = (
    Entrant("sharp", noise=0.05),
    Entrant("good", noise=0.3),
    Entrant("good too", noise=0.3),
    Entrant("fair", noise=0.9),
    Entrant("dull", noise=2.0),
    Entrant("newcomer", noise=0.3, events=7),
    Entrant("always no", "baseline", None, "always_no", "always_no"),
    Entrant("random", "baseline", None, "random", "random"),
    Entrant("cash", "baseline", None, "never", "cash"),
)


@pytest.fixture(scope="module")
def season(database: Database) -> Season:
    return play(database, ENTRANTS, 260, crowd_noise=0.8)


@pytest.fixture(scope="module")
def arena(database_url: str, season: Season) -> Iterator[TestClient]:
    with opened(database_url) as client:
        assert client.post("/leaderboard/refresh").status_code == 200
        yield client


@pytest.fixture(scope="module")
def evidence(database: Database, season: Season) -> Evidence:
    return read_evidence(database)


def difference(evidence: Evidence, by: By, one: int, other: int) -> Comparison | None:
    contest = next(each for each in contests(evidence, NEEDED) if each.by == by)
    return compared(contest, evidence, one, other, NEEDED)


@pytest.mark.parametrize("by", ["return", "skill"])
def test_who_is_told_apart_on_the_board_is_told_apart_here_and_the_other_way_round(
    by: By, arena: TestClient, evidence: Evidence
) -> None:
    ranked = [row for row in figures(arena, by).values() if row["tier"] is not None]
    tiers: dict[int, list[int]] = {}
    for row in ranked:
        tiers.setdefault(row["tier"], []).append(row["portfolio_id"])

    inside = [difference(evidence, by, own[0], each) for own in tiers.values() for each in own[1:]]
    between = [difference(evidence, by, upper[0], lower[0]) for upper, lower in pairwise(tiers.values())]

    assert len(inside) >= 1 and len(between) >= 1
    assert [each.significant for each in inside if each] == [False] * len(inside)
    assert [each.significant for each in between if each] == [True] * len(between)
    assert all(each.mean > 0 for each in between if each)


def test_who_beats_chance_on_the_board_beats_it_here(arena: TestClient, evidence: Evidence) -> None:
    rows = [row for row in figures(arena, "return").values() if row["better_than_null"] is not None]

    found = [difference(evidence, "return", row["portfolio_id"], row["best_null"]["portfolio_id"]) for row in rows]

    assert {row["better_than_null"] for row in rows} == {True, False}
    assert [each.low is not None and each.low > 0 for each in found if each] == [
        row["better_than_null"] for row in rows
    ]


def test_the_difference_by_return_is_that_of_the_returns_on_the_board(arena: TestClient, evidence: Evidence) -> None:
    rows = figures(arena, "return")
    one, other = rows["sharp"], rows["dull"]

    found = difference(evidence, "return", one["portfolio_id"], other["portfolio_id"])

    assert found is not None
    assert found.mean == pytest.approx(one["settled_return"] - other["settled_return"], abs=1e-7)
    assert found.low is not None and found.high is not None and found.low < found.mean < found.high


def test_turned_round_a_comparison_says_the_same(evidence: Evidence, season: Season) -> None:
    one, other = season.portfolios["good"], season.portfolios["fair"]

    for by in ("return", "skill"):
        there, back = difference(evidence, by, one, other), difference(evidence, by, other, one)

        assert there is not None and back is not None
        assert there.mean == pytest.approx(-back.mean) and there.low == pytest.approx(-(back.high or 0))
        assert there.better == pytest.approx(1 - (back.better or 0))
        assert there.significant == back.significant and there.more_events == back.more_events


def test_before_enough_events_nothing_is_said_of_a_difference(evidence: Evidence, season: Season) -> None:
    found = difference(evidence, "skill", season.portfolios["newcomer"], season.portfolios["dull"])

    assert found is not None and found.events == 7 and found.needed == NEEDED - 7
    assert (found.low, found.high, found.significant, found.better) == (None, None, None, None)
    assert not found.told_apart


def test_rules_state_no_forecasts_so_they_are_compared_by_money_alone(evidence: Evidence, season: Season) -> None:
    one, other = season.portfolios["always no"], season.portfolios["random"]

    assert difference(evidence, "skill", one, other) is None
    assert difference(evidence, "return", one, other) is not None


def test_two_that_did_nothing_have_nothing_to_compare(fresh_database: Database) -> None:
    season = play(
        fresh_database,
        (Entrant("one", "baseline", None, "never", "cash"), Entrant("two", "momentum", None, "never")),
        5,
    )

    found = Comparer(None, read_evidence(fresh_database), NEEDED).verdicts(*season.portfolios.values())

    assert found.by_return is None and found.by_skill is None


def test_a_twin_is_as_good_as_itself(evidence: Evidence, season: Season) -> None:
    number = season.portfolios["good"]

    found = difference(evidence, "skill", number, number)

    assert found is not None
    assert (found.mean, found.low, found.high, found.better, found.significant) == (0.0, 0.0, 0.0, 0.5, False)
    assert found.more_events is None


def test_the_chance_to_be_better_follows_how_clear_the_difference_is(evidence: Evidence, season: Season) -> None:
    numbers = season.portfolios

    clear = difference(evidence, "skill", numbers["sharp"], numbers["dull"])
    close = difference(evidence, "skill", numbers["good"], numbers["good too"])

    assert clear is not None and close is not None
    assert clear.better is not None and clear.better > 0.999 and clear.significant
    assert close.better is not None and 0.02 < close.better < 0.98 and not close.significant
    assert (close.more_events or 0) > (clear.more_events or 0)


def test_differences_are_those_of_the_events(evidence: Evidence, season: Season) -> None:
    found = difference(evidence, "skill", season.portfolios["sharp"], season.portfolios["fair"])
    own, others = (season.probabilities[name] for name in ("sharp", "fair"))
    expected = sorted(
        (float(p2 - y) ** 2 - float(p1 - y) ** 2 for (p1, _, y), (p2, _, _) in zip(own, others, strict=True)),
        reverse=True,
    )

    assert found is not None
    np.testing.assert_allclose(found.differences, expected, atol=1e-9)


def test_what_was_compared_once_is_kept_for_as_long_as_the_board(arena: TestClient, season: Season) -> None:
    resources = resources_of(arena)
    one, other = season.portfolios["sharp"], season.portfolios["dull"]
    assert arena.get("/compare", params={"one": one, "other": other}).status_code == 200
    comparer = resources.comparer
    first = comparer.verdicts(one, other)

    arena.get("/compare", params={"one": one, "other": other})
    again = resources.comparer.verdicts(one, other)
    arena.post("/leaderboard/refresh")
    later = resources.comparer.verdicts(one, other)

    assert again is first
    assert resources.comparer is not comparer and later is not first and later == first


def test_a_board_that_another_process_computed_is_read_anew(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS[:2], 30)

    with opened(fresh_database_url) as here, opened(fresh_database_url) as there:
        here.post("/leaderboard/refresh")
        before = resources_of(here).comparer.computed_at
        there.post("/leaderboard/refresh")
        here.get("/compare", params={"one": 1, "other": 2})
        after = resources_of(here).comparer.computed_at

    assert after > before
