"""The board from rows: order, ranks, intervals, null entrants, and what it says where it cannot say anything."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from statistics import mean, stdev
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.arena.app import arena_app
from services.arena.resources import Settings
from shared.database import Database
from tests.arena.season import CASH, Entrant, Season, play
from tests.services.conftest import client_of, exact

ENTRANTS = (
    Entrant("sharp", noise=0.05),
    Entrant("fair", noise=0.7),
    Entrant("dull", noise=2.0),
    Entrant("newcomer", noise=0.3, events=7),
    Entrant("rule", "momentum", noise=0.3),
    Entrant("always no", "baseline", None, "always_no", "always_no"),
    Entrant("cash", "baseline", None, "never", "cash"),
)


@pytest.fixture(scope="module")
def season(database: Database) -> Season:
    return play(database, ENTRANTS, 250, crowd_noise=0.8)


@pytest.fixture(scope="module")
def arena(database_url: str, season: Season) -> Iterator[TestClient]:
    with opened(database_url) as client:
        assert client.post("/leaderboard/refresh").status_code == 200
        yield client


def opened(database_url: str, **settings: Any) -> Any:
    return client_of(arena_app(Settings(database_url=database_url, arena_enabled=False, **settings)))


LIMITS = count(500)  # an address that nobody has asked for yet has no prepared bytes


def board(arena: TestClient, by: str = "return") -> dict[str, dict[str, Any]]:
    answer = arena.get("/leaderboard", params={"by": by, "limit": next(LIMITS)})
    assert answer.status_code == 200, answer.text
    return {row["name"]: row for row in exact(answer)["leaderboard"]}


def figures(arena: TestClient, by: str = "return") -> dict[str, dict[str, Any]]:
    """The board with plain floats."""
    return {
        row["name"]: row
        for row in arena.get("/leaderboard", params={"by": by, "limit": next(LIMITS)}).json()["leaderboard"]
    }


def change(database: Database, query: str, **values: Any) -> None:
    with database.transaction() as connection:
        connection.execute(text(query), values)


def test_by_skill_the_forecasters_stand_in_the_order_of_their_true_skill(arena: TestClient) -> None:
    found = board(arena, "skill")

    assert [name for name, row in found.items() if row["rank"]] == ["sharp", "fair", "dull"]
    assert [found[name]["rank"] for name in ("sharp", "fair", "dull")] == [1, 2, 3]
    assert found["sharp"]["better_than_null"] is True and found["sharp"]["best_null"] == {"name": "the crowd"}
    assert found["dull"]["better_than_null"] is False
    assert found["sharp"]["tier"] == 1 < found["dull"]["tier"]
    assert found["rule"]["standing"] == "it states no forecasts"


def test_by_return_ranks_follow_the_return_and_then_come_those_with_too_few_events(arena: TestClient) -> None:
    rows = list(board(arena).values())

    ranked = [row for row in rows if row["rank"] is not None]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, None, None]
    settled = [row["settled_return"] for row in ranked]
    assert settled == sorted(settled, reverse=True)
    assert {row["name"] for row in ranked[:3]} == {"sharp", "fair", "rule"}
    assert ranked[0]["tier"] == 1
    assert [row["tier"] for row in ranked] == sorted(row["tier"] for row in ranked)
    assert [row["name"] for row in rows[5:]] == ["newcomer", "cash"]
    assert sum(row["probability_best"] for row in ranked) == pytest.approx(1, abs=1e-6)


def test_with_too_few_settled_events_there_is_a_sentence_in_place_of_a_rank(arena: TestClient, season: Season) -> None:
    newcomer = board(arena)["newcomer"]

    had = newcomer["settled_events"]
    assert had == newcomer["wins"] + newcomer["losses"] <= 7
    assert newcomer["standing"] == f"not enough settled events yet ({had} of 20)"
    assert newcomer["still_needed"] == 20 - had
    for name in ("rank", "tier", "probability_best", "interval", "better_than_null"):
        assert newcomer[name] is None
        assert name in newcomer["missing"]
    by_skill = board(arena, "skill")["newcomer"]
    assert by_skill["standing"] == "not enough settled events yet (7 of 20)"


def test_money_is_what_the_ledger_says(arena: TestClient, season: Season) -> None:
    for name, row in board(arena).items():
        assert row["account_value"] == CASH + season.pnl[name]
        assert row["realized_pnl"] == row["total_pnl"] == season.pnl[name]
        assert row["return"] == round(season.pnl[name] / CASH, 8)
        assert row["settled_return"] == pytest.approx(season.pnl[name] / CASH)


def test_forecasts_are_scored_as_by_hand(arena: TestClient, season: Season) -> None:
    for name in ("sharp", "fair", "dull", "newcomer"):
        row, stated = figures(arena)[name], season.probabilities[name]

        own = [float((p - y) ** 2) for p, _, y in stated]
        crowd = [float((c - y) ** 2) for _, c, y in stated]
        skill = [theirs - ours for ours, theirs in zip(own, crowd, strict=True)]
        assert row["brier"] == pytest.approx(mean(own), abs=1e-8)
        assert row["crowd_brier"] == pytest.approx(mean(crowd), abs=1e-8)
        assert row["skill"]["mean"] == pytest.approx(mean(skill), abs=1e-8)
        assert row["skill"]["events"] == len(stated)
        assert row["skill"]["t"] == pytest.approx(mean(skill) / (stdev(skill) / len(skill) ** 0.5), abs=1e-6)
        assert row["skill"]["low"] < row["skill"]["mean"] < row["skill"]["high"]
        assert sum(each["forecasts"] for each in row["calibration"]["bins"]) == len(stated)
        assert row["coverage"] == 1


def test_the_interval_holds_the_return_of_what_is_settled(arena: TestClient) -> None:
    for row in board(arena).values():
        if row["rank"] is not None:
            assert row["interval"]["low"] < row["settled_return"] < row["interval"]["high"]


def test_everybody_is_held_against_the_best_null_entrant(arena: TestClient, season: Season) -> None:
    found = board(arena)

    best = "always no" if season.pnl["always no"] > 0 else "cash"
    for name in ("sharp", "fair", "dull", "rule"):
        assert found[name]["best_null"] == {"portfolio_id": season.portfolios[best], "name": best}
    assert found["sharp"]["better_than_null"] is True
    assert f"significantly better than {best}" in found["sharp"]["standing"]
    assert found["always no"]["better_than_null"] is None
    assert found["always no"]["missing"]["better_than_null"] == "it is a null entrant"


def test_money_is_of_this_moment_and_ranks_are_of_the_last_computation(arena: TestClient, database: Database) -> None:
    before = board(arena)["cash"]
    query = "UPDATE portfolios SET liquidation_value = liquidation_value + :more WHERE name = 'cash'"

    change(database, query, more=Decimal(500_000))
    after = board(arena)["cash"]
    change(database, query, more=Decimal(-500_000))

    assert after["account_value"] == before["account_value"] + 500_000
    assert after["rank"] is None
    assert [name for name, row in board(arena).items() if row["rank"] is None] == ["newcomer", "cash"]


def test_a_figure_that_cannot_be_computed_is_null_with_its_reason(arena: TestClient) -> None:
    found = board(arena)

    assert found["sharp"]["sharpe"] is None
    assert found["sharp"]["missing"]["sharpe"] == "needs 20 daily returns and has 0"
    assert found["sharp"]["max_drawdown"] is None
    assert found["sharp"]["missing"]["max_drawdown"] == "no cycle has taken a snapshot yet"
    assert found["sharp"]["missing"]["model_cost"] == "it has called no model"
    assert found["rule"]["brier"] is None
    assert found["rule"]["missing"]["brier"] == "it states no forecasts"
    for row in found.values():
        nothing = {name for name, value in row.items() if value is None}
        owing = nothing - {"model_id", "model", "avatar", "color", "text_color", "best_null"}
        assert owing == set(row["missing"])


def test_a_portfolio_that_nobody_has_judged_yet_says_so(arena: TestClient, database: Database) -> None:
    change(database, "DELETE FROM standings WHERE portfolio_id = (SELECT portfolio_id FROM ai_models LIMIT 1)")

    [row] = [row for row in board(arena).values() if row["wins"] is None]

    assert row["standing"] == "the board has not been computed since this portfolio was created"
    assert row["account_value"] is not None
    assert arena.post("/leaderboard/refresh").json()["entrants"] == len(ENTRANTS)
    assert all(row["wins"] is not None for row in board(arena).values())


def test_the_board_comes_in_pages(arena: TestClient) -> None:
    whole = [row["portfolio_id"] for row in board(arena).values()]

    first = arena.get("/leaderboard", params={"limit": 3}).json()
    second = arena.get("/leaderboard", params={"limit": 100, "cursor": first["cursor"]}).json()

    assert [row["portfolio_id"] for row in first["leaderboard"] + second["leaderboard"]] == whole
    assert second["cursor"] is None
    assert arena.get("/leaderboard", params={"by": "skill", "cursor": first["cursor"]}).status_code == 422
    assert arena.get("/leaderboard", params={"by": "luck"}).status_code == 422


def test_only_one_process_computes_at_a_time(arena: TestClient, database: Database) -> None:
    with database.lock("arena: judging") as mine:
        assert mine
        refused = arena.post("/leaderboard/refresh")

    assert refused.status_code == 409
    assert refused.json()["error"] == "BoardBeingComputed"
    assert arena.post("/leaderboard/refresh").status_code == 200


def test_the_same_rows_make_the_same_board(arena: TestClient) -> None:
    before = {by: board(arena, by) for by in ("return", "skill")}

    assert arena.post("/leaderboard/refresh").status_code == 200

    assert {by: board(arena, by) for by in ("return", "skill")} == before


def test_a_model_is_found_by_its_external_id_and_by_its_number(arena: TestClient, season: Season) -> None:
    by_name = exact(arena.get("/models/sharp/performance"))
    by_number = exact(arena.get(f"/models/{season.models['sharp']}/performance"))

    assert by_name == by_number
    assert by_name["by_return"] == board(arena)["sharp"]
    assert by_name["by_skill"]["rank"] == 1
    assert arena.get("/models/nobody/performance").status_code == 404
    assert arena.get("/models/nobody/calibration").status_code == 404


def test_the_terms_of_the_calibration_sum_to_the_score(arena: TestClient) -> None:
    found = arena.get("/models/fair/calibration").json()["calibration"]

    terms = found["reliability"] - found["resolution"] + found["uncertainty"]
    assert terms + found["within_variance"] - found["within_covariance"] == pytest.approx(found["brier"], abs=1e-7)
    assert found["forecasts"] == 250
    assert found["brier"] == pytest.approx(arena.get("/models/fair/performance").json()["by_return"]["brier"], abs=1e-8)


def test_correlations_name_how_many_markets_both_met(arena: TestClient, season: Season) -> None:
    found = arena.get("/models/correlation").json()

    models, lines = found["models"], found["correlation"]
    assert models == ["dull", "fair", "newcomer", "sharp"]
    assert [lines[place][place]["r"] for place in range(4)] == [1, 1, 1, 1]
    assert lines[0][2] == lines[2][0] and lines[0][2]["events"] == 7
    assert lines[1][3]["events"] == 250
    errors = {name: [float(p - y) for p, _, y in season.probabilities[name]] for name in ("fair", "sharp")}
    assert lines[1][3]["r"] == pytest.approx(_pearson(errors["fair"], errors["sharp"]), abs=1e-8)


def test_days_of_a_portfolio_add_up_to_its_result(arena: TestClient, database: Database, season: Season) -> None:
    today = datetime.now(UTC).date()
    rows = exact(arena.get("/leaderboard/daily"))["leaderboard"]
    yesterday = today - timedelta(days=1)
    change(
        database,
        """INSERT INTO daily_leaderboards SELECT portfolio_id, :day, rank, 12, 0, 0, 0, 100012, 12, 0.00012, figures,
            created_at - interval '1 day' FROM daily_leaderboards WHERE date = :today""",
        day=yesterday,
        today=today,
    )

    arena.post("/leaderboard/refresh")
    history = exact(arena.get("/leaderboard/history", params={"days": 2}))["history"]

    assert {row["name"] for row in rows} == set(season.portfolios)
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, None, None]
    for name, number in season.portfolios.items():
        own = [row for row in history if row["portfolio_id"] == number]
        assert [row["date"] for row in own] == [str(today), str(yesterday)]
        assert sum(row["daily_pnl"] for row in own) == own[0]["total_pnl"] == season.pnl[name]
        assert own[0]["total_balance"] == CASH + season.pnl[name]
    page = arena.get("/leaderboard/history", params={"days": 2, "limit": 5}).json()
    rest = arena.get("/leaderboard/history", params={"days": 2, "cursor": page["cursor"]}).json()
    assert len(page["history"]) == 5 and len(rest["history"]) == len(history) - 5
    assert len(arena.get("/leaderboard/history", params={"days": 1}).json()["history"]) == len(ENTRANTS)
    assert arena.get("/leaderboard/daily", params={"date": "2020-01-01"}).json()["leaderboard"] == []


def _pearson(first: list[float], second: list[float]) -> float:
    apart = [(x - mean(first), y - mean(second)) for x, y in zip(first, second, strict=True)]
    spread = sum(x * x for x, _ in apart) * sum(y * y for _, y in apart)
    return float(sum(x * y for x, y in apart) / spread**0.5)
