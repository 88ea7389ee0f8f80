"""The page of one market: what it costs to trade, who holds what, how it moves, and any words of a venue as words."""

import re
from csv import DictReader
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import requests
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from shared.database import Database
from shared.ui.drawings import DOCUMENTED
from shared.ui.truth import truth_of
from tests.orchestrator import arena_rows, build
from tests.services.conftest import UNLIMITED
from tests.services.listing import World, gamma, gamma_book, kalshi
from tests.services.test_market_sync import synced
from tests.services.test_pages import HOSTILE, Reading, assert_harmless
from tests.serving import serving
from tests.strategy import rows
from tests.venues.rows import gamma_event

NOW = datetime.now(UTC)
PAGE = "/market/polymarket%3A1"
BROWSER = {"accept": "text/html"}


@pytest.fixture
def town(world: World, markets: TestClient) -> TestClient:
    """One stored market with a book at its venue, in an event with another one."""
    world.gamma_markets = [gamma(1, question="Will the harbour freeze?"), gamma(2)]
    world.books = [gamma_book(1)]
    synced(markets)
    return markets


def read(client: TestClient, path: str = PAGE) -> Reading:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return Reading(answer.text)


def number_of(database: Database, market_id: str = "polymarket:1") -> int:
    with database.connection() as connection:
        query = text("SELECT market_no FROM markets WHERE market_id = :id")
        return int(connection.execute(query, {"id": market_id}).scalar_one())


def words_of_truth(database: Database) -> str:
    with database.connection() as connection:
        return truth_of(connection).words


def test_an_event_leads_to_its_busiest_market_and_one_of_nobody_to_a_page(town: TestClient, stored: Database) -> None:
    with stored.connection() as connection:
        event = connection.execute(text("SELECT event_id FROM markets WHERE market_id = 'polymarket:1'")).scalar()

    found = town.get(f"/event/{event}", headers=BROWSER, follow_redirects=False)
    missing = town.get("/event/polymarket:nobody", headers=BROWSER)

    assert (found.status_code, found.headers["location"]) == (303, "/market/polymarket%3A1#siblings")
    assert missing.status_code == 404 and "No market of the event" in missing.text


def test_the_page_answers_with_the_quote_in_words(town: TestClient) -> None:
    page = read(town)

    assert "Will the harbour freeze?" in page.text
    assert "Yes can be bought at 41¢ and sold at 40¢ , so the market says about 41 %" in page.text
    assert "No portfolio holds anything here." in page.text
    assert "The arena has not asked its models about this market." in page.text
    assert "No book has been read from the venue yet" in page.text
    assert len(page.all("h1")) == 1


def test_terms_are_those_that_the_venue_told(town: TestClient) -> None:
    page = read(town)

    assert "0.05 × p × (1 − p) a contract 1.21¢ at the ask of 41¢" in page.text
    assert "Tick 1¢" in page.text
    assert "Least size 5 contracts, of an order that waits" in page.text
    assert "Yes if the harbour master reports ice from shore to shore." in page.text


def test_the_button_reads_the_book_and_says_what_trading_really_costs(town: TestClient) -> None:
    pressed = town.post(f"{PAGE}/book", headers=BROWSER, follow_redirects=False)

    page = read(town, pressed.headers["location"].partition("#")[0])

    assert (pressed.status_code, pressed.headers["location"]) == (303, f"{PAGE}?said=fresh#book")
    assert "was read from the venue just now" in page.text
    # 12 at 41¢ with a fee of 1.2095¢ each, then as many at 99¢ with one of 0.0495¢ each as 94.93 dollars buy.
    assert "Yes for $100 107.84 92.55¢ $0.19 $56.32 56.32 %" in page.text
    assert "No for $100 112.61 88.44¢ $0.41 $32.99 32.99 %" in page.text
    # All that is offered: 12 at 41¢ and 700 at 99¢, and 530.5 contracts find a buyer.
    assert "Yes for $10,000 only $698.41 of it: more is not offered 712 98.02¢ $0.49" in page.text
    assert "181.5 stay unsold" in page.text
    assert "Bids for 530 contracts" in str(page.all("svg"))
    assert "Levels: 2 of bids, 2 of offers" in page.text


