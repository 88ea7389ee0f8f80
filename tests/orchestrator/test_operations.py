"""The page of operations: one sentence, then cycles, services, breakers, the schedule and costs; and its commands."""

import gzip
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import requests
from sqlalchemy import text

from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Clock, Desk, Open
from tests.orchestrator.test_once import Held
from tests.orchestrator.town import Town, refusal
from tests.orchestrator.waiting import wait_for

HOSTILE = "<script>alert(1)</script> & \u202eso"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; \u202eso"
VENUE = {
    "base_url": "http://127.0.0.1:1/gamma",
    "circuit": "open",
    "since": "2026-11-21T11:50:00Z",
    "failures": 6,
    "last_error": HOSTILE,
    "simulated": True,
}
COUNTS = """\
# TYPE coliseum_venue_requests_total counter
coliseum_venue_requests_total{family="markets",host="a",platform="polymarket",status="200"} 38.0
coliseum_venue_requests_total{family="books",host="a",platform="polymarket",status="429"} 4.0
coliseum_venue_requests_total{family="books",host="a",platform="polymarket",status="timeout"} 3.0
coliseum_venue_limiter_seconds_total{host="a",platform="polymarket"} 1.25
"""


def page_of(desk: Desk, path: str = "/operations") -> str:
    answer = desk.session.get(desk.url + path, timeout=20, headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def press(desk: Desk, path: str) -> str:
    """A button; answers where the browser is sent."""
    answer = desk.session.post(f"{desk.url}/operations{path}", timeout=20, allow_redirects=False)
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["location"])


def test_an_empty_machine_says_what_will_appear(desk: Desk) -> None:
    page = page_of(desk)

    assert "<h1>Is everything running?</h1>" in page
    assert "No cycle has run yet. Its steps appear here" in page
    assert "Nobody has looked yet. The schedule asks every service once a minute" in page
    assert "No model was asked today" in page
    assert "The audit has not run yet" in page
    assert "SCHEDULE_ENABLED=false" in page


