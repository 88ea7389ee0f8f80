"""The pages of portfolios, as a browser gets them: what they say, what strangers wrote, and what their buttons do."""

import csv
import io
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import requests
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.orchestrator.app import orchestrator_app
from services.orchestrator.resources import Settings as OrchestratorSettings
from services.paper_trading import app as paper_service
from services.paper_trading.resources import Settings as PaperSettings
from shared import topology
from tests.paper_trading.conftest import Floor
from tests.paper_trading.test_execution import BOOK, listed
from tests.services.conftest import client_of
from tests.services.listing import gamma, gamma_book, resolved
from tests.serving import serving

HOSTILE = "<img src=x onerror=alert(1)>\u202e"
BROWSER = {"accept": "text/html"}


def page(floor: Floor, path: str) -> str:
    answer = floor.paper.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def words_of(html: str) -> str:
    whole = re.sub(r"</?(?:span|bdi|a|strong|time)\b[^>]*>|<!---->", "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", whole)).split())


def traded(floor: Floor, name: str = "Harbour", **signal: Any) -> int:
    """A portfolio with 200 contracts of market 1, for which it paid 49 and 50 cents where the mid was 48."""
    if not floor.world.gamma_markets:
        listed(floor, 1)
    portfolio = floor.portfolio(name, "1000")
    floor.signals(portfolio, floor.signal("polymarket:1", **{"quantity": "200", **signal}))
    assert floor.execute(portfolio)["trades_executed"] == 1
    return portfolio


def test_an_empty_arena_says_what_will_appear_and_how(floor: Floor) -> None:
    said = words_of(page(floor, "/"))

    assert "There is no portfolio yet." in said
    assert "POST /paper-trading/portfolios" in said


def test_the_list_shows_what_each_portfolio_has_and_what_naive_paper_trading_forgets(floor: Floor) -> None:
    number = traded(floor)
    floor.portfolio("Pier")

    html = page(floor, "/")

    said = words_of(html)
    assert "0 of 2 portfolios are above their deposit." in said
    assert "Naive paper trading would have forgotten $5.50 of what their fills cost." in said
    assert f'<a href="/portfolio/{number}"><bdi>Harbour</bdi></a>' in html
    assert "$992.50" in html  # 1000 − 99 − 2.4995 + 200 × 0.47
    assert "1 signal was decided since 00:00 UTC: 1 filled in full" in said
    assert said.index("Pier") < said.index("Harbour")  # by growth


def test_the_list_is_filtered_ordered_and_says_what_it_cannot_use(floor: Floor) -> None:
    first, second = floor.portfolio("Harbour"), floor.portfolio("Pier")
    floor.paper.post(f"/paper-trading/portfolios/{second}/pause")

    paused, nonsense = page(floor, "/?status=paused"), page(floor, "/?status=mad&order=%3Cb%3E&type=tarot&leaf=-3")

    assert f'href="/portfolio/{second}"' in paused and f'href="/portfolio/{first}"' not in paused
    assert "1 is paused." in words_of(paused)
    assert "there is no status “mad” and there is no order by “<b>” and there is no strategy “tarot”".capitalize() in (
        words_of(nonsense)
    )
    assert f'href="/portfolio/{first}"' in nonsense
    assert "No portfolio is like that." in words_of(page(floor, "/?status=closed"))


def test_old_addresses_lead_to_the_portfolio(floor: Floor) -> None:
    number = floor.portfolio()

    led = floor.paper.get("/", params={"portfolio_id": number}, follow_redirects=False)
    unknown = floor.paper.get("/?portfolio_id=77", headers=BROWSER)

    assert (led.status_code, led.headers["location"]) == (303, f"/portfolio/{number}")
    assert unknown.status_code == 404 and "There is nothing here" in unknown.text
    for none in ("9" * 20, "000000000001" + "0" * 5_000):
        assert floor.paper.get(f"/?portfolio_id={none}", headers=BROWSER).status_code == 200
    assert floor.paper.get("/portfolio/none-such", headers=BROWSER).status_code == 422


