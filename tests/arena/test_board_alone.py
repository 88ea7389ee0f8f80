"""Boards of small seasons, each with one thing that is special about it."""

from statistics import mean, stdev

import pytest

from services.arena.storage import judging
from shared.database import Database
from shared.scoring.sharpe import deflated_sharpe, moments, sharpe_variance
from shared.trading.reasons import ABSTENTIONS, OUTCOMES
from tests.arena.season import DAWN, Entrant, play
from tests.arena.test_board import ENTRANTS, board, change, figures, opened


def test_markets_of_one_event_count_as_one(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS[:1], 12, markets_an_event=4, crowd_noise=0.8)

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        [row] = board(arena).values()
        [by_skill] = board(arena, "skill").values()

    assert row["forecasts"] == 48 and row["wins"] + row["losses"] > 20
    assert row["settled_events"] <= 12 and row["rank"] is None
    assert by_skill["settled_events"] == by_skill["skill"]["events"] == 12


def test_what_was_not_bet_stands_with_its_reasons(fresh_database: Database, fresh_database_url: str) -> None:
    season = play(fresh_database, (ENTRANTS[0], ENTRANTS[4]), 30)
    first, second, third, fourth = season.sessions[:4]
    say = "UPDATE betting_sessions SET {} WHERE session_id = :session"
    change(fresh_database, say.format("no_bet = 'confidence_zero', signal_id = NULL"), session=first)
    failed = "status = 'failed', failure = 'timed_out', final_position = NULL, probability = NULL"
    change(fresh_database, say.format(failed), session=second)
    change(fresh_database, say.format("final_position = 'ABSTAIN', no_bet = 'abstained'"), session=third)
    change(
        fresh_database, "UPDATE decisions SET outcome = 'price_moved' WHERE portfolio_id = 2 AND decision_id % 2 = 0"
    )
    change(fresh_database, say.format("crowd_probability = NULL, yes_bid = NULL"), session=fourth)
    run = """UPDATE signal_generations SET abstentions = '{"move_too_small": 40}' WHERE portfolio_id = 2"""
    change(fresh_database, run)

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        found = figures(arena)

    model, rule = found["sharp"], found["rule"]
    assert model["failures"] == {"timed_out": 1}
    assert model["abstentions"]["confidence_zero"] == 1
    assert model["abstentions"]["model_abstained"] >= 1
    assert (model["sessions"], model["forecasts"], model["skill"]["events"]) == (30, 29, 28)
    assert model["brier"] is not None and model["crowd_brier"] is None
    assert model["missing"]["crowd_brier"].startswith("the crowd had no quote at some of its forecasts")
    assert set(model["abstentions"]) | set(rule["abstentions"]) <= ABSTENTIONS | OUTCOMES
    assert model["coverage"] == pytest.approx(29 / 30, abs=1e-8)
    assert rule["abstentions"]["move_too_small"] == 40
    assert rule["abstentions"]["price_moved"] > 5


def test_a_void_market_is_a_push_and_grades_no_forecast(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS[:1], 25)
    change(fresh_database, "UPDATE markets SET outcome = 'void', payout_yes = NULL WHERE market_no <= 5")
    change(fresh_database, "UPDATE settlements SET standing = 'push' WHERE market_no <= 5")

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        [row] = board(arena).values()

    assert row["skill"]["events"] == 20
    assert 0 < row["pushes"] <= 5
    assert row["forecasts"] == 25 and row["coverage"] == 1


def test_curves_and_costs_become_figures(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, (ENTRANTS[0], ENTRANTS[4]), 25)
    change(fresh_database, _CURVES, start=DAWN)
    change(
        fresh_database,
        """INSERT INTO model_calls (call_id, purpose, session_id, provider_model, status, reserved, cost, started_at)
        SELECT gen_random_uuid(), 'session', session_id, 'test', 'done', 1, 0.25, now() FROM betting_sessions
        WHERE portfolio_id = 1 ORDER BY session_id LIMIT 8""",
    )

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        found = figures(arena)

    model = found["sharp"]
    returns = [0.02, -0.01] * 15
    assert model["sharpe"] == pytest.approx(mean(returns) / stdev(returns) * 365**0.5, abs=1e-6)
    assert model["missing"]["deflated_sharpe"] == "no other portfolio has a Sharpe ratio to compare it with"
    assert model["max_drawdown"] == pytest.approx(0.01, abs=1e-6)
    assert model["model_cost"] == 2
    assert model["skill_per_dollar"] == pytest.approx(model["skill"]["mean"] * 25 / 2, abs=1e-6)
    assert found["rule"]["missing"]["sharpe"] == "the equity has not moved"


