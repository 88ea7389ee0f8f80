"""What positions must be, told again from trades and settlements alone, and where the stored ones say otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from services.paper_trading.domain.settling import Result, Side, gross_of, standing_of

ZERO = Decimal(0)
EIGHT_DIGITS = Decimal("0.00000001")
OTHER: dict[Side, Side] = {"yes": "no", "no": "yes"}


@dataclass(frozen=True, slots=True)
class Disagreement:
    what: str
    portfolio_id: int
    stored: Any
    recomputed: Any
    about: dict[str, Any] = field(default_factory=dict)  # which trade, position, settlement …


@dataclass(frozen=True, slots=True)
class TradeLine:
    trade_id: int
    action: str
    quantity: Decimal
    cost: Decimal
    fee: Decimal
    merged: Decimal
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True)
class SettlementLine:
    settlement_id: int
    position_id: int
    version: int
    outcome: Side
    quantity: Decimal
    cost: Decimal
    gross: Decimal
    amount: Decimal
    standing: str
    result: Result | None  # none: there is no such version of the market's result
    payout_yes: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionLine:
    position_id: int
    outcome: Side
    quantity: Decimal
    cost: Decimal
    fees: Decimal
    realized_pnl: Decimal
    status: str


@dataclass(slots=True)
class Held:
    outcome: Side
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    status: Literal["open", "closed", "settled"] = "open"
    gross: Decimal = ZERO  # as the last settlement said

    def give(self, quantity: Decimal) -> Decimal:
        """Takes contracts out; answers what they had cost."""
        whole = quantity == self.quantity
        cost = self.cost if whole else (self.cost * quantity / self.quantity).quantize(EIGHT_DIGITS, ROUND_HALF_EVEN)
        self.quantity -= quantity
        self.cost -= cost
        if whole:
            self.status = "closed"
        return cost

    def pay(self, fee: Decimal) -> None:
        self.fees += fee
        self.realized_pnl -= fee


class Replay:
    """One market in one portfolio."""

    def __init__(self, portfolio_id: int, market_no: int) -> None:
        self.portfolio_id = portfolio_id
        self.market_no = market_no
        self.positions: list[Held] = []  # as they were opened
        self.open: dict[Side, Held] = {}
        self.settled: dict[int, Held] = {}  # by the stored position's number
        self.found: list[Disagreement] = []

    def trade(self, trade: TradeLine) -> None:
        side: Side = "yes" if trade.action.endswith("_yes") else "no"
        told_again = self._buy if trade.action.startswith("buy") else self._sell
        realized = told_again(trade, side)
        if realized is not None and realized != trade.realized_pnl:
            self._differs("trade_realized_pnl", trade.realized_pnl, realized, trade_id=trade.trade_id)

    def settle(self, line: SettlementLine) -> None:
        about = {"settlement_id": line.settlement_id, "position_id": line.position_id, "version": line.version}
        held = self.settled.get(line.position_id)
        if held is None:
            held = self.open.pop(line.outcome, None)
            if held is None:
                self._differs("settlement_of_nothing", line.quantity, ZERO, **about)
                return
            self.settled[line.position_id] = held
            for name, stored, own in (("quantity", line.quantity, held.quantity), ("cost", line.cost, held.cost)):
                if stored != own:
                    self._differs(f"settlement_{name}", stored, own, **about)
            held.realized_pnl += line.gross - held.cost
            held.quantity, held.cost, held.status = ZERO, ZERO, "settled"
        else:
            held.realized_pnl += line.amount
        self._check_payment(line, held, about)
        held.gross = line.gross

    def compare(self, stored: Sequence[PositionLine]) -> None:
        """Positions of one market follow each other in the order in which they were opened."""
        for place in range(max(len(stored), len(self.positions))):
            if place >= len(stored):
                held = self.positions[place]
                self._differs("position_missing", None, held.quantity, outcome=held.outcome)
            elif place >= len(self.positions):
                line = stored[place]
                self._differs("position_without_trades", line.quantity, None, position_id=line.position_id)
            else:
                self._compare_one(stored[place], self.positions[place])

    def _buy(self, trade: TradeLine, side: Side) -> Decimal | None:
        other = self.open.get(OTHER[side])
        merged = min(trade.quantity, other.quantity) if other else ZERO
        if merged != trade.merged:
            self._differs("trade_merged", trade.merged, merged, trade_id=trade.trade_id)
        whole = merged == trade.quantity
        share = trade.cost if whole else (trade.cost * merged / trade.quantity).quantize(EIGHT_DIGITS, ROUND_HALF_EVEN)
        realized = ZERO
        if other and merged:
            realized = merged - other.give(merged) - share
            other.realized_pnl += realized
            if other.status == "closed":
                del self.open[OTHER[side]]
        if trade.quantity > merged:
            held = self.open.get(side)
            if held is None:
                held = self.open[side] = Held(side)
                self.positions.append(held)
            held.quantity += trade.quantity - merged
            held.cost += trade.cost - share
            held.pay(trade.fee)
        elif other:
            other.pay(trade.fee)
        return realized - trade.fee

    def _sell(self, trade: TradeLine, side: Side) -> Decimal | None:
        held = self.open.get(side)
        if trade.merged:
            self._differs("trade_merged", trade.merged, ZERO, trade_id=trade.trade_id)
        if held is None or held.quantity < trade.quantity:
            there = held.quantity if held else ZERO
            self._differs("sold_more_than_held", trade.quantity, there, trade_id=trade.trade_id)
            return None
        realized = trade.cost - held.give(trade.quantity)
        held.realized_pnl += realized
        held.pay(trade.fee)
        if held.status == "closed":
            del self.open[side]
        return realized - trade.fee

    def _check_payment(self, line: SettlementLine, held: Held, about: dict[str, Any]) -> None:
        if line.result is None:
            self._differs("settlement_without_result", line.gross, None, **about)
            return
        gross = gross_of(line.result, line.payout_yes, line.outcome, line.quantity, line.cost)
        if line.gross != gross:
            self._differs("settlement_gross", line.gross, gross, **about)
        if line.amount != line.gross - held.gross:
            self._differs("settlement_amount", line.amount, line.gross - held.gross, **about)
        standing = standing_of(line.result, line.outcome)
        if line.standing != standing:
            self._differs("settlement_standing", line.standing, standing, **about)

    def _compare_one(self, stored: PositionLine, held: Held) -> None:
        for name in ("outcome", "quantity", "cost", "fees", "realized_pnl", "status"):
            if getattr(stored, name) != getattr(held, name):
                own = getattr(held, name)
                self._differs(f"position_{name}", getattr(stored, name), own, position_id=stored.position_id)

    def _differs(self, what: str, stored: Any, recomputed: Any, **about: Any) -> None:
        about["market_no"] = self.market_no
        self.found.append(Disagreement(what, self.portfolio_id, stored, recomputed, about))


Key = tuple[int, int]  # portfolio and market
Event = tuple[Key, TradeLine | SettlementLine]


def replay(events: Iterator[Event], positions: dict[Key, list[PositionLine]]) -> Iterator[Disagreement]:
    """`events` by portfolio and market, in each of them in the order of time."""
    current: Replay | None = None
    for key, event in events:
        if current is None or (current.portfolio_id, current.market_no) != key:
            if current is not None:
                yield from _ended(current, positions)
            current = Replay(*key)
        if isinstance(event, TradeLine):
            current.trade(event)
        else:
            current.settle(event)
    if current is not None:
        yield from _ended(current, positions)
    for key in positions:
        without_events = Replay(*key)
        without_events.compare(positions[key])
        yield from without_events.found


def _ended(current: Replay, positions: dict[Key, list[PositionLine]]) -> list[Disagreement]:
    current.compare(positions.pop((current.portfolio_id, current.market_no), []))
    return current.found
