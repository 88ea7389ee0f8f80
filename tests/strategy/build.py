"""Pools of a few markets: what does not matter is filled in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from services.strategy.domain.columns import Columns, columns_of
from services.strategy.domain.history import MINUTES, Span, scaled
from services.strategy.domain.pool import EventLegs, Pair, Pool
from services.strategy.domain.signals import Held, Portfolio, Side
from services.strategy.domain.volumes import Volumes
from shared.trading.books import Grid

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
DAY = 86_400.0
CATEGORIES = {"politics": 1, "crypto": 2, "sports": 3}
CENT, TAPERED = 100, -1
_BANDS = [
    {"start": Decimal(start), "end": Decimal(end), "step": Decimal(step)}
    for start, end, step in (("0", "0.1", "0.001"), ("0.1", "0.9", "0.01"), ("0.9", "1", "0.001"))
]
GRIDS = {CENT: Grid.of(Decimal("0.01")), 10: Grid.of(Decimal("0.001")), TAPERED: Grid.of(None, _BANDS)}

Row = dict[str, Any]


def market(number: int = 1, **given: Any) -> Row:
    """An open market of Polymarket at 0.50/0.52, with fees, well traded, closing in ten days."""
    now = NOW.timestamp()
    usual: Row = {
        "market_no": number,
        "platform": 0,
        "event": number,
        "category": CATEGORIES["politics"],
        "grid": CENT,
        "exclusive": 0,
        "accepting": 1,
        "placeholder": 0,
        "yes_bid": 0.50,
        "yes_ask": 0.52,
        "last_price": 0.51,
        "volume": 100_000.0,
        "volume_24h": 10_000.0,
        "liquidity": 50_000.0,
        "min_size": 5.0,
        "tick": 0.01,
        "fee_rate": 0.04,
        "fee_exponent": 1.0,
        "opened_at": now - 5 * DAY,
        "closes_at": now + 10 * DAY,
        "quoted_at": now - 60,
        "created_at": now - 5 * DAY,
    }
    return usual | given


def kalshi(number: int = 1, **given: Any) -> Row:
    """The same on Kalshi, which says sizes and no liquidity."""
    own = {"platform": 1, "liquidity": np.nan, "fee_rate": 1.0, "yes_bid_size": 500.0, "yes_ask_size": 500.0}
    return market(number, **(own | given))


def exclusive_set(
    asks: Sequence[float], first: int = 1, event: int = 77, spread: float = 0.01, **given: Any
) -> list[Row]:
    """The legs of one event of which at most one ends yes."""
    return [
        market(
            first + place,
            **(
                {"event": event, "exclusive": 1, "place": place, "yes_bid": round(ask - spread, 4), "yes_ask": ask}
                | given
            ),
        )
        for place, ask in enumerate(asks)
    ]


def columns(rows: Sequence[Row]) -> Columns:
    names = {name for row in rows for name in row}
    unknown = {"place": -1, "exhaustive": -1}
    return columns_of(**{name: [row.get(name, unknown.get(name, np.nan)) for row in rows] for name in names})


def pool(
    *rows: Row,
    past: dict[int, Sequence[float]] | None = None,
    traded: float | None = None,
    stored: dict[int, int] | None = None,
    untradable: dict[int, int] | None = None,
    volume: dict[int, float] | None = None,
    pairs: Sequence[Pair] = (),
    lookalikes: Sequence[tuple[int, int]] = (),
) -> Pool:
    """`past` are the prices of the last minutes by market, oldest first; other markets stood where they stand.
    `traded` is the volume of each market in the last half hour."""
    held = columns(rows)
    moment = NOW.timestamp()
    totals = () if traded is None else ((held.volume - traded).astype(np.float32), held.volume.astype(np.float32))
    events, counts = np.unique(held.event[held.exclusive == 1], return_counts=True)
    legs = [
        (event, (stored or {}).get(event, count)) for event, count in zip(events.tolist(), counts.tolist(), strict=True)
    ]
    return Pool(
        columns=held,
        loaded_at=NOW,
        categories=CATEGORIES,
        grids=GRIDS,
        minutes=minutes(held, past or {}),
        volumes=Volumes((moment - 1800, moment), totals) if totals else Volumes(),
        legs=EventLegs(
            np.array([event for event, _ in legs], dtype=np.int64),
            np.array([count for _, count in legs], dtype=np.int64),
            np.array([(untradable or {}).get(event, 0) for event, _ in legs], dtype=np.int64),
            np.array([(volume or {}).get(event, 0.0) for event, _ in legs]),
            np.ones(len(legs)),
        ),
        pairs=tuple(pairs),
        lookalikes=tuple(lookalikes),
    )


def minutes(held: Columns, past: dict[int, Sequence[float]]) -> Span:
    end = int(NOW.timestamp() // 60) - 1
    mid = scaled((held.yes_bid + held.yes_ask) / 2)
    span = Span(end, np.repeat(mid[None, :], MINUTES, axis=0), np.ones(MINUTES, dtype=np.bool_))
    for number, prices in past.items():
        column = int(np.flatnonzero(held.market_no == number)[0])
        span.closes[-len(prices) :, column] = scaled(np.array(prices, dtype=np.float64))
    return span


def portfolio(*positions: Held, cash: str = "10000", waiting: Sequence[int] = (), number: int = 1) -> Portfolio:
    invested = sum((position.cost for position in positions), Decimal(0))
    return Portfolio(number, Decimal(cash), Decimal(cash) + invested, invested, positions, frozenset(waiting))


def held(number: int = 1, outcome: Side = "yes", quantity: str = "100", cost: str = "50", days: float = 1.0) -> Held:
    entry = Decimal(cost) / Decimal(quantity)
    opened = NOW - timedelta(days=days)
    return Held(number, outcome, Decimal(quantity), Decimal(cost), entry, None, opened)


def rough(level: float, count: int, step: float = 0.01) -> list[float]:
    """A price that goes to and fro around a level."""
    return [level + (step if place % 2 else -step) for place in range(count)]


def straight(start: float, end: float, count: int) -> list[float]:
    """Many small steps in one direction."""
    return [start + (end - start) * place / count for place in range(count)]