def test_one_sentence_says_that_everything_is_running(
    desk: Desk, town: Town, clock: Clock, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    desk.run()
    desk.post("/trading/schedule/health_check")
    desk.post("/trading/schedule/reconciliation")
    clock.go(seconds=50)

    page = page_of(desk)

    assert "Everything is running: all 9 services are healthy, the last cycle ended" in page
    assert "with 2 trades, and every sum agrees with history." in page
    assert '<ul class="troubles">' not in page


def test_what_is_not_well_is_named_with_what_it_means_and_what_to_do(
    desk: Desk, town: Town, clock: Clock, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, HOSTILE, NOON)
    build.breaker(fresh_database, NOON)
    town.ill.add("markets")
    town.says["events"] = {"venues": {"polymarket": VENUE}}
    town.counts["events"] = COUNTS
    town.audit = {"status": "disagreements", "portfolios": 1, "disagreements": [{"what": HOSTILE}]}
    town.faults["strategy_momentum", "/strategy/generate-signals"] = lambda call: refusal(500, HOSTILE)
    desk.run(502)
    desk.post("/trading/schedule/health_check")
    desk.post("/trading/schedule/reconciliation")
    clock.go(minutes=1)

    page = page_of(desk)

    assert "Markets cannot work, 1 sum disagrees with history, the last cycle failed" in page
    assert "The service events has stopped asking Polymarket" in page
    assert "1 breaker is open" in page and "No portfolio buys until then; selling goes on." in page
    assert "It asks again by itself after a pause." in page
    assert "Mend the cause and resume it, or let the next cycle begin anew." in page
    assert f'action="/operations/cycles/{newest(fresh_database)}/resume"' in page
    assert "<script>alert" not in page and ESCAPED in page
    assert page.count('class="n minor warn">4<') == 1  # too many requests
    assert "the day was bad enough" in page


def newest(database: Database) -> str:
    return str(
        build.rows(database, "SELECT cycle_id FROM trading_cycles ORDER BY started_at DESC LIMIT 1")[0]["cycle_id"]
    )


def test_a_cycle_is_drawn_step_by_step_with_the_portfolios_that_failed_and_why(
    desk: Desk, town: Town, clock: Clock, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    failing = build.portfolio(fresh_database, HOSTILE, NOON, strategy_type="hybrid")
    town.faults["strategy_hybrid", "/strategy/generate-signals"] = lambda call: refusal(500, "<i>It broke.</i>")
    desk.run()
    broken = newest(fresh_database)
    town.faults.clear()
    clock.go(minutes=5)
    desk.run()

    last, before = page_of(desk), page_of(desk, f"/operations?cycle={broken}")

    assert "Portfolios that failed, and why" not in last
    assert "<h2>A cycle before</h2>" in before
    assert f'/portfolio/{failing}"><bdi class="clip">{ESCAPED}</bdi>' in before
    assert "&lt;i&gt;It broke.&lt;/i&gt;" in before
    assert "1 of 2<small" in before and "1 failed" in before
    assert "10 seen, 3 new or changed" in before
    for step in ("collect events", "collect markets", "mark what is held", "pay what is settled", "decide", "trade"):
        assert f'aria-label="{step}: ' in before
    assert before.count('<rect class="done"') >= 6 and '<rect class="failed"' in before
    assert f'href="/trading/cycles/{broken}"' in before


def test_the_last_forty_cycles_are_bars_that_lead_to_their_steps(desk: Desk, fresh_database: Database) -> None:
    for number in range(45):
        began = NOON - timedelta(minutes=number)
        ended = began + timedelta(seconds=1 + number % 7)
        build.cycle(
            fresh_database,
            began,
            finished_at=ended,
            reported_at=ended,
            trades_executed=number,
            status=["success", "partial", "failed", "interrupted"][number % 4],
        )

    page = page_of(desk)

    bars = page[page.index('<ol class="cycle-bars">') : page.index("</ol>")]
    assert bars.count("<li ") == bars.count('href="/operations?cycle=') == 40
    assert bars.count("✕") == bars.count('class="failed"') == 10
    assert bars.index('aria-label="21 Nov 11:21 UTC: interrupted in 5.0 s, 39 trades') < bars.index(
        "12:00 UTC: success"
    )
    assert bars.count('aria-current="true"') == 1


def test_a_running_cycle_shows_how_far_it_is_and_what_still_comes(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    desk.run(202, wait=False)
    held.reached.wait(10)

    page = page_of(desk)
    held.go.set()

    assert "<h2>The running cycle</h2>" in page
    assert "of 1 portfolios are through, and it is at: settle" in page
    assert 'aria-label="pay what is settled: running' in page
    assert 'aria-label="trade: waiting"' in page
    assert "One runs now." in page


def test_a_cycle_that_is_not_there_is_a_page_that_says_so(desk: Desk) -> None:
    unknown = desk.session.get(f"{desk.url}/operations?cycle={uuid4()}", headers={"accept": "text/html"}, timeout=20)
    nonsense = desk.session.get(f"{desk.url}/operations?cycle=x'", headers={"accept": "text/html"}, timeout=20)

    assert (unknown.status_code, nonsense.status_code) == (404, 422)
    assert "There is nothing here" in unknown.text
    assert "That cannot be understood" in nonsense.text


def test_the_buttons_run_a_cycle_and_a_job(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    to_cycle = press(desk, "/cycles/run")
    wait_for(lambda: build.rows(fresh_database, "SELECT status FROM trading_cycles WHERE status = 'success'"))
    to_job = press(desk, "/jobs/settlements/run")
    unknown = desk.session.post(f"{desk.url}/operations/jobs/nothing/run", timeout=20)

    assert (to_cycle, to_job) == ("/operations?said=cycle#cycle", "/operations?said=done#schedule")
    assert "A cycle has begun" in page_of(desk, "/operations?said=cycle")
    assert build.rows(fresh_database, "SELECT status, runs FROM scheduled_jobs WHERE job = 'settlements'") == [
        {"status": "done", "runs": 1}
    ]
    assert unknown.status_code == 404


def test_who_asks_for_a_cycle_while_one_runs_is_shown_that_one(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    desk.run(202, wait=False)
    held.reached.wait(10)

    sent = press(desk, "/cycles/run")
    held.go.set()

    assert sent == "/operations?said=running#cycle"
    assert "A cycle runs already" in page_of(desk, "/operations?said=running")
    assert len(build.rows(fresh_database, "SELECT cycle_id FROM trading_cycles")) == 1


def test_the_button_of_a_breaker_asks_paper_trading(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.breaker(fresh_database, NOON)

    refused = press(desk, "/breakers/1/resolve")
    town.faults["paper_trading", "/paper-trading/breakers/1/resolve"] = lambda call: refusal(200, "resolved")
    resolved = press(desk, "/breakers/1/resolve")

    assert refused == "/operations?said=unresolved#breakers"
    assert resolved == "/operations?said=resolved#breakers"
    assert [call.body for call in town.asked("paper_trading")] == 2 * [{"notes": "Resolved on the page of operations."}]


def test_commands_from_other_sites_are_refused(desk: Desk, fresh_database: Database) -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "http://elsewhere.example"}

    answer = desk.session.post(f"{desk.url}/operations/cycles/run", headers=foreign, timeout=20)

    assert answer.status_code == 403
    assert build.rows(fresh_database, "SELECT cycle_id FROM trading_cycles") == []


def test_the_page_is_there_while_every_service_is_away(
    open_desk: Open, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVENTS", "MARKETS", "PAPER_TRADING", "ARENA", "STRATEGY_MOMENTUM"):
        monkeypatch.setenv(f"{name}_URL", "http://127.0.0.1:9")
    desk = open_desk()
    desk.post("/trading/schedule/health_check")

    page = page_of(desk)

    assert "is down" in page
    assert "Start it again; its log says why it ended." in page


def test_models_are_shown_with_what_they_cost_today_beside_their_budget(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    town.counts["events"] = (
        'coliseum_model_budget_dollars{of="day"} 1.0\ncoliseum_model_budget_dollars{of="model_day"} 0.8\n'
    )
    for hours, cost, status in ((1, "0.50", "done"), (2, "0.35", "failed"), (30, "9.00", "done")):
        row = {
            "call_id": uuid4(),
            "purpose": "session",
            "provider_model": "openai/gpt-4o",
            "status": status,
            "reserved": Decimal(1),
            "cost": Decimal(cost),
            "cost_source": "provider",
            "failure": "timeout" if status == "failed" else None,
            "started_at": NOON - timedelta(hours=hours),
            "finished_at": NOON - timedelta(hours=hours),
        }
        build.insert(fresh_database, "model_calls", row)
    desk.post("/trading/schedule/health_check")

    page = page_of(desk)

    assert "models have used most of today&#39;s budget" in page.lower()
    assert "$0.85" in page and "$9.85" not in page
    assert "85 % of the budget of the day" in page


def test_what_moves_is_sent_as_it_moves(desk: Desk, clock: Clock, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    with desk.session.get(f"{desk.url}/operations/live", stream=True, timeout=20) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        first = next_frame(lines)
        requests.post(f"{desk.url}/operations/cycles/run", allow_redirects=False, timeout=20)
        later = next(frame for frame in (next_frame(lines) for _ in range(20)) if "The last cycle" in frame)

    assert "No cycle has run yet" in first
    assert "2 signals, 2 trades" in later


def next_frame(lines: object) -> str:
    for line in lines:  # type: ignore[attr-defined]  # of requests, which types it as anything
        if line.startswith("data: ") and len(line) > 20:
            return str(line)
    raise AssertionError("the stream ended")


def test_two_hundred_portfolios_make_no_longer_page(desk: Desk, town: Town, fresh_database: Database) -> None:
    with fresh_database.transaction() as connection:
        connection.execute(
            text("""
                INSERT INTO portfolios (name, strategy_type, strategy_config, frequency, status, initial_balance,
                    current_balance, reserved_balance, owed, total_invested, liquidation_value, realized_pnl,
                    unrealized_pnl, fees_paid, execution_cost, open_positions, trade_count, created_at, updated_at)
                SELECT 'P' || n, 'momentum', '{}', 'every_cycle', 'active', 10000, 10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                    now(), now() FROM generate_series(1, 200) n
            """)
        )
    town.faults["strategy_momentum", "/strategy/generate-signals"] = lambda call: refusal(500, "It broke.")
    desk.run(502)

    page = page_of(desk)

    assert "0 of 200" in page
    assert page.count("It broke.") <= 60  # fifty portfolios by name, and a link to the others
    assert "All 200 that failed" in page
    assert len(gzip.compress(page.encode())) < 40_000
