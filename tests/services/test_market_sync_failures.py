"""Syncs that meet trouble: a venue that is down, listings that go in circles, rows that Postgres refuses."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.markets.domain import catalogue as domain
from services.markets.domain.catalogue import Row, row_of
from shared.database import Database
from shared.venues.records import Market
from tests.services import listing, tables
from tests.services.conftest import Venues, resources_of
from tests.services.listing import World, each, gamma, kalshi
from tests.services.test_market_sync import SYNC, balanced, synced
from tests.venues.double import Reply, Request

KEYSET = "/gamma/markets/keyset"


def test_a_venue_that_is_down_makes_the_sync_partial_and_the_other_one_is_done(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1)]
    world.kalshi_markets = [kalshi(1)]
    world.take_down("polymarket")

    answer = markets.post(SYNC)

    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "partial"
    assert "VenueRefused" in body["platforms"]["polymarket"]["error"]
    assert "403" in body["platforms"]["polymarket"]["error"]
    assert body["platforms"]["kalshi"]["error"] is None
    assert [row["platform"] for row in tables.rows(stored, "markets")] == ["kalshi"]
    assert markets.get("/markets/sync").json()["last"]["status"] == "partial"


def test_a_venue_that_hangs_up_is_named_with_what_happened(
    world: World, markets: TestClient, stored: Database, venues: Venues
) -> None:
    resources_of(markets).venues = venues  # these do not wait between their retries
    world.gamma_markets = [gamma(1)]
    world.take_down("kalshi", Reply(hang_up=True))

    body = markets.post(SYNC).json()

    assert body["status"] == "partial"
    assert body["platforms"]["kalshi"]["error"].startswith("VenueUnreachable: ")
    assert "Traceback" not in str(body)
    assert tables.count(stored, "markets") == 1


def test_when_both_venues_are_down_the_sync_has_failed(world: World, markets: TestClient) -> None:
    world.take_down("polymarket")
    world.take_down("kalshi")

    answer = markets.post(SYNC)

    assert answer.status_code == 502
    assert answer.json()["status"] == "failed"
    assert all(report["error"] for report in answer.json()["platforms"].values())


def test_a_venue_that_was_down_is_collected_by_the_next_sync(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets, world.kalshi_markets = [gamma(1)], [kalshi(1)]
    synced(markets)
    world.take_down("polymarket")
    assert synced(markets)["status"] == "partial"
    world.put_up()

    answer = synced(markets)

    assert answer["status"] == "success"
    assert answer["platforms"]["polymarket"]["unchanged"] == 1
    assert tables.market(stored, "polymarket:1")["status"] == "open"


def test_a_listing_that_breaks_off_takes_nobody_for_left(world: World, markets: TestClient, stored: Database) -> None:
    world.page_rows = 2
    world.gamma_markets = each(range(1, 7), gamma)
    synced(markets)
    world.double.on(KEYSET, breaking_after(world, pages=1))
    asked_before = len(world.asked(KEYSET))

    body = synced(markets)

    assert body["status"] == "partial"
    assert body["platforms"]["polymarket"]["left"] == 0
    assert {row["status"] for row in tables.rows(stored, "markets")} == {"open"}
    assert not [request for request in world.asked(KEYSET)[asked_before:] if request.all("id")]


def test_a_cursor_that_repeats_ends_with_an_error_and_takes_nobody_for_left(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = each(range(1, 7), gamma)
    synced(markets)
    numbers = iter(range(1, 100))

    def going_in_circles(_: Request) -> Reply:
        return Reply({"markets": [gamma(next(numbers))], "next_cursor": "again"})

    world.double.on(KEYSET, going_in_circles)
    asked_before = len(world.asked(KEYSET))

    report = synced(markets)["platforms"]["polymarket"]

    assert report["error"].startswith("CursorRepeated")
    assert report["left"] == 0
    assert len(world.asked(KEYSET)) - asked_before < 5
    assert {row["status"] for row in tables.rows(stored, "markets")} == {"open"}


def test_a_market_whose_row_cannot_be_read_has_not_left(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    world.kalshi_markets = [kalshi(1)]
    synced(markets)
    world.gamma_markets = [gamma(1), gamma(2, bestBid="a lot")]
    world.kalshi_markets = [kalshi(1, volume_fp="much")]

    answer = synced(markets)

    assert [answer["platforms"][name]["left"] for name in ("polymarket", "kalshi")] == [0, 0]
    assert {row["status"] for row in tables.rows(stored, "markets")} == {"open"}
    assert not [request for request in world.asked(KEYSET) if request.all("id")]


def test_a_market_whose_row_lost_even_its_id_keeps_its_state(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    synced(markets)

    def answer(asked: Request) -> Reply:
        nameless = {**gamma(2), "id": None}
        return Reply({"markets": [gamma(2)] if asked.all("id") else [gamma(1), nameless]})

    world.double.on(KEYSET, answer)

    report = synced(markets)["platforms"]["polymarket"]

    assert sum(report["rejected"].values()) == 1
    assert tables.market(stored, "polymarket:2")["status"] == "open"
    assert tables.versions(stored, "polymarket:2") == []


def test_a_row_that_postgres_refuses_is_lost_alone(world: World, markets: TestClient, stored: Database) -> None:
    """Ten millionths of a cent is a price to the parser, and 0 in a column of six places: not a bid any more."""
    world.gamma_markets = each(range(1, 30), gamma)
    world.gamma_markets[10] = gamma(11, bestBid="0.0000001")
    world.gamma_markets[20] = gamma(21, bestBid="0.0000001")

    answer = synced(markets)

    report = answer["platforms"]["polymarket"]
    assert answer["status"] == "success"
    assert report["rejected"] == {"refused_by_database": 2}
    assert report["rejected_examples"]["refused_by_database"][0].startswith("11: ")
    ids = {row["external_id"] for row in tables.rows(stored, "markets")}
    assert ids == {str(number) for number in range(1, 30)} - {"11", "21"}


def test_a_row_that_copy_refuses_is_lost_alone(
    world: World, markets: TestClient, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row that our parsers let through does this, so one is broken on its way to the writer."""
    world.gamma_markets = each(range(1, 30), gamma)

    def breaking_one(market: Market, now: datetime) -> Row:
        row = row_of(market, now)
        return replace(row, facts=row.facts.replace('{"fee_type"', "{fee_type")) if market.external_id == "11" else row

    monkeypatch.setattr(domain, "row_of", breaking_one)

    answer = synced(markets)

    assert answer["status"] == "success"
    assert answer["platforms"]["polymarket"]["rejected"] == {"refused_by_database": 1}
    ids = {row["external_id"] for row in tables.rows(stored, "markets")}
    assert ids == {str(number) for number in range(1, 30)} - {"11"}


