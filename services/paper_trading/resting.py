"""Orders that wait meet the trades that were printed since: what filled them is booked, what has lapsed is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from services.paper_trading.domain import holdings
from services.paper_trading.domain.accounts import Account
from services.paper_trading.domain.breaking import OpenBreaker
from services.paper_trading.domain.holdings import ZERO, Holding
from services.paper_trading.domain.marks import mark_of
from services.paper_trading.domain.offers import OPPOSITE, side_of
from services.paper_trading.domain.orders import Met, Print, RestingOrder, meet, still_reserved
from services.paper_trading.storage import orders as stored
from services.paper_trading.storage import pending, recording
from services.paper_trading.storage.breakers import all_open_breakers
from services.paper_trading.storage.maker_fills import MakerFill, latest_quotes, write_maker_fills
from shared.calls import Calls
from shared.database import Database
from shared.syncs import Clock

log = structlog.get_logger()

MARKETS_AT_ONCE = 500
PRINTS_SECONDS = 120
OVERLAP = timedelta(minutes=10)  # Polymarket lists a print up to five minutes late; none counts twice


@dataclass
class Watched:
    """What a pass over the waiting orders did."""

    orders: int = 0
    filled: int = 0  # orders that got something
    trades: int = 0
    completed: int = 0
    expired: int = 0
    cancelled: int = 0
    failures: int = 0  # markets whose prints could not be read
    refused: int = 0  # portfolios whose fills the database refused


def watch_orders(database: Database, markets: Calls, clock: Clock) -> Watched:
    with database.connection() as connection:
        waiting = stored.open_orders(connection)
    watched = Watched(orders=len(waiting))
    if waiting:
        asked_at = clock()
        prints, failed = prints_of(markets, waiting)
        watched.failures = len(failed)
        reached = [order for order in waiting if order.market_id not in failed]
        _meet_together(database, reached, prints, asked_at, clock(), watched)
    return watched


def _meet_together(
    database: Database,
    waiting: Sequence[RestingOrder],
    prints: Mapping[str, Sequence[Print]],
    asked_at: datetime,
    now: datetime,
    watched: Watched,
) -> None:
    """All portfolios in one transaction; when the database refuses it, one by one, so that only the cause fails."""
    portfolio_ids = sorted({order.portfolio_id for order in waiting})
    if not portfolio_ids:
        return
    try:
        with database.transaction() as connection:
            done = _meet_all(connection, waiting, prints, asked_at, now)
    except (DataError, IntegrityError) as error:
        if len(portfolio_ids) == 1:
            log.error("portfolio_refused_by_database", portfolio_id=portfolio_ids[0], error=str(error))
            watched.refused += 1
            return
        for number in portfolio_ids:
            own = [order for order in waiting if order.portfolio_id == number]
            _meet_together(database, own, prints, asked_at, now, watched)
        return
    watched.trades += done.trades
    watched.filled += done.filled
    watched.completed += done.completed
    watched.expired += done.expired
    watched.cancelled += done.cancelled


def prints_of(markets: Calls, waiting: Sequence[RestingOrder]) -> tuple[dict[str, list[Print]], set[str]]:
    """By market, oldest first; and the markets whose prints could not be read."""
    prints: dict[str, list[Print]] = {}
    failed: set[str] = set()
    market_ids = sorted({order.market_id for order in waiting})
    for start in range(0, len(market_ids), MARKETS_AT_ONCE):
        part = market_ids[start : start + MARKETS_AT_ONCE]
        since = min(order.watched_until for order in waiting if order.market_id in part)
        answer = markets.post("/markets/trades", {"market_ids": part, "since": since}, seconds=PRINTS_SECONDS)
        # Of a tape that is too long the newest part was answered, and what is missing fills nothing.
        failed.update(each["market_id"] for each in answer["failures"] if each["reason"] != "tape_too_long")
        for trade in answer["trades"]:
            prints.setdefault(trade["market_id"], []).append(_print_of(trade))
    return prints, failed


def _print_of(trade: Mapping[str, Any]) -> Print:
    return Print(
        print_id=trade["trade_id"],
        price=Decimal(trade["price"]),
        size=Decimal(trade["size"]),
        taker_side=trade["taker_side"],
        printed_at=datetime.fromisoformat(trade["traded_at"]),
    )


def _meet_all(
    connection: Connection,
    waiting: Sequence[RestingOrder],
    prints: Mapping[str, Sequence[Print]],
    asked_at: datetime,
    now: datetime,
) -> Watched:
    watched = Watched()
    portfolio_ids = sorted({order.portfolio_id for order in waiting})
    market_nos = {order.market_no for order in waiting}
    locked = pending.lock_accounts(connection, portfolio_ids, market_nos, {}, {})
    known = {order.order_id for order in waiting}
    orders = [order for order in stored.lock_orders(connection, portfolio_ids) if order.order_id in known]
    before = stored.met_before(connection, [order.order_id for order in orders])
    oldest = min((order.watched_until for order in orders), default=now)
    stopped = _stopped(all_open_breakers(connection), orders)
    used = stored.taken_of_prints(connection, portfolio_ids, sorted(market_nos), oldest)
    quotes = latest_quotes(connection, sorted(market_nos))
    moved: list[tuple[RestingOrder, str, str | None]] = []
    met_prints: list[tuple[int, Met]] = []
    fills: list[MakerFill] = []
    for order in sorted(orders, key=RestingOrder.turn):
        account = locked[order.portfolio_id]
        until = stopped.get(order.order_id)
        new = [
            each
            for each in prints.get(order.market_id, ())
            if (order.order_id, each.print_id) not in before and (until is None or each.printed_at <= until)
        ]
        after, met = meet(order, _left_of_prints(order, new, used), _at_most(account, order))
        for each in met:
            key = (order.portfolio_id, order.market_no, each.print_id)
            used[key] = used.get(key, ZERO) + each.taken
        met_prints.extend((order.order_id, each) for each in met)
        taken = [each for each in met if each.taken]
        if taken:
            fills.append(_book(account, order, taken, quotes.get(order.market_no), now))
        over = "breaker_open" if order.order_id in stopped else None
        moved.append(_moved_on(account, order, after, taken, over, asked_at, watched))
    stored.write_prints(connection, met_prints)
    if fills:
        write_maker_fills(connection, fills, now)
    recording.write_holdings(connection, [(each.portfolio_id, each.touched) for each in locked.values()], now)
    stored.write_orders(connection, moved, now)
    recording.write_accounts(connection, list(locked.values()), now)
    watched.trades = len(fills)
    watched.filled = len({fill.order.order_id for fill in fills})
    return watched


def _stopped(standing: Sequence[OpenBreaker], orders: Sequence[RestingOrder]) -> dict[int, datetime]:
    """Purchases that a breaker takes back, and since when nothing was to be bought."""
    stopped: dict[int, datetime] = {}
    for order in orders:
        since = [
            each.triggered_at
            for each in standing
            if order.buying and each.portfolio_id in (None, order.portfolio_id) and each.stops(order.platform)
        ]
        if since:
            stopped[order.order_id] = min(since)
    return stopped


def _left_of_prints(
    order: RestingOrder, prints: Sequence[Print], used: Mapping[tuple[int, int, str], Decimal]
) -> list[Print]:
    """A portfolio's own copy of the prints: what one of its orders had is gone for the next."""
    left = [
        replace(each, size=each.size - used.get((order.portfolio_id, order.market_no, each.print_id), ZERO))
        for each in prints
    ]
    return [each for each in left if each.size > 0]


