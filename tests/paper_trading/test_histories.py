"""Random histories on a real database: whatever happens in whatever order, the audit finds nothing after each step."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.paper_trading.domain.deciding import Signal
from services.paper_trading.domain.offers import NoOffer, Offer
from services.paper_trading.execution import Policy, act_on
from services.paper_trading.managing import change_portfolio
from services.paper_trading.marking import update_prices
from services.paper_trading.resting import watch_orders
from services.paper_trading.settlement import cancel_orders_of_ended_markets, pay_due
from services.paper_trading.storage import pending
from shared.calls import Calls
from shared.database import Database
from shared.signals import Generation, NewSignal, write_generations
from tests.paper_trading import drawn
from tests.paper_trading.ledger import NOON, Ledger, assert_clean
from tests.venues.double import Double, Reply, Request, running_double

HOUR = timedelta(hours=1)
POLICY = Policy(timedelta(days=400), HOUR, timedelta(days=400))  # books do not grow old here: they are drawn anew
GROUPS = {"a": UUID(int=1), "b": UUID(int=2)}
Result = tuple[str, str | None]
RESULTS: tuple[Result, ...] = (("yes", "1"), ("no", "0"), ("split", "0.5"), ("scalar", "0.3725"), ("void", None))
PLATFORMS = ("polymarket", "polymarket", "kalshi")
PORTFOLIOS: tuple[dict[str, Any], ...] = (
    {"cash": "1000"},
    {"cash": "60", "max_positions": 2, "max_position_size": "25"},
    {"cash": "300", "max_exposure": "0.5"},
)
# Everything that tells whether something was done.
_DONE = """
SELECT (SELECT count(*) FROM decisions) AS decisions, (SELECT count(*) FROM trades) AS trades,
    (SELECT count(*) FROM cash_entries) AS cash_entries, (SELECT count(*) FROM settlements) AS settlements,
    (SELECT count(*) FROM order_prints) AS prints,
    (SELECT json_agg(json_build_array(current_balance, reserved_balance, owed, total_invested, realized_pnl)
        ORDER BY portfolio_id)::text FROM portfolios) AS figures
"""
_WRONG = """
SELECT 'cash' AS what FROM portfolios WHERE current_balance < reserved_balance OR reserved_balance < 0
UNION ALL SELECT 'both sides' FROM portfolio_positions WHERE status = 'open' GROUP BY portfolio_id, market_no
    HAVING count(*) > 1
