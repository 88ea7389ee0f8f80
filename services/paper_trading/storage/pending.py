"""What portfolios have before them when they execute: undecided signals, their accounts under lock, what they took."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import jiter
from sqlalchemy import Connection, Row, text

from services.paper_trading.domain.accounts import Account, Limits, Waiting
from services.paper_trading.domain.deciding import Signal
from services.paper_trading.domain.holdings import Holding, Side
from services.paper_trading.domain.offers import side_of, walked_side, yes_price
from shared.database import fetch_all

# A rule says anew in each run all that it wants; a model says each bet once, and it stands until it expires.
_UNDECIDED = text("""
SELECT s.signal_id, s.portfolio_id, s.market_no, m.market_id, s.action, s.amount, s.quantity, s.limit_price,
    s.order_kind, s.group_id::text AS group_id, s.created_at, s.expires_at,
    s.strategy_type = 'ai_model' OR s.generation_id = (SELECT max(g.generation_id) FROM signal_generations g
        WHERE g.portfolio_id = s.portfolio_id) AS latest
FROM trading_signals s JOIN markets m USING (market_no)
WHERE s.portfolio_id = ANY(:portfolio_ids) AND NOT s.executed
    AND NOT EXISTS (SELECT FROM decisions d WHERE d.signal_id = s.signal_id)
ORDER BY s.portfolio_id, s.signal_id
""")
_FIGURES = """
p.portfolio_id, p.name, p.strategy_type, p.status, p.current_balance, p.reserved_balance, p.owed,
p.total_invested, p.liquidation_value, p.realized_pnl, p.fees_paid, p.execution_cost, p.open_positions, p.trade_count,
p.strategy_config ->> 'max_positions' AS max_positions, p.strategy_config ->> 'max_exposure' AS max_exposure,
p.strategy_config ->> 'max_position_size' AS max_position_size
"""
# In the order of their numbers, so that two who lock several never wait for each other in a circle; and without their
# key, for which every row that names a portfolio asks.
_LOCK = text(f"""
SELECT {_FIGURES} FROM portfolios p WHERE p.portfolio_id = ANY(:portfolio_ids) ORDER BY p.portfolio_id
FOR NO KEY UPDATE
""")
_READ = text(f"""
SELECT {_FIGURES} FROM portfolios p WHERE p.portfolio_id = ANY(:portfolio_ids) ORDER BY p.portfolio_id
""")
_HOLDINGS = text("""
SELECT position_id, portfolio_id, market_no, outcome, quantity, cost, fees, realized_pnl, opened_at, mark_bid, mark_mid,
    mark_stale, marked_at
FROM portfolio_positions WHERE status = 'open' AND portfolio_id = ANY(:portfolio_ids) AND market_no = ANY(:market_nos)
""")
_RESTING_SALES = text("""
SELECT portfolio_id, market_no, action, sum(quantity - filled) AS quantity FROM resting_orders
WHERE status = 'open' AND action IN ('sell_yes', 'sell_no') AND portfolio_id = ANY(:portfolio_ids)
    AND market_no = ANY(:market_nos)
GROUP BY portfolio_id, market_no, action
""")
_WAITING = text("""
SELECT o.portfolio_id, o.market_no, o.action, sum(o.reserved) AS reserved, NOT EXISTS (
    SELECT FROM portfolio_positions p WHERE p.portfolio_id = o.portfolio_id AND p.market_no = o.market_no
        AND p.status = 'open') AS opens
