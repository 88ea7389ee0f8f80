"""The arena's first page, a model's and a session's: the answer first, and words where there is nothing to show."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests
from fastapi.testclient import TestClient

from services.arena.app import arena_app
from services.arena.pages.home import DECISIONS_MAX, EVENTS_MAX
from services.arena.resources import Settings
from shared.database import Database
from tests.arena.season import DAWN, Entrant, Season, play
from tests.arena.stage import HOSTILE, Reading, change, event_of, harmless, say, session_of
from tests.arena.test_board import opened
from tests.arena.test_page_event import frames_of
from tests.serving import serving

ENTRANTS = (
    Entrant("sharp", noise=0.05),
    Entrant("dull", noise=2.0),
    Entrant("rule", "momentum", noise=0.3),
    Entrant("cash", "baseline", None, "never", "cash"),
)


@pytest.fixture(scope="module")
def season(database: Database) -> Season:
    return play(database, ENTRANTS, 150, crowd_noise=1.2)


@pytest.fixture(scope="module")
def arena(database_url: str, season: Season) -> Iterator[TestClient]:
    with opened(database_url) as client:
        assert client.post("/leaderboard/refresh").status_code == 200
        yield client


def page_of(arena: TestClient, path: str) -> Reading:
    answer = arena.get(path)
    assert answer.status_code == 200, answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    return harmless(answer.text)


def test_the_first_page_says_who_forecasts_best_and_whether_that_means_anything(arena: TestClient) -> None:
    page = page_of(arena, "/")

    assert "sharp forecasts best over 150 settled events: told apart from the next one" in page.text
    assert ", and significantly better than the crowd." in page.text
    assert "null entrant" not in page.text  # those who forecast nothing stand on the board by return


def test_by_return_everybody_stands_on_the_board(arena: TestClient) -> None:
    page = page_of(arena, "/?by=return")

    assert "null entrant" in page.text and "rule" in page.text


def test_the_first_page_knows_no_other_order(arena: TestClient) -> None:
    answer = arena.get("/?by=luck", headers={"accept": "text/html"})

    assert answer.status_code == 422 and "text/html" in answer.headers["content-type"]


def test_on_an_empty_database_the_page_says_how_it_fills(fresh_database_url: str) -> None:
    with opened(fresh_database_url) as arena:
        page = page_of(arena, "/")

    assert "No model has entered yet." in page.text
    assert "Events appear here with each model's stance." in page.text
    assert "Each decision appears here" in page.text


def test_before_enough_events_nobody_is_said_to_be_best(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS, 8)

    with opened(fresh_database_url) as arena:
        arena.post("/leaderboard/refresh")
        page = page_of(arena, "/")

    assert "Nobody can say yet: it takes 20 settled events" in page.text and "the furthest has 8" in page.text


def test_a_new_decision_comes_to_whoever_watches(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS, 4)
    session_id = session_of(fresh_database, event_of(fresh_database, 1), "sharp")

    with serving(arena_app(Settings(database_url=fresh_database_url, arena_enabled=False))) as address:
        have = requests.get(f"{address}/", timeout=10).text.partition('data-have="')[2].partition('"')[0]
        stream = requests.get(f"{address}/live", params={"have": have}, stream=True, timeout=10)
        change(
            fresh_database,
            "UPDATE betting_sessions SET reasoning_summary = :said WHERE session_id = :session_id",
            said="Colder than <ever>.",
            session_id=session_id,
        )
        [[key, html]] = next(frame["lines"]["decisions"] for frame in frames_of(stream) if frame["lines"])
        stream.close()

    assert key == str(session_id) and "Colder than &lt;ever&gt;." in html


def test_money_and_the_answer_move_while_somebody_watches(fresh_database: Database, fresh_database_url: str) -> None:
    season = play(fresh_database, ENTRANTS, 4)

    with serving(arena_app(Settings(database_url=fresh_database_url, arena_enabled=False))) as address:
        have = requests.get(f"{address}/?by=return", timeout=10).text.partition('data-have="')[2].partition('"')[0]
        stream = requests.get(f"{address}/live", params={"have": have, "by": "return"}, stream=True, timeout=10)
        change(
            fresh_database,
            "UPDATE portfolios SET current_balance = current_balance + 0.01 WHERE portfolio_id = :one",
            one=season.portfolios["rule"],
        )
        told = (frame["cells"] | frame["parts"] for frame in frames_of(stream))  # whole parts where it began late
        board = next(each.get(f"eq-{season.portfolios['rule']}") or each["board"] for each in told)
        rows = requests.get(f"{address}/leaderboard", timeout=10).json()["leaderboard"]
        requests.post(f"{address}/leaderboard/refresh", timeout=30)
        answer = next(each["answer"] for each in told if "answer" in each)
        stream.close()

    [worth] = [row["account_value"] for row in rows if row["portfolio_id"] == season.portfolios["rule"]]
    assert f"{float(worth):,.2f}" in board
    assert "the furthest has 4" in answer


def test_a_list_says_how_many_decisions_it_holds_and_scrolls_by_itself(arena: TestClient) -> None:
    page = page_of(arena, "/")

    [feed] = [each for each in page.all("ul") if each.get("data-lines") == "decisions"]
    shown = [each for each in page.all("li") if "decision" in str(each.get("class"))]
    assert feed["data-most"] == str(DECISIONS_MAX) and len(shown) == DECISIONS_MAX
    assert any(each.get("class") == "scrolls" for each in page.all("div"))


def test_events_and_decisions_name_their_venue(arena: TestClient) -> None:
    page = page_of(arena, "/")

    assert page.text.count("Polymarket") >= EVENTS_MAX + DECISIONS_MAX


def test_a_purchase_stands_in_cents_and_dollars(fresh_database: Database, fresh_database_url: str) -> None:
    session_id = play(fresh_database, ENTRANTS[:1], 2).sessions[0]
    say(fresh_database, session_id, 1, "Buys 4,145.25 NO at 0.670239 for 2842.4377 dollars, fees included.", "action")
    change(
        fresh_database,
        """UPDATE session_messages SET action_type = 'BUY', action_amount = 2842.4377, action_shares = 4145.25,
            action_price = 0.670239 WHERE session_id = :session_id AND message_type = 'action'""",
        session_id=session_id,
    )

    with opened(fresh_database_url) as arena:
        page = page_of(arena, f"/session/{session_id}")

    assert re.search(r"Buys 4,145\.25 (YES|NO) at 67\.02¢ for \$2,842\.44\s*, fees included\.", page.text)
    assert "0.670239 for" not in page.text


def test_a_model_is_shown_with_its_skill_its_calibration_and_its_portfolio(arena: TestClient, season: Season) -> None:
    bins = arena.get("/models/sharp/calibration").json()["calibration"]["bins"]

    page = page_of(arena, "/model/sharp")

    assert "Does sharp know more than the crowd?" in page.text
    assert "Over 150 settled events sharp is" in page.text and "more than chance" in page.text
    assert any(str(each.get("href", "")).endswith(f"/portfolio/{season.portfolios['sharp']}") for each in page.all("a"))
    dots = [each for each in page.all("circle") if each.get("fill") and each.get("cx") != "5"]
    assert len(dots) == len(bins)


def test_a_model_that_takes_no_part_says_why(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS[:1], 2)
    change(
        fresh_database,
        "UPDATE ai_models SET enabled = false, disabled_reason = :why, sighted = false",
        why=f"there is no key {HOSTILE}",
    )

    with opened(fresh_database_url) as arena:
        page = page_of(arena, "/model/sharp")

    assert "sharp takes no part: there is no key" in page.text
    assert "a blind forecaster" in page.text


def test_a_model_that_is_not_there_is_a_page_with_a_way_back(arena: TestClient) -> None:
    answer = arena.get("/model/nobody", headers={"accept": "text/html"})

    assert answer.status_code == 404 and "The arena has no model of this name" in answer.text


def test_a_session_is_shown_word_for_word_in_its_order(fresh_database: Database, fresh_database_url: str) -> None:
    season = play(fresh_database, ENTRANTS[:1], 2)
    session_id = season.sessions[0]
    for number, (kind, words) in enumerate(
        [("reasoning", "First "), ("reasoning", "this."), ("system", "Asked once more."), ("reasoning", "Then that.")]
    ):
        say(fresh_database, session_id, number, words, kind)
    change(
        fresh_database,
        """INSERT INTO sealed_forecasts (seal_no, session_id, document, previous_hash, hash, sealed_at)
        VALUES (1, :session_id, '{"position":"YES"}', repeat('0', 64), repeat('a', 64), :at)""",
        session_id=session_id,
        at=DAWN,
    )

    with opened(fresh_database_url) as arena:
        page = page_of(arena, f"/session/{session_id}")

    first, again, then = (page.text.index(words) for words in ("First this.", "Asked once more.", "Then that."))
    assert first < again < then
    assert "a" * 64 in page.text and "0" * 64 in page.text
    assert "Will it freeze?" in page.text
    folded = [attributes["id"] for attributes in page.all("details") if attributes.get("id")]
    assert {"prompt", "answer", "document"} <= set(folded)
    assert "It will, I think." in page.text


def test_a_session_that_is_not_there_is_a_page(arena: TestClient) -> None:
    answer = arena.get(f"/session/{uuid4()}", headers={"accept": "text/html"})

    assert answer.status_code == 404 and "There is no session with this id" in answer.text