def test_a_refused_row_is_counted_once(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2, bestBid="0.0000001"), gamma(3)]

    report = synced(markets)["platforms"]["polymarket"]

    assert report["new"] == 2
    assert balanced(report)


def test_a_refused_change_keeps_the_row_as_it_was(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = each(range(1, 5), gamma)
    synced(markets)
    changed = [gamma(1, bestBid="0.3"), gamma(2, bestBid="0.0000001"), gamma(3, question="Other?")]
    world.gamma_markets = [*changed, gamma(4)]

    report = synced(markets)["platforms"]["polymarket"]

    assert report["rejected"] == {"refused_by_database": 1}
    assert str(tables.market(stored, "polymarket:2")["yes_bid"]) == "0.400000"
    assert str(tables.market(stored, "polymarket:1")["yes_bid"]) == "0.300000"
    assert tables.market(stored, "polymarket:3")["question"] == "Other?"


def test_numbers_at_the_edge_of_the_columns_arrive(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1, volume="9999999999999999.99999999", bestBid="0.000001", bestAsk="0.999999")]

    report = synced(markets)["platforms"]["polymarket"]

    assert report["rejected"] == {}
    row = tables.market(stored, "polymarket:1")
    assert str(row["volume"]) == "9999999999999999.99999999"
    assert (str(row["yes_bid"]), str(row["yes_ask"])) == ("0.000001", "0.999999")


def breaking_after(world: World, pages: int) -> Any:
    """A listing whose door shuts after so many pages."""
    whole = world.gamma_markets

    def answer(asked: Request) -> Reply:
        start = int((asked.one("after_cursor") or "c0").removeprefix("c"))
        if start >= pages * 2:
            return Reply({"error": "closed for repairs"}, 403)
        return Reply({"markets": whole[start : start + 2], "next_cursor": f"c{start + 2}"})

    return answer


def test_both_sides_of_a_market_keep_their_names(world: World, markets: TestClient, stored: Database) -> None:
    world.kalshi_markets = [kalshi(1, yes_sub_title="Above 80", no_sub_title="80 or below")]

    synced(markets)

    sides = tables.select(stored, "SELECT side, name, token_id FROM market_outcomes ORDER BY side DESC")
    assert sides == [
        {"side": "yes", "name": "Above 80", "token_id": None},
        {"side": "no", "name": "80 or below", "token_id": None},
    ]
    assert markets.get(f"/markets/kalshi:{listing.ticker(1)}").json()["outcomes"] == ["Above 80", "80 or below"]
