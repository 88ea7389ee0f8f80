"""What was traded after a moment: both venues, told from the yes side, oldest first, each once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.venues import tape
from tests.services.conftest import exact
from tests.services.listing import (
    World,
    data_trade,
    each,
    gamma,
    kalshi,
    kalshi_trade,
    no_token,
    ticker,
)
from tests.services.test_market_sync import synced
from tests.venues.double import Reply

PATH = "/markets/trades"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KALSHI = f"kalshi:{ticker(1)}"


@pytest.fixture
def listed(world: World, markets: TestClient) -> None:
    world.gamma_markets = each(range(1, 4), gamma)
    world.kalshi_markets = each(range(1, 3), kalshi)
    synced(markets)


def traded(client: TestClient, *market_ids: str, since: datetime = NOON) -> dict[str, Any]:
    answer = client.post(PATH, json={"market_ids": list(market_ids), "since": since.isoformat()})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = exact(answer)
    return body


def of_polymarket(number: int, seconds: float, **changes: Any) -> dict[str, Any]:
    stamp = int((NOON + timedelta(seconds=seconds)).timestamp())
    return data_trade(number, timestamp=stamp, transaction_hash=f"0x{number}{seconds}", **changes)


def of_kalshi(number: int, seconds: float, **changes: Any) -> dict[str, Any]:
    at = (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return kalshi_trade(number, created_time=at, trade_id=f"{number}-{seconds}", **changes)


@pytest.mark.usefixtures("listed")
def test_trades_of_both_venues_come_oldest_first_from_after_the_moment(world: World, markets: TestClient) -> None:
    world.data_trades = [of_polymarket(2, 50), of_polymarket(1, 30), of_polymarket(1, 0), of_polymarket(1, -10)]
    world.kalshi_trades = [of_kalshi(1, 40.5), of_kalshi(1, 10), of_kalshi(1, 0), of_kalshi(2, 5)]

    answer = traded(markets, "polymarket:1", "polymarket:2", KALSHI)

    assert answer["failures"] == []
    assert [(row["market_id"], row["traded_at"]) for row in answer["trades"]] == [
        (KALSHI, "2026-11-20T12:00:10Z"),
        ("polymarket:1", "2026-11-20T12:00:30Z"),
        (KALSHI, "2026-11-20T12:00:40.500000Z"),
        ("polymarket:2", "2026-11-20T12:00:50Z"),
    ]
    assert len({row["trade_id"] for row in answer["trades"]}) == 4
    assert len(world.asked("/data/v2/trades")) == 1  # one question for both markets


@pytest.mark.usefixtures("listed")
def test_a_trade_of_the_no_token_is_told_from_the_yes_side(world: World, markets: TestClient) -> None:
    sold_no = {"token_id": no_token(1), "side": "SELL", "price": 0.3, "outcome_index": 999}
    world.data_trades = [
        of_polymarket(1, 3, side="SELL", price=0.71),
        of_polymarket(1, 2, **sold_no),
        of_polymarket(1, 1, **{**sold_no, "side": "BUY"}),
    ]

    answer = traded(markets, "polymarket:1")

    assert [(row["price"], row["taker_side"]) for row in answer["trades"]] == [
        (Decimal("0.7"), "no"),
        (Decimal("0.7"), "yes"),
        (Decimal("0.71"), "no"),
    ]


@pytest.mark.usefixtures("listed")
def test_block_trades_are_no_trades_on_the_book(world: World, markets: TestClient) -> None:
    world.kalshi_trades = [of_kalshi(1, 2, is_block_trade=True), of_kalshi(1, 1)]

    answer = traded(markets, KALSHI)

    assert [row["trade_id"] for row in answer["trades"]] == ["1-1"]
    assert world.asked("/trade-api/v2/markets/trades")[0].one("is_block_trade") == "false"


@pytest.mark.usefixtures("listed")
def test_markets_without_trades_to_tell_are_named_with_the_reason(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2), gamma(3), gamma(4, clobTokenIds="")]
    synced(markets)
    world.data_trades = [of_polymarket(1, 1)]
    world.down["/trade-api/v2/markets/trades"] = Reply({"error": "closed for repairs"}, 403)

    answer = traded(markets, "polymarket:1", "polymarket:4", "polymarket:9", KALSHI)

    assert [row["market_id"] for row in answer["trades"]] == ["polymarket:1"]
    assert {row["market_id"]: row["reason"] for row in answer["failures"]} == {
        "polymarket:4": "no_token",
        "polymarket:9": "unknown_market",
        KALSHI: "venue_refused",
    }


@pytest.mark.usefixtures("listed")
def test_a_busy_market_is_cut_and_says_so_while_the_others_have_all_their_trades(
    world: World, markets: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "PAGES_MAX", 2)
    world.page_rows = 3
    world.data_trades = [of_polymarket(1, second) for second in range(20, 1, -1)] + [of_polymarket(2, 1)]

    answer = traded(markets, "polymarket:1", "polymarket:2")

    assert answer["failures"] == [{"market_id": "polymarket:1", "reason": "tape_too_long"}]
    assert [row["market_id"] for row in answer["trades"]] == ["polymarket:2"] + ["polymarket:1"] * 6
    assert answer["trades"][-1]["traded_at"] == "2026-11-20T12:00:20Z"


def test_trades_are_asked_for_at_most_five_hundred_markets_at_once(markets: TestClient) -> None:
    ids = [f"polymarket:{number}" for number in range(501)]

    answer = markets.post(PATH, json={"market_ids": ids, "since": NOON.isoformat()})

    assert answer.status_code == 422
    assert "market_ids" in answer.json()["detail"]
