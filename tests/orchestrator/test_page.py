"""The home page."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.orchestrator.pages.home import sentence_of
from shared import topology
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Clock, Desk
from tests.orchestrator.test_once import Held
from tests.orchestrator.town import Town, refusal


def page_of(desk: Desk) -> str:
    answer = desk.session.get(f"{desk.url}/", timeout=20)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text.lower().replace("&lt;script", "")
    return answer.text


def test_an_empty_arena_says_what_will_appear(desk: Desk) -> None:
    page = page_of(desk)

    assert "There are no portfolios yet." in page
    assert "No cycle has run yet." in page
    assert "NO DATA YET" in page
    assert "SCHEDULE_ENABLED=false" in page


def test_who_leads_how_the_cycle_went_and_what_is_ill(
    desk: Desk, town: Town, clock: Clock, fresh_database: Database
) -> None:
    platform = {"platform": "kalshi", "display_name": "Kalshi", "base_url": "http://x", "simulated": True}
    build.insert(fresh_database, "platforms", {**platform, "updated_at": NOON})
    build.portfolio(fresh_database, "Behind", NOON, realized_pnl=Decimal(-120), trade_count=3)
    build.portfolio(
        fresh_database,
        "<b>Ahead</b> & \u202eso",
        NOON,
        strategy_type="hybrid",
        realized_pnl=Decimal(250),
        trade_count=3,
    )
    build.breaker(fresh_database, NOON)
    town.ill.add("markets")
    town.faults["strategy_momentum", "/strategy/generate-signals"] = lambda call: refusal(500, "<i>It broke.</i>")
    desk.run()
    desk.post("/trading/schedule/health_check")
    clock.go(minutes=2)

    page = page_of(desk)

    assert "SIMULATED VENUES" in page
    assert "&lt;b&gt;Ahead&lt;/b&gt; &amp; \u202eso leads with +2.50 % on its deposit." in page
    assert "that cannot be told from luck" in page
    assert page.index("Ahead&lt;") < page.index("Behind")
    assert "▲ +$250.00" in page and "▼ −$120.00" in page
    assert '<span class="warn">partial</span>' in page
    assert "&lt;i&gt;It broke.&lt;/i&gt;" in page
    assert "the day was bad enough" in page
    assert '<span class="warn">degraded</span>' in page
    assert "2 min ago" in page


def test_a_running_cycle_shows_how_far_it_is(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    desk.run(202, wait=False)
    held.reached.wait(10)

    page = page_of(desk)
    held.go.set()

    assert "The running cycle" in page
    assert "0 of 1 portfolios, at: settle" in page


@pytest.mark.parametrize(
    ("trades", "over", "words"),
    [
        (0, 0, "Nobody has traded yet, so nobody is ahead. The first cycle changes that."),
        (2, 0, "A leads with +1.00 % on its deposit. With no bet that is over, that cannot be told from luck."),
        (2, 1, "A leads with +1.00 % on its deposit. With 1 bet that is over, that cannot be told from luck."),
        (9, 14, "A leads with +1.00 % on its deposit. With 14 bets that are over, that cannot be told from luck."),
        (99, 30, "A leads with +1.00 % on its deposit, with 30 bets that are over."),
    ],
)
def test_the_lead_is_said_in_words_with_what_it_is_worth(trades: int, over: int, words: str) -> None:
    first = leader(trade_count=trades, finished_positions=over)

    assert sentence_of([first], traded=trades > 0) == words


def leader(**facts: Any) -> dict[str, Any]:
    row = {
        "name": "A",
        "strategy_type": "hybrid",
        "growth": Decimal("0.01"),
        "trade_count": 9,
        "finished_positions": 99,
    }
    return {**row, **facts}


def test_who_is_not_above_the_deposit_or_stands_for_chance_is_not_called_ahead() -> None:
    still = leader(growth=Decimal(0), trade_count=0)
    null = leader(strategy_type="baseline")

    assert sentence_of([still, leader(growth=Decimal("-0.1"))], traded=True) == (
        "No portfolio is above its deposit, so nobody is ahead."
    )
    assert sentence_of([null], traded=True) == (
        "A leads with +1.00 % on its deposit. It is a null entrant, so nobody has beaten chance and habit yet."
    )


def test_who_is_not_shown_and_who_is_closed_are_counted(desk: Desk, fresh_database: Database) -> None:
    for number in range(39):
        pnl = Decimal(500 - number if number < 22 else 0 if number < 25 else -number)
        build.portfolio(fresh_database, f"P{number}", NOON, realized_pnl=pnl, trade_count=int(number > 30))
    for pnl in (Decimal(-150), Decimal("29.5")):
        build.portfolio(fresh_database, f"Gone {pnl}", NOON, realized_pnl=pnl, status="closed")

    page = page_of(desk)

    assert "20 of 39 are shown." in page
    assert "Of the other 19, 2 are ahead of the deposit, 14 behind it and 3 where they began." in page
    assert f'<a href="{topology.url_of(topology.PAPER_TRADING)}/">All portfolios</a>' in page
    assert "P0 leads with +5.00 % on its deposit." in page  # those who have traded are not shown, and have traded
    assert "2 portfolios are closed; together their total P&amp;L was" in page
    assert "▼ −$120.50" in page


def test_an_arena_in_which_all_are_closed_says_so(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Gone", NOON, realized_pnl=Decimal(250), status="closed")

    page = page_of(desk)

    assert "Every portfolio is closed, so nobody is ahead any more." in page
    assert "One portfolio is closed; its total P&amp;L was" in page
    assert "▲ +$250.00" in page


def test_the_page_is_there_while_every_service_is_down(desk: Desk, town: Town, clock: Clock) -> None:
    town.ill.update(("events", "markets", "paper_trading"))
    clock.go(hours=1)

    assert "Is everything running?" in page_of(desk)
    assert clock.now == NOON + timedelta(hours=1)
