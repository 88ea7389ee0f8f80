"""The full sync of markets: what it stores, what it leaves alone, and what it says about it."""

from typing import Any

from fastapi.testclient import TestClient

from shared.database import Database
from tests.services import listing, tables
from tests.services.conftest import Serve
from tests.services.listing import World, each, gamma, kalshi
from tests.venues.double import Reply
from tests.venues.rows import ABSENT

SYNC = "/markets/export-all-markets-db"


def synced(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.post(SYNC, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def balanced(report: dict[str, Any]) -> bool:
    """Each row that was seen has one fate."""
    lost = sum(report["rejected"].values()) + sum(report["filtered"].values())
    return bool(report["seen"] == report["new"] + report["changed"] + report["unchanged"] + lost)


def test_the_first_sync_stores_all_markets_and_counts_them(world: World, markets: TestClient, stored: Database) -> None:
    world.page_rows = 3
    world.gamma_markets = each(range(1, 8), gamma)
    world.kalshi_markets = each(range(1, 5), kalshi)

    answer = synced(markets)

    assert answer["status"] == "success"
    assert answer["finished_at"] > answer["started_at"]
    polymarket, kalshi_said = answer["platforms"]["polymarket"], answer["platforms"]["kalshi"]
    assert [polymarket[name] for name in ("seen", "new", "changed", "unchanged", "pages")] == [7, 7, 0, 0, 3]
    assert [kalshi_said[name] for name in ("seen", "new", "changed", "unchanged", "pages")] == [4, 4, 0, 0, 2]
    assert polymarket["bytes_read"] > 1_000
    assert polymarket["seconds"] > 0
    assert tables.count(stored, "markets") == 11
    assert tables.count(stored, "market_outcomes") == 22
    assert tables.count(stored, "market_rules") == 11
    assert tables.count(stored, "market_snapshots") == 11
    assert tables.count(stored, "market_versions") == 0


def test_a_stored_market_says_what_the_venue_said(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1, bestBid="0.0055", bestAsk="0.0066")]

    synced(markets)

    row = tables.market(stored, "polymarket:1")
    assert (str(row["yes_bid"]), str(row["yes_ask"])) == ("0.005500", "0.006600")
    assert row["event_id"] == "polymarket:700"
    assert (row["status"], row["outcome"], row["payout_yes"]) == ("open", None, None)
    assert str(row["volume"]) == "12345.67890100"
    assert row["fee"] == {"rate": 0.05, "exponent": 1, "fee_type": "weather_fees", "taker_only": True}
    [yes] = tables.select(stored, "SELECT name, token_id FROM market_outcomes WHERE side = 'yes'")
    assert yes == {"name": "Yes", "token_id": listing.yes_token(1)}
    [rules] = tables.rows(stored, "market_rules")
    assert rules["rules"].startswith("Yes if the harbour master reports ice")


def test_what_the_venue_did_not_say_stays_unknown(world: World, markets: TestClient, stored: Database) -> None:
    silent = dict.fromkeys(
        ("bestBid", "bestAsk", "lastTradePrice", "volume", "volumeNum", "liquidity", "endDate", "description"), ABSENT
    )
    world.gamma_markets = [gamma(1, **silent)]

    synced(markets)

    row = tables.market(stored, "polymarket:1")
    unknown = ("yes_bid", "yes_ask", "last_price", "volume", "liquidity", "closes_at", "open_interest")
    assert [row[name] for name in unknown] == [None] * 7
    assert tables.count(stored, "market_rules") == 0
    assert tables.count(stored, "market_snapshots") == 0


def test_a_second_sync_of_the_same_listing_writes_no_row(world: World, markets: TestClient, stored: Database) -> None:
    world.page_rows = 4
    world.gamma_markets = each(range(1, 10), gamma)
    world.kalshi_markets = each(range(1, 6), kalshi)
    synced(markets)
    before = tables.places(stored)

    answer = synced(markets)

    assert tables.places(stored) == before
    for platform, seen in (("polymarket", 9), ("kalshi", 5)):
        report = answer["platforms"][platform]
        assert [report[name] for name in ("seen", "new", "changed", "unchanged", "left")] == [seen, 0, 0, seen, 0]


def test_a_changed_price_makes_a_snapshot_and_no_version(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = each(range(1, 4), gamma)
    synced(markets)
    world.gamma_markets[1] = gamma(2, bestBid="0.44", bestAsk="0.46")

    answer = synced(markets)

    assert answer["platforms"]["polymarket"]["changed"] == 1
    bids = [str(row["yes_bid"]) for row in tables.snapshots(stored, "polymarket:2")]
    assert bids == ["0.400000", "0.440000"]
    assert len(tables.snapshots(stored, "polymarket:1")) == 1
    assert str(tables.market(stored, "polymarket:2")["yes_bid"]) == "0.440000"
    assert tables.count(stored, "market_versions") == 0


def test_a_changed_volume_makes_neither_snapshot_nor_version(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.kalshi_markets = [kalshi(1)]
    synced(markets)
    world.kalshi_markets = [kalshi(1, volume_fp="1300.00")]

    answer = synced(markets)

    assert answer["platforms"]["kalshi"]["changed"] == 1
    market_id = f"kalshi:{listing.ticker(1)}"
    assert str(tables.market(stored, market_id)["volume"]) == "1300.00000000"
    assert len(tables.snapshots(stored, market_id)) == 1
    assert tables.versions(stored, market_id) == []


def test_a_changed_fact_moves_the_old_row_to_the_versions(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    synced(markets)
    before = tables.market(stored, "polymarket:1")
    changed = {"question": "Will harbour 1 freeze early?", "outcomes": '["Ja", "No"]', "description": "New rules."}
    world.gamma_markets[0] = gamma(1, **changed)

    synced(markets)

    now = tables.market(stored, "polymarket:1")
    [old] = tables.versions(stored, "polymarket:1")
    assert old["question"] == "Will harbour 1 freeze?"
    assert old["rules"].startswith("Yes if the harbour master")
    assert old["valid_from"] == before["valid_from"] < old["valid_to"]
    assert old["valid_to"] == now["valid_from"]
    assert now["question"] == "Will harbour 1 freeze early?"
    assert now["market_no"] == before["market_no"]
    outcomes = "SELECT name FROM market_outcomes WHERE side = 'yes' AND market_no = :no"
    assert tables.select(stored, outcomes, no=now["market_no"]) == [{"name": "Ja"}]
    [rules] = [row["rules"] for row in tables.rows(stored, "market_rules") if row["market_no"] == now["market_no"]]
    assert rules == "New rules."
    assert tables.versions(stored, "polymarket:2") == []


def test_what_a_fact_was_at_each_moment_can_be_told_from_the_versions(
    world: World, markets: TestClient, stored: Database
) -> None:
    words = ["one", "two", "three", "four"]
    for word in words:
        world.gamma_markets = [gamma(1, question=word)]
        synced(markets)

    history = tables.versions(stored, "polymarket:1")
    now = tables.market(stored, "polymarket:1")

    assert [row["question"] for row in history] + [now["question"]] == words
    starts = [row["valid_from"] for row in history] + [now["valid_from"]]
    assert [row["valid_to"] for row in history] == starts[1:]


def test_a_text_that_the_venue_took_away_is_not_kept_as_current(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    world.gamma_markets = [gamma(1, description=ABSENT)]

    synced(markets)

    assert markets.get("/markets/polymarket:1").json()["rules"] is None
    assert tables.versions(stored, "polymarket:1")[0]["rules"].startswith("Yes if the harbour")


def test_one_bad_row_costs_one_row(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1), gamma(2, bestBid="a lot"), gamma(3), gamma(4, question=ABSENT)]
    world.kalshi_markets = [kalshi(1), "no market at all", kalshi(2)]

    answer = synced(markets)

    polymarket, kalshi_said = answer["platforms"]["polymarket"], answer["platforms"]["kalshi"]
    assert answer["status"] == "success"
    assert polymarket["rejected"] == {"not_a_number:bestBid": 1, "missing:question": 1}
    assert polymarket["rejected_examples"]["not_a_number:bestBid"] == ["2: `bestBid` is 'a lot'"]
    assert sum(kalshi_said["rejected"].values()) == 1
    assert balanced(polymarket)
    assert balanced(kalshi_said)
    ids = {row["market_id"] for row in tables.rows(stored, "markets")}
    assert ids == {"polymarket:1", "polymarket:3", f"kalshi:{listing.ticker(1)}", f"kalshi:{listing.ticker(2)}"}


def test_equal_rejections_are_counted_together_with_few_examples(world: World, markets: TestClient) -> None:
    world.gamma_markets = each(range(1, 21), gamma, bestBid="a lot")

    report = synced(markets)["platforms"]["polymarket"]

    assert report["rejected"] == {"not_a_number:bestBid": 20}
    assert len(report["rejected_examples"]["not_a_number:bestBid"]) == 3


def test_text_that_is_no_text_costs_its_row_alone(world: World, markets: TestClient, stored: Database) -> None:
    half = "half a \ud800 pair"
    bad = {
        "question": half,
        "description": half,
        "slug": half,
        "groupItemTitle": half,
        "outcomes": '["\\ud800", "No"]',
        "umaResolutionStatus": half,
        "conditionId": half,
        "feeType": half,
        "groupItemThreshold": half,
    }
    world.gamma_markets = [gamma(1), *(gamma(10 + at, **{name: bad[name]}) for at, name in enumerate(bad))]
    world.kalshi_markets = [
        kalshi(1),
        kalshi(2, title=half),
        kalshi(3, rules_primary=half),
        kalshi(4, custom_strike={"word": half}),
        kalshi(5, custom_strike={half: "word"}),
    ]

    answer = synced(markets)

    assert answer["status"] == "success"
    assert sum(answer["platforms"]["polymarket"]["rejected"].values()) == len(bad)
    assert tables.select(stored, "SELECT market_id FROM markets WHERE platform = 'polymarket'") == [
        {"market_id": "polymarket:1"}
    ]
    assert answer["platforms"]["kalshi"]["new"] + sum(answer["platforms"]["kalshi"]["rejected"].values()) == 5
    assert answer["platforms"]["kalshi"]["new"] >= 1


def test_every_text_arrives_as_it_was_sent(world: World, markets: TestClient, stored: Database) -> None:
    said = "tab\t, line\n, return\r, slash \\ \\N \\. \\x41, quotes \"' , smile 😀, bidi \u202e, comma, {brace}"
    world.gamma_markets = [gamma(1, question=said, description=said + "\n\\.\n", groupItemTitle=said)]

    synced(markets)

    row = tables.market(stored, "polymarket:1")
    assert row["question"] == said
    assert row["group_title"] == said
    assert tables.rows(stored, "market_rules")[0]["rules"] == said + "\n\\.\n"


def test_a_row_that_comes_on_two_pages_is_stored_once_as_it_came_last(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.page_rows = 2
    world.gamma_markets = [gamma(1), gamma(2), gamma(3), gamma(2, bestBid="0.45", bestAsk="0.47"), gamma(4)]

    report = synced(markets)["platforms"]["polymarket"]

    assert report["repeated"] == 1
    assert balanced(report)
    assert tables.count(stored, "markets") == 4
    assert str(tables.market(stored, "polymarket:2")["yes_bid"]) == "0.450000"
    assert len(tables.snapshots(stored, "polymarket:2")) == 1


def test_a_repeated_row_that_came_back_to_its_stored_state_stays_as_it_is(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    world.page_rows = 1
    world.gamma_markets = [gamma(1, question="Other?"), gamma(2), gamma(1)]

    synced(markets)

    assert tables.market(stored, "polymarket:1")["question"] == "Will harbour 1 freeze?"
    assert synced(markets)["platforms"]["polymarket"]["changed"] <= 2


def test_the_quality_filter_leaves_out_new_markets_and_says_why(
    world: World, markets: TestClient, stored: Database
) -> None:
    thin = [gamma(1, liquidity="100"), gamma(2, liquidity="99.99"), gamma(3, liquidity="0")]
    kept = [gamma(4, liquidity="100.01"), gamma(5, liquidity=ABSENT)]
    ended = [gamma(6, umaResolutionStatus="resolved", closed=False), listing.resolved(7, closed=False)]
    world.gamma_markets = [*thin, *kept, *ended]

    report = synced(markets)["platforms"]["polymarket"]

    assert report["filtered"]["liquidity_too_low"] == 3
    assert balanced(report)
    ids = {row["market_id"] for row in tables.rows(stored, "markets")}
    assert {"polymarket:4", "polymarket:5"} <= ids
    assert not ids & {"polymarket:1", "polymarket:2", "polymarket:3"}


def test_a_thin_leg_of_an_event_with_one_winner_is_kept(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1, liquidity="0", negRisk=True), gamma(2, liquidity="0")]

    report = markets.post(SYNC).json()["platforms"]["polymarket"]

    assert (report["new"], report["filtered"]) == (1, {"liquidity_too_low": 1})


def test_finalized_markets_of_a_listing_are_filtered_unless_asked_for(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.kalshi_markets = [kalshi(1), listing.finalized(2)]
    world.double.on("/trade-api/v2/markets", lambda _: Reply({"markets": world.kalshi_markets, "cursor": ""}))

    report = synced(markets)["platforms"]["kalshi"]
    kept = synced(markets, include_resolved=True)["platforms"]["kalshi"]

    assert report["filtered"] == {"resolved": 1}
    assert (kept["filtered"], kept["new"]) == ({}, 1)
    assert tables.market(stored, f"kalshi:{listing.ticker(2)}")["outcome"] == "yes"


def test_the_limit_of_liquidity_can_be_asked_for_and_set(
    world: World, serve_markets: Serve, fresh_database_url: str, stored: Database
) -> None:
    world.gamma_markets = [gamma(1, liquidity="40"), gamma(2, liquidity="60")]
    strict = serve_markets(fresh_database_url, market_liquidity_min="50")

    by_setting = synced(strict)["platforms"]["polymarket"]
    by_request = synced(strict, min_liquidity="30")["platforms"]["polymarket"]

    assert (by_setting["new"], by_setting["filtered"]) == (1, {"liquidity_too_low": 1})
    assert (by_request["new"], by_request["filtered"]) == (1, {})
    assert tables.count(stored, "markets") == 2


def test_a_stored_market_is_followed_when_it_falls_below_the_limit(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    world.gamma_markets = [gamma(1, liquidity="3", bestBid="0.2", bestAsk="0.9")]

    report = synced(markets)["platforms"]["polymarket"]

    assert (report["changed"], report["filtered"]) == (1, {})
    row = tables.market(stored, "polymarket:1")
    assert (str(row["liquidity"]), str(row["yes_bid"])) == ("3.00000000", "0.200000")


def test_the_older_get_does_the_same_as_post(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1, liquidity="40")]

    answer = markets.get(SYNC, params={"min_liquidity": "30"})

    assert answer.status_code == 200
    assert answer.json()["platforms"]["polymarket"]["new"] == 1
    assert tables.count(stored, "markets") == 1
