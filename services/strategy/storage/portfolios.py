"""Portfolios as a rule may see them: money, positions, waiting orders and the text of their configuration."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.strategy.domain.signals import Held, Portfolio


@dataclass(frozen=True, slots=True)
class Stored:
    portfolio: Portfolio
    name: str
    strategy_type: str
    status: str
    config: str  # JSON


# Limits that operators have set for a time lie over the configured ones: one for the portfolio over one for all.
_PORTFOLIOS = text("""
    SELECT portfolio_id, name, strategy_type, status, (strategy_config || coalesce((
            SELECT jsonb_object_agg(o.config_key, o.override_value ORDER BY o.portfolio_id NULLS FIRST, o.override_id)
            FROM config_overrides o
            WHERE o.config_key IN ('max_positions', 'max_exposure', 'max_position_size') AND o.withdrawn_at IS NULL
                AND o.applied_at <= :now AND o.expires_at > :now
                AND (o.portfolio_id IS NULL OR o.portfolio_id = portfolios.portfolio_id)), '{}'))::text AS config,
        trim_scale(current_balance - reserved_balance) AS cash,
        trim_scale(current_balance + liquidation_value - owed) AS equity, trim_scale(total_invested) AS invested
    FROM portfolios WHERE portfolio_id = ANY(:ids)
""")
_POSITIONS = text("""
    SELECT portfolio_id, market_no, outcome, trim_scale(quantity) AS quantity, trim_scale(cost) AS cost,
        trim_scale(entry_price) AS entry_price, trim_scale(mark_bid) AS mark_bid, opened_at
    FROM portfolio_positions WHERE status = 'open' AND portfolio_id = ANY(:ids) ORDER BY position_id
""")
_WAITING = text("""
    SELECT portfolio_id, market_no FROM resting_orders WHERE status = 'open' AND portfolio_id = ANY(:ids)
""")


def portfolios(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, Stored]:
    """By id; in three queries, however many there are."""
    wanted = {"ids": list(ids), "now": now}
    positions: dict[int, list[Held]] = defaultdict(list)
    for row in connection.execute(_POSITIONS, wanted):
        positions[row.portfolio_id].append(Held(*row[1:]))
    waiting: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(_WAITING, wanted):
        waiting[row.portfolio_id].add(row.market_no)
    found = {}
    for row in connection.execute(_PORTFOLIOS, wanted):
        number = row.portfolio_id
        portfolio = Portfolio(
            number,
            row.cash,
            row.equity,
            row.invested,
            tuple(positions.get(number, ())),
            frozenset(waiting.get(number, ())),
        )
        found[number] = Stored(portfolio, row.name, row.strategy_type, row.status, row.config)
    return found


def active_ids(connection: Connection, strategy: str) -> list[int]:
    query = text("""SELECT portfolio_id FROM portfolios WHERE strategy_type = :strategy AND status = 'active'
        ORDER BY portfolio_id""")
    return list(connection.execute(query, {"strategy": strategy}).scalars())


def existing_ids(connection: Connection, ids: Sequence[int]) -> set[int]:
    query = text("SELECT portfolio_id FROM portfolios WHERE portfolio_id = ANY(:ids)")
    return set(connection.execute(query, {"ids": list(ids)}).scalars())
