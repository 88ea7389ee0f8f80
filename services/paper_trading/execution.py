"""Acting on signals: fresh books first, then every portfolio decides under its lock, then all of it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from services.paper_trading.breakers import note_call, trip_and_resolve
from services.paper_trading.domain.accounts import Account
from services.paper_trading.domain.deciding import (
    Ages,
    Offers,
    Signal,
    decide_all,
    outcome_counts,
    skip_shown,
)
from services.paper_trading.domain.offers import NoOffer, Offer, offer_of
from services.paper_trading.storage import pending, recording
from services.paper_trading.storage.breakers import all_open_breakers
from services.paper_trading.storage.recording import Executed, RecordedTrade
from shared.calls import Calls
from shared.database import Database
from shared.errors import NotFound, Problem
from shared.feed import NewEntry, append_entries, wake
from shared.syncs import Clock

log = structlog.get_logger()

BOOKS_AT_ONCE = 1_000
BOOK_REUSE_SECONDS = 5  # several portfolios that trade one market at one moment see one book
BOOKS_SECONDS = 120

DECISIONS = Counter("coliseum_decisions_total", "Signals acted on or skipped.", ["strategy", "outcome"])
FILLED_DOLLARS = Counter("coliseum_filled_dollars_total", "Cost of fills.", ["strategy", "action"])


class PortfolioNotFound(NotFound):
    """There is no portfolio with this id; GET /paper-trading/all-portfolios lists them."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How old things may be."""

    book_max: timedelta
    signal_max: timedelta
    data_max: timedelta

    def ages(self, overrides: Mapping[str, Decimal]) -> Ages:
        def seconds(name: str, configured: timedelta) -> timedelta:
            return timedelta(seconds=int(overrides[name])) if name in overrides else configured

        return Ages(seconds("book_age_max_seconds", self.book_max), seconds("signal_age_max_seconds", self.signal_max))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one portfolio's signals."""

    account: Account
    decisions: Sequence[Any]
    trades: Sequence[RecordedTrade]
    error: str | None = None

    def shown(self, *, in_full: bool) -> dict[str, Any]:
        account = self.account
        skipped = [each for each in self.decisions if each.trade is None and each.rest is None]
        answer: dict[str, Any] = {
            "portfolio_id": account.portfolio_id,
            "portfolio_name": account.name,
            "strategy_type": account.strategy_type,
            "signals_considered": len(self.decisions),
            "trades_executed": len(self.trades),
            "orders_placed": sum(each.rest is not None for each in self.decisions),
            "signals_skipped": len(skipped),
            "outcomes": outcome_counts(self.decisions),
            "new_balance": account.balance,
            "total_pnl": account.realized_pnl + account.unrealized_pnl,
            "error": self.error,
        }
        if in_full:
            answer["trades"] = [_trade_shown(trade) for trade in self.trades]
            answer["skips"] = [skip_shown(each) for each in skipped]
        return answer


def execute_signals(
    database: Database, markets: Calls, portfolio_ids: Sequence[int], policy: Policy, clock: Clock
) -> list[Answer]:
    """One answer a portfolio, in the order asked. A portfolio that fails, fails alone."""
    with database.connection() as connection:
        signals = pending.undecided_signals(connection, portfolio_ids)
        known = pending.read_accounts(connection, portfolio_ids)
    if unknown := [number for number in portfolio_ids if number not in known]:
        raise PortfolioNotFound(portfolio_ids=unknown[:20])
    answers = {number: Answer(account, (), ()) for number, account in known.items()}
    if signals:
        offers = offers_of(database, markets, signals, clock)
        trip_and_resolve(database, policy.data_max, clock(), sorted({signal.portfolio_id for signal in signals}))
        answers.update(act_on(database, signals, offers, policy, clock))
    return [answers[number] for number in portfolio_ids]