def test_portfolios_that_were_closed_count_as_tried(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, (ENTRANTS[0], ENTRANTS[4], ENTRANTS[1], ENTRANTS[2]), 1)
    change(fresh_database, _CURVES, start=DAWN)
    moved = "UPDATE portfolio_history SET equity = equity + 40 * (extract(day FROM snapshot_date)::integer % 7)"
    change(fresh_database, moved)
    change(fresh_database, "UPDATE portfolios SET status = 'closed', closed_at = now() WHERE portfolio_id > 2")

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        found = figures(arena)
        with fresh_database.connection() as connection:
            evidence = judging.evidence(connection)

    walks = []
    for number in (1, 2):
        own = evidence.days.equity[evidence.days.portfolio == number]
        walks.append(moments(own[1:] / own[:-1] - 1))
    first, second = walks
    assert first is not None and second is not None
    variance = sharpe_variance([first.sharpe, second.sharpe])
    assert variance is not None and len(found) == 2
    expected = deflated_sharpe(first, variance, 4)
    assert found["sharp"]["deflated_sharpe"] == pytest.approx(expected, abs=1e-7)
    assert expected != pytest.approx(deflated_sharpe(first, variance, 2), abs=1e-4)


def test_an_arena_without_anybody_has_an_empty_board(fresh_database_url: str) -> None:
    with opened(fresh_database_url) as arena:
        refreshed = arena.post("/leaderboard/refresh").json()
        paths = ("/leaderboard", "/leaderboard/daily", "/leaderboard/history", "/models/correlation", "/attribution")
        answers = [arena.get(path) for path in (*paths, "/forecasts", "/verify")]

    assert (refreshed["entrants"], refreshed["day_rows"]) == (0, 0)
    assert [answer.status_code for answer in answers] == [200] * 7
    assert answers[0].json()["leaderboard"] == [] and answers[0].json()["computed_at"] is None
    assert answers[-1].json()["status"] == "clean"


def test_with_a_minimum_of_one_event_what_needs_two_is_missing(
    fresh_database: Database, fresh_database_url: str
) -> None:
    play(fresh_database, [Entrant("sharp", bets="always_no")], 1)

    with opened(fresh_database_url, arena_settled_min=1) as arena:
        arena.post("/leaderboard/refresh")
        [row] = board(arena).values()

    assert (row["rank"], row["tier"], row["interval"]) == (1, None, None)
    assert row["missing"]["interval"] == "two settled events are needed"
    assert row["standing"] == "place 1 of 1"


def test_who_has_closed_leaves_the_board(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS[:2], 25)

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        change(fresh_database, "UPDATE portfolios SET status = 'closed', closed_at = now() WHERE name = 'sharp'")
        at_once = board(arena)
        arena.post("/leaderboard/refresh")
        found = arena.get("/verify").json()

    assert list(at_once) == ["fair"]
    assert found["checked"]["standings"] == 1
    assert set(found["by_kind"]) == {"not_sealed"}


# Thirty daily returns of +2 % and −1 % for the first, a flat line for the second; a point and a day each.
_CURVES = """
WITH RECURSIVE days (number, equity) AS (
    SELECT 0, 100000::numeric UNION ALL
    SELECT number + 1, equity * CASE WHEN number % 2 = 0 THEN 1.02 ELSE 0.99 END FROM days WHERE number < 30
), curves AS (
    SELECT p.portfolio_id, d.number, CASE p.portfolio_id WHEN 1 THEN d.equity ELSE 100000 END AS equity
    FROM days d, portfolios p
), points AS (
    INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, current_balance, total_invested,
        liquidation_value, equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
    SELECT portfolio_id, CAST(:start AS timestamptz) + number * interval '1 day', gen_random_uuid(), true, equity, 0, 0,
        equity, 0, 0, equity - 100000, 0, 0, 0 FROM curves
)
INSERT INTO portfolio_history (portfolio_id, snapshot_date, taken_at, current_balance, total_invested,
    liquidation_value, equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
SELECT portfolio_id, date '2026-06-01' + number, :start, equity, 0, 0, equity, 0, 0, equity - 100000, 0, 0, 0
FROM curves
"""
