"""Stored forecasts staked again by another rule, on the books that were there, settled in the order of time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from heapq import heappop, heappush
from typing import Any, Literal
from uuid import UUID

from services.arena.domain.config import ModelConfig
from services.arena.domain.stakes import NoBet, Terms, Undecided, bet_of
from shared.trading.books import Book
from shared.trading.fill import Fill, NoFill, Order, Rules, fill
from shared.trading.limits import Sizing

Result = Literal["yes", "no", "split", "void", "scalar"]

ZERO = Decimal(0)
EIGHT_DIGITS = Decimal("0.00000001")
RATIO = Decimal("0.000001")
CURVE_POINTS_MAX = 500
BETS_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Past:
    """A forecast as it was made, and how its market ended, if it has."""

    position: Undecided
    market_id: str
    decided_at: datetime
    book: Book | None
    rules: Rules | NoBet  # or why they are not known
    result: Result | None
    payout_yes: Decimal | None  # none for a void, whose cost comes back
    settled_at: datetime | None


@dataclass(slots=True)
class Bet:
    past: Past
    fill: Fill

    @property
    def gross(self) -> Decimal:
        """What the venue's word pays; a void gives the cost back, and fees stay paid."""
        payout = self.past.payout_yes
        if payout is None:
            return self.fill.cost
        each = payout if self.past.position.decision.position == "YES" else 1 - payout
        return (self.fill.quantity * each).quantize(EIGHT_DIGITS, ROUND_HALF_UP)

    @property
    def pnl(self) -> Decimal:
        return self.gross - self.fill.spent


@dataclass
class Account:
    """Cash, and bets that wait for their end, carried at what they cost."""

    cash: Decimal
    equity: Decimal
    curve: list[tuple[datetime, Decimal]] = field(default_factory=list)
    ending: list[tuple[datetime, int, Bet]] = field(default_factory=list)  # a heap by the moment of the end
    open: list[Bet] = field(default_factory=list)  # their markets have not ended yet
    settled: list[Bet] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def positions(self) -> int:
        return len(self.ending) + len(self.open)

    def place(self, bet: Bet) -> None:
        self.cash -= bet.fill.spent
        self.equity -= bet.fill.fee
        self.curve.append((bet.past.decided_at, self.equity))
        if bet.past.result is None or bet.past.settled_at is None:
            self.open.append(bet)
        else:
            heappush(self.ending, (bet.past.settled_at, len(self.curve), bet))

    def settle_until(self, moment: datetime | None) -> None:
        """What has ended by then; without a moment, all that has ended."""
        while self.ending and (moment is None or self.ending[0][0] <= moment):
            at, _, bet = heappop(self.ending)
            self.settled.append(bet)
            self.cash += bet.gross
            self.equity += bet.gross - bet.fill.cost
            self.curve.append((at, self.equity))


def staked_again(pasts: Sequence[Past], sizing: Sizing, config: ModelConfig, initial: Decimal) -> dict[str, Any]:
    """`pasts` in the order of their decisions; all but the sizing is as the portfolio's configuration says."""
    chosen = config.model_copy(update={"sizing": sizing})
    account = Account(initial, initial)
    for past in pasts:
        account.settle_until(past.decided_at)
        made = _fill(past, chosen, account)
        if isinstance(made, Fill):
            account.place(Bet(past, made))
        else:
            account.skipped[made] += 1
    account.settle_until(None)
    return _shown(account, sizing, initial)


