"""Fills of orders that waited: their trades and the cash they moved, with the prints that filled them as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from services.paper_trading.domain.orders import Met, RestingOrder
from services.paper_trading.storage.recording import CASH_COLUMNS, TRADE_COLUMNS, trade_numbers
from shared.copy_text import copied_json, copied_row
from shared.database import copy_rows
from shared.trading.fees import terms_json

Quote = tuple[Decimal | None, Decimal | None, datetime | None]  # best bid and ask of yes, and when they were seen

_QUOTES = text("SELECT market_no, yes_bid, yes_ask, quoted_at FROM markets WHERE market_no = ANY(:market_nos)")


@dataclass(frozen=True, slots=True)
class MakerFill:
    order: RestingOrder
    met: tuple[Met, ...]
    quantity: Decimal
    cost: Decimal
    fee: Decimal
    merged: Decimal
    realized_pnl: Decimal
    cash: Decimal


def latest_quotes(connection: Connection, market_nos: Sequence[int]) -> dict[int, Quote]:
    rows = connection.execute(_QUOTES, {"market_nos": list(market_nos)})
    return {row.market_no: (row.yes_bid, row.yes_ask, row.quoted_at) for row in rows}


def write_maker_fills(connection: Connection, fills: Sequence[MakerFill], now: datetime) -> list[int]:
    """One trade an order and pass; answers their numbers."""
    trade_ids = trade_numbers(connection, len(fills))
    lines, entries = [], []
    for trade_id, each in zip(trade_ids, fills, strict=True):
        order = each.order
        levels = [[order.limit_price, met.taken, met.fee] for met in each.met]
        prints = [{"print_id": met.print_id, "price": met.price, "size": met.size} for met in each.met]
        lines.append(
            copied_row(
                (
                    trade_id,
                    order.decision_id,
                    order.order_id,
                    order.portfolio_id,
                    order.market_no,
                    order.action,
                    each.quantity,
                    order.limit_price,
                    each.cost,
                    each.fee,
                    each.merged,
                    each.realized_pnl,
                    copied_json(levels),
                    None,
                    None,
                    copied_json(terms_json(order.fees)),
                    copied_json({"prints": prints}),
                    each.met[-1].printed_at,
                    now,
                )
            )
        )
        entries.append(copied_row((order.portfolio_id, "trade", each.cash, trade_id, now)))
        if each.merged:
            entries.append(copied_row((order.portfolio_id, "merge", each.merged, trade_id, now)))
    copy_rows(connection, "trades", TRADE_COLUMNS, lines)
    copy_rows(connection, "cash_entries", CASH_COLUMNS, entries)
    return trade_ids