def test_a_portfolio_that_did_nothing_says_so_everywhere(floor: Floor) -> None:
    said = words_of(page(floor, f"/portfolio/{floor.portfolio()}"))

    assert "It has not traded yet and holds the $1,000.00 that it began with. It has no rank:" in said
    assert "Nothing is held. A position appears here when a signal of its strategy is filled" in said
    assert "Nothing was traded yet." in said and "No signal of it was decided yet." in said
    assert "Its strategy has not been asked yet." in said
    assert "claim" not in said.split("What did it trade")[1].split("Trades appear here")[0]


def test_the_page_sets_the_naive_claim_beside_what_was_paid(floor: Floor) -> None:
    number = traded(floor)

    html = page(floor, f"/portfolio/{number}")

    said = words_of(html)
    # 5.4995 that the fill cost beyond the mid of 48 cents, and 200 × (48 − 47) cents that the mark is below its mid
    assert "At mid prices without fees this portfolio would claim $7.50 more than it has." in said
    assert "It would show $1,000.00 in place of $992.50" in said
    assert "$96.00" in said  # 200 × 48 cents: the naive claim for the trade
    assert "It is worth $992.50, 0.75 % less than the $1,000.00 that it began with" in said
    assert "Bought 200 yes at 49.5¢ for $101.50, $2.50 of it fee." in said
    assert "fee of a level = contracts × rate × (price × (1 − price)) ^ exponent" in said
    levels = words_of(html.split('class="derivation"')[1].split("</details>")[0])
    assert "49¢ 100 $49.00 $1.25 50¢ 100 $50.00 $1.25" in levels
    assert f'href="http://localhost:{topology.port_of(topology.MARKETS)}/market/polymarket:1"' in html


def test_what_strangers_wrote_is_text(floor: Floor) -> None:
    floor.world.gamma_markets, floor.world.books = [gamma(1, question=HOSTILE)], [gamma_book(1, **BOOK)]
    floor.collect()
    number = traded(floor, name=HOSTILE, reason=HOSTILE)

    for path in ("/", f"/portfolio/{number}", f"/portfolio/{number}/attribution"):
        answer = floor.paper.get(path, headers=BROWSER)

        assert "<img" not in answer.text
        assert "&lt;img src=x onerror=alert(1)&gt;" in answer.text
        assert "style=" not in answer.text and "<script>" not in answer.text
        assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]


def test_a_position_nobody_bids_for_says_how_old_its_mark_is(floor: Floor) -> None:
    number = traded(floor)
    floor.world.books = [gamma_book(1, bids=[], asks=BOOK["asks"])]
    floor.world.gamma_markets = [gamma(1, bestBid=None)]
    with floor.database.transaction() as connection:
        connection.execute(text("UPDATE portfolio_positions SET mark_stale = true"))

    assert "47¢ nobody bids now; last bid" in words_of(page(floor, f"/portfolio/{number}"))


def test_decisions_are_told_by_outcome_and_page_by_page(floor: Floor) -> None:
    number = traded(floor)
    for _ in range(21):
        floor.signals(number, floor.signal("polymarket:1", limit="0.48"))
        floor.execute(number)

    first = page(floor, f"/portfolio/{number}")
    moved = page(floor, f"/portfolio/{number}?outcome=price_moved")
    [older] = re.findall(r'href="(/portfolio/\d+\?decisions_after=[^#"]+)', first)
    second = page(floor, unescape(older))

    skipped = "by now, above the limit of 48¢."
    assert words_of(first).count(skipped) == 20 and words_of(second).count(skipped) == 1
    assert "Bought 200 yes" in words_of(second).split("Why did it trade")[1]
    assert "Bought 200 yes at" not in words_of(moved).split("What became of it")[1]
    assert "price moved 21" in words_of(first)


def test_nonsense_is_named_and_left_out(floor: Floor) -> None:
    number = traded(floor)

    said = words_of(
        page(floor, f"/portfolio/{number}?outcome=%3Cb%3E&trades_after=zzz&decisions_after=WzFd&range=9y&cycle=x")
    )

    assert "There is no outcome “<b>”, so all decisions are shown." in said
    assert "That page of trades is not known; these are the newest." in said
    assert "That page of decisions is not known; these are the newest." in said
    assert "Bought 200 yes" in said


