"""The map of the Coliseum documents names everything that they name, and leads to what there is."""

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.arena.app import app
from services.orchestrator.domain.schedule import DAY, schedule_of
from tests.services.documented import COLISEUM, SHARED

CHECKOUT = Path(__file__).resolve().parents[2]
SEEDS = CHECKOUT.parent / "shared" / "seeds"
MAP = (CHECKOUT / "docs" / "coliseum-map.md").read_text()

METHODS = {
    "KalshiService": """get_events_closing_today get_market_details get_market_price get_settlement_result
        get_price_history""",
    "EventService": """select_daily_events activate_event close_event get_active_events update_event_price
        update_viewer_count""",
    "SummaryService": "generate_event_summary _execute_web_searches _compile_summary",
    "AIModelService": """initialize_models get_model get_all_active_models update_balance record_bet_outcome
        get_leaderboard""",
    "BettingSessionService": """create_session run_session _build_system_prompt _calculate_position_size add_message
        get_session_messages""",
    "BetService": "place_bet get_model_bets_for_event get_event_bets settle_bet calculate_pnl",
    "SettlementService": "check_for_settlements settle_event _validate_settlement _process_bet_settlements",
    "WebSocketService": """connect disconnect subscribe_to_event broadcast_price_update broadcast_message broadcast_bet
        broadcast_settlement broadcast_viewer_count""",
    "LeaderboardService": """get_current_leaderboard get_daily_leaderboard update_daily_snapshot
        get_leaderboard_history""",
}
TASKS = """select_daily_events check_settlements update_prices record_price_history update_leaderboard simulate_viewers
    cleanup_old_data generate_event_summary activate_event launch_betting_sessions run_betting_session settle_event"""
ENDPOINTS = """GET /events; GET /events/active; GET /events/{event_id}; GET /events/{event_id}/summary;
    GET /events/{event_id}/bets; GET /events/{event_id}/sessions; GET /events/{event_id}/price-history; GET /models;
    GET /models/{model_id}; GET /models/{model_id}/bets; GET /models/{model_id}/performance;
    GET /sessions/{session_id}; GET /sessions/{session_id}/messages; GET /leaderboard; GET /leaderboard/daily;
    GET /leaderboard/history; POST /admin/events/select; PUT /admin/events/{event_id}/swap;
    POST /admin/events/manual; GET /admin/events/pending; POST /admin/events/approve;
    POST /admin/models/{model_id}/reset"""
MESSAGES = "price_update message bet settlement viewers"

endpoints = [" ".join(each.split()) for each in ENDPOINTS.split(";")]


def part(heading: str) -> str:
    """What the map says under this heading."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#|\Z)", MAP, re.MULTILINE | re.DOTALL)
    assert found, f"the map has no part {heading}"
    return found[2]


def rows(heading: str) -> dict[str, str]:
    """Rows of the tables of a part: what stands in the first cell, and the rest."""
    lines = re.findall(r"^\| (.+?) \|(.*)\|$", part(heading), re.MULTILINE)
    return {name.strip("`"): rest for name, rest in lines}


@cache
def names_in(path: str) -> frozenset[str]:
    """Functions, classes and methods of a module."""
    found = set()
    for node in ast.parse((CHECKOUT / path).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
    return frozenset(found)


@pytest.mark.parametrize("table", [*COLISEUM, *SHARED])
def test_every_column_of_every_table_is_on_the_map(table: str) -> None:
    said = part(table)

    assert f"`compat.{table}`" in said
    missing = [column for column in (COLISEUM | SHARED)[table].split() if f"`{column}`" not in said]
    assert missing == []


@pytest.mark.parametrize("service", METHODS)
def test_every_method_of_every_service_is_on_the_map(service: str) -> None:
    mapped = rows("Services")

    assert f"**{service}**" in mapped
    assert [name for name in METHODS[service].split() if name not in mapped] == []


def test_every_task_is_on_the_map() -> None:
    assert set(TASKS.split()) == set(rows("Tasks")) - {"task", "---"}


def test_every_endpoint_is_on_the_map_and_served() -> None:
    paths = app.openapi()["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    named = set(re.findall(r"`((?:GET|POST|PUT) /[^`]*)`", part("Endpoints")))

    assert set(endpoints) <= named
    assert named <= served
    assert "`/ws`" in part("Endpoints")


def test_every_message_is_on_the_map() -> None:
    assert [name for name in MESSAGES.split() if f"`{name}`" not in part("Endpoints")] == []


def test_every_function_on_the_map_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::([\w.]+)`", MAP)

    assert len(named) > 50
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []


def test_every_line_of_the_schedule_and_every_duty_on_the_map_exists() -> None:
    said = part("Tasks")
    lines = {job.name for job in schedule_of(DAY)}
    motor = (CHECKOUT / "services" / "arena" / "motor.py").read_text()
    duties = set(re.findall(r'Duty\("(\w+)"', motor))

    named_lines = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"\blines? (`\w+`(?: and `\w+`)?)", said))))
    named_duties = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"\bdut(?:y|ies) ([^;|]*)", said))))
    assert named_lines and named_lines <= lines
    assert named_duties and named_duties <= duties


def document() -> str:
    path = SEEDS / "coliseum-design.md"
    if not path.exists():
        pytest.skip("there is no coliseum-design.md beside the checkout")
    return path.read_text()


def test_the_methods_are_those_of_the_document() -> None:
    listed = dict(re.findall(r"^### (\w+Service)\n(.*?)(?=^###? |^---)", document(), re.MULTILINE | re.DOTALL))

    methods = {service: re.findall(r"^- `(\w+)\(", said, re.MULTILINE) for service, said in listed.items()}
    assert methods == {service: names.split() for service, names in METHODS.items()}


def test_the_tasks_are_those_of_the_document() -> None:
    [said] = re.findall(r"^## Celery Tasks\n(.*?)(?=^## )", document(), re.MULTILINE | re.DOTALL)

    assert re.findall(r"^\| ([a-z_]+) \|", said, re.MULTILINE) == TASKS.split()


def test_the_endpoints_are_those_of_the_document() -> None:
    listed = []
    for base, said in re.findall(r"^### \w+ \(`(/\w+)`\)\n(.*?)(?=^###? |^---)", document(), re.MULTILINE | re.DOTALL):
        for method, path in re.findall(r"^- `(\w+) (\S+)`", said, re.MULTILINE):
            whole = f"{method} {base}{path}".rstrip("/")
            listed.append(whole.replace("events/{id}", "events/{event_id}").replace("models/{id}", "models/{model_id}"))

    assert listed == endpoints
