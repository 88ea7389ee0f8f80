"""Verification: what is clean stays clean, and everything that somebody changes afterwards is named."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.arena.app import arena_app
from services.arena.domain.seals import hash_of
from services.arena.resources import Settings
from services.paper_trading.app import paper_trading_app
from services.paper_trading.resources import Settings as PaperSettings
from shared.database import Database
from tests.arena.season import Entrant, Season, play
from tests.arena.season_seals import seal_all
from tests.services.conftest import client_of, resources_of
from tests.serving import serving

CHECKOUT = Path(__file__).resolve().parents[2]
ENTRANTS = (Entrant("sharp", noise=0.1), Entrant("dull", noise=1.5), Entrant("rule", "momentum"))


@dataclass
class Scene:
    database: Database
    url: str
    arena: TestClient
    season: Season

    def change(self, query: str, **values: Any) -> None:
        with self.database.transaction() as connection:
            connection.execute(text(query), values)

    def value(self, query: str) -> Any:
        with self.database.connection() as connection:
            return connection.execute(text(query)).scalar_one()

    def verify(self) -> dict[str, Any]:
        """Anew, whenever it was done last."""
        resources_of(self.arena).verified = None
        answer = self.arena.get("/verify")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
def scene(fresh_database: Database, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    season = play(fresh_database, ENTRANTS, 30, crowd_noise=0.8)
    seal_all(fresh_database)
    with ExitStack() as running:
        paper = paper_trading_app(PaperSettings(database_url=fresh_database_url, price_update_seconds=0))
        monkeypatch.setenv("PAPER_TRADING_URL", running.enter_context(serving(paper)))
        app = arena_app(Settings(database_url=fresh_database_url, arena_enabled=False))
        arena = running.enter_context(client_of(app))
        assert arena.post("/leaderboard/refresh").status_code == 200
        yield Scene(fresh_database, fresh_database_url, arena, season)


def test_a_season_that_nobody_touched_is_clean(scene: Scene) -> None:
    found = scene.verify()

    assert found["status"] == "clean", found["disagreements"]
    assert found["checked"]["seals"] == 60
    assert found["checked"]["standings"] == 3
    assert found["checked"]["standings_out_of_date"] == 0
    assert found["checked"]["audit"]["portfolios"] == 3
    assert found["unchecked"] == [] and found["disagreements"] == []


@pytest.mark.parametrize(
    ("query", "what", "computed"),
    [
        ("UPDATE betting_sessions SET probability = 0.99 WHERE session_id = {sealed}", "sealed_probability", "0.99"),
        (
            "UPDATE betting_sessions SET final_position = 'ABSTAIN' WHERE session_id = {bet}",
            "sealed_position",
            "ABSTAIN",
        ),
        ("UPDATE betting_sessions SET reasoning_summary = 'x' WHERE session_id = {sealed}", "sealed_reason", "x"),
        ("UPDATE betting_sessions SET yes_bid = 0.0123 WHERE session_id = {sealed}", "sealed_yes_bid", "0.0123"),
        ("UPDATE betting_sessions SET answer = 'No!' WHERE session_id = {sealed}", "sealed_answer_sha256", None),
        ("UPDATE betting_sessions SET prompt = '[]' WHERE session_id = {sealed}", "sealed_prompt_sha256", None),
        (
            "UPDATE betting_sessions SET book = jsonb_set(book, '{{asks,0,1}}', '50001') WHERE session_id = {sealed}",
            "sealed_book_sha256",
            None,
        ),
        ("UPDATE betting_sessions SET book = NULL WHERE session_id = {sealed}", "sealed_book_sha256", None),
        (
            "UPDATE betting_sessions SET crowd_probability = 0.123 WHERE session_id = {sealed}",
            "crowd_against_the_sealed_quote",
            None,
        ),
        (
            "UPDATE betting_sessions SET crowd_probability = NULL WHERE session_id = {sealed}",
            "crowd_against_the_sealed_quote",
            None,
        ),
    ],
)
def test_a_decision_that_was_changed_afterwards_is_named(scene: Scene, query: str, what: str, computed: Any) -> None:
    sealed = "(SELECT session_id FROM sealed_forecasts WHERE seal_no = 17)"
    bet = "(SELECT session_id FROM betting_sessions WHERE final_position <> 'ABSTAIN' ORDER BY 1 LIMIT 1)"

    scene.change(query.format(sealed=sealed, bet=bet))
    found = scene.verify()

    assert found["status"] == "disagreements"
    assert found["by_kind"][what] == 1
    [named] = [each for each in found["disagreements"] if each["what"] == what]
    assert "session" in named["where"]
    assert computed is None or named["computed"] == computed


def test_a_document_that_was_written_anew_breaks_its_hash_or_the_chain(scene: Scene) -> None:
    scene.change("UPDATE sealed_forecasts SET document = replace(document, 'Ice', 'Fog') WHERE seal_no = 5")

    found = scene.verify()

    assert found["by_kind"] == {"seal_hash": 1, "sealed_reason": 1}
    document = scene.value("SELECT document FROM sealed_forecasts WHERE seal_no = 5")
    before = scene.value("SELECT previous_hash FROM sealed_forecasts WHERE seal_no = 5")
    scene.change("UPDATE sealed_forecasts SET hash = :hash WHERE seal_no = 5", hash=hash_of(before, document))
    assert scene.verify()["by_kind"] == {"seal_previous_hash": 1, "sealed_reason": 1}


def test_a_link_that_was_taken_out_is_missed(scene: Scene) -> None:
    scene.change("DELETE FROM sealed_forecasts WHERE seal_no = 9")

    found = scene.verify()

    assert found["by_kind"] == {"seal_missing": 1, "seal_previous_hash": 1, "not_sealed": 1}
    assert found["disagreements"][0]["where"].startswith("seal 10,")


def test_an_end_that_was_cut_off_is_missed(scene: Scene) -> None:
    scene.change("DELETE FROM sealed_forecasts WHERE seal_no > 50")

    assert scene.verify()["by_kind"] == {"not_sealed": 10}


def test_a_forecast_that_was_sealed_after_the_outcome_was_known_is_named(scene: Scene) -> None:
    scene.change("UPDATE sealed_forecasts SET sealed_at = sealed_at + interval '6 hours' WHERE seal_no = 3")
    scene.change("UPDATE sealed_forecasts SET sealed_at = sealed_at - interval '1 second' WHERE seal_no = 4")

    assert scene.verify()["by_kind"] == {"sealed_after_the_outcome": 1, "sealed_before_the_decision": 1}


def test_a_balance_that_was_changed_is_named_by_us_and_by_the_audit(scene: Scene) -> None:
    scene.change("UPDATE portfolios SET current_balance = current_balance + 1 WHERE portfolio_id = 1")

    found = scene.verify()

    assert found["by_kind"]["balance"] == found["by_kind"]["account_value"] == 1
    assert found["by_kind"]["audit: cash_sum"] == 1
    [named] = [each for each in found["disagreements"] if each["what"] == "balance"]
    assert named["stored"] - named["computed"] == pytest.approx(1)
    assert named["where"] == "portfolio 1"


@pytest.mark.parametrize(
    ("path", "value"),
    [("{brier}", "0.0001"), ("{skill,mean}", "0.5"), ("{wins}", "30"), ("{boards,return,probability_best}", "1")],
)
def test_a_figure_of_the_board_that_was_changed_is_named(scene: Scene, path: str, value: str) -> None:
    query = f"UPDATE standings SET figures = jsonb_set(figures, '{path}', '{value}') WHERE portfolio_id = 1"

    scene.change(query)
    found = scene.verify()

    [named] = found["disagreements"]
    assert named["what"] == "standing"
    assert named["where"] == f"portfolio 1, {path.strip('{}').replace(',', '.')}"
    assert named["stored"] == float(value) != named["computed"]


def test_skill_does_not_follow_a_crowd_that_was_put_in_afterwards(scene: Scene) -> None:
    before = scene.value("SELECT figures -> 'skill' FROM standings WHERE portfolio_id = 2")

    scene.change(
        """UPDATE betting_sessions s SET crowd_probability = CASE m.outcome WHEN 'yes' THEN 0.01 ELSE 0.99 END
        FROM markets m WHERE m.market_no = s.market_no AND s.portfolio_id = 2"""
    )
    assert scene.arena.post("/leaderboard/refresh").status_code == 200

    assert scene.value("SELECT figures -> 'skill' FROM standings WHERE portfolio_id = 2") == before
    assert scene.verify()["by_kind"] == {"crowd_against_the_sealed_quote": 30}


def test_a_quote_with_one_side_has_no_crowd(scene: Scene) -> None:
    """A crowd that stands beside half a quote was put in, and one that is missing beside it is right."""
    scene.change("DELETE FROM sealed_forecasts")
    half = "UPDATE betting_sessions SET yes_bid = NULL{} WHERE session_id = :id"
    scene.change(half.format(", crowd_probability = NULL"), id=scene.season.sessions[0])
    scene.change(half.format(""), id=scene.season.sessions[1])
    seal_all(scene.database)

    found = scene.verify()

    [named] = [each for each in found["disagreements"] if each["what"] == "crowd_against_the_sealed_quote"]
    assert str(scene.season.sessions[1]) in named["where"] and named["computed"] is None


def test_outcomes_that_were_turned_round_are_held_against_what_was_paid(scene: Scene) -> None:
    turned = "UPDATE markets SET outcome = CASE outcome WHEN 'yes' THEN 'no' ELSE 'yes' END WHERE market_no = {}"
    scene.change(turned.format(7))
    scene.change(turned.format(8))
    scene.change("UPDATE markets SET updated_at = now() - interval '14 minutes' WHERE market_no = 8")  # not paid yet
    scene.arena.post("/leaderboard/refresh")

    found = scene.verify()
    scene.change(
        """INSERT INTO market_settlements (market_no, version, result, payout_yes, recorded_at)
        SELECT market_no, 2, outcome, CASE outcome WHEN 'yes' THEN 1 ELSE 0 END, now() FROM markets
        WHERE market_no IN (7, 8)"""
    )

    [named] = [each for each in found["disagreements"] if each["what"] == "outcome_against_settlement"]
    assert named["where"] == "market polymarket:7"
    assert {named["stored"], named["computed"]} == {"yes", "no"}
    assert "outcome_against_settlement" not in scene.verify()["by_kind"]


def test_what_a_session_cost_is_held_against_its_requests(scene: Scene) -> None:
    called = """INSERT INTO model_calls (call_id, purpose, session_id, provider_model, status, reserved, cost,
        started_at, finished_at) SELECT gen_random_uuid(), 'session', session_id, 'test', 'done', 1, 0.25, asked_at,
        completed_at + :later FROM betting_sessions WHERE session_id = :id"""
    first, second, third = scene.season.sessions[:3]
    for session_id in (first, first, second, third):
        scene.change(called, id=session_id, later=timedelta(0))
    scene.change(called, id=third, later=timedelta(seconds=1))  # charged when the session was over
    cost = "UPDATE betting_sessions SET cost = :cost WHERE session_id = :id"
    for session_id, dollars in ((first, "0.5"), (second, "0.25"), (third, "0.25")):
        scene.change(cost, id=session_id, cost=dollars)
    scene.arena.post("/leaderboard/refresh")
    clean = scene.verify()

    scene.change("UPDATE model_calls SET cost = 0 WHERE session_id = :id", id=second)
    scene.arena.post("/leaderboard/refresh")
    found = scene.verify()

    assert clean["status"] == "clean", clean["disagreements"]
    [named] = found["disagreements"]
    assert (named["what"], named["stored"], named["computed"]) == ("session_cost", 0.25, 0)
    assert str(second) in named["where"]


def test_a_drawdown_whose_points_were_thinned_is_no_disagreement(scene: Scene) -> None:
    scene.change(_POINTS)
    scene.arena.post("/leaderboard/refresh")
    clean = scene.verify()
    thin = "DELETE FROM equity_points WHERE portfolio_id = 1 AND equity = 90000"
    change = "UPDATE standings SET figures = jsonb_set(figures, '{max_drawdown}', '0.5') WHERE portfolio_id = 2"

    scene.change(thin)
    thinned = scene.verify()
    scene.change(change)
    forged = scene.verify()

    assert clean["status"] == "clean" and clean["checked"]["curves_thinned"] == 0
    assert thinned["status"] == "clean", thinned["disagreements"]
    assert thinned["checked"]["curves_thinned"] == 1
    [named] = forged["disagreements"]
    assert (named["where"], named["stored"], named["computed"]) == ("portfolio 2, max_drawdown", 0.5, 0.1)


def test_verifications_run_one_at_a_time_and_rest_between(scene: Scene) -> None:
    with scene.database.lock("arena: verifying") as mine:
        assert mine
        refused = scene.arena.get("/verify")
    first = scene.arena.get("/verify").json()
    scene.change("UPDATE betting_sessions SET probability = 0.99 WHERE session_id = :id", id=scene.season.sessions[0])
    here = resources_of(scene.arena)
    here.verified = replace(here.verified, took=timedelta(hours=1))
    soon = scene.arena.get("/verify").json()
    here.verified = replace(here.verified, took=timedelta(0))
    with scene.database.lock("arena: verifying"):
        meanwhile = scene.arena.get("/verify").json()
    later = scene.arena.get("/verify").json()

    assert refused.status_code == 409
    assert refused.json()["error"] == "VerificationUnderWay"
    assert first["status"] == "clean"
    assert soon == meanwhile == first
    assert later["by_kind"]["sealed_probability"] == 1
    assert later["verified_at"] > first["verified_at"]


def test_a_board_whose_rows_have_moved_on_is_out_of_date_and_not_wrong(scene: Scene) -> None:
    scene.change("UPDATE standings SET figures = jsonb_set(figures, '{wins}', '99'), computed_at = '2026-06-01'")

    found = scene.verify()

    assert found["status"] == "clean"
    assert found["checked"]["standings_out_of_date"] == 3


def test_without_paper_trading_the_rest_is_verified_and_the_gap_is_named(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER_TRADING_URL", "http://127.0.0.1:9")

    with client_of(arena_app(Settings(database_url=scene.url, arena_enabled=False))) as arena:
        found = arena.get("/verify").json()

    assert found["status"] == "clean"
    [gap] = found["unchecked"]
    assert gap["what"] == "paper trading's own audit" and "cannot be reached" in gap["why"]
    assert "audit" not in found["checked"]


def test_a_chain_that_is_gone_is_missed_forecast_by_forecast(scene: Scene) -> None:
    scene.change("DELETE FROM sealed_forecasts")

    found = scene.verify()

    assert found["by_kind"] == {"not_sealed": 60}
    assert found["disagreements_total"] == 60 == len(found["disagreements"])


def test_the_command_exits_with_1_where_something_disagrees(scene: Scene) -> None:
    clean = _command(scene)
    scene.change("UPDATE betting_sessions SET probability = 0.99 WHERE session_id = :id", id=scene.season.sessions[0])

    found = _command(scene)
    as_json = _command(scene, "--json")

    assert clean.returncode == 0 and "status        clean" in clean.stdout
    assert found.returncode == as_json.returncode == 1
    assert "sealed_probability" in found.stdout
    assert json.loads(as_json.stdout)["by_kind"]["sealed_probability"] == 1


def test_the_command_says_which_setting_is_missing() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "services.arena.verify"],
        cwd=CHECKOUT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert said.returncode == 2
    assert said.stderr == "coliseum: DATABASE_URL is missing.\n"


def _command(scene: Scene, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services.arena.verify", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": scene.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Two points an hour, in June: each portfolio falls by a tenth and comes back.
_POINTS = """
INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, current_balance, total_invested, liquidation_value,
    equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
SELECT p.portfolio_id, timestamptz '2026-06-02 12:00Z' + n * interval '30 minutes', gen_random_uuid(), true,
    current_balance, 0, 0, e.equity, 0, e.equity - 100000, e.equity - 100000, 0, 0, 0
FROM portfolios p CROSS JOIN (VALUES (0, 100000), (1, 90000), (2, 100000)) e (n, equity)
"""
