"""Rows of Postgres for the strategies: markets with their events and candles, portfolios and what they hold."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from tests.strategy.build import NOW

_EVENT = text("""
    INSERT INTO events (event_id, platform, external_id, series_id, title, category, tags, mutually_exclusive,
        exhaustive, status, volume, content_hash, created_at, updated_at)
    VALUES (:event_id, :platform, :event_id, :series_id, 'Event', :category, '{}', :exclusive, :exhaustive, 'open',
        :volume, '', :now, :now)
    ON CONFLICT (event_id) DO NOTHING
""")
_SERIES = text("""
    INSERT INTO series (series_id, platform, external_id, title, category, tags, fee_type, fee_multiplier,
        settlement_sources, content_hash, created_at, updated_at)
    VALUES ('kalshi:KX', 'kalshi', 'KX', 'Series', 'Sports', '{}', 'quadratic', 1, '[]', '', :now, :now)
    ON CONFLICT (series_id) DO NOTHING
""")
_MARKET = text("""
    INSERT INTO markets (market_id, platform, external_id, event_id, question, market_type, status, accepting_orders,
        placeholder, outcome, tick_size, price_bands, min_size, fee, order_delay_seconds, strike, opens_at, closes_at,
        resolves_at, facts_hash, valid_from, yes_bid, yes_ask, yes_bid_size, yes_ask_size, last_price, quoted_at,
        quote_source, volume, volume_24h, volume_unit, liquidity, open_interest, content_hash, created_at, updated_at)
    VALUES (:market_id, :platform, :market_id, :event_id, :question, 'binary', :status, :accepting, :placeholder,
        :outcome, :tick_size, CAST(:price_bands AS jsonb), :min_size, CAST(:fee AS jsonb), :order_delay,
        CAST(:strike AS jsonb), :opens_at, :closes_at, :resolves_at, '', :now, :yes_bid, :yes_ask, :yes_bid_size,
        :yes_ask_size, :last_price, :now, 'listing', :volume,
        :volume_24h, 'dollars', :liquidity, NULL, '', :created_at, :updated_at)
    RETURNING market_no
""")
_TICK = text("""
    INSERT INTO market_ticks (market_no, period, opened_at, open, high, low, close, source)
    VALUES (:market_no, :period, :opened_at, :close, :close, :close, :close, 'snapshots')
    ON CONFLICT (market_no, period, opened_at) DO UPDATE SET close = excluded.close
""")
_PORTFOLIO = text("""
    INSERT INTO portfolios (name, strategy_type, strategy_config, frequency, status, initial_balance, current_balance,
        reserved_balance, owed, total_invested, liquidation_value, realized_pnl, unrealized_pnl, fees_paid,
        execution_cost, open_positions, trade_count, created_at, updated_at)
    VALUES (:name, :strategy, CAST(:config AS jsonb), 'every_cycle', :status, :cash, :cash, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, :now, :now)
    RETURNING portfolio_id
""")
_POSITION = text("""
    INSERT INTO portfolio_positions (portfolio_id, market_no, outcome, quantity, entry_price, cost, fees, realized_pnl,
        mark_stale, liquidation_value, unrealized_pnl, status, opened_at)
    VALUES (:portfolio_id, :market_no, :outcome, :quantity, 0.5, :cost, 0, 0, false, 0, 0, 'open', :opened_at)
