"""What portfolios decided, written for many of them at once: a COPY a table, one UPDATE for what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from services.paper_trading.domain.accounts import Account
from services.paper_trading.domain.deciding import Decision, Rest, Trade
from services.paper_trading.domain.holdings import Holding
from services.paper_trading.domain.offers import Offer
from shared.copy_text import Copied, copied_json, copied_row
from shared.database import copy_rows
from shared.signals import mark_executed

_NUMBERS = text("""
SELECT 'decisions', nextval(pg_get_serial_sequence('decisions', 'decision_id')) FROM generate_series(1, :decisions)
UNION ALL
SELECT 'trades', nextval(pg_get_serial_sequence('trades', 'trade_id')) FROM generate_series(1, :trades)
""")
_DECISIONS = ("decision_id", "signal_id", "portfolio_id", "market_no", "outcome", "detail", "decided_at")
TRADE_COLUMNS = (
    "trade_id",
    "decision_id",
    "order_id",
    "portfolio_id",
    "market_no",
    "action",
    "quantity",
    "price",
    "cost",
    "fee",
    "merged",
    "realized_pnl",
    "levels",
    "mid_price",
    "execution_cost",
    "fee_schedule",
    "book",
    "book_at",
    "executed_at",
)
CASH_COLUMNS = ("portfolio_id", "kind", "amount", "trade_id", "created_at")
_ORDERS = (
    "decision_id",
    "portfolio_id",
    "market_no",
    "action",
    "limit_price",
    "quantity",
    "filled",
    "ahead",
    "reserved",
    "fee_schedule",
    "fee_carried",
    "status",
    "placed_at",
    "expires_at",
    "watched_until",
)
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_holdings (
    position_id bigint, quantity numeric, entry_price numeric, cost numeric, fees numeric, realized_pnl numeric,
    mark_bid numeric, mark_mid numeric, marked_at timestamptz, mark_stale boolean, liquidation_value numeric,
    unrealized_pnl numeric, status text, closed_at timestamptz
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS staged_accounts (
    portfolio_id integer, current_balance numeric, reserved_balance numeric, total_invested numeric,
    liquidation_value numeric, realized_pnl numeric, unrealized_pnl numeric, fees_paid numeric,
    execution_cost numeric, open_positions integer, trade_count integer
) ON COMMIT DELETE ROWS
"""
_HELD = (
    "quantity",
    "entry_price",
    "cost",
    "fees",
    "realized_pnl",
    "mark_bid",
    "mark_mid",
    "marked_at",
    "mark_stale",
    "liquidation_value",
    "unrealized_pnl",
    "status",
    "closed_at",
)
_FIGURES = (
    "current_balance",
    "reserved_balance",
    "total_invested",
    "liquidation_value",
    "realized_pnl",
    "unrealized_pnl",
    "fees_paid",
    "execution_cost",
    "open_positions",
    "trade_count",
)
_UPDATE_HOLDINGS = text(f"""
UPDATE portfolio_positions p SET {", ".join(f"{name} = s.{name}" for name in _HELD)}
FROM staged_holdings s WHERE p.position_id = s.position_id
""")
_UPDATE_ACCOUNTS = text(f"""
UPDATE portfolios p SET {", ".join(f"{name} = s.{name}" for name in _FIGURES)}, updated_at = :now
FROM staged_accounts s WHERE p.portfolio_id = s.portfolio_id
""")


@dataclass(frozen=True, slots=True)
class Executed:
    """A portfolio after it has decided."""

    account: Account
    decisions: Sequence[Decision]


@dataclass(frozen=True, slots=True)
class RecordedTrade:
    trade_id: int
    decision_id: int
    account: Account
    decision: Decision


def record(connection: Connection, executed: Sequence[Executed], now: datetime) -> list[RecordedTrade]:
    """Everything that these portfolios decided, in one transaction of the caller."""
    made = [(each.account, decision) for each in executed for decision in each.decisions]
    trading = [(account, decision) for account, decision in made if decision.trade is not None]
    decision_ids, trade_ids = _numbers(connection, len(made), len(trading))
    ids = {decision.signal.signal_id: number for (_, decision), number in zip(made, decision_ids, strict=True)}
    trades = [
        RecordedTrade(trade_id, ids[decision.signal.signal_id], account, decision)
        for (account, decision), trade_id in zip(trading, trade_ids, strict=True)
    ]
    lines = [
        copied_row(
            (
                ids[d.signal.signal_id],
                d.signal.signal_id,
                account.portfolio_id,
                d.signal.market_no,
                d.outcome,
                d.detail,
                now,
            )
        )
        for account, d in made
    ]
    copy_rows(connection, "decisions", _DECISIONS, lines)
    _copy_orders(connection, made, ids, now)
    if trades:
        _copy_trades(connection, trades, now)
    write_holdings(connection, [(each.account.portfolio_id, each.account.touched) for each in executed], now)
    write_accounts(connection, [each.account for each in executed], now)
    acted = [decision.signal.signal_id for _, decision in made if decision.trade or decision.rest]
    if acted:
        mark_executed(connection, acted)
    return trades