def test_a_venue_without_a_book_or_without_an_answer_is_said(town: TestClient, world: World) -> None:
    world.books = []
    without = town.post(f"{PAGE}/book", follow_redirects=False).headers["location"]
    world.take_down("polymarket")
    away = town.post(f"{PAGE}/book", follow_redirects=False).headers["location"]

    assert "The venue has no book for this market now" in read(town, without.partition("#")[0]).text
    assert "The venue did not answer." in read(town, away.partition("#")[0]).text


def test_a_book_from_before_the_quote_moved_is_called_old(town: TestClient, stored: Database) -> None:
    town.post(f"{PAGE}/book")
    before = read(town).text
    with stored.transaction() as connection:
        rows.quote(connection, number_of(stored), "0.20", "0.22", NOW)

    after = read(town, f"{PAGE}?range=1h").text

    assert "The quote has moved since that book was read" not in before
    assert "The quote has moved since that book was read" in after


def test_who_holds_what_is_linked_to_its_portfolio(town: TestClient, stored: Database) -> None:
    number = number_of(stored)
    with stored.transaction() as connection:
        portfolio_id = rows.portfolio(connection)
        rows.position(connection, portfolio_id, number, quantity=Decimal("12.5"), outcome="no")

    page = read(town)

    assert f"http://localhost:8003/portfolio/{portfolio_id}" in [each["href"] for each in page.all("a")]
    assert "no 12.5" in page.text
    assert "No portfolio holds anything here." not in page.text


def test_a_model_has_its_documented_colour_wherever_it_is_named(town: TestClient, stored: Database) -> None:
    number = number_of(stored)
    _, portfolio_id = arena_rows.model(stored, "Claude", NOW, "bg-orange-500")
    build.position(stored, portfolio_id, number, NOW)
    bought, ordered = (build.decision(stored, portfolio_id, number, signal_id, NOW) for signal_id in (1, 2))
    build.trade(stored, portfolio_id, number, bought, NOW)
    order = {"decision_id": ordered, "portfolio_id": portfolio_id, "market_no": number, "action": "buy_yes",
             "limit_price": Decimal("0.4"), "quantity": 5, "filled": 0, "ahead": 0, "reserved": 2, "fee_schedule": "{}",
             "fee_carried": 0, "status": "open", "placed_at": NOW, "expires_at": NOW + timedelta(days=1),
             "watched_until": NOW}  # fmt: skip
    build.insert(stored, "resting_orders", order)
    with stored.transaction() as connection:
        rows.ticks(connection, number, {NOW.replace(second=0, microsecond=0) - timedelta(minutes=5): "0.4"})

    page = town.get(PAGE, headers=BROWSER).text

    shades = re.findall(r'fill="(#\w+)"/></svg> <a href="[^"]+/portfolio/\d+"', page)
    assert shades == [DOCUMENTED["orange"]] * 3  # what it holds, what it waits for, what it bought
    assert f'"color": "{DOCUMENTED["orange"]}"' in page.split('id="price"')[1].split("</script>")[0]  # its mark


def test_markets_of_the_same_event_are_added_up(town: TestClient) -> None:
    page = read(town)

    assert "These 2 markets belong to one event" in page.text
    assert "The bids for yes add up to 80¢ , the offers to 82¢ ." in page.text
    assert "/market/polymarket%3A2" in [each["href"] for each in page.all("a")]