def test_a_settlement_is_shown_with_its_evidence_and_the_profit_with_its_terms(floor: Floor) -> None:
    number = traded(floor, probability=Decimal("0.6"))
    after = datetime.now(UTC) + timedelta(minutes=1)  # a forecast that came after the result is none
    floor.world.gamma_markets = [resolved(1, umaEndDate=after.strftime("%Y-%m-%dT%H:%M:%SZ"))]
    assert floor.paper.post("/paper-trading/settle").json()["markets_settled"] == 1

    html = page(floor, f"/portfolio/{number}")
    whole = words_of(page(floor, f"/portfolio/{number}/attribution"))

    said = words_of(html)
    assert "1 won, 0 lost; the venues' results have paid $200.00." in said
    assert "The venue said yes" in said and "umaResolutionStatus: resolved" in said
    # 200 × (0.60 − 0.48), 200 × 0.48 − 99 − 2.4995, 200 × (1 − 0.60): together 98.5005
    terms = "+$24.00 from the edge it stated, −$5.50 by execution (spreads, depth and fees), +$80.00 by luck."
    assert f"Of the realized +$98.50: {terms}" in said
    assert f"Of the realized +$98.50: {terms}" in whole and "buy yes" in whole
    assert 'class="waterfall"' in html
    assert "Of 1 settled market on which its rule stated a probability its Brier score is 0.16" in said
    assert "1 said about 60% and 100% came" in html