FROM resting_orders o
WHERE o.status = 'open' AND o.action IN ('buy_yes', 'buy_no') AND o.portfolio_id = ANY(:portfolio_ids)
GROUP BY o.portfolio_id, o.market_no, o.action
""")
_TAKEN = text("""
SELECT t.portfolio_id, t.market_no, t.book_at, t.action, t.levels::text AS levels
FROM unnest(CAST(:book_nos AS integer[]), CAST(:book_ats AS timestamptz[])) seen (market_no, book_at)
JOIN trades t USING (market_no, book_at)
WHERE t.portfolio_id = ANY(:portfolio_ids) AND t.order_id IS NULL
""")
_OVERRIDES = text("""
SELECT coalesce(o.portfolio_id, p.portfolio_id) AS portfolio_id, o.config_key, o.override_value::text AS value
FROM config_overrides o JOIN portfolios p ON o.portfolio_id IS NULL OR p.portfolio_id = o.portfolio_id
WHERE p.portfolio_id = ANY(:portfolio_ids) AND o.withdrawn_at IS NULL AND o.applied_at <= :now AND o.expires_at > :now
ORDER BY o.portfolio_id NULLS FIRST, o.override_id
""")
_FINAL = text("SELECT market_no FROM markets WHERE market_no = ANY(:market_nos) AND status = 'final'")
_STILL_UNDECIDED = text("""
SELECT id FROM unnest(CAST(:signal_ids AS bigint[])) id
WHERE NOT EXISTS (SELECT FROM decisions d WHERE d.signal_id = id)
""")


def undecided_signals(connection: Connection, portfolio_ids: Sequence[int]) -> list[Signal]:
    return fetch_all(connection, Signal, _UNDECIDED, portfolio_ids=list(portfolio_ids))


def still_undecided(connection: Connection, signal_ids: Sequence[int]) -> set[int]:
    """Asked again under the lock: somebody else may have been faster."""
    return set(connection.execute(_STILL_UNDECIDED, {"signal_ids": list(signal_ids)}).scalars())


def final_markets(connection: Connection, market_nos: Iterable[int]) -> set[int]:
    """Asked under the lock: a market that has ended since its book was fetched may have been paid already."""
    return set(connection.execute(_FINAL, {"market_nos": sorted(set(market_nos))}).scalars())


def read_accounts(connection: Connection, portfolio_ids: Sequence[int]) -> dict[int, Account]:
    """Figures alone, without a lock."""
    rows = connection.execute(_READ, {"portfolio_ids": list(portfolio_ids)})
    return {row.portfolio_id: _account(row, {}) for row in rows}


def lock_portfolios(connection: Connection, portfolio_ids: Sequence[int]) -> None:
    """Waits for whoever has them, until the transaction ends."""
    connection.execute(_LOCK, {"portfolio_ids": list(portfolio_ids)})


def lock_accounts(
    connection: Connection,
    portfolio_ids: Sequence[int],
    market_nos: Iterable[int],
    books: Mapping[int, datetime],
    overrides: Mapping[int, Mapping[str, Decimal]],
) -> dict[int, Account]:
    """The portfolios, locked until the transaction ends, with what they hold in these markets and took from these
    books, which are known by their moments."""
    rows = connection.execute(_LOCK, {"portfolio_ids": list(portfolio_ids)}).all()
    accounts = {row.portfolio_id: _account(row, overrides.get(row.portfolio_id, {})) for row in rows}
    which = {"portfolio_ids": list(accounts), "market_nos": sorted(set(market_nos))}
    for row in connection.execute(_HOLDINGS, which).mappings():
        facts = dict(row)
        account = accounts[facts.pop("portfolio_id")]
        account.holdings[(facts["market_no"], facts["outcome"])] = Holding(**facts)
    for order in connection.execute(_RESTING_SALES, which):
        accounts[order.portfolio_id].resting_sales[(order.market_no, side_of(order.action))] = order.quantity
    for order in connection.execute(_WAITING, which):
        waits: tuple[int, Side] = (order.market_no, side_of(order.action))
        accounts[order.portfolio_id].waiting[waits] = Waiting(order.reserved, order.opens)
    for trade in connection.execute(_TAKEN, {**which, "book_nos": list(books), "book_ats": list(books.values())}):
        key = (trade.market_no, trade.book_at, walked_side(trade.action))
        taken = accounts[trade.portfolio_id].taken.setdefault(key, {})
        for price, quantity, _ in jiter.from_json(trade.levels.encode(), float_mode="decimal"):
            at = yes_price(trade.action, Decimal(price))
            taken[at] = taken.get(at, Decimal(0)) + Decimal(quantity)
    return accounts


def standing_overrides(
    connection: Connection, portfolio_ids: Sequence[int], now: datetime
) -> dict[int, dict[str, Decimal]]:
    """What operators have set for a time, by portfolio; one for the portfolio itself wins over one for all."""
    standing: dict[int, dict[str, Decimal]] = {}
    for row in connection.execute(_OVERRIDES, {"portfolio_ids": list(portfolio_ids), "now": now}):
        value = jiter.from_json(row.value.encode(), float_mode="decimal")
        standing.setdefault(row.portfolio_id, {})[row.config_key] = Decimal(value)
    return standing


def _account(row: Row[Any], overrides: Mapping[str, Decimal]) -> Account:
    return Account(
        portfolio_id=row.portfolio_id,
        name=row.name,
        strategy_type=row.strategy_type,
        status=row.status,
        limits=_limits(row, overrides),
        balance=row.current_balance,
        reserved=row.reserved_balance,
        owed=row.owed,
        total_invested=row.total_invested,
        liquidation_value=row.liquidation_value,
        realized_pnl=row.realized_pnl,
        fees_paid=row.fees_paid,
        execution_cost=row.execution_cost,
        open_positions=row.open_positions,
        trade_count=row.trade_count,
    )


def _limits(row: Row[Any], overrides: Mapping[str, Decimal]) -> Limits:
    """An override that stands replaces the configured limit."""

    def limit(name: str) -> Decimal | None:
        if name in overrides:
            return overrides[name]
        configured = getattr(row, name)
        return None if configured is None else Decimal(configured)

    positions = limit("max_positions")
    return Limits(
        max_positions=None if positions is None else int(positions),
        max_exposure=limit("max_exposure"),
        max_position_size=limit("max_position_size"),
    )