def _at_most(account: Account, order: RestingOrder) -> Decimal:
    """A sale gives what is held; a purchase has its cash reserved."""
    if order.buying:
        return order.left
    held = account.held(order.market_no, side_of(order.action))
    return held.quantity if held else ZERO


def _book(
    account: Account,
    order: RestingOrder,
    taken: Sequence[Met],
    quote: tuple[Decimal | None, Decimal | None, datetime | None] | None,
    now: datetime,
) -> MakerFill:
    outcome = side_of(order.action)
    quantity = sum((each.taken for each in taken), ZERO)
    fee = sum((each.fee for each in taken), ZERO)
    cost = quantity * order.limit_price
    merged, held = ZERO, account.held(order.market_no, outcome)
    if order.buying:
        after = holdings.bought(
            held,
            account.held(order.market_no, OPPOSITE[outcome]),
            quantity,
            cost,
            fee,
            market_no=order.market_no,
            outcome=outcome,
            now=now,
        )
        for holding in (after.other, after.same):
            if holding is not None:
                account.replace_holding(_marked(holding, quote, now))
        merged, realized, cash = after.merged, after.realized_pnl, -after.paid
        account.balance += after.merge_proceeds
    else:
        assert held is not None
        sale = holdings.sold(held, quantity, cost, fee)
        account.replace_holding(_marked(sale.held, quote, now))
        realized, cash = sale.realized_pnl, sale.received
    account.balance += cash
    account.realized_pnl += realized
    account.fees_paid += fee
    account.trade_count += 1
    return MakerFill(order, tuple(taken), quantity, cost, fee, merged, realized, cash)


def _marked(
    holding: Holding, quote: tuple[Decimal | None, Decimal | None, datetime | None] | None, now: datetime
) -> Holding:
    """By the stored quote of yes: the print itself was no bid."""
    bid, ask, quoted_at = quote or (None, None, None)
    mark = mark_of(holding.outcome, bid, ask)
    return holdings.marked(holding, mark.bid, mark.mid, quoted_at or now)


def _moved_on(
    account: Account,
    order: RestingOrder,
    after: RestingOrder,
    met: Sequence[Met],
    over: str | None,
    asked_at: datetime,
    watched: Watched,
) -> tuple[RestingOrder, str, str | None]:
    """The order's next status; what it no longer binds is given back."""
    status, why = "open", None
    if not after.left:
        status, why = "filled", None
        watched.completed += 1
    elif over or not after.market_open:
        status, why = "cancelled", over or "market_closed"
        watched.cancelled += 1
    elif asked_at >= after.expires_at:
        status, why = "expired", None
        watched.expired += 1
    elif not after.buying and account.held(after.market_no, side_of(after.action)) is None:
        status, why = "cancelled", "not_held"
        watched.cancelled += 1
    reserved = still_reserved(order, after, met) if status == "open" else ZERO
    account.reserved += reserved - order.reserved
    return replace(after, reserved=reserved, watched_until=asked_at - OVERLAP), status, why
