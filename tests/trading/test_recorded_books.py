"""Fills over ladders recorded once a second, against figures computed apart from us."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from csv import DictReader
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from shared.trading.books import Book
from shared.trading.fees import PolymarketFees
from shared.trading.fill import Fill, Order, fill
from tests.trading import build
from tests.trading.oracles import json_lines, oracle, shared_file

BOOKS = ("data", "polymarket", "l2_btc15m_books.jsonl.gz")
FIGURES = ("data", "oracles", "l2_book_walk.json")
MARKETS = ("data", "polymarket", "l2_btc15m_markets.csv")
NOTHING_CHARGED = PolymarketFees(Decimal(0), Decimal(1), None)
RATE = "0.07"
CENT = Decimal("0.01")
EVERY = 10  # of the pairs of books, one is compared level by level


@dataclass(frozen=True)
class Recording:
    times: dict[tuple[str, str], list[int]]  # by market and side
    rows: dict[tuple[str, str], list[dict[str, Any]]]
    markets: dict[str, dict[str, str]]  # by slug

    def latest(self, market_id: str, side: str, until_ms: int) -> Book:
        """The last book with both bids and asks: late in the window one of them may be missing for long."""
        key = (market_id, side)
        rows = self.rows[key][: bisect_right(self.times[key], until_ms)]
        return book_of(next(row for row in reversed(rows) if row["bids"] and row["asks"]))


def book_of(row: Mapping[str, Any]) -> Book:
    return Book.of({"yes": {"bids": row["bids"], "asks": row["asks"]}})


@pytest.fixture(scope="module")
def recording() -> Recording:
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in json_lines(*BOOKS):
        key = (row["market_id"], row["side"])
        times[key].append(row["ts"])
        rows[key].append(row)
    with shared_file(*MARKETS).open(newline="") as lines:
        markets = {row["slug"]: row for row in DictReader(lines)}
    return Recording(times, rows, markets)


def cases() -> list[tuple[int, Decimal, Mapping[str, Any]]]:
    """Seconds before the end, dollars, and what was computed."""
    found = []
    for name, case in oracle(*FIGURES)["dev"].items():
        if not name.startswith("T"):
            continue
        seconds, dollars = name.removeprefix("T").split("_$")
        found.append((int(seconds), Decimal(dollars), case))
    return found


def bought(
    book: Book, terms: PolymarketFees, *, amount: Decimal | None = None, quantity: Decimal | None = None
) -> Fill:
    order = Order("buy_yes", Decimal("0.999"), amount, quantity)
    found = fill(order, book.levels("buy_yes"), build.rules(terms, "0.001"))
    assert isinstance(found, Fill), found
    return found


def test_every_walk_agrees_with_the_figures_computed_apart(recording: Recording) -> None:
    walks = 0
    for seconds, dollars, case in cases():
        for row in case["rows"]:
            market = recording.markets[row["slug"]]
            book = recording.latest(market["market_id"], row["side"], int(market["end_ts"]) - 1_000 * seconds)
            other_side = {"UP": "DOWN", "DOWN": "UP"}[row["side"]]
            other = recording.latest(market["market_id"], other_side, int(market["end_ts"]) - 1_000 * seconds)

            found = bought(book, NOTHING_CHARGED, amount=dollars)  # the figures spend the dollars before fees
            with_fees = bought(book, build.polymarket_terms(RATE), quantity=found.quantity)

            payout = Decimal(market[f"payout_{row['side'].lower()}"])
            gain = found.quantity * payout - with_fees.spent
            assert book.mid("yes") == row["mid"]
            assert (other.mid("yes") or 0) <= row["mid"]
            assert found.complete is not row["partial"]
            assert 0 <= row["shares"] - found.quantity < CENT + Decimal("0.0001")  # we take whole hundredths
            assert abs(found.price - row["vwap"]) < Decimal("0.00002")
            assert abs(with_fees.fee - row["fee"]) < Decimal("0.0004")  # of a hundredth, and of rounding
            assert abs(gain - row["pnl"]) < CENT
            walks += 1
    assert walks == sum(case["n"] for _, _, case in cases()) > 50


def test_the_totals_agree_too(recording: Recording) -> None:
    for seconds, dollars, case in cases():
        fees = gains = Decimal(0)
        for row in case["rows"]:
            market = recording.markets[row["slug"]]
            book = recording.latest(market["market_id"], row["side"], int(market["end_ts"]) - 1_000 * seconds)
            quantity = bought(book, NOTHING_CHARGED, amount=dollars).quantity
            found = bought(book, build.polymarket_terms(RATE), quantity=quantity)
            fees += found.fee
            gains += quantity * Decimal(market[f"payout_{row['side'].lower()}"]) - found.spent

        assert abs(fees - case["total_fee"]) < Decimal("0.005")
        assert abs(gains - case["total_pnl"]) < Decimal("0.1")


def test_both_tokens_of_a_market_show_one_book(recording: Recording) -> None:
    known = oracle(*FIGURES)["dev"]["top_of_book_mirror"]

    tops = mirrored = 0
    differing, compared = 0, 0
    for market in recording.markets.values():
        down = {row["ts"]: row for row in recording.rows[market["market_id"], "DOWN"]}
        for row in recording.rows[market["market_id"], "UP"]:
            other = down.get(row["ts"])
            if other is not None and row["asks"] and other["bids"]:
                tops += 1
                mirrored += 1 - row["asks"][0][0] == other["bids"][0][0]
                if not tops % EVERY:
                    compared += 1
                    differing += book_of(row).levels("buy_no") != book_of(other).levels("buy_yes")

    assert (tops, mirrored) == (known["snapshots"], known["up_ask_plus_down_bid_is_1"])
    assert compared > 800
    assert differing <= 1  # further down, where the venue sent the two of different moments
