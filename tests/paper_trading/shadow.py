"""A portfolio's books kept a second time, by the contract's rules alone, and what must hold after each decision."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from services.paper_trading.domain.accounts import Account
from services.paper_trading.domain.deciding import Decision, Trade
from services.paper_trading.domain.offers import Offer

ZERO = Decimal(0)
Key = tuple[int, str]  # market and side
OTHER = {"yes": "no", "no": "yes"}


@dataclass
class Shadow:
    initial: Decimal
    cash: Decimal = ZERO
    quantity: dict[Key, Decimal] = field(default_factory=dict)
    cost: dict[Key, Decimal] = field(default_factory=dict)
    mark: dict[Key, Decimal] = field(default_factory=dict)
    realized: Decimal = ZERO
    reserved: Decimal = ZERO
    taken: dict[tuple[int, str, Decimal], Decimal] = field(default_factory=dict)  # of each yes level of each book
    # for the balance to the last digit
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    fees: Decimal = ZERO
    merged: Decimal = ZERO

    def __post_init__(self) -> None:
        self.cash = self.initial

    @property
    def invested(self) -> Decimal:
        return sum(self.cost.values(), ZERO)

    @property
    def worth(self) -> Decimal:
        return sum((quantity * self.mark.get(key, ZERO) for key, quantity in self.quantity.items()), ZERO)

    def trade(self, action: str, trade: Trade) -> None:
        """Books a fill from its levels alone."""
        deed, side = action.split("_")
        key = (trade.offer.market_no, side)
        quantity = sum((each[1] for each in trade.fill.levels), ZERO)
        cost = sum((each[0] * each[1] for each in trade.fill.levels), ZERO)
        fee = sum((each[2] for each in trade.fill.levels), ZERO)
        self.fees += fee
        self.realized -= fee
        if deed == "buy":
            self._buy(key, quantity, cost)
            self.cash -= cost + fee
            self.bought += cost
        else:
            self.realized += cost - self._give(key, quantity)
            self.cash += cost - fee
            self.sold += cost
        for outcome in OTHER:
            self._mark((key[0], outcome), trade.offer)

    def _buy(self, key: Key, quantity: Decimal, cost: Decimal) -> None:
        opposite = (key[0], OTHER[key[1]])
        pairs = min(quantity, self.quantity.get(opposite, ZERO))
        share = cost if pairs == quantity else _rounded(cost * pairs / quantity)
        if pairs:
            self.realized += pairs - share - self._give(opposite, pairs)
            self.cash += pairs
            self.merged += pairs
        if quantity > pairs:
            self.quantity[key] = self.quantity.get(key, ZERO) + quantity - pairs
            self.cost[key] = self.cost.get(key, ZERO) + cost - share

    def _give(self, key: Key, quantity: Decimal) -> Decimal:
        """Takes contracts out at their average; answers what they had cost."""
        held = self.quantity[key]
        assert quantity <= held, "more was given than is held"
        if quantity == held:
            del self.quantity[key]
            self.mark.pop(key, None)
            return self.cost.pop(key)
        part = _rounded(self.cost[key] * quantity / held)
        self.quantity[key] -= quantity
        self.cost[key] -= part
        return part

    def _mark(self, key: Key, offer: Offer) -> None:
        bid = offer.book.best_bid("yes" if key[1] == "yes" else "no")
        if key in self.quantity and bid is not None:
            self.mark[key] = bid


def assert_honest(before: Shadow, after: Shadow, account: Account, decision: Decision) -> None:
    """What one decision may do at most. `before` and `after` are the books around it."""
    signal, trade, rest = decision.signal, decision.trade, decision.rest
    spent = ZERO
    if trade is not None:
        _assert_taken_from_the_book(after, decision.signal.action, signal.limit_price, trade)
        spent = trade.fill.spent
        assert signal.quantity is None or trade.fill.quantity <= signal.quantity
    if rest is not None:
        assert rest.reserved >= 0 and rest.quantity > 0
        after.reserved += rest.reserved
        spent += rest.reserved
    if signal.action.startswith("buy") and (trade or rest):
        assert signal.amount is None or spent <= signal.amount, "more than the amount"
        side = signal.action.split("_")[1]
        wanted = (trade.fill.quantity if trade else ZERO) + (rest.quantity if rest else ZERO)
        if wanted > before.quantity.get((signal.market_no, OTHER[side]), ZERO):  # else it takes risk off
            _assert_within_limits(before, after, account, (signal.market_no, side))
    assert after.cash >= after.reserved, "cash that is not there, or reserved"
    assert not any((market_no, OTHER[side]) in after.quantity for market_no, side in after.quantity)


def _assert_within_limits(before: Shadow, after: Shadow, account: Account, bought: Key) -> None:
    limits = account.limits
    if limits.max_positions is not None:
        assert len(after.quantity) <= max(limits.max_positions, len(before.quantity)), "too many positions"
    if limits.max_position_size is not None and bought in after.cost:
        assert after.cost[bought] <= limits.max_position_size, "too large a position"
    if limits.max_exposure is not None:
        most = max(before.invested + before.reserved, limits.max_exposure * (before.cash + before.worth))
        assert after.invested + after.reserved <= most, "too much exposed"


def _assert_taken_from_the_book(shadow: Shadow, action: str, limit: Decimal, trade: Trade) -> None:
    """At prices that are there, best first, never beyond the limit, never more than is offered."""
    buying, yes = action.startswith("buy"), action.endswith("yes")
    walked = "asks" if buying == yes else "bids"
    offered = trade.offer.book.asks if walked == "asks" else trade.offer.book.bids
    market_no, prices = trade.offer.market_no, []
    for price, quantity, fee in trade.fill.levels:
        at = price if yes else 1 - price
        key = (market_no, walked, at)
        shadow.taken[key] = shadow.taken.get(key, ZERO) + quantity
        prices.append(price)
        assert quantity > 0 and fee >= 0
        assert price <= limit if buying else price >= limit
    sizes = dict(offered)
    step = trade.offer.rules.quantity_step
    worst = prices[-1] if yes else 1 - prices[-1]
    for at, size in offered:
        left = size - shadow.taken.get((market_no, walked, at), ZERO)
        assert left >= 0, "more than the book holds"
        if at == worst:
            break
        assert left < step, "a better price was left"
    assert all((price if yes else 1 - price) in sizes for price in prices), "a price that nobody offered"


def assert_same(shadow: Shadow, account: Account) -> None:
    """The account says what the second books say, and both balance to the last digit."""
    assert account.balance == shadow.cash
    assert account.reserved == shadow.reserved
    assert account.total_invested == shadow.invested
    assert account.liquidation_value == shadow.worth
    assert account.realized_pnl == shadow.realized
    assert account.fees_paid == shadow.fees
    assert account.open_positions == len(shadow.quantity)
    assert {key: held.quantity for key, held in account.holdings.items()} == shadow.quantity
    assert shadow.cash + shadow.bought - shadow.sold - shadow.merged + shadow.fees == shadow.initial
    assert account.equity - shadow.initial == account.realized_pnl + account.unrealized_pnl


def _rounded(cost: Decimal) -> Decimal:
    return cost.quantize(Decimal("0.00000001"), ROUND_HALF_EVEN)