def test_a_proven_pair_shows_its_evidence_and_one_that_was_taken_back_its_reason(
    town: TestClient, world: World, stored: Database
) -> None:
    world.kalshi_markets = [kalshi(1)]
    synced(town)
    there = number_of(stored, "kalshi:KXICE-27-M1")
    pair = """INSERT INTO contract_pairs (polymarket_no, kalshi_no, inverted, evidence, proven_by, proven_at,
        revoked_at, revoked_why) VALUES (:here, :there, true, :evidence, 'a reader', :now, :revoked, :why)"""
    facts = {"here": number_of(stored), "there": there, "now": NOW}
    with stored.transaction() as connection:
        connection.execute(text(pair), {**facts, "evidence": "Both ask the pilot.", "revoked": None, "why": None})
        connection.execute(text(pair), {**facts, "evidence": "Same words.", "revoked": NOW, "why": "another year"})

    here, other = read(town).text, read(town, "/market/kalshi%3AKXICE-27-M1").text

    assert "Both ask the pilot." in here
    assert "inverted: its yes is no here" in here
    assert "another year" in here
    assert "Will the harbour freeze?" in other


def test_the_event_of_the_arena_is_linked(town: TestClient, stored: Database) -> None:
    event_id = uuid4()
    event = """INSERT INTO arena_events (event_id, market_no, status, origin, selection_date, title, question,
        chosen_for, close_time, created_at, updated_at)
        VALUES (:id, :no, 'active', 'manual', :now, 't', 'q', '{}', :now, :now, :now)"""
    with stored.transaction() as connection:
        connection.execute(text(event), {"id": event_id, "no": number_of(stored), "now": NOW})

    page = read(town)

    assert f"http://localhost:8008/event/{event_id}" in [each["href"] for each in page.all("a")]


def test_the_price_is_drawn_as_a_line_as_candles_and_as_numbers(town: TestClient, stored: Database) -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    with stored.transaction() as connection:
        closes = {minute - timedelta(minutes=back): f"0.4{back % 10}" for back in range(10, 30)}
        rows.ticks(connection, number_of(stored), closes)
        rows.collected(connection, minute)

    line, candles = read(town, f"{PAGE}?range=1h"), read(town, f"{PAGE}?range=1h&picture=candles")
    csv = town.get(f"{PAGE}/prices.csv", params={"range": "1h"})

    assert "lowest 40¢, highest 49¢" in line.text
    assert [each for each in candles.all("svg") if each.get("class") == "lines candles"]
    assert [each for each in line.all("svg") if each.get("class") == "lines candles"] == []
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert csv.text.splitlines()[0] == "opened_at,open,high,low,close,volume,source,truth,as_of_utc"
    oldest = minute - timedelta(minutes=29)
    assert csv.text.splitlines()[1].startswith(f"{oldest:%Y-%m-%d %H:%M:%S},0.49,0.49,0.49,0.49,,snapshots,")
    sheet = list(DictReader(csv.text.splitlines()))
    assert (len(sheet), sheet[19]["close"]) == (20, "0.4")
    assert {row["truth"] for row in sheet} == {words_of_truth(stored)}
    assert all(datetime.fromisoformat(f"{row['as_of_utc']}+00:00") >= minute for row in sheet)


def test_a_market_that_ended_says_how_with_its_evidence_and_its_versions(town: TestClient, world: World) -> None:
    end = {"closed": True, "outcomePrices": '["0", "1"]', "umaResolutionStatus": "resolved"}
    world.gamma_markets = [gamma(1, question="Has the harbour frozen?", **end), gamma(2)]
    world.data_resolutions = []
    town.post("/markets/refresh-resolutions", json={"market_ids": ["polymarket:1"]})
    with_rules = read(town)

    assert "state: open →" in with_rules.text
    assert "first seen." in with_rules.text
    assert "Yes can be bought" not in with_rules.text


