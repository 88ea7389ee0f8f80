"""Markets that are not listed any more: looked up, and followed until the venue says how they ended."""

from datetime import UTC, datetime
from decimal import Decimal

from fastapi.testclient import TestClient

from services.markets.domain.catalogue import Changes, sort_page
from services.markets.domain.quality import Quality
from services.markets.storage import catalogue
from shared.database import Database
from shared.venues.polymarket.parse import parse_markets
from tests.services import tables
from tests.services.listing import World, finalized, gamma, kalshi, resolved, ticker
from tests.services.test_market_sync import synced
from tests.venues.double import Reply, Request

KEYSET = "/gamma/markets/keyset"
TICKERS = "/trade-api/v2/markets"


def gamma_look_ups(world: World) -> list[list[str]]:
    return [request.all("id") for request in world.asked(KEYSET) if request.all("id")]


def test_a_market_that_left_gets_its_true_end_with_evidence(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    synced(markets)
    world.gamma_markets = [gamma(1), resolved(2)]

    report = synced(markets)["platforms"]["polymarket"]

    assert (report["left"], report["settled"]) == (1, 1)
    row = tables.market(stored, "polymarket:2")
    assert (row["status"], row["outcome"], str(row["payout_yes"])) == ("final", "yes", "1.000000")
    assert row["settled_at"].isoformat() == "2026-11-02T10:00:00+00:00"
    assert row["resolution_source"] == "gamma"
    assert row["resolution_evidence"]["gamma"]["outcomePrices"] == '["1", "0"]'
    assert row["accepting_orders"] is False
    [before] = tables.versions(stored, "polymarket:2")
    assert (before["status"], before["outcome"], before["resolution_evidence"]) == ("open", None, None)
    assert tables.market(stored, "polymarket:1")["status"] == "open"


def test_a_market_of_the_other_venue_that_left_gets_its_end_too(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.kalshi_markets = [kalshi(1), kalshi(2)]
    synced(markets)
    world.kalshi_markets = [kalshi(1), finalized(2, result="no", settlement_value_dollars="0.0000")]

    report = synced(markets)["platforms"]["kalshi"]

    assert (report["left"], report["settled"]) == (1, 1)
    row = tables.market(stored, f"kalshi:{ticker(2)}")
    assert (row["status"], row["outcome"], str(row["payout_yes"])) == ("final", "no", "0.000000")
    assert row["resolution_evidence"]["result"] == "no"


def test_a_market_that_ended_is_looked_up_once(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    synced(markets)
    world.gamma_markets = [gamma(1), resolved(2)]
    synced(markets)
    asked, before = gamma_look_ups(world), tables.places(stored)

    report = synced(markets)["platforms"]["polymarket"]

    assert asked == [["2"]]
    assert gamma_look_ups(world) == asked
    assert (report["left"], report["settled"], report["new"], report["changed"]) == (0, 0, 0, 0)
    assert tables.places(stored) == before


def test_a_market_that_is_closed_but_not_final_is_followed_to_its_end(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    world.gamma_markets = [gamma(1, closed=True, outcomePrices='["0.9", "0.1"]')]
    first = synced(markets)["platforms"]["polymarket"]
    closed = tables.market(stored, "polymarket:1")
    world.gamma_markets = [resolved(1)]

    second = synced(markets)["platforms"]["polymarket"]

    assert (first["left"], first["settled"]) == (1, 0)
    assert (closed["status"], closed["outcome"], closed["payout_yes"]) == ("closed", None, None)
    assert (second["left"], second["settled"]) == (0, 1)
    assert [row["status"] for row in tables.versions(stored, "polymarket:1")] == ["open", "closed"]
    assert tables.market(stored, "polymarket:1")["status"] == "final"


def test_a_market_that_is_only_not_listed_stays_open(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    synced(markets)

    def hiding_the_second(asked: Request) -> Reply:
        wanted = asked.all("id") or ["1"]
        shown = [row for row in world.gamma_markets if row["id"] in wanted and asked.one("closed") == "false"]
        return Reply({"markets": shown})

    world.double.on(KEYSET, hiding_the_second)

    report = synced(markets)["platforms"]["polymarket"]

    assert (report["left"], report["settled"]) == (1, 0)
    assert tables.market(stored, "polymarket:2")["status"] == "open"
    assert tables.versions(stored, "polymarket:2") == []


def test_a_market_that_the_venue_deleted_is_void(world: World, markets: TestClient, stored: Database) -> None:
    world.kalshi_markets = [kalshi(1), kalshi(2)]
    synced(markets)
    world.kalshi_markets = [kalshi(1)]

    report = synced(markets)["platforms"]["kalshi"]

    assert (report["left"], report["settled"]) == (1, 1)
    row = tables.market(stored, f"kalshi:{ticker(2)}")
    assert (row["status"], row["outcome"], row["payout_yes"]) == ("final", "void", None)
    assert row["resolution_evidence"] == {"live": 404, "historical": 404}


def test_a_market_that_nobody_can_look_up_stays_as_it_is(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    synced(markets)
    world.gamma_markets = [gamma(1)]

    answer = synced(markets)

    assert answer["status"] == "success"
    assert tables.market(stored, "polymarket:2")["status"] == "open"
    assert ["2"] in gamma_look_ups(world)


def test_a_final_market_is_not_reopened_by_a_stale_listing(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    world.gamma_markets = [resolved(1)]
    synced(markets)
    world.gamma_markets = [gamma(1, question="A cached page says otherwise")]

    report = synced(markets)["platforms"]["polymarket"]

    row = tables.market(stored, "polymarket:1")
    assert (row["status"], row["outcome"]) == ("final", "yes")
    assert row["question"] == "Will harbour 1 freeze?"
    assert (report["new"], report["changed"]) == (0, 0)
    assert len(tables.versions(stored, "polymarket:1")) == 1


def test_a_batch_written_after_the_end_does_not_reopen_the_market(
    world: World, markets: TestClient, stored: Database
) -> None:
    """A sync reads its hashes while the market is open; the end is stored before its batch is written."""
    world.gamma_markets = [gamma(1)]
    synced(markets)
    with stored.connection() as connection:
        known = catalogue.known_markets(connection, "polymarket")
    changes, now = Changes(), datetime.now(UTC)
    [listed], _ = parse_markets([gamma(1, question="Still going?", bestBid="0.39", description="Other rules.")])
    sort_page([listed], known, Quality(Decimal(0)), changes, now)
    world.gamma_markets = [resolved(1)]
    markets.post("/markets/refresh-resolutions", json={"market_ids": ["polymarket:1"]})

    with stored.transaction() as connection:
        catalogue.write_changes(connection, "polymarket", changes, now)

    row = tables.market(stored, "polymarket:1")
    assert len(changes) == 1
    assert (row["status"], row["outcome"], row["question"]) == ("final", "yes", "Will harbour 1 freeze?")
    assert len(tables.versions(stored, "polymarket:1")) == 1
    assert [str(row["yes_bid"]) for row in tables.snapshots(stored, "polymarket:1")] == ["0.400000"]
    assert tables.rows(stored, "market_rules")[0]["rules"].startswith("Yes if the harbour master")