def offers_of(
    database: Database, markets: Calls, signals: Sequence[Signal], clock: Clock
) -> dict[int, Offer | NoOffer]:
    """The books of these signals' markets, fetched before anything is locked."""
    wanted = {signal.market_id: signal.market_no for signal in signals}
    offers: dict[int, Offer | NoOffer] = {}
    market_ids = list(wanted)
    for start in range(0, len(market_ids), BOOKS_AT_ONCE):
        asked = {"market_ids": market_ids[start : start + BOOKS_AT_ONCE], "max_age_seconds": BOOK_REUSE_SECONDS}
        answer = _books(database, markets, asked, clock)
        now = clock()
        for book in answer["books"]:
            offers[wanted[book["market_id"]]] = offer_of(wanted[book["market_id"]], book, now)
        for failure in answer["failures"]:
            offers[wanted[failure["market_id"]]] = NoOffer("no_book", failure["reason"])
    return offers


def _books(database: Database, markets: Calls, asked: Mapping[str, Any], clock: Clock) -> Any:
    """Whether books can be had is watched: without them there is no buying."""
    try:
        answer = markets.post("/markets/books", asked, seconds=BOOKS_SECONDS)
    except Problem:
        note_call(database, False, clock())
        raise
    venue_failed = any(failure["reason"].startswith("venue_") for failure in answer["failures"])
    note_call(database, bool(answer["books"]) or not venue_failed, clock())
    return answer


def act_on(
    database: Database, signals: Sequence[Signal], offers: Offers, policy: Policy, clock: Clock
) -> dict[int, Answer]:
    """All portfolios in one transaction; when the database refuses it, one by one, so that only the cause fails."""
    by_portfolio: dict[int, list[Signal]] = {}
    for signal in signals:
        by_portfolio.setdefault(signal.portfolio_id, []).append(signal)
    try:
        return _execute(database, by_portfolio, offers, policy, clock)
    except (DataError, IntegrityError) as error:
        if len(by_portfolio) == 1:
            [portfolio_id] = by_portfolio
            return {portfolio_id: _failed(database, portfolio_id, error)}
    answers: dict[int, Answer] = {}
    for own in by_portfolio.values():
        answers.update(act_on(database, own, offers, policy, clock))
    return answers


def _execute(
    database: Database,
    by_portfolio: Mapping[int, Sequence[Signal]],
    offers: Offers,
    policy: Policy,
    clock: Clock,
) -> dict[int, Answer]:
    errors: dict[int, str] = {}
    with database.transaction() as connection:
        pending.lock_portfolios(connection, list(by_portfolio))
        now = clock()  # the wait may have been long; books and signals are judged by what time it is then
        overrides = pending.standing_overrides(connection, list(by_portfolio), now)
        accounts = _accounts(connection, by_portfolio, overrides, offers)
        ended = pending.final_markets(connection, offers)
        offers = {**offers, **dict.fromkeys(ended, NoOffer("market_closed", "the market is final by now"))}
        signal_ids = [signal.signal_id for own in by_portfolio.values() for signal in own]
        undecided = pending.still_undecided(connection, signal_ids)
        executed: dict[int, Executed] = {}
        for portfolio_id, account in accounts.items():
            own = [signal for signal in by_portfolio[portfolio_id] if signal.signal_id in undecided]
            decided = _decide_apart(account, own, offers, policy.ages(overrides.get(portfolio_id, {})), now)
            if isinstance(decided, Executed):
                executed[portfolio_id] = decided
            else:
                errors[portfolio_id] = decided
        deciding = [each for each in executed.values() if each.decisions]
        trades = recording.record(connection, deciding, now) if deciding else []
        append_entries(connection, _news(trades, deciding), now)
    if trades:
        wake(database)
    _count(deciding)
    traded: dict[int, list[RecordedTrade]] = {}
    for trade in trades:
        traded.setdefault(trade.account.portfolio_id, []).append(trade)
    answers = {
        number: Answer(each.account, each.decisions, traded.get(number, ())) for number, each in executed.items()
    }
    for number, error in errors.items():
        with database.connection() as connection:
            answers[number] = Answer(pending.read_accounts(connection, [number])[number], (), (), error)
    return answers


