"""What readers get of events, models, sessions and bets."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from shared.database import Database
from tests.arena.displayed import Small, small_arena
from tests.arena.reader import everything, get, reader_of
from tests.paper_trading.ledger import NOON


@pytest.fixture(scope="module")
def small(database: Database) -> Small:
    return small_arena(database)


@pytest.fixture(scope="module")
def reader(database_url: str, small: Small) -> Iterator[TestClient]:
    with reader_of(database_url) as client:
        yield client


DOCUMENTED = {
    "/models/gpt-4o": """id external_id name openrouter_model color text_color avatar balance initial_balance total_pnl
        win_count loss_count abstain_count total_bets created_at updated_at""",
    "/events/{settled}": """id kalshi_event_id kalshi_market_id title question current_price category subcategory tags
        market_context status selection_date close_time settlement_time outcome viewers kalshi_data created_at
        updated_at""",
    "/events/{settled}/summary": """id event_id summary_text relevant_data sources_used search_queries agent_model
        created_at""",
    "/sessions/{won}": """id event_id model_id status final_position bet_amount confidence_score reasoning_summary
        started_at completed_at created_at updated_at""",
}


@pytest.mark.parametrize("path", DOCUMENTED)
def test_every_documented_column_is_answered(reader: TestClient, small: Small, path: str) -> None:
    answer = get(reader, path.format(settled=small.settled, won=small.won))

    assert set(DOCUMENTED[path].split()) <= set(answer)


def test_documented_columns_of_lists_are_answered(reader: TestClient, small: Small) -> None:
    [message, *_] = get(reader, f"/sessions/{small.won}/messages")["messages"]
    [bet, *_] = get(reader, "/models/gpt-4o/bets")["bets"]

    columns = "id session_id message_type content action_type action_amount action_shares action_price sequence_number"
    assert {*columns.split(), "created_at"} <= set(message)
    columns = "session_id model_id event_id position amount price shares pnl settled settled_at created_at"
    assert {"bet_id", *columns.split()} <= set(bet)


def test_events_come_newest_first_and_by_status_day_and_category(reader: TestClient, small: Small) -> None:
    def found(**which: Any) -> list[str]:
        return [event["event_id"] for event in get(reader, "/events", **which)["events"]]

    newest = sorted([small.active, small.pending], reverse=True)
    assert found() == [*map(str, newest), str(small.settled)]
    assert found(status="pending") == found(date="2026-11-22") == [str(small.pending)]
    assert found(category="Politics") == [str(small.active)]
    assert [event["event_id"] for event in get(reader, "/events/active")["events"]] == [str(small.active)]
    assert found(status="withdrawn") == []


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_events_hold_each_once(reader: TestClient, small: Small, limit: int) -> None:
    found = everything(reader, "/events", "events", limit)

    assert [event["event_id"] for event in found] == [e["event_id"] for e in get(reader, "/events")["events"]]


def test_an_event_tells_its_market_its_sessions_and_its_viewers(reader: TestClient, small: Small) -> None:
    for seen, viewers in ((5, 2), (29, 3), (31, 40)):
        row = {"replica": uuid4(), "event_id": small.active, "viewers": viewers}
        small.displayed.insert("viewer_counts", {**row, "seen_at": NOON - timedelta(seconds=seen)})

    event = get(reader, f"/events/{small.active}")

    assert event["viewers"] == 5
    assert event["sessions"] == {"pending": 0, "running": 1, "completed": 1, "failed": 1}
    assert (event["has_summary"], event["settlement"], event["outcome"]) == (False, None, None)
    assert (event["kalshi_event_id"], event["kalshi_market_id"]) == (None, "polymarket:2")
    market = event["market"]
    assert (market["yes_bid"], market["no_bid"], market["yes_price"]) == tuple(map(Decimal, ("0.3", "0.68", "0.31")))


def test_a_settled_event_tells_how_it_was_paid(reader: TestClient, small: Small) -> None:
    event = get(reader, f"/events/{small.settled}")

    assert (event["kalshi_event_id"], event["kalshi_market_id"]) == ("KXICE-26", "KXICE-26-H1")
    assert (event["outcome"], event["tags"], event["has_summary"]) == ("YES", ["ice", "cold"], True)
    assert event["simulated"] is True
    settlement = event["settlement"]
    assert (settlement["outcome"], settlement["validated"], settlement["alarm"]) == ("YES", True, False)
    assert settlement["total_bets_settled"] == 2
    assert settlement["total_pnl_distributed"] == Decimal("583.2") - Decimal("318.246")
    assert settlement["kalshi_settlement_data"] == {"said": "yes"}


def test_a_summary_is_told_or_said_to_be_missing(reader: TestClient, small: Small) -> None:
    there = get(reader, f"/events/{small.settled}/summary")
    missing = get(reader, f"/events/{small.active}/summary", 404)
    nowhere = get(reader, f"/events/{uuid4()}/summary", 404)

    assert (there["summary_text"], there["sources_refused"][0]["reason"]) == ("It is cold.", "shows_the_price")
    assert (missing["error"], nowhere["error"]) == ("NoSummary", "EventNotFound")
    assert missing["detail"].startswith("There is no summary of this event yet")


def test_bets_are_the_fills_of_sessions_with_what_became_of_them(reader: TestClient, small: Small) -> None:
    [lost, won] = get(reader, f"/events/{small.settled}/bets")["bets"]

    assert (won["model"], won["session_id"], won["position"]) == ("gpt-4o", str(small.won), "YES")
    assert [won[name] for name in ("amount", "price", "shares", "fee", "pnl")] == [
        Decimal(figure) for figure in ("416.8", "0.4", "1000", "16.8", "583.2")
    ]
    assert (won["settled"], won["ended"]) == (True, "settled")
    assert (lost["model"], lost["position"], lost["pnl"]) == ("claude-3.5", "NO", Decimal("-318.246"))
    assert get(reader, "/models/gpt-4o/bets")["bets"] == [won]
    assert get(reader, f"/models/{small.displayed.models['gpt-4o']}/bets")["bets"] == [won]


def test_models_tell_their_balance_and_counts(reader: TestClient, small: Small) -> None:
    found = {model["external_id"]: model for model in get(reader, "/models")["models"]}

    assert list(found) == ["claude-3.5", "gpt-4o", "gpt-4o-twin", "grok-2"]
    gpt, claude, grok = found["gpt-4o"], found["claude-3.5"], found["grok-2"]
    assert [gpt[name] for name in ("balance", "initial_balance", "total_pnl")] == [
        Decimal(figure) for figure in ("100583.2", "100000", "583.2")
    ]
    assert [gpt[name] for name in ("win_count", "loss_count", "abstain_count", "total_bets", "sessions")] == [
        1,
        0,
        0,
        1,
        2,
    ]
    assert [claude[name] for name in ("win_count", "loss_count", "abstain_count", "total_bets")] == [0, 1, 1, 1]
    assert found["gpt-4o-twin"]["failed_count"] == 1
    assert gpt["twins"] == ["gpt-4o-twin"]
    assert (grok["enabled"], grok["balance"]) == (False, None)
    assert "does not list" in grok["disabled_reason"]
    assert everything(reader, "/models", "models", 1) == list(found.values())
    assert [get(reader, f"/models/{name}") for name in found] == list(found.values())


def test_a_session_tells_everything_that_is_stored(reader: TestClient, small: Small) -> None:
    session = get(reader, f"/sessions/{small.won}")

    assert (session["reasoning"], session["messages"]) == ("Ice grows.", 4)
    assert (session["final_position"], session["probability"]) == ("YES", Decimal("0.9"))
    assert session["decision"]["outcome"] == "filled"
    assert session["bet"]["pnl"] == Decimal("583.2")
    [trade] = session["trades"]
    assert (trade["quantity"], trade["levels"]) == (1000, [[Decimal("0.40"), 1000, Decimal("16.80")]])
    assert session["seal"]["seal_no"] == session["seal_no"] == 1
    assert session["seal"]["hash"] == session["seal_hash"]
    assert "prompt" not in session


def test_a_prompt_is_shown_where_it_is_asked_for(reader: TestClient, small: Small) -> None:
    session = get(reader, f"/sessions/{small.running}", prompt=True)

    assert session["prompt"] == [{"role": "user", "content": "?"}]
    assert (session["bet"], session["trades"], session["decision"], session["seal"]) == (None, [], None, None)


def test_sessions_of_an_event_tell_why_they_failed_or_did_not_bet(reader: TestClient, small: Small) -> None:
    found = {session["model"]: session for session in get(reader, f"/events/{small.active}/sessions")["sessions"]}

    assert found["gpt-4o-twin"]["failure"] == "timed_out"
    assert found["claude-3.5"]["no_bet"] == "abstained"
    assert found["gpt-4o"]["status"] == "running"
    paged = everything(reader, f"/events/{small.active}/sessions", "sessions", 1)
    assert {session["session_id"] for session in paged} == {session["session_id"] for session in found.values()}


def test_messages_come_in_order_and_from_a_number_on(reader: TestClient, small: Small) -> None:
    path = f"/sessions/{small.won}/messages"

    said = get(reader, path)["messages"]
    later = get(reader, path, after=1)["messages"]

    assert [message["content"] for message in said] == ["Go.", "Ice ", "grows.", "BUY YES"]
    assert later == said[2:]
    assert everything(reader, path, "messages", 1) == said
    assert get(reader, path, after=3) == {"messages": [], "cursor": None}


def test_pieces_of_reasoning_are_joined_where_it_is_asked_for(reader: TestClient, small: Small) -> None:
    path = f"/sessions/{small.won}/messages"

    whole = get(reader, path, joined=True)["messages"]
    rest = get(reader, path, joined=True, after=1)["messages"]

    assert [(m["message_type"], m["content"], m["sequence_number"]) for m in whole] == [
        ("system", "Go.", 0),
        ("reasoning", "Ice grows.", 2),
        ("action", "BUY YES", 3),
    ]
    assert [m["content"] for m in rest] == ["grows.", "BUY YES"]
    assert everything(reader, path, "messages", 1, joined=True) == whole


NOWHERE = UUID(int=1)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (f"/events/{NOWHERE}", "EventNotFound"),
        (f"/events/{NOWHERE}/bets", "EventNotFound"),
        (f"/events/{NOWHERE}/sessions", "EventNotFound"),
        (f"/events/{NOWHERE}/price-history", "EventNotFound"),
        ("/models/hal", "ModelNotFound"),
        (f"/models/{NOWHERE}", "ModelNotFound"),
        ("/models/hal/bets", "ModelNotFound"),
        (f"/sessions/{NOWHERE}", "SessionNotFound"),
        (f"/sessions/{NOWHERE}/messages", "SessionNotFound"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(reader: TestClient, path: str, error: str) -> None:
    answer = get(reader, path, 404)

    assert answer["error"] == error
    assert answer["detail"].endswith(".")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/events", {"cursor": "WyJldmVudHMiLCJub3ciLCJ4Il0"}),  # ["events","now","x"]
        ("/events", {"cursor": "WyJtb2RlbHMiLCJncHQtNG8iXQ"}),  # ["models","gpt-4o"]
        ("/events", {"status": "lively"}),
        ("/events", {"date": "tomorrow"}),
        ("/events", {"limit": 0}),
        ("/events/lunch", {}),
        ("/models", {"cursor": "nonsense"}),
        ("/models/%00", {}),
        ("/models/gpt-4o/bets", {"cursor": "WyJiZXRzIiwxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDBd"}),  # a number with 24 digits
        (f"/sessions/{NOWHERE}/messages", {"after": 10**12}),
    ],
)
def test_what_cannot_be_understood_is_said(reader: TestClient, path: str, params: dict[str, Any]) -> None:
    assert "detail" in get(reader, path, 422, **params)


def test_who_has_the_answer_already_is_told_so(reader: TestClient, small: Small) -> None:
    first = reader.get(f"/events/{small.settled}/bets")

    again = reader.get(f"/events/{small.settled}/bets", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
