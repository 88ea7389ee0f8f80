"""Settlement: asks how held markets ended, and pays by the venue's final word alone, once."""

from collections import Counter as Counted
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DataError, IntegrityError

from services.paper_trading.domain.settling import RECHECK_AFTER, STUCK_AFTER
from services.paper_trading.storage import settlements as storage
from services.paper_trading.storage.orders import cancel_orders
from services.paper_trading.storage.settlements import AskedMarket, DueMarket, Paid, Payment
from shared.calls import Calls, ServiceRefused, ServiceUnreachable
from shared.database import Database
from shared.feed import NewEntry, append_entries, wake
from shared.syncs import Clock

log = structlog.get_logger()

MARKETS_A_CALL = 5_000
MARKETS_A_TRANSACTION = 1_000  # so that no portfolio is locked for long
CALL_SECONDS = 300
SHOWN = 200
ZERO = Decimal(0)

SETTLED = Counter("coliseum_positions_settled_total", "Positions paid by a final result.", ["standing"])
CORRECTED = Counter("coliseum_settlement_corrections_total", "Payments that a venue's correction changed.")


@dataclass
class Asked:
    """What the venues said of the markets that were asked for."""

    answered: list[AskedMarket] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)  # ends that are not clear
    failures: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Done:
    """What a settlement paid, over all its transactions."""

    markets: int = 0
    corrected: int = 0
    positions: int = 0
    corrections: int = 0
    paid: Decimal = ZERO
    collected: Decimal = ZERO
    failures: list[dict[str, str]] = field(default_factory=list)

    def add(self, paid: Paid) -> None:
        self.markets += paid.markets
        self.corrected += paid.corrected
        self.positions += len(paid.payments)
        self.corrections += len(paid.corrections)
        self.paid += sum(max(payment.amount, ZERO) for payment in (*paid.payments, *paid.corrections))
        self.collected += paid.collected
        for standing, positions in Counted(payment.standing for payment in paid.payments).items():
            SETTLED.labels(standing).inc(positions)
        CORRECTED.inc(len(paid.corrections))


def settle(database: Database, markets: Calls, clock: Clock) -> dict[str, Any]:
    """Network first, then the payments. Repeated, it writes nothing."""
    asked = ask_results(database, markets, clock)
    now = clock()
    cancelled = cancel_orders_of_ended_markets(database, now)
    done = pay_due(database, now)
    with database.connection() as connection:
        stuck = storage.stuck_markets(connection, STUCK_AFTER, now, SHOWN)
    failures = [*asked.failures, *done.failures]
    log.info(
        "settled",
        markets_checked=len(asked.answered),
        markets_settled=done.markets,
        positions_settled=done.positions,
        corrections=done.corrections,
        paid=str(done.paid),
        failed=len(failures),
    )
    return {
        "markets_checked": len(asked.answered),
        "markets_settled": done.markets,
        "markets_corrected": done.corrected,
        "positions_settled": done.positions,
        "corrections": done.corrections,
        "paid": done.paid,
        "collected": done.collected,
        "orders_cancelled": cancelled,
        "failed": len(failures),
        "failures": failures[:SHOWN],
        "problems": asked.problems[:SHOWN],
        "stuck": orjson.loads(stuck),
        "settled_at": now,
    }


def ask_results(database: Database, markets: Calls, clock: Clock) -> Asked:
    """The markets service asks the venues and stores what they say; a batch that fails is named and asked for again
    the next time."""
    recheck_before = clock() - RECHECK_AFTER
    with database.connection() as connection:
        wanted = storage.markets_to_ask(connection, recheck_before)
    asked = Asked()
    for start in range(0, len(wanted), MARKETS_A_CALL):
        batch = wanted[start : start + MARKETS_A_CALL]
        try:
            body = {"market_ids": [market.market_id for market in batch]}
            answer = markets.post("/markets/refresh-resolutions", body, seconds=CALL_SECONDS)
        except (ServiceUnreachable, ServiceRefused) as error:
            log.warning("results_not_answered", markets=len(batch), error=error.detail)
            asked.failures += [{"market_id": market.market_id, "reason": error.name} for market in batch]
            continue
        said = {resolution["market_id"]: resolution for resolution in answer["resolutions"]}
        asked.answered += [market for market in batch if market.market_id in said]
        asked.failures += answer["failures"]
        asked.problems += [
            {"market_id": market_id, "problem": resolution["problem"]}
            for market_id, resolution in said.items()
            if resolution["problem"]
        ]
    if asked.answered:
        with database.transaction() as connection:
            storage.note_recheck(connection, [m.market_no for m in asked.answered], recheck_before, clock())
    return asked


def cancel_orders_of_ended_markets(database: Database, now: datetime) -> int:
    """Before anything is paid, so that what orders had reserved is free. Markets that are merely closed are left to
    whoever watches the orders: trades from before the close may still be coming in."""
    with database.transaction() as connection:
        ended = storage.final_markets_with_orders(connection)
        return cancel_orders(connection, "market_closed", now, market_nos=ended) if ended else 0


def pay_due(database: Database, now: datetime) -> Done:
    """Everything that is final and not paid, and every payment that a venue has corrected since."""
    with database.connection() as connection:
        due = storage.due_markets(connection)
    done = Done(failures=[_failure(market, "unclear_result") for market in due if not market.clear])
    clear = [market for market in due if market.clear]
    for start in range(0, len(clear), MARKETS_A_TRANSACTION):
        _pay(database, clear[start : start + MARKETS_A_TRANSACTION], now, done)
    with database.transaction() as connection:
        done.collected += storage.collect_debts(connection, now)
    if done.positions or done.corrections:
        wake(database)
    return done


def _pay(database: Database, batch: Sequence[DueMarket], now: datetime, done: Done) -> None:
    """One transaction; when the database refuses it, half by half, so that only the cause stays unpaid."""
    try:
        with database.transaction() as connection:
            paid = storage.pay_markets(connection, [market.market_no for market in batch], now)
            append_entries(connection, [_told(each) for each in (*paid.payments, *paid.corrections)], now)
    except (DataError, IntegrityError) as error:
        if len(batch) == 1:
            log.error("market_not_settled", market_id=batch[0].market_id, error=str(error))
            done.failures.append(_failure(batch[0], "refused_by_database"))
            return
        middle = len(batch) // 2
        _pay(database, batch[:middle], now, done)
        _pay(database, batch[middle:], now, done)
        return
    done.add(paid)


def _told(payment: Payment) -> NewEntry:
    """What the feed tells of it."""
    told = {
        "outcome": payment.outcome,
        "quantity": payment.quantity,
        "cost": payment.cost,
        "paid": payment.amount,
        "pnl": payment.gross - payment.cost,
        "standing": payment.standing,
        "version": payment.version,
    }
    return NewEntry("settlement", told, payment.portfolio_id, payment.market_no)


def _failure(market: DueMarket, reason: str) -> dict[str, str]:
    return {"market_id": market.market_id, "reason": reason}
