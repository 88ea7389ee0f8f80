"""The page of a controller: why it traded and why not, in sentences, for people."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.strategy.domain.rules import RULES
from shared.database import Database
from shared.trading.passing import counted, passed
from tests.orchestrator.build import cycle, insert
from tests.strategy import rows
from tests.strategy.conftest import Serve
from tests.strategy.test_generation import MANY, ask, portfolio, world

HOSTILE = "<script>alert(1)</script> & \u202eso"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; \u202eso"


def test_reasons_of_several_answers_are_added_and_the_most_frequent_comes_first() -> None:
    found = counted([{"no_quote": 2, "max_signals": 5}, None, {"no_quote": 9}, {"of_its_own": 1}])

    assert found == [
        (passed("no_quote", {}), 11),
        (passed("max_signals", {}), 5),
        ("The strategy says: of its own.", 1),
    ]


@pytest.mark.parametrize("strategy", list(RULES))
def test_a_controller_without_portfolios_says_what_will_appear(
    serve: Serve, fresh_database: Database, strategy: str
) -> None:
    page = serve(strategy).get("/").text

    assert f"<h1>Why did {strategy.replace('_', ' ')} trade, and why not?</h1>" in page
    assert "No portfolio has this strategy yet." in page
    assert "Nobody has looked at this service yet." in page
    assert "<code>max_positions</code>" in page


def test_the_page_says_why_it_traded_and_why_not(serve: Serve, fresh_database: Database) -> None:
    numbers = world(fresh_database)
    owner, cycle = portfolio(fresh_database), str(uuid4())
    client = serve("baseline")
    [first, *_] = ask(client, portfolio_id=owner, cycle_id=cycle)["signals"]
    with fresh_database.transaction() as connection:
        connection.execute(text("UPDATE portfolios SET name = :name"), {"name": HOSTILE})
        connection.execute(
            text("UPDATE markets SET question = :words WHERE market_no = ANY(:numbers)"),
            {"words": HOSTILE, "numbers": numbers},
        )
        decided = text("""INSERT INTO decisions (signal_id, portfolio_id, market_no, outcome, decided_at)
            SELECT signal_id, portfolio_id, market_no, 'price_moved', now() FROM trading_signals
            WHERE signal_id = :id""")
        connection.execute(decided, {"id": first["signal_id"]})

    page = client.get("/").text

    assert "looked 5 times at a market for 1 portfolio and made 3 signals." in page
    assert "Mostly it passed, because: as many new entries as one cycle may make were found already." in page
    assert f'<span class="n">2</span><span>{passed("max_signals", {})}</span>' in page
    assert "2 of 5 markets" in page  # the bar
    assert f"/portfolio/{owner}" in page and f"/operations?cycle={cycle}#cycle" in page
    assert page.count("/market/polymarket%3A") == 3
    assert "price moved" in page and page.count("nobody has acted on it yet") >= 2
    assert "<script>alert" not in page and page.count(ESCAPED) >= 4


def test_the_page_says_for_whom_the_rule_failed_last(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    owner, mended = portfolio(fresh_database), portfolio(fresh_database)
    for minutes, failed in ((2, (owner, mended)), (1, (owner,))):
        began = datetime.now(UTC) - timedelta(minutes=minutes)
        cycle_id = cycle(fresh_database, began, status="partial")
        for number in (owner, mended):
            why = {"status": "failed", "error": "ValueError: no luck"} if number in failed else {"status": "done"}
            step = {"cycle_id": cycle_id, "step": "signals", "portfolio_id": number, "started_at": began}
            insert(fresh_database, "cycle_steps", {**step, "counts": "{}", **why})

    page = serve("baseline").get("/").text

    assert page.count("ValueError: no luck") == 2  # in the answer and in its row
    assert "In the last cycle it failed for <bdi>" in page


def test_another_portfolio_can_be_asked_about_and_one_of_nobody_cannot(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    busy, quiet = portfolio(fresh_database), portfolio(fresh_database, config='{"entrant": "cash"}')
    client = serve("baseline")
    ask(client, portfolio_ids=[busy, quiet], cycle_id=str(uuid4()))

    usual, other = client.get("/").text, client.get(f"/?portfolio={quiet}").text
    unknown = client.get("/?portfolio=77", headers={"accept": "text/html"})
    nonsense = client.get("/?portfolio=x", headers={"accept": "text/html"})

    assert "It has no signals yet" not in usual and "It has no signals yet" in other
    assert passed("by_design", {}) in other
    assert (unknown.status_code, nonsense.status_code) == (404, 422)
    assert "baseline decides for no portfolio 77." in unknown.text


def test_pairs_and_what_reads_alike_lead_to_their_markets(serve: Serve, fresh_database: Database) -> None:
    question = "Will it rain in Oslo on 3 May?"
    with fresh_database.transaction() as connection:
        for market_id, words in (("polymarket:1", question), ("kalshi:A", question)):
            rows.market(connection, market_id, question=words)
        rows.collected(connection)
        owner = rows.portfolio(connection, "arbitrage")
    client = serve("arbitrage")

    before = client.get("/").text
    ask(client, portfolio_id=owner)
    alike = client.get("/").text
    proof = {"polymarket_id": "polymarket:1", "kalshi_id": "kalshi:A", "evidence": HOSTILE, "proven_by": "R. Reader"}
    client.post("/strategy/contract-pairs", json=proof)
    proven = client.get("/").text

    assert "They are looked for when the pool is loaded." in before
    assert "/market/kalshi%3AA" in alike and '<td class="n" data-name="Words shared, %">100</td>' in alike
    assert "Words shared" not in proven and ESCAPED in proven and "R. Reader" in proven


def test_the_page_says_how_the_schedule_found_this_service(serve: Serve, fresh_database: Database) -> None:
    with fresh_database.transaction() as connection:
        connection.execute(
            text("""INSERT INTO system_health (component, status, last_check, since, details) VALUES ('strategy_hybrid',
                'degraded', now(), now(), '{"latency_ms": 12.4, "error": "the disk is full"}')""")
        )

    page = serve("hybrid").get("/").text

    assert "degraded</span>" in page and "it answered in 12 ms" in page and "the disk is full" in page


def test_a_page_with_two_hundred_portfolios_asks_no_more_often(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    owners = [portfolio(fresh_database, config=MANY) for _ in range(200)]
    client = serve("baseline")
    ask(client, portfolio_ids=owners, cycle_id=str(uuid4()))

    first, last, beyond = (client.get("/", params={"leaf": leaf}).text for leaf in ("", "4", "99"))

    assert "for 200 portfolios and made 600 signals" in first
    assert [page.count('data-name="Cash"') for page in (first, last, beyond)] == [50, 50, 50]
    assert "1 to 50 of 200" in first and '<a href="/?leaf=2#portfolios" rel="next">' in first
    assert "151 to 200 of 200" in last and 'rel="next"' not in last
    assert "151 to 200 of 200" in beyond
