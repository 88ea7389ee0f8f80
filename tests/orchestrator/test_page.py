"""The arena's home page."""

import gzip
from datetime import timedelta
from decimal import Decimal

import pytest

from services.orchestrator.app import orchestrator_app
from services.orchestrator.resources import Settings
from shared.database import Database
from tests.orchestrator import arena_rows, build
from tests.orchestrator.conftest import NOON, Clock, Desk
from tests.orchestrator.town import Town
from tests.serving import serving

HOSTILE = "<script>alert(1)</script> & \u202eevil \"'"


def page_of(desk: Desk, path: str = "/", **how: object) -> str:
    answer = desk.session.get(f"{desk.url}{path}", timeout=20, **how)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = answer.text
    assert "<script>" not in page and " style=" not in page and " onclick" not in page
    return page


def test_an_empty_arena_says_what_will_appear_and_how_to_make_it_appear(desk: Desk) -> None:
    page = page_of(desk)

    assert "There are no portfolios yet, so nobody is ahead." in page
    assert "Portfolios appear here" in page and "POST " in page
    assert "Events appear here once the arena has chosen some" in page
    assert "No model is thinking at this moment." in page
    assert "Bets, decisions and settlements appear here" in page
    assert "The curves appear here once there is a portfolio." in page
    assert "No cycle has run yet." in page and 'href="/operations"' in page
    assert "NO DATA YET" in page


def test_who_leads_and_what_is_simulated(desk: Desk, fresh_database: Database) -> None:
    platform = {"platform": "kalshi", "display_name": "Kalshi", "base_url": "http://x", "simulated": True}
    build.insert(fresh_database, "platforms", {**platform, "updated_at": NOON})
    first = build.portfolio(
        fresh_database, HOSTILE, NOON, realized_pnl=Decimal(250), current_balance=Decimal(10_250), trade_count=3
    )
    build.portfolio(
        fresh_database, "Behind", NOON, realized_pnl=Decimal(-120), current_balance=Decimal(9_880), trade_count=3
    )

    page = page_of(desk)

    assert "SIMULATED VENUES" in page
    written = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; evil &#34;&#39;"  # and nothing turns the figures round
    assert (
        f"<bdi>{written} leads by 370 dollars; nothing of it is settled yet, so that is not yet distinguishable" in page
    )
    assert f"/portfolio/{first}" in page
    assert "▲\u2009+$250.00" in page and "▼\u2009−$120.00" in page
    assert "▲\u2009+2.50 %" in page


def test_a_rank_stands_where_it_is_earned_and_elsewhere_what_is_missing(desk: Desk, fresh_database: Database) -> None:
    ranked = build.portfolio(fresh_database, "Ranked", NOON, trade_count=30, realized_pnl=Decimal(500))
    waiting = build.portfolio(fresh_database, "Waiting", NOON, trade_count=30)
    null = build.portfolio(fresh_database, "Null: cash", NOON, strategy_type="baseline")
    arena_rows.standing(
        fresh_database, ranked, NOON, rank=1, tier=1, probability_best=0.75, settled_return=0.05,
        interval={"low": -0.02, "high": 0.12}, settled_events=24, still_needed=0, standing="place 1 of 1, tier 1",
        better_than_null=False, best_null={"name": "Null: cash", "portfolio_id": null},
    )  # fmt: skip
    arena_rows.standing(fresh_database, waiting, NOON, settled_events=14, still_needed=6)
    arena_rows.standing(fresh_database, null, NOON)

    page = page_of(desk)

    assert '<span class="place">1</span>' in page
    assert "+5.0 %, 95 % interval −2.0 % to +12.0 %" in page  # the drawing, for those who do not see it
    assert "The only one with a rank so far" in page
    assert "75 %" not in page and "nobody else has a rank yet" in page  # to be the best of one means nothing
    assert "needs 6 more settled events" in page and "has not traded" in page
    assert "No rank yet: it takes 20 settled events" in page
    assert "Only Ranked has enough settled events for a rank (+5.00 % on its deposit from settled bets)" in page
    assert page.index("Ranked</bdi>") < page.index("Waiting</bdi>")
    assert 'stroke-dasharray="2 1.4"' in page  # the dot of the null entrant is told from the others without its colour


def test_many_portfolios_fit_on_a_page_and_all_are_there_when_asked_for(desk: Desk, fresh_database: Database) -> None:
    for number in range(45):
        build.portfolio(fresh_database, f"P{number:02}", NOON, realized_pnl=Decimal(45 - number), trade_count=1)
    build.portfolio(fresh_database, "Gone", NOON, realized_pnl=Decimal("-150.5"), status="closed")

    top, whole = page_of(desk), page_of(desk, "/?rows=all&by=return")

    assert top.count('<span class="place">') == 12 and whole.count('<span class="place">') == 45
    assert "The first 12 of 45 are shown." in top and "rows=all" in top
    assert "are shown" not in whole
    assert "One portfolio is closed; its total P&amp;L was" in top and "▼\u2009−$150.50" in top
    packed = desk.session.get(desk.url, headers={"accept-encoding": "gzip"}, stream=True).raw.read()
    assert gzip.decompress(packed) and len(packed) < 40_000