def _numbers(connection: Connection, decisions: int, trades: int) -> tuple[list[int], list[int]]:
    rows = connection.execute(_NUMBERS, {"decisions": decisions, "trades": trades}).all()
    return [number for table, number in rows if table == "decisions"], [
        number for table, number in rows if table == "trades"
    ]


def trade_numbers(connection: Connection, count: int) -> list[int]:
    return _numbers(connection, 0, count)[1]


def _copy_trades(connection: Connection, trades: Sequence[RecordedTrade], now: datetime) -> None:
    books: dict[int, tuple[Copied, Copied]] = {}
    lines, entries = [], []
    for recorded in trades:
        trade = recorded.decision.trade
        assert trade is not None
        portfolio_id = recorded.account.portfolio_id
        lines.append(_trade_line(recorded, trade, books, now))
        entries.append(copied_row((portfolio_id, "trade", trade.cash, recorded.trade_id, now)))
        if trade.merged:
            entries.append(copied_row((portfolio_id, "merge", trade.merged, recorded.trade_id, now)))
    copy_rows(connection, "trades", TRADE_COLUMNS, lines)
    copy_rows(connection, "cash_entries", CASH_COLUMNS, entries)


def _trade_line(recorded: RecordedTrade, trade: Trade, books: dict[int, tuple[Copied, Copied]], now: datetime) -> str:
    offer, filled, signal = trade.offer, trade.fill, recorded.decision.signal
    if id(offer) not in books:  # the same for every portfolio that traded on this book
        books[id(offer)] = (copied_json(offer.fee_schedule), copied_json(_book_json(offer)))
    schedule, book = books[id(offer)]
    levels = ",".join([f"[{price},{quantity},{fee}]" for price, quantity, fee in filled.levels])
    return copied_row(
        (
            recorded.trade_id,
            recorded.decision_id,
            None,
            recorded.account.portfolio_id,
            signal.market_no,
            signal.action,
            filled.quantity,
            filled.price,
            filled.cost,
            filled.fee,
            trade.merged,
            trade.realized_pnl,
            Copied(f"[{levels}]"),
            trade.mid,
            trade.execution_cost,
            schedule,
            book,
            offer.book_at,
            now,
        )
    )


def _book_json(offer: Offer) -> dict[str, Any]:
    return {"quoted_at": offer.book_at, "yes": {"bids": list(offer.book.bids), "asks": list(offer.book.asks)}}


def _copy_orders(
    connection: Connection, made: Sequence[tuple[Account, Decision]], ids: dict[int, int], now: datetime
) -> None:
    lines = [
        _order_line(ids[decision.signal.signal_id], account, decision, decision.rest, now)
        for account, decision in made
        if decision.rest is not None
    ]
    if lines:
        copy_rows(connection, "resting_orders", _ORDERS, lines)


def _order_line(decision_id: int, account: Account, decision: Decision, rest: Rest, now: datetime) -> str:
    signal = decision.signal
    return copied_row(
        (
            decision_id,
            account.portfolio_id,
            signal.market_no,
            signal.action,
            signal.limit_price,
            rest.quantity,
            Decimal(0),
            rest.ahead,
            rest.reserved,
            copied_json(rest.offer.fee_schedule),
            Decimal(0),
            "open",
            now,
            signal.expires_at,
            now,
        )
    )


def write_holdings(connection: Connection, touched: Sequence[tuple[int, Sequence[Holding]]], now: datetime) -> None:
    """What changed is updated in one statement, then new positions are copied in: one may take a closed one's place."""
    new = [(number, held) for number, held_by in touched for held in held_by if held.position_id is None]
    old = [held for _, held_by in touched for held in held_by if held.position_id is not None]
    if old:
        connection.execute(text(_STAGE))
        lines = [copied_row((held.position_id, *_held(held, now))) for held in old]
        copy_rows(connection, "staged_holdings", ("position_id", *_HELD), lines)
        connection.execute(_UPDATE_HOLDINGS)
    if new:
        columns = ("portfolio_id", "market_no", "outcome", "opened_at", *_HELD)
        lines = [
            copied_row((number, held.market_no, held.outcome, held.opened_at, *_held(held, now)))
            for number, held in new
        ]
        copy_rows(connection, "portfolio_positions", columns, lines)


def _held(held: Holding, now: datetime) -> tuple[Any, ...]:
    still = held.quantity > 0
    return (
        held.quantity,
        held.entry_price,
        held.cost,
        held.fees,
        held.realized_pnl,
        held.mark_bid,
        held.mark_mid,
        held.marked_at,
        held.mark_stale,
        held.liquidation_value,
        held.unrealized_pnl,
        "open" if still else "closed",
        None if still else now,
    )


def write_accounts(connection: Connection, accounts: Sequence[Account], now: datetime) -> None:
    connection.execute(text(_STAGE))
    lines = [
        copied_row(
            (
                account.portfolio_id,
                account.balance,
                account.reserved,
                account.total_invested,
                account.liquidation_value,
                account.realized_pnl,
                account.unrealized_pnl,
                account.fees_paid,
                account.execution_cost,
                account.open_positions,
                account.trade_count,
            )
        )
        for account in accounts
    ]
    copy_rows(connection, "staged_accounts", ("portfolio_id", *_FIGURES), lines)
    connection.execute(_UPDATE_ACCOUNTS, {"now": now})