""")


def market(connection: Connection, market_id: str = "polymarket:1", *, now: datetime = NOW, **given: Any) -> int:
    """An open market of Polymarket at 0.50/0.52 with its event; answers its number."""
    kalshi = market_id.startswith("kalshi:")
    usual: dict[str, Any] = {
        "market_id": market_id,
        "platform": "kalshi" if kalshi else "polymarket",
        "event_id": f"{market_id}-event",
        "question": f"Will {market_id} happen?",
        "status": "open",
        "accepting": True,
        "placeholder": False,
        "outcome": None,
        "tick_size": Decimal("0.01"),
        "price_bands": None,
        "min_size": None if kalshi else 5,
        "fee": None if kalshi else '{"rate": 0.04, "exponent": 1, "fee_type": "politics_fees", "taker_only": true}',
        "order_delay": None,
        "strike": "{}",
        "opens_at": now - timedelta(days=5),
        "closes_at": now + timedelta(days=10),
        "resolves_at": None,
        "yes_bid": Decimal("0.50"),
        "yes_ask": Decimal("0.52"),
        "yes_bid_size": 500 if kalshi else None,
        "yes_ask_size": 500 if kalshi else None,
        "last_price": Decimal("0.51"),
        "volume": 100_000,
        "volume_24h": 10_000,
        "liquidity": None if kalshi else 50_000,
        "created_at": now - timedelta(days=5),
        "updated_at": now,
        "category": None if kalshi else "politics",
        "exclusive": False,
        "exhaustive": None,
        "series_id": "kalshi:KX" if kalshi else None,
        "event_volume": None,
    }
    row = usual | given
    connection.execute(_SERIES, {"now": now - timedelta(days=9)})
    event = {name: row[name] for name in ("event_id", "platform", "series_id", "category", "exclusive", "exhaustive")}
    connection.execute(_EVENT, {**event, "volume": row["event_volume"], "now": now - timedelta(days=9)})
    unused = {"category", "exclusive", "exhaustive", "series_id", "event_volume"}
    values = {name: value for name, value in row.items() if name not in unused}
    return int(connection.execute(_MARKET, {**values, "now": now}).scalar_one())


def set_of(connection: Connection, asks: list[str], event_id: str = "polymarket:set", **given: Any) -> list[int]:
    """The legs of a one-winner event."""
    return [
        market(
            connection,
            f"{event_id}-{place}",
            event_id=event_id,
            exclusive=True,
            strike=f'{{"threshold": "{place}"}}',
            yes_bid=Decimal(ask) - Decimal("0.01"),
            yes_ask=Decimal(ask),
            event_volume=100_000 * len(asks),
            **given,
        )
        for place, ask in enumerate(asks)
    ]


def quote(connection: Connection, market_no: int, bid: str, ask: str, at: datetime, **facts: Any) -> None:
    """A market as the next collection found it."""
    sets = "".join(f", {name} = :{name}" for name in facts)
    connection.execute(
        text(
            f"UPDATE markets SET yes_bid = :bid, yes_ask = :ask, updated_at = :at, quoted_at = :at{sets} "
            "WHERE market_no = :no"
        ),
        {"bid": Decimal(bid), "ask": Decimal(ask), "at": at, "no": market_no, **facts},
    )


def ticks(connection: Connection, market_no: int, closes: dict[datetime, str], period: int = 1) -> None:
    rows = [
        {"market_no": market_no, "period": period, "opened_at": opened_at, "close": Decimal(close)}
        for opened_at, close in closes.items()
    ]
    connection.execute(_TICK, rows)


def past(connection: Connection, market_no: int, prices: list[float], now: datetime = NOW) -> None:
    """Closes of the last minutes, the last one of the minute before this one."""
    minute = now.replace(second=0, microsecond=0)
    closes = {minute - timedelta(minutes=len(prices) - place): f"{price:.5f}" for place, price in enumerate(prices)}
    ticks(connection, market_no, closes)


def collected_every(connection: Connection, minutes: int, count: int, now: datetime = NOW) -> None:
    """So many syncs of markets, the last one so many minutes ago."""
    for turn in range(count, 0, -1):
        collected(connection, now - timedelta(minutes=minutes * turn))


def collected(connection: Connection, at: datetime = NOW, status: str = "success") -> None:
    """A finished sync of markets, with its candles."""
    query = """INSERT INTO market_syncs (sync_id, status, started_at, finished_at, reported_at, platforms)
        VALUES (:id, :status, :started, :at, :at, '{}')"""
    connection.execute(text(query), {"id": uuid4(), "status": status, "started": at - timedelta(seconds=20), "at": at})
    rolled = (
        """INSERT INTO tick_rolls (one, rolled_to) VALUES (1, :to) ON CONFLICT (one) DO UPDATE SET rolled_to = :to"""
    )
    connection.execute(text(rolled), {"to": at.replace(second=0, microsecond=0)})


def portfolio(
    connection: Connection, strategy: str = "momentum", config: str = "{}", status: str = "active", cash: str = "10000"
) -> int:
    values = {"name": f"P {uuid4()}", "strategy": strategy, "config": config, "status": status, "now": NOW}
    return int(connection.execute(_PORTFOLIO, {**values, "cash": Decimal(cash)}).scalar_one())


def position(connection: Connection, portfolio_id: int, market_no: int, **given: Any) -> None:
    usual = {"outcome": "yes", "quantity": Decimal(100), "cost": Decimal(50), "opened_at": NOW - timedelta(days=3)}
    connection.execute(_POSITION, {**usual, **given, "portfolio_id": portfolio_id, "market_no": market_no})