def test_too_many_trades_are_attributed_on_their_own_page(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    number = traded(floor)
    with floor.database.transaction() as connection:
        connection.execute(text("UPDATE portfolios SET trade_count = 251 WHERE portfolio_id = :n"), {"n": number})

    before = words_of(page(floor, f"/portfolio/{number}"))
    alone = words_of(page(floor, f"/portfolio/{number}/attribution"))
    after = words_of(page(floor, f"/portfolio/{number}"))
    with floor.database.transaction() as connection:
        connection.execute(text("UPDATE portfolios SET trade_count = 1 WHERE portfolio_id = :n"), {"n": number})

    assert "After 251 trades this takes a moment to compute" in before
    assert "Of the realized −$2.50" in alone and "Of the realized −$2.50" in after  # it is kept until something moves


def test_pausing_and_resuming_go_through_the_portfolios_own_history(floor: Floor) -> None:
    number = traded(floor)

    paused = floor.paper.post(f"/portfolio/{number}/pause", headers=BROWSER)
    told = floor.paper.get("/paper-trading/portfolio", params={"portfolio_id": number}).json()["status"]
    resumed = floor.paper.post(f"/portfolio/{number}/resume", headers=BROWSER)

    assert (paused.history[0].status_code, told) == (303, "paused")
    assert "It is paused now: its orders are cancelled" in words_of(paused.text)
    assert "Resume" in words_of(paused.text) and "Run now" not in words_of(paused.text)
    assert "It takes part again" in words_of(resumed.text) and "Run now" in words_of(resumed.text)
    assert "Status: from “active” to “paused”. from its page" in words_of(resumed.text)
    assert floor.paper.post("/portfolio/77/pause").status_code == 404
    assert floor.paper.get(f"/portfolio/{number}/pause").status_code == 405


def test_another_sites_page_gives_no_commands(floor: Floor) -> None:
    number = floor.portfolio()

    refused = floor.paper.post(f"/portfolio/{number}/pause", headers={"sec-fetch-site": "cross-site"})

    assert refused.status_code == 403
    assert floor.read(number)["status"] == "active"


def test_a_closed_portfolio_says_so_plainly_and_has_no_buttons(floor: Floor) -> None:
    number = traded(floor)
    floor.paper.post(f"/paper-trading/portfolios/{number}/close")

    html = page(floor, f"/portfolio/{number}")

    assert "It is closed, since" in words_of(html) and "closed portfolios are not ranked" in words_of(html)
    assert f'action="/portfolio/{number}' not in html


def test_run_now_says_that_nobody_runs_cycles(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    number = floor.portfolio()
    with away(floor, monkeypatch, "http://127.0.0.1:9") as paper:
        answer = paper.post(f"/portfolio/{number}/run", headers=BROWSER)

    assert answer.history[0].status_code == 303
    assert "cannot be reached: nothing was begun." in words_of(answer.text)


def test_run_now_begins_a_cycle_and_says_what_came_of_it(
    floor: Floor, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real orchestrator, in a world in which nobody else can be reached: so the cycle fails, and the page says
    why."""
    number = floor.portfolio()
    for name in ("PAPER_TRADING_URL", "EVENTS_URL", "STRATEGY_MOMENTUM_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings = OrchestratorSettings(database_url=fresh_database_url, schedule_enabled=False)
    with serving(orchestrator_app(settings)) as address, away(floor, monkeypatch, address) as paper:
        answer = paper.post(f"/portfolio/{number}/run", headers=BROWSER)
        deadline = time.monotonic() + 20
        while "is running. This page looks again" in answer.text and time.monotonic() < deadline:
            time.sleep(0.1)
            answer = paper.get(str(answer.url), headers=BROWSER)

    assert "The cycle that you began failed in the step" in words_of(answer.text)
    assert "cannot be reached" in words_of(answer.text)


def away(floor: Floor, monkeypatch: pytest.MonkeyPatch, orchestrator: str) -> TestClient:
    """The same service over the same database, with the orchestrator at that address."""
    monkeypatch.setenv("ORCHESTRATOR_URL", orchestrator)
    url = floor.database.engine.url.render_as_string(hide_password=False)
    settings = PaperSettings(database_url=url, price_update_seconds=0)
    return client_of(paper_service.paper_trading_app(settings))


def test_trades_and_curve_come_as_csv_in_which_nothing_is_a_formula(floor: Floor) -> None:
    question = '=HYPERLINK("http://evil.example","x")'
    floor.world.gamma_markets, floor.world.books = [gamma(1, question=question)], [gamma_book(1, **BOOK)]
    floor.collect()
    number = traded(floor)

    trades, curve = floor.paper.get(f"/portfolio/{number}.csv"), floor.paper.get(f"/portfolio/{number}/equity.csv")

    [row] = csv.DictReader(io.StringIO(trades.text))
    assert trades.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in trades.headers["content-disposition"]
    assert row["question"] == f"'{question}"
    assert (row["cost"], row["fee"], row["naive_cost"], row["execution_cost"]) == ("99", "2.4995", "96", "5.4995")
    assert curve.text.startswith("taken_at,equity,")
    assert floor.paper.get("/portfolio/77.csv").status_code == 404


def test_a_picture_is_a_picture(floor: Floor) -> None:
    number = traded(floor)

    drawn = floor.paper.get(f"/portfolio/{number}.png")

    assert drawn.headers["content-type"] == "image/png"
    assert drawn.content.startswith(b"\x89PNG")
    assert floor.paper.get("/portfolio/77.png").status_code == 404


def test_a_trade_moves_the_live_parts_of_both_pages(floor: Floor) -> None:
    """Figures as cells, the trade as a line; without a change there is nothing to send."""
    listed(floor, 1, 2)
    number = traded(floor)
    before = {path: live_of(page(floor, path)) for path in ("/", f"/portfolio/{number}")}
    time.sleep(1.1)  # what was shown within the second is shown again
    same = {path: live_of(page(floor, path)) for path in before}

    floor.signals(number, floor.signal("polymarket:2", quantity="10"))
    floor.execute(number)
    time.sleep(1.1)
    after = {path: live_of(page(floor, path)) for path in before}

    assert same == before
    assert all(after[path] != before[path] for path in before)
    html = page(floor, f"/portfolio/{number}")
    assert html.count("<li data-line=") == 2


def live_of(html: str) -> str:
    """Which state the page shows."""
    [state] = re.findall(r'data-have="([^"]+)"', html)
    return str(state)


def test_the_stream_of_a_page_begins_where_the_page_is(floor: Floor) -> None:
    number = traded(floor)
    with serving(app_again(floor)) as address:
        shown = requests.get(f"{address}/portfolio/{number}", headers=BROWSER, timeout=10).text
        with requests.get(
            f"{address}/portfolio/{number}/live", params={"have": "nothing"}, stream=True, timeout=10
        ) as stream:
            lines = []
            for line in stream.iter_lines():
                lines.append(line.decode())
                if line.startswith(b"data: "):
                    break

    assert f"id: {live_of(shown)}" in lines
    assert "event: changes" in lines and '"state"' in lines[-1] and '"trades"' in lines[-1]


def app_again(floor: Floor) -> Any:
    url = floor.database.engine.url.render_as_string(hide_password=False)
    return paper_service.paper_trading_app(PaperSettings(database_url=url, price_update_seconds=0))