def _accounts(
    connection: Connection,
    by_portfolio: Mapping[int, Sequence[Signal]],
    overrides: Mapping[int, Mapping[str, Decimal]],
    offers: Offers,
) -> dict[int, Account]:
    market_nos = {signal.market_no for own in by_portfolio.values() for signal in own}
    books = {number: offer.book_at for number, offer in offers.items() if isinstance(offer, Offer)}
    accounts = pending.lock_accounts(connection, list(by_portfolio), market_nos, books, overrides)
    standing = all_open_breakers(connection)
    for portfolio_id, account in accounts.items():
        account.breakers = tuple(each for each in standing if each.portfolio_id in (None, portfolio_id))
    return accounts


def _decide_apart(
    account: Account, signals: Sequence[Signal], offers: Offers, ages: Ages, now: datetime
) -> Executed | str:
    """The wall between portfolios: one whose signals cannot be decided leaves the others alone."""
    try:
        return Executed(account, decide_all(account, signals, offers, ages, now))
    except Exception as error:
        log.exception("portfolio_not_executed", portfolio_id=account.portfolio_id)
        return f"{type(error).__name__}: {error}"[:500]


def _failed(database: Database, portfolio_id: int, error: Exception) -> Answer:
    log.error("portfolio_refused_by_database", portfolio_id=portfolio_id, error=str(error))
    with database.connection() as connection:
        account = pending.read_accounts(connection, [portfolio_id])[portfolio_id]
    return Answer(account, (), (), f"the database refused what it decided: {str(error).splitlines()[0]}"[:500])


def _count(executed: Sequence[Executed]) -> None:
    for each in executed:
        for outcome, count in outcome_counts(each.decisions).items():
            DECISIONS.labels(each.account.strategy_type, outcome).inc(count)
        for decision in each.decisions:
            if decision.trade is not None:
                dollars = FILLED_DOLLARS.labels(each.account.strategy_type, decision.signal.action)
                dollars.inc(float(decision.trade.fill.cost))


def _news(trades: Sequence[RecordedTrade], executed: Sequence[Executed]) -> list[NewEntry]:
    """What the feed tells of it."""
    news = [
        NewEntry("trade", _told(trade), trade.account.portfolio_id, trade.decision.signal.market_no) for trade in trades
    ]
    for each in executed:
        for decision in each.decisions:
            if decision.rest is not None:
                signal = decision.signal
                told = {"action": signal.action, "limit_price": signal.limit_price, "quantity": decision.rest.quantity}
                news.append(NewEntry("order", told, each.account.portfolio_id, signal.market_no))
    return news


def _told(recorded: RecordedTrade) -> dict[str, Any]:
    trade = recorded.decision.trade
    assert trade is not None
    made = trade.fill
    return {
        "trade_id": recorded.trade_id,
        "action": recorded.decision.signal.action,
        "quantity": made.quantity,
        "cost": made.cost,
        "fee": made.fee,
    }


def _trade_shown(recorded: RecordedTrade) -> dict[str, Any]:
    decision, trade = recorded.decision, recorded.decision.trade
    assert trade is not None
    return {
        "trade_id": recorded.trade_id,
        "decision_id": recorded.decision_id,
        "signal_id": decision.signal.signal_id,
        "market_id": decision.signal.market_id,
        "action": decision.signal.action,
        "quantity": trade.fill.quantity,
        "price": trade.fill.price,
        "cost": trade.fill.cost,
        "fee": trade.fill.fee,
        "merged": trade.merged,
        "realized_pnl": trade.realized_pnl,
        "mid_price": trade.mid,
        "execution_cost": trade.execution_cost,
        "outcome": decision.outcome,
    }