def _fill(past: Past, config: ModelConfig, account: Account) -> Fill | str:
    """The same way that a real bet goes: a stake, a limit, a walk over the book."""
    if past.position.decision.position == "ABSTAIN":
        return "model_abstained"
    if isinstance(past.rules, NoBet):
        return past.rules.reason
    if past.book is None:
        return "no_book"
    terms = Terms(past.rules.fees, past.rules.grid)
    bet = bet_of(past.position, config, account.cash, terms, past.position.close_time)
    if isinstance(bet, NoBet):
        return bet.reason
    if limit := _over_a_limit(account, bet.amount or ZERO, config):
        return limit
    filled = fill(Order(bet.action, bet.limit_price, bet.amount), past.book.levels(bet.action), past.rules)
    if isinstance(filled, NoFill):
        return filled.reason
    return filled if filled.spent <= account.cash else "insufficient_cash"


def _over_a_limit(account: Account, amount: Decimal, config: ModelConfig) -> str | None:
    """As paper trading holds portfolios to them; a model meets a market once, so that each bet opens a position."""
    if account.positions >= config.max_positions:
        return "max_positions"
    if config.max_position_size is not None and amount > config.max_position_size:
        return "max_position_size"
    if account.equity - account.cash + amount > config.max_exposure * account.equity:
        return "max_exposure"
    return None


def _shown(account: Account, sizing: Sizing, initial: Decimal) -> dict[str, Any]:
    bets = account.settled + account.open
    pushed = [bet for bet in account.settled if bet.past.result not in ("yes", "no")]
    decided = [bet for bet in account.settled if bet.past.result in ("yes", "no")]
    return {
        "rule": sizing.model_dump(include={"method", _parameter(sizing)}),
        "initial_balance": initial,
        "final_balance": account.cash,
        "equity": account.equity,
        "return": ((account.equity - initial) / initial).quantize(RATIO),
        "max_drawdown": _deepest_fall(account.curve, initial).quantize(RATIO),
        "bets": len(bets),
        "won": sum(bet.pnl > 0 for bet in decided),
        "lost": sum(bet.pnl < 0 for bet in decided),
        "pushed": len(pushed) + sum(bet.pnl == 0 for bet in decided),
        "open": len(account.open),
        "invested": sum((bet.fill.spent for bet in bets), ZERO),
        "fees": sum((bet.fill.fee for bet in bets), ZERO),
        "realized_pnl": sum((bet.pnl for bet in account.settled), ZERO),
        "skipped": dict(account.skipped.most_common()),
        "curve": [{"at": at, "equity": equity} for at, equity in _thinned(account.curve)],
        "placed": [_bet_shown(bet) for bet in sorted(bets, key=lambda bet: bet.past.decided_at)[-BETS_SHOWN:]],
    }


def _parameter(sizing: Sizing) -> str:
    return {"fixed": "amount", "kelly": "fraction"}.get(sizing.method, "method")


def _bet_shown(bet: Bet) -> dict[str, UUID | str | Decimal | datetime | None]:
    ended = bet.past.result is not None and bet.past.settled_at is not None
    return {
        "session_id": bet.past.position.session_id,
        "market_id": bet.past.market_id,
        "position": bet.past.position.decision.position,
        "decided_at": bet.past.decided_at,
        "amount": bet.fill.spent,
        "shares": bet.fill.quantity,
        "price": bet.fill.price,
        "fee": bet.fill.fee,
        "result": bet.past.result if ended else None,
        "pnl": bet.pnl if ended else None,
        "settled_at": bet.past.settled_at if ended else None,
    }


def _deepest_fall(curve: Sequence[tuple[datetime, Decimal]], initial: Decimal) -> Decimal:
    peak, deepest = initial, ZERO
    for _, equity in curve:
        peak = max(peak, equity)
        deepest = max(deepest, (peak - equity) / peak)
    return deepest


def _thinned(curve: Sequence[tuple[datetime, Decimal]]) -> list[tuple[datetime, Decimal]]:
    """At most so many points; the last one is exact."""
    if len(curve) <= CURVE_POINTS_MAX:
        return list(curve)
    step = len(curve) / CURVE_POINTS_MAX
    return [curve[min(round((place + 1) * step) - 1, len(curve) - 1)] for place in range(CURVE_POINTS_MAX)]
