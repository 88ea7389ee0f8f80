"""What a decision asks for: the side, the stake by the portfolio's sizing and the highest price, or why no bet."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.arena.domain.config import ModelConfig
from services.arena.domain.decisions import Decision
from shared.trading.books import Grid, NoGrid
from shared.trading.fees import FeeTerms, UnreadableTerms, model_fee
from shared.trading.limits import Sizing
from shared.trading.sizing import stake


@dataclass(frozen=True, slots=True)
class Undecided:
    """A position that no signal has been written for yet."""

    session_id: UUID
    portfolio_id: int
    market_no: int
    decision: Decision
    yes_bid: Decimal | None
    yes_ask: Decimal | None
    close_time: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """At which a market trades, or why nobody can say."""

    fee: FeeTerms | UnreadableTerms
    grid: Grid | NoGrid


@dataclass(frozen=True, slots=True)
class Bet:
    """What is asked of paper trading."""

    market_no: int
    action: Literal["buy_yes", "buy_no"]
    amount: Decimal  # dollars, fees included
    limit_price: Decimal  # of the side that is bought
    confidence: Decimal | None
    probability: Decimal | None  # of yes
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NoBet:
    reason: str  # a code of `shared/trading/reasons.py`


def bet_of(
    position: Undecided, config: ModelConfig, balance: Decimal, terms: Terms, expires_at: datetime
) -> Bet | NoBet:
    """`balance` is what the portfolio can still spend. The stake is fixed here, fees included."""
    decision = position.decision
    yes = decision.position == "YES"
    ask = position.yes_ask if yes else None if position.yes_bid is None else 1 - position.yes_bid
    if ask is None:
        return NoBet("no_quote")
    if isinstance(terms.fee, UnreadableTerms):
        return NoBet("fees_unknown")
    if isinstance(terms.grid, NoGrid):
        return NoBet("tick_unknown")
    probability = decision.probability
    wanted = stake(
        config.sizing,
        balance,
        confidence=decision.confidence,
        probability=probability if yes or probability is None else 1 - probability,
        price=ask,
        fee=model_fee(terms.fee, ask),
    )
    if not isinstance(wanted, Decimal):
        return NoBet(wanted)
    limit = decision.max_price if decision.max_price is not None else ask + config.slippage_max
    price = _on_grid(terms.grid, limit, yes=yes)
    if price is None:
        return NoBet("below_minimum")
    return Bet(
        market_no=position.market_no,
        action="buy_yes" if yes else "buy_no",
        limit_price=price,
        reason=decision.reason,
        amount=wanted,
        confidence=decision.confidence,
        probability=probability,
        expires_at=min(expires_at, position.close_time),
    )


def _on_grid(grid: Grid, limit: Decimal, *, yes: bool) -> Decimal | None:
    """The highest price of the side that the venue takes and that is not above the limit; None where all are."""
    price = grid.down(limit) if yes else 1 - grid.up(1 - limit)
    return price if price <= limit else None


def rule_in_words(sizing: Sizing) -> str:
    """As a prompt tells it to the model."""
    match sizing.method:
        case "fixed":
            return f"Each bet stakes {sizing.amount:f} dollars, fees included."
        case "confidence":
            return (
                "A bet stakes a quarter of your cash times your confidence, fees included: at least 100 dollars and at "
                "most a tenth of your cash. A confidence of 0 is no bet."
            )
        case "kelly":
            return (
                f"A bet stakes {sizing.fraction:f} of the Kelly fraction of your cash, from your probability and the "
                "price with its fee: nothing where the price is not better than your probability, and at most a tenth "
                "of your cash."
            )