def test_events_show_the_stance_of_each_model_and_a_hostile_question_is_text(
    desk: Desk, fresh_database: Database, town: Town
) -> None:
    ada, bob = arena_rows.model(fresh_database, "Ada", NOON), arena_rows.model(fresh_database, HOSTILE, NOON)
    event_id = arena_rows.event(fresh_database, town.market_no, NOON, HOSTILE)
    decided = {"status": "completed", "final_position": "YES", "probability": Decimal("0.63"), "completed_at": NOON}
    arena_rows.session(fresh_database, event_id, ada, town.market_no, NOON, **decided)
    failed = {"status": "failed", "failure": "timeout", "completed_at": NOON}
    arena_rows.session(fresh_database, event_id, bob, town.market_no, NOON, **failed)

    page = page_of(desk)

    assert f'/event/{event_id}"><bdi class="clip">&lt;script&gt;alert(1)&lt;/script&gt; &amp; ' in page
    assert 'aria-label="Ada 63 %, YES; the crowd 42 %"' in page
    assert "1 say yes, 0 no, 1 failed" in page


def test_what_a_model_thinks_is_there_while_it_thinks(desk: Desk, fresh_database: Database, town: Town) -> None:
    ada = arena_rows.model(fresh_database, "Ada", NOON)
    event_id = arena_rows.event(fresh_database, town.market_no, NOON)
    session_id = arena_rows.session(fresh_database, event_id, ada, town.market_no, NOON)
    arena_rows.says(fresh_database, session_id, 1, "I begin with <b>the base rate</b>, ", NOON)
    arena_rows.says(fresh_database, session_id, 2, "which is low. " * 40, NOON)

    page = page_of(desk)

    assert "<strong><bdi>Ada</bdi></strong> thinks about" in page
    assert "<b>the base rate</b>" not in page and "base rate" not in page  # long since gone by
    assert '<bdi class="said">… ' in page and page.count("which is low.") == 29
    assert 'data-follow="thinking"' in page and 'data-follow="feed"' in page


def test_the_feed_tells_bets_decisions_and_settlements_and_not_every_word(
    desk: Desk, fresh_database: Database, town: Town
) -> None:
    number = build.portfolio(fresh_database, HOSTILE, NOON)
    reasoning = {"message_type": "reasoning", "content": "hm", "model": "ada"}
    bet = {"trade_id": 1, "action": "buy_yes", "quantity": 120, "cost": Decimal("62.4"), "fee": Decimal("1.2")}
    arena_rows.tells(fresh_database, "trade", bet, NOON, number, town.market_no)
    arena_rows.tells(fresh_database, "message", reasoning, NOON, number, town.market_no)

    page = page_of(desk)

    assert "buys 120 YES at 52.0¢ for $63.60, $1.20 of it fee" in page
    assert page.count("data-line=") == 1


@pytest.mark.parametrize("query", ["by=luck", "range=2y", "rows=-1", "by=return&range=%00", "rows=all%27--"])
def test_nonsense_in_the_address_is_refused_in_words(desk: Desk, query: str) -> None:
    for path in ("/", "/live", "/curves.json", "/curves.csv", "/board.csv", "/board.png"):
        asked = {"headers": {"accept": "text/html"}, "timeout": 20, "stream": True}  # an answer of /live has no end
        with desk.session.get(f"{desk.url}{path}?{query}", **asked) as answer:  # type: ignore[arg-type]
            assert answer.status_code in (200, 422), path
            if path == "/":
                assert answer.status_code == 422 and "That cannot be understood" in answer.text


def test_addresses_lead_to_the_host_that_was_asked(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    page = page_of(desk, headers={"host": "localhost:8004"})

    assert 'href="http://localhost:8003/portfolio/' in page
    assert 'href="http://127.0.0.1' not in page


def test_the_page_is_there_while_every_service_is_down(desk: Desk, town: Town, clock: Clock) -> None:
    town.ill.update(("events", "markets", "paper_trading"))
    clock.go(hours=1)

    assert "Who is ahead, and is it real?" in page_of(desk)
    assert clock.now == NOON + timedelta(hours=1)


def test_what_runs_and_what_is_ill_is_one_line_that_leads_to_operations(
    desk: Desk, fresh_database: Database, clock: Clock
) -> None:
    build.breaker(fresh_database, NOON)
    build.cycle(fresh_database, NOON, status="partial")
    clock.go(minutes=2)

    page = page_of(desk)

    assert "1 breaker is open." in page
    assert '<span class="warn">partial</span>' in page and "2 min ago" in page
    assert '<a href="/operations">Is everything running?</a>' in page


def test_without_a_database_the_page_says_so(addresses: str) -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:9/nothing", schedule_enabled=False)

    with serving(orchestrator_app(settings)) as url:
        answer = Desk(url).session.get(url, headers={"accept": "text/html"}, timeout=30)

    assert answer.status_code == 503
    assert "The database or another service cannot be reached" in answer.text
