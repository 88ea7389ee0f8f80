"""Books seen from both sides of a market, and the grid of prices."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.trading.books import Band, Book, Grid, Ladder, NoGrid, without
from tests.trading import build

NOON = datetime(2026, 10, 8, 12, tzinfo=UTC)
ANSWERED = b"""{"market_id": "kalshi:K", "quoted_at": "2026-10-08T12:00:00Z", "venue_time": null,
    "yes": {"bids": [[0.47, 120]], "asks": [[0.49, 100.5], [1, 3]]},
    "no": {"bids": [[0.51, 100.5], [0, 3]], "asks": [[0.53, 120]]}}"""


def levels(*pairs: tuple[str, str]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(size)) for price, size in pairs]


def told(**bands: str) -> list[dict[str, Decimal]]:
    """Bands by their step: told(edge="0-0.1-0.001")."""
    return [dict(zip(Band._fields, map(Decimal, band.split("-")), strict=True)) for band in bands.values()]


TAPERED = told(low="0-0.10-0.001", middle="0.10-0.90-0.01", high="0.90-1-0.001")


def test_a_book_is_read_as_the_markets_service_answers_it() -> None:
    answered = jiter.from_json(ANSWERED, float_mode="decimal")

    book = Book.of(answered)

    assert book == Book(Ladder(levels(("0.47", "120"))), Ladder(levels(("0.49", "100.5"))), NOON)
    assert book.levels("buy_no") == tuple(levels(("0.53", "120")))
    assert all(isinstance(number, Decimal) for level in (*book.bids, *book.asks) for number in level)


def test_each_action_walks_the_offers_that_it_can_take() -> None:
    book = build.book(bids=[("0.47", 120), ("0.46", 300)], asks=[("0.49", 100), ("0.50", 250)])

    assert book.levels("buy_yes") == tuple(levels(("0.49", "100"), ("0.50", "250")))
    assert book.levels("sell_yes") == tuple(levels(("0.47", "120"), ("0.46", "300")))
    assert book.levels("buy_no") == tuple(levels(("0.53", "120"), ("0.54", "300")))
    assert book.levels("sell_no") == tuple(levels(("0.51", "100"), ("0.50", "250")))


def test_the_two_sides_of_a_market_are_mirrors() -> None:
    book = build.book(bids=[("0.47", 120)], asks=[("0.50", 100)])

    assert (book.best_bid("yes"), book.best_ask("yes"), book.mid("yes")) == tuple(
        map(Decimal, ("0.47", "0.50", "0.485"))
    )
    assert (book.best_bid("no"), book.best_ask("no"), book.mid("no")) == tuple(map(Decimal, ("0.50", "0.53", "0.515")))


def test_a_side_that_nobody_quotes_has_no_price_and_no_mid() -> None:
    book = build.book(asks=[("0.50", 100)])

    assert (book.best_bid("yes"), book.best_ask("no"), book.mid("yes"), book.mid("no")) == (None, None, None, None)
    assert book.best_bid("no") == Decimal("0.50")
    assert build.book().levels("buy_yes") == ()


def test_a_book_in_disorder_is_put_in_order() -> None:
    book = build.book(
        bids=[("0.40", 5), ("0.47", 1), ("0.44", 0), ("0.40", 7), ("0", 9)],
        asks=[("0.60", 5), ("0.50", 1), ("0.55", -2), ("1", 9)],
    )

    assert book.bids == tuple(levels(("0.47", "1"), ("0.40", "12")))
    assert book.asks == tuple(levels(("0.50", "1"), ("0.60", "5")))


def test_what_a_portfolio_took_is_gone_from_its_own_copy() -> None:
    offered = build.book(asks=[("0.49", 100), ("0.50", 250), ("0.53", 40)]).asks

    left = without(offered, {Decimal("0.490"): Decimal(100), Decimal("0.5"): Decimal("0.5")})

    assert left == tuple(levels(("0.50", "249.5"), ("0.53", "40")))
    assert len(offered) == 3


def test_selling_no_takes_the_same_contracts_as_buying_yes() -> None:
    book = build.book(bids=[("0.47", 120)], asks=[("0.49", 100), ("0.50", 250)])

    bought = book.after("buy_yes", levels(("0.49", "60")))
    sold = book.after("sell_no", levels(("0.51", "60")))

    assert bought == sold == build.book(bids=[("0.47", 120)], asks=[("0.49", 40), ("0.50", 250)])
    assert book.after("sell_yes", levels(("0.47", "120"))) == book.after("buy_no", levels(("0.53", "120")))


@pytest.mark.parametrize(
    ("price", "held", "down", "up"),
    [
        ("0.05", True, "0.05", "0.05"),
        ("0.0505", False, "0.05", "0.051"),
        ("0.10", True, "0.10", "0.10"),
        ("0.105", False, "0.10", "0.11"),
        ("0.5", True, "0.5", "0.5"),
        ("0.899", False, "0.89", "0.90"),
        ("0.9005", False, "0.900", "0.901"),
        ("0.0004", False, "0.001", "0.001"),
        ("0", False, "0.001", "0.001"),
        ("0.9999", False, "0.999", "0.999"),
        ("1", False, "0.999", "0.999"),
        ("-3", False, "0.001", "0.001"),
        ("7", False, "0.999", "0.999"),
    ],
)
def test_the_grid_of_a_tapered_market(price: str, held: bool, down: str, up: str) -> None:
    grid = Grid.of(Decimal("0.001"), TAPERED)

    at = Decimal(price)

    assert (grid.holds(at), grid.down(at), grid.up(at)) == (held, Decimal(down), Decimal(up))


def test_one_tick_holds_everywhere_where_no_bands_are_told() -> None:
    grid = Grid.of(Decimal("0.01"), None)

    assert grid == Grid.of(None, told(all="0-1-0.01"))
    assert grid.holds(Decimal("0.01")) and grid.holds(Decimal("0.99"))
    assert not grid.holds(Decimal("0.005")) and not grid.holds(Decimal(0)) and not grid.holds(Decimal(1))


@pytest.mark.parametrize(
    ("tick", "bands"),
    [(None, None), (None, []), (Decimal(0), None), (None, told(all="0-1-0")), (None, told(all="0.5-0.4-0.01"))],
)
def test_a_market_that_tells_no_prices_has_no_grid(tick: Decimal | None, bands: Any) -> None:
    with pytest.raises(NoGrid):
        Grid.of(tick, bands)


GRIDS = [
    Grid.of(Decimal("0.1")),
    Grid.of(Decimal("0.01")),
    Grid.of(Decimal("0.0025")),
    Grid.of(None, TAPERED),
    Grid.of(None, told(low="0-0.01-0.0001", middle="0.01-0.99-0.001", high="0.99-1-0.0001")),
    Grid.of(None, told(low="0-0.10-0.005", middle="0.10-0.90-0.01", high="0.90-1-0.005")),
]


@given(st.sampled_from(GRIDS), st.decimals("-0.2", "1.2", places=6))
def test_down_and_up_are_the_prices_of_the_grid_next_to_a_price(grid: Grid, price: Decimal) -> None:
    down, up = grid.down(price), grid.up(price)

    assert grid.holds(down) and grid.holds(up)
    assert 0 < down <= up < 1
    assert (
        (down == up == price)
        if grid.holds(price)
        else down < up or not grid.bands[0].start < price < grid.bands[-1].end
    )
    assert grid.down(down) == grid.up(down) == down
    if grid.bands[0].start <= price <= grid.bands[-1].end:
        assert down <= price <= up
        between = (down + up) / 2
        assert down == up or not grid.holds(between)


@given(st.sampled_from(GRIDS), st.decimals("0", "1", places=4))
def test_a_price_of_one_side_is_on_the_grid_where_the_other_sides_is(grid: Grid, price: Decimal) -> None:
    assert grid.holds(price) == grid.holds(1 - price)
