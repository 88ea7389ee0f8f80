"""Verification: what is clean stays clean, and everything that somebody changes afterwards is named."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
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
from tests.arena.season import Entrant, Season, play, seal_all
from tests.services.conftest import client_of
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