UNION ALL SELECT 'unpaid' FROM portfolio_positions p JOIN market_settlements USING (market_no) WHERE p.status = 'open'
UNION ALL SELECT 'lost' FROM trades t LEFT JOIN cash_entries e USING (trade_id) WHERE e.entry_id IS NULL
"""


class History(RuleBasedStateMachine):
    """Some portfolios and markets, and all that can happen to them."""

    database: Database
    venue: Double
    markets: Calls

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.ledger = Ledger(self.database)
        self.ledger.write("TRUNCATE portfolios, markets RESTART IDENTITY CASCADE")
        self.now = NOON
        self.listed: dict[int, str] = {}  # open markets with their platforms
        self.ended: list[int] = []
        self.offers: dict[int, Offer | NoOffer] = {}
        self.tape: list[dict[str, Any]] = []
        self.portfolios = [
            self.ledger.portfolio(str(number), **config, at=self.now) for number, config in enumerate(PORTFOLIOS)
        ]
        for platform in PLATFORMS:
            self._list(data, platform)
        self.venue.on("/markets/refresh-prices", self._prices)
        self.venue.on("/markets/trades", lambda _: Reply({"trades": self.tape, "failures": []}))
        for portfolio_id in self.portfolios:
            self._speak(data, portfolio_id, patient=False)
        self.all_execute()

    @rule(data=st.data(), seconds=st.integers(1, 3_000))
    def books_change(self, data: st.DataObject, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for market_no, platform in self.listed.items():
            self.offers[market_no] = data.draw(drawn.offers(market_no, platform))

    @rule(data=st.data(), executed=st.sampled_from([True, True, True, False]), patient=st.booleans())
    def a_strategy_speaks(self, data: st.DataObject, executed: bool, patient: bool) -> None:
        """Who is patient lets what is not offered wait."""
        self._speak(data, data.draw(st.sampled_from(self.portfolios)), patient)
        if executed:
            self.all_execute()
        if executed and patient:
            self.trades_are_printed(data)

    @rule()
    def all_execute(self) -> None:
        with self.database.connection() as connection:
            signals = pending.undecided_signals(connection, self.portfolios)
        assert [answer.error for answer in self._execute(signals).values() if answer.error] == []
        with self._nothing_happens():
            again = self._execute(signals).values()
            assert all(not answer.decisions and answer.error is None for answer in again)

    @rule()
    def prices_are_updated(self) -> None:
        update_prices(self.database, self.markets, lambda: self.now)

    @rule(data=st.data())
    def trades_are_printed(self, data: st.DataObject) -> None:
        self.tape = []
        self.now += timedelta(seconds=2)
        query = "SELECT * FROM resting_orders o JOIN markets USING (market_no) WHERE o.status = 'open' LIMIT 3"
        for order in self.ledger.rows(query):
            own = order["limit_price"] if order["action"].endswith("yes") else 1 - order["limit_price"]
            for _ in range(data.draw(st.integers(1, 2))):
                self.tape.append(
                    {
                        "market_id": order["market_id"],
                        "trade_id": str(data.draw(st.integers(0, 10**6))),
                        "price": str(data.draw(st.sampled_from([own, own, Decimal("0.001"), Decimal("0.999")]))),
                        "size": str(data.draw(drawn.sizes())),
                        "taker_side": data.draw(st.sampled_from(["yes", "no"])),
                        "traded_at": (self.now - timedelta(seconds=1)).isoformat(),
                    }
                )
        watch_orders(self.database, self.markets, lambda: self.now)
        with self._nothing_happens():
            watch_orders(self.database, self.markets, lambda: self.now)

    @rule(
        data=st.data(),
        result=st.sampled_from(RESULTS),
        corrected=st.none() | st.sampled_from(RESULTS),
        known=st.booleans(),
    )
    def a_market_ends(self, data: st.DataObject, result: Result, corrected: Result | None, known: bool) -> None:
        """Another one takes its place. Where the end is not known, books fetched before are still traded on."""
        held = self.ledger.rows("SELECT DISTINCT market_no FROM portfolio_positions WHERE status = 'open' ORDER BY 1")
        chosen = data.draw(st.sampled_from([row["market_no"] for row in held] or sorted(self.listed)))
        self._list(data, self.listed.pop(chosen))
        self.ended.append(chosen)
        if known:
            self.offers[chosen] = NoOffer("market_closed", "the market is final")
        self._final(chosen, result)
        if corrected:
            self._final(chosen, corrected)

    @precondition(lambda self: self.ended)
    @rule(data=st.data(), result=st.sampled_from(RESULTS))
    def a_result_is_corrected(self, data: st.DataObject, result: Result) -> None:
        self._final(data.draw(st.sampled_from(self.ended)), result)

    @rule(data=st.data(), status=st.sampled_from(["paused", "closed"]))
    def a_portfolio_stops(self, data: st.DataObject, status: str) -> None:
        """Another one takes the place of one that is closed; one that is paused goes on after a run."""
        place = data.draw(st.integers(0, len(PORTFOLIOS) - 1))
        stopped = self.portfolios[place]
        change_portfolio(self.database, {}, stopped, {"status": status}, None, self.now)
        self.all_execute()
        if status == "paused":
            change_portfolio(self.database, {}, stopped, {"status": "active"}, None, self.now)
        else:
            self.portfolios[place] = self.ledger.portfolio(f"after {stopped}", **PORTFOLIOS[place], at=self.now)

    @invariant()
    def the_books_agree(self) -> None:
        assert_clean(self.database)
        assert self.ledger.rows(_WRONG) == []

    @contextmanager
    def _nothing_happens(self) -> Iterator[None]:
        before = self.ledger.one(_DONE)
        yield
        assert self.ledger.one(_DONE) == before

    def _execute(self, signals: Sequence[Signal]) -> Mapping[int, Any]:
        return act_on(self.database, signals, self.offers, POLICY, lambda: self.now)

    def _speak(self, data: st.DataObject, portfolio_id: int, patient: bool) -> None:
        offered = [offer for offer in self.offers.values() if isinstance(offer, Offer)]
        wanted = [self._new(signal, patient) for signal in data.draw(drawn.signals(offered))]
        generation = Generation(portfolio_id, "momentum", None, 0, 0, wanted, {})
        with self.database.transaction() as connection:
            write_generations(connection, [generation], self.now, self.now + HOUR)

    def _list(self, data: st.DataObject, platform: str) -> None:
        number = len(self.offers) + 1
        names = {"platform": platform, "external_id": str(number), "market_id": f"{platform}:{number}"}
        market_no = self.ledger.market(number, **names)
        self.listed[market_no] = platform
        self.offers[market_no] = data.draw(drawn.offers(market_no, platform))

    def _final(self, market_no: int, result: Result) -> None:
        self.ledger.final(market_no, *result)
        self._settle()
        with self._nothing_happens():
            self._settle()

    def _settle(self) -> None:
        cancel_orders_of_ended_markets(self.database, self.now)
        assert pay_due(self.database, self.now).failures == []

    def _prices(self, asked: Request) -> Reply:
        """One of three markets does not answer."""
        offers = {offer.market_id: offer for offer in self.offers.values() if isinstance(offer, Offer)}
        answered = [market_id for market_id in asked.body["market_ids"] if market_id in offers][:3]
        prices = []
        for market_id in answered:
            bid, ask = offers[market_id].book.best_bid("yes"), offers[market_id].book.best_ask("yes")
            quote = {"yes_bid": None if bid is None else float(bid), "yes_ask": None if ask is None else float(ask)}
            prices.append({"market_id": market_id, **quote})
        return Reply({"prices": prices, "failures": []})

    def _new(self, signal: Signal, patient: bool) -> NewSignal:
        return NewSignal(
            market_no=signal.market_no,
            action=signal.action,
            limit_price=signal.limit_price,
            reason="drawn",
            amount=signal.amount,
            quantity=signal.quantity,
            order_kind="limit" if patient else "ioc",
            group_id=None if patient else GROUPS.get(signal.group_id or ""),
        )


@pytest.fixture
def history(database: Database) -> Iterator[type[History]]:
    with running_double() as venue:
        markets = Calls("markets", venue.url)
        yield type("AHistory", (History,), {"database": database, "venue": venue, "markets": markets})
        markets.close()


def test_any_history_leaves_clean_books(history: type[History]) -> None:
    run_state_machine_as_test(
        history, settings=settings(drawn.often(20, 100), stateful_step_count=50 if drawn.LONG else 20)
    )
