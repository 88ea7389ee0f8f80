"""The page of an event: brief, words as they are spoken, bets, prices, ending, and nothing of a stranger runs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from fastapi.testclient import TestClient

from services.arena.app import arena_app
from services.arena.pages import sentences
from services.arena.resources import Settings
from shared.database import Database
from shared.trading.reasons import OUTCOMES
from shared.ui import figures
from tests.arena.season import DAWN, Entrant, Season, play
from tests.arena.stage import HOSTILE, Reading, brief, change, event_of, harmless, on_air, reopen, say, session_of
from tests.services.conftest import client_of
from tests.serving import serving

MODELS = (Entrant("sharp", noise=0.05), Entrant("dull", noise=2.0))


@pytest.fixture
def season(fresh_database: Database) -> Season:
    return play(fresh_database, MODELS, 6, crowd_noise=0.8)


@pytest.fixture
def arena(fresh_database_url: str, season: Season) -> Iterator[TestClient]:
    with client_of(arena_app(Settings(database_url=fresh_database_url, arena_enabled=False))) as client:
        yield client


def page_of(arena: TestClient, event_id: UUID) -> Reading:
    answer = arena.get(f"/event/{event_id}")
    assert answer.status_code == 200, answer.text
    return harmless(answer.text)


def test_a_settled_event_says_how_it_ended_and_how_close_everybody_was(
    arena: TestClient, fresh_database: Database, season: Season
) -> None:
    event_id = event_of(fresh_database, 3)
    probability, crowd, outcome = season.probabilities["sharp"][2]

    page = page_of(arena, event_id)

    assert f"It ended {'YES' if outcome else 'NO'}." in page.text
    assert "Will it freeze?" in page.text
    assert f"{(probability - outcome) ** 2:.4f}" in page.text and f"{(crowd - outcome) ** 2:.4f}" in page.text
    assert "models were closer to it than the crowd was when they decided" in page.text


def test_bets_stand_with_price_stake_and_result_and_lead_to_their_portfolio(
    arena: TestClient, fresh_database: Database
) -> None:
    event_id = event_of(fresh_database, 2)
    [bet, *_] = arena.get(f"/events/{event_id}/bets").json()["bets"]

    page = page_of(arena, event_id)

    assert f"Bought {bet['shares']:,} {bet['position']} at {bet['price'] * 100:g}¢" in page.text.replace(" ¢", "¢")
    assert any(f"#trade-{bet['bet_id']}" in str(each.get("href")) for each in page.all("a"))


def test_the_brief_shows_its_sources_and_what_was_refused_in_words(arena: TestClient, fresh_database: Database) -> None:
    event_id = event_of(fresh_database, 1)
    used = [
        {"url": "https://cold.example/a", "title": "A cold front", "published_at": "2026-05-30", "fetched_at": None}
    ]
    refused = [
        {"url": "https://odds.example", "title": "Odds", "reason": "market_price"},
        {"url": "javascript:alert(1)", "title": None, "reason": "unsafe_url"},
    ]
    brief(fresh_database, event_id, "It is going to be cold.", used, refused)

    page = page_of(arena, event_id)

    assert "It is going to be cold." in page.text and "It is cold." in page.text
    [source] = [each for each in page.all("a") if each.get("href") == "https://cold.example/a"]
    assert "nofollow" in str(source["rel"]) and "noopener" in str(source["rel"])
    assert "cold.example" in page.text
    assert "It quotes the market's own price." in page.text and "Its address is not one to follow." in page.text
    assert "2 sentences cut" in page.text


def test_nothing_of_a_stranger_runs(arena: TestClient, fresh_database: Database) -> None:
    event_id = event_of(fresh_database, 1)
    session_id = session_of(fresh_database, event_id, "sharp")
    brief(
        fresh_database,
        event_id,
        HOSTILE,
        [{"url": "javascript:alert(1)", "title": HOSTILE, "published_at": None, "fetched_at": None}],
        [{"url": HOSTILE, "title": HOSTILE, "reason": "instructions"}],
    )
    change(fresh_database, "UPDATE arena_events SET question = :text, title = :text, category = :text", text=HOSTILE)
    change(fresh_database, "UPDATE ai_models SET name = :text WHERE external_id = 'dull'", text=HOSTILE)
    change(fresh_database, "UPDATE betting_sessions SET reasoning_summary = :text", text=HOSTILE)
    say(fresh_database, session_id, 1, HOSTILE * 20)
    say(fresh_database, session_id, 2, HOSTILE, "system")

    pages = [f"/event/{event_id}", f"/session/{session_id}", "/", "/model/dull", "/compare?one=sharp&other=dull"]
    read = [harmless(arena.get(path).text) for path in pages]

    assert all("{{ 7*7 }}" in page.text for page in read)


def test_a_session_that_failed_says_why_in_words(arena: TestClient, fresh_database: Database) -> None:
    event_id = event_of(fresh_database, 1)
    change(
        fresh_database,
        """UPDATE betting_sessions SET status = 'failed', failure = 'timed_out', failure_detail = 'after 120 seconds',
        final_position = NULL, probability = NULL WHERE session_id = :session_id""",
        session_id=session_of(fresh_database, event_id, "dull"),
    )

    page = page_of(arena, event_id)

    assert "The time was up before it had decided." in page.text and "after 120 seconds" in page.text


def test_every_code_that_a_bet_can_end_with_has_a_sentence() -> None:
    assert set(sentences.OUTCOMES) >= OUTCOMES


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("the best price is 0.446, the limit 0.360000", "the best price is 44.6¢, the limit 36¢"),
        ("needs 12.345678, has 3.2", "needs $12.35, has $3.20"),
        ("at most 500 dollars, 499.5 are bound", "at most $500.00, $499.50 are bound"),
        ("1200.55 of at most 900.00 dollars are bound", "$1,200.55 of at most $900.00 are bound"),
        ("the book is 31 seconds old", "the book is 31 seconds old"),
        ("<b>", "<b>"),
    ],
)
def test_why_nothing_was_bought_is_said_in_cents_and_dollars(detail: str, said: str) -> None:
    assert sentences.detail(detail).striptags() == said


def test_a_sentence_rounds_like_the_figure_beside_it() -> None:
    for value in (Decimal("0.285"), Decimal("0.295"), Decimal("0.5")):
        assert figures.percent_of(value) == figures.probability(value).striptags()


def test_before_anything_has_happened_the_page_says_what_will_come(arena: TestClient, fresh_database: Database) -> None:
    event_id = event_of(fresh_database, 1)
    change(fresh_database, "DELETE FROM betting_sessions WHERE event_id = :event_id", event_id=event_id)
    reopen(fresh_database, event_id, datetime.now(UTC) + timedelta(hours=1))

    page = page_of(arena, event_id)

    assert "The models are being briefed" in page.text
    assert "One session for each model appears here" in page.text
    assert "The brief is made after the approval" in page.text
    assert "Prices appear here once the market has been quoted twice." in page.text


def test_an_event_that_is_not_there_is_a_page_with_a_way_back(arena: TestClient) -> None:
    unknown = arena.get(f"/event/{uuid4()}", headers={"accept": "text/html"})
    nonsense = arena.get("/event/nonsense", headers={"accept": "text/html"})

    assert unknown.status_code == 404 and "The arena has no such event" in unknown.text
    assert nonsense.status_code == 422 and "text/html" in nonsense.headers["content-type"]


def test_prices_are_drawn_with_decisions_and_bets_and_lie_there_as_csv(
    arena: TestClient, fresh_database: Database
) -> None:
    event_id = event_of(fresh_database, 2)
    change(
        fresh_database,
        """INSERT INTO market_ticks (market_no, period, opened_at, open, high, low, close, source)
        SELECT 2, 1, e.created_at + make_interval(mins => n), 0.4, 0.4, 0.4, 0.4 + n * 0.01, 'snapshots'
        FROM generate_series(0, 9) n, arena_events e WHERE e.event_id = :event_id""",
        event_id=event_id,
    )

    page = page_of(arena, event_id)
    rows = arena.get(f"/event/{event_id}/prices.csv").text.splitlines()

    [island] = [json.loads(words) for words in page.words if words.startswith('{"data"')]
    bets = arena.get(f"/events/{event_id}/bets").json()["bets"]
    shapes = sorted(mark["shape"] for mark in island["marks"])
    assert shapes.count("dot") == 2 and len(shapes) == 2 + len(bets)
    assert {mark["shape"] for mark in island["marks"]} <= {"dot", "up", "down"}
    assert 49.0 in island["series"][0]["values"]
    assert rows[0].startswith("time,price_of_yes") and any(",0.49," in row for row in rows)


def test_words_come_as_they_are_spoken_and_then_the_decision(
    fresh_database: Database, fresh_database_url: str, season: Season
) -> None:
    event_id = event_of(fresh_database, 1)
    session_id = session_of(fresh_database, event_id, "sharp")
    reopen(fresh_database, event_id, datetime.now(UTC) + timedelta(hours=1))
    on_air(fresh_database, session_id)
    say(fresh_database, session_id, 1, "Good evening. ")

    with serving(arena_app(Settings(database_url=fresh_database_url, arena_enabled=False))) as address:
        page = requests.get(f"{address}/event/{event_id}", timeout=10).text
        have = page.partition('data-have="')[2].partition('"')[0]
        stream = requests.get(f"{address}/event/{event_id}/live", params={"have": have}, stream=True, timeout=10)
        frames = frames_of(stream)
        say(fresh_database, session_id, 2, "It will <b>freeze</b>.")
        spoken = next(frame for frame in frames if f"said-{session_id}" in frame["cells"])
        change(
            fresh_database,
            """UPDATE betting_sessions SET status = 'completed', final_position = 'YES', probability = 0.77,
            completed_at = :now WHERE session_id = :session_id""",
            session_id=session_id,
            now=datetime.now(UTC),
        )
        decided = next(frame for frame in frames if f"stance-{session_id}" in frame["cells"])
        stream.close()

    assert "Good evening." in page and "On air" in page
    assert "Good evening. It will &lt;b&gt;freeze&lt;/b&gt;." in spoken["cells"][f"said-{session_id}"]
    assert "sessions" not in spoken["parts"] and "axis" not in spoken["parts"]
    assert "▲ YES" in decided["cells"][f"stance-{session_id}"]
    assert "77 %" in decided["cells"][f"stance-{session_id}"]


def test_whoever_watches_is_counted(fresh_database: Database, fresh_database_url: str, season: Season) -> None:
    event_id = event_of(fresh_database, 1)
    reopen(fresh_database, event_id, datetime.now(UTC) + timedelta(hours=1))

    with serving(arena_app(Settings(database_url=fresh_database_url, arena_enabled=False))) as address:
        streams = [requests.get(f"{address}/event/{event_id}/live", stream=True, timeout=10) for _ in range(3)]
        counted = next(
            html
            for frame in frames_of(streams[0])
            if (html := frame["cells"].get("watching") or frame["parts"].get("head", "")) and ">3<" in f">{html}<"
        )
        for stream in streams:
            stream.close()

    assert counted


def test_an_event_that_is_not_there_cannot_be_followed(arena: TestClient) -> None:
    assert arena.get(f"/event/{uuid4()}/live").status_code == 404


def frames_of(stream: requests.Response) -> Iterator[dict[str, Any]]:
    assert stream.status_code == 200
    for row in stream.iter_lines():
        if row.startswith(b"data: ") and row != b"data: {}":
            yield json.loads(row[6:])


def test_a_forecast_after_the_result_is_not_graded(arena: TestClient, fresh_database: Database) -> None:
    event_id = event_of(fresh_database, 1)
    change(
        fresh_database,
        "UPDATE betting_sessions SET completed_at = :late WHERE event_id = :event_id",
        event_id=event_id,
        late=DAWN + timedelta(days=30),
    )

    page = page_of(arena, event_id)

    assert "No forecast can be held against it." in page.text and "Brier" not in page.text
