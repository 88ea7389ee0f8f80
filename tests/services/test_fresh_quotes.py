"""Quotes from two sources: the book, which is fresh, and Gamma's listing, which may be five minutes old."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.markets import ingest, refresh
from services.markets.domain.quality import Quality
from shared.database import Database
from tests.services import tables
from tests.services.conftest import Venues
from tests.services.listing import World, gamma, gamma_book, kalshi, kalshi_book, ticker

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MARKET = "polymarket:1"


def sync(database: Database, venues: Venues, now: datetime) -> None:
    answer = ingest.sync_markets(database, venues, Quality(Decimal(100)), lambda: now)
    assert answer["status"] == "success"


def read_prices(database: Database, venues: Venues, market_id: str, now: datetime) -> None:
    answer = refresh.refresh_prices(database, venues, [market_id], lambda: now)
    assert answer["failures"] == []


@pytest.fixture
def listed_at_noon(world: World, stored: Database, venues: Venues) -> None:
    """Listed at 40 to 41 cents; two minutes later its book says 35 to 37."""
    world.gamma_markets = [gamma(1)]
    sync(stored, venues, NOON)
    world.books = [gamma_book(1, bids=[{"price": "0.35", "size": "9"}], asks=[{"price": "0.37", "size": "8"}])]
    read_prices(stored, venues, MARKET, NOON + timedelta(minutes=2))


@pytest.mark.usefixtures("listed_at_noon")
def test_a_listing_does_not_replace_a_fresher_quote_of_the_book(world: World, stored: Database, venues: Venues) -> None:
    world.gamma_markets = [gamma(1, bestBid="0.39", volume="20000")]

    sync(stored, venues, NOON + timedelta(minutes=4))

    row = tables.market(stored, MARKET)
    assert (row["yes_bid"], row["yes_ask"]) == (Decimal("0.35"), Decimal("0.37"))
    assert (row["quote_source"], row["quoted_at"]) == ("book", NOON + timedelta(minutes=2))
    assert row["volume"] == Decimal(20_000)
    assert [each["yes_bid"] for each in tables.snapshots(stored, MARKET)] == [Decimal("0.4"), Decimal("0.35")]


@pytest.mark.usefixtures("listed_at_noon")
def test_a_listing_replaces_a_quote_of_the_book_that_has_become_old(
    world: World, stored: Database, venues: Venues
) -> None:
    world.gamma_markets = [gamma(1, bestBid="0.39")]

    sync(stored, venues, NOON + timedelta(minutes=8))

    row = tables.market(stored, MARKET)
    assert (row["yes_bid"], row["quote_source"]) == (Decimal("0.39"), "listing")
    assert row["yes_bid_size"] is None


@pytest.mark.usefixtures("listed_at_noon")
def test_a_listing_that_never_moved_wins_once_the_quote_of_the_book_is_old(
    world: World, stored: Database, venues: Venues
) -> None:
    """The market went to 35 cents and back to 40: all the while its listing said the same."""
    sync(stored, venues, NOON + timedelta(minutes=4))
    while_fresh = tables.market(stored, MARKET)

    sync(stored, venues, NOON + timedelta(minutes=20))

    row = tables.market(stored, MARKET)
    assert while_fresh["yes_bid"] == Decimal("0.35")
    assert (row["yes_bid"], row["yes_ask"]) == (Decimal("0.4"), Decimal("0.41"))
    assert [each["yes_bid"] for each in tables.snapshots(stored, MARKET)] == [
        Decimal("0.4"),
        Decimal("0.35"),
        Decimal("0.4"),
    ]


@pytest.mark.usefixtures("listed_at_noon")
def test_a_changed_fact_is_stored_while_the_fresher_quote_stays(world: World, stored: Database, venues: Venues) -> None:
    world.gamma_markets = [gamma(1, question="Other?", bestBid="0.39")]

    sync(stored, venues, NOON + timedelta(minutes=4))

    row = tables.market(stored, MARKET)
    assert (row["question"], row["yes_bid"]) == ("Other?", Decimal("0.35"))
    assert len(tables.versions(stored, MARKET)) == 1


def test_a_listing_that_is_as_live_as_its_books_always_counts(world: World, stored: Database, venues: Venues) -> None:
    market_id = f"kalshi:{ticker(1)}"
    world.kalshi_markets = [kalshi(1)]
    world.kalshi_books = [kalshi_book(1)]
    sync(stored, venues, NOON)
    read_prices(stored, venues, market_id, NOON + timedelta(minutes=1))
    world.kalshi_markets = [kalshi(1, yes_bid_dollars="0.3000")]

    sync(stored, venues, NOON + timedelta(minutes=2))

    assert tables.market(stored, market_id)["yes_bid"] == Decimal("0.3")


def test_a_quote_that_did_not_move_makes_no_snapshot(world: World, stored: Database, venues: Venues) -> None:
    world.gamma_markets, world.books = [gamma(1)], [gamma_book(1)]
    sync(stored, venues, NOON)
    read_prices(stored, venues, MARKET, NOON + timedelta(minutes=1))
    moved = tables.snapshots(stored, MARKET)

    read_prices(stored, venues, MARKET, NOON + timedelta(minutes=2))

    assert len(moved) == 2  # the listing knows no sizes, the book does
    assert tables.snapshots(stored, MARKET) == moved
    assert tables.market(stored, MARKET)["quoted_at"] == NOON + timedelta(minutes=2)


def test_snapshots_of_two_months_lie_in_their_own_partitions(world: World, stored: Database, venues: Venues) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    world.gamma_markets = [gamma(1)]
    sync(stored, venues, new_year - timedelta(seconds=1))
    world.gamma_markets = [gamma(1, bestBid="0.3")]

    sync(stored, venues, new_year)

    parts = tables.select(stored, "SELECT tableoid::regclass::text AS part FROM market_snapshots ORDER BY quoted_at")
    assert [row["part"] for row in parts] == ["market_snapshots_2026_12", "market_snapshots_2027_01"]