UNKNOWN = ["polymarket:404", "nowhere", "kalshi:" + "x" * 5_000, "%00", "polymarket:1%00", "..%2f..%2fetc", "%E2%80%AE"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_market_that_is_not_stored_is_a_page_that_says_so(town: TestClient, name: str) -> None:
    for path in (f"/market/{name}", f"/market/{name}/prices.csv"):
        answer = town.get(path, headers=BROWSER)

        assert answer.status_code == 404
        assert "There is nothing here" in Reading(answer.text).text
        assert_harmless(Reading(answer.text))


NONSENSE = [
    "?range=9y", "?range=", "?picture=hologram", "?said=%3Cscript%3E", "?range[]=1h&range=1d", "?have=%00",
    f"?range={'x' * 3000}",
]  # fmt: skip


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_in_the_address_changes_nothing(town: TestClient, query: str) -> None:
    page = read(town, PAGE + query)

    assert "Will the harbour freeze?" in page.text
    assert_harmless(page)


STRANGE = {
    "script": HOSTILE,
    "long": "A very long question " * 500,
    "right to left": "هل سيتجمد الميناء؟ \u202e\u2066 gnp.exe",
    "emoji": "🧊 " * 60,
    "null": "null",
    "none": "None",
    "template": "{{ 7*7 }}{% include 'x' %}",
    "end of a cell": "</span><!----></li><!---->",
    "island": "</script><!--<script>",
}


@pytest.mark.parametrize("name", STRANGE)
def test_words_of_a_venue_are_words_and_nothing_else(world: World, markets: TestClient, name: str) -> None:
    words = STRANGE[name]
    world.gamma_events = [gamma_event(title=words)]
    world.gamma_markets = [
        gamma(1, question=words, groupItemTitle=words, description=words, resolutionSource="javascript:alert(1)"),
        gamma(2, question=words, groupItemTitle=words),
    ]
    synced(markets)

    answer = markets.get(f"{PAGE}?picture=candles", headers=BROWSER)

    page = Reading(answer.text)
    assert answer.status_code == 200
    assert_harmless(page)
    assert " ".join(words.split()) in page.text
    assert not [each for each in page.all("a") if not str(each["href"]).startswith(("http://localhost", "/", "#"))]
    assert len(answer.content) < 150_000


def test_a_venue_with_pages_is_linked_with_its_host_and_a_simulated_one_is_not(
    town: TestClient, stored: Database
) -> None:
    simulated = "UPDATE platforms SET simulated = :simulated"
    wanted = "https://polymarket.com/market/harbour-1"
    seen = []
    for flag in (False, True, None):
        with stored.transaction() as connection:
            known = """INSERT INTO platforms (platform, display_name, base_url, updated_at)
                VALUES ('polymarket', 'Polymarket', 'x', now()) ON CONFLICT DO NOTHING"""
            connection.execute(text(known))
            connection.execute(text(simulated), {"simulated": flag})
        seen.append([each for each in read(town).all("a") if str(each["href"]).startswith("https://")])

    assert [each["href"] for each in seen[0]] == [wanted]
    assert "nofollow" in str(seen[0][0]["rel"])
    assert seen[1] == seen[2] == []


def test_what_moves_comes_as_cells_while_somebody_looks(
    world: World, markets: TestClient, stored: Database, fresh_database_url: str
) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    app = markets_service.markets_app(
        MarketsSettings(database_url=fresh_database_url, **world.addresses, **UNLIMITED)  # type: ignore[arg-type]
    )
    with serving(app) as address:
        page = requests.get(address + PAGE, timeout=20).text
        have = page.partition('data-have="')[2].partition('"')[0]
        stream = requests.get(f"{address}{PAGE}/live", params={"have": have}, stream=True, timeout=20)
        with stored.transaction() as connection:
            rows.quote(connection, number_of(stored), "0.30", "0.33", datetime.now(UTC))
        frame = next(line for line in stream.iter_lines() if line.startswith(b"data: ") and b"cells" in line)
        stream.close()

    assert f'data-live="{PAGE}/live"' in page
    assert b'"bid":' in frame and "30¢".encode() in frame
    assert b'"parts":{}' in frame


def test_watching_a_market_that_is_not_stored_harms_nobody(world: World, fresh_database_url: str) -> None:
    app = markets_service.markets_app(
        MarketsSettings(database_url=fresh_database_url, **world.addresses, **UNLIMITED)  # type: ignore[arg-type]
    )
    with serving(app) as address:
        stream = requests.get(f"{address}/market/nowhere%00/live", stream=True, timeout=20)
        first = next(stream.iter_lines(), b"")
        stream.close()

    assert stream.status_code == 200
    assert not first.startswith(b"event: away")
