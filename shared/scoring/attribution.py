"""Where realised profit comes from: the edge that was stated, what execution took, and luck, summing exactly."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Literal

Side = Literal["yes", "no"]

ZERO = Decimal(0)
EIGHT_DIGITS = Decimal("0.00000001")
_OTHER: dict[Side, Side] = {"yes": "no", "no": "yes"}
DIGITS = 50  # of a share of a lot: sold parts of parts are not round numbers


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase; mid and probability are of one contract of the side bought, at the decision."""

    key: Hashable
    side: Side
    quantity: Decimal
    cost: Decimal  # without the fee
    fee: Decimal
    mid: Decimal | None = None  # None: one side of the book was empty
    probability: Decimal | None = None  # None: none was stated


@dataclass(frozen=True, slots=True)
class Sold:
    key: Hashable
    side: Side
    quantity: Decimal
    proceeds: Decimal  # before the fee
    fee: Decimal
    mid: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What the venue paid for all that was held of a side; once nothing is held any more, a correction of that."""

    key: Hashable
    side: Side
    amount: Decimal  # dollars; a void pays the cost back; of a correction the difference


Event = Bought | Sold | Settled


@dataclass(frozen=True, slots=True)
class Terms:
    """Dollars; `realized` is the sum of the terms that are not None, exactly."""

    realized: Decimal
    edge: Decimal | None = None  # quantity × (stated probability − mid at the decision)
    execution: Decimal | None = None  # from mid to what was paid or received, fees included
    luck: Decimal | None = None  # quantity × (payout, or mid at the sale, − stated probability)
    unexplained: Decimal | None = None  # what has no name because a probability or a mid is missing


@dataclass(frozen=True, slots=True)
class Piece:
    """What one moment (a trade, a settlement) realised of one lot (a purchase)."""

    lot: Hashable
    at: Hashable
    terms: Terms


@dataclass(slots=True)
class _Lot:
    key: Hashable
    quantity: Decimal  # that is left
    cost: Decimal  # of what is left
    mid: Decimal | None
    probability: Decimal | None


@dataclass(frozen=True, slots=True)
class _Part:
    """Of a lot, on its way out."""

    lot: _Lot
    quantity: Decimal
    cost: Decimal


def attributed(history: Iterable[Event]) -> list[Piece]:
    """The pieces of one market in one portfolio, told from its beginning, oldest first; none of an empty history.

    As in the ledger, a fee is realised when it is paid, what is sold or settled takes its average cost with it, and a
    purchase that meets the other side in hand turns the pairs into dollars at once.
    """
    book = _Book()
    with localcontext() as context:
        context.prec = DIGITS
        for event in history:
            match event:
                case Bought():
                    book.buy(event)
                case Sold():
                    book.sell(event)
                case Settled():
                    book.settle(event)
    return book.pieces


def together(terms: Iterable[Terms]) -> Terms:
    """Their sum; a term that none of them has stays None, and nothing at all is a realised 0."""
    told = list(terms)
    return Terms(
        sum((each.realized for each in told), ZERO),
        _sum([each.edge for each in told]),
        _sum([each.execution for each in told]),
        _sum([each.luck for each in told]),
        _sum([each.unexplained for each in told]),
    )


def by_lot(pieces: Iterable[Piece]) -> dict[Hashable, Terms]:
    """What became of each purchase, up to now."""
    return _grouped((piece.lot, piece.terms) for piece in pieces)


def by_moment(pieces: Iterable[Piece]) -> dict[Hashable, Terms]:
    """What each trade and settlement realised, as the ledger counts it."""
    return _grouped((piece.at, piece.terms) for piece in pieces)


class _Book:
    """Lots in hand of both sides, and the pieces that have been realised."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._hands: dict[Side, _Hand] = {"yes": _Hand(), "no": _Hand()}
        self._settled: dict[Side, list[_Part]] = {}

    def buy(self, bought: Bought) -> None:
        if bought.fee:
            self._add(bought.key, bought.key, Terms(-bought.fee, execution=-bought.fee))
        lot = _Lot(bought.key, bought.quantity, bought.cost, bought.mid, bought.probability)
        own, other = _Hand(lot), self._hands[_OTHER[bought.side]]
        merged = min(bought.quantity, other.quantity)
        if merged:
            [part] = own.take(merged)
            worth = part.cost if bought.mid is None else _rounded(merged * bought.mid)
            self._end(other.take(merged), bought.key, merged - worth, known=bought.mid is not None)
            self._end([part], bought.key, worth, known=bought.mid is not None)
        self._hands[bought.side].put(own)

    def sell(self, sold: Sold) -> None:
        parts = self._hands[sold.side].take(sold.quantity)
        received = _shared_out(sold.proceeds, parts)
        for part, proceeds, fee in zip(parts, received, _shared_out(sold.fee, parts), strict=True):
            worth = None if sold.mid is None else _rounded(part.quantity * sold.mid)
            self._add(part.lot.key, sold.key, _terms(part, worth, proceeds, fee))

    def settle(self, settled: Settled) -> None:
        hand = self._hands[settled.side]
        if hand.quantity:
            self._settled[settled.side] = parts = hand.take(hand.quantity)
            self._end(parts, settled.key, settled.amount, known=True)
            return
        if settled.side not in self._settled:
            raise ValueError(f"nothing of {settled.side} was held when it was settled: {settled}")
        parts = self._settled[settled.side]
        for part, amount in zip(parts, _shared_out(settled.amount, parts), strict=True):
            stated = part.lot.probability is not None
            terms = Terms(amount, luck=amount) if stated else Terms(amount, unexplained=amount)
            self._add(part.lot.key, settled.key, terms)

    def _end(self, parts: list[_Part], at: Hashable, amount: Decimal, *, known: bool) -> None:
        """Parts turn into dollars without a trade; `known` says whether each part's own worth is."""
        for part, proceeds in zip(parts, _shared_out(amount, parts), strict=True):
            self._add(part.lot.key, at, _terms(part, proceeds if known else None, proceeds, ZERO))

    def _add(self, lot: Hashable, at: Hashable, terms: Terms) -> None:
        self.pieces.append(Piece(lot, at, terms))


class _Hand:
    """The lots of one side."""

    def __init__(self, *lots: _Lot) -> None:
        self._lots = list(lots)
        self.quantity = sum((lot.quantity for lot in lots), ZERO)

    def put(self, hand: "_Hand") -> None:
        if hand.quantity:
            self._lots += hand._lots
            self.quantity += hand.quantity

    def take(self, quantity: Decimal) -> list[_Part]:
        """The same share of each lot, with costs that sum to the average cost as the ledger rounds it."""
        if not 0 < quantity <= self.quantity:
            raise ValueError(f"{quantity} cannot be taken from {self.quantity}")
        if quantity == self.quantity:
            parts = [_Part(lot, lot.quantity, lot.cost) for lot in self._lots]
            self._lots = []
        else:
            parts = self._share_of_each(quantity)
        self.quantity -= quantity
        return parts

    def _share_of_each(self, quantity: Decimal) -> list[_Part]:
        share = quantity / self.quantity
        cost_left = _rounded(sum((lot.cost for lot in self._lots), ZERO) * quantity / self.quantity)
        left = quantity
        parts = []
        for lot in self._lots:
            last = lot is self._lots[-1]
            part = _Part(lot, left if last else lot.quantity * share, cost_left if last else _rounded(lot.cost * share))
            parts.append(part)
            lot.quantity -= part.quantity
            lot.cost -= part.cost
            left -= part.quantity
            cost_left -= part.cost
        return parts


def _terms(part: _Part, worth: Decimal | None, proceeds: Decimal, fee: Decimal) -> Terms:
    """The way from cost to proceeds over mid, stated worth and worth at the end; unknown stations leave a gap."""
    lot = part.lot
    way: list[tuple[str, Decimal | None]] = [
        ("edge", None if lot.mid is None else _rounded(part.quantity * lot.mid)),
        ("luck", None if lot.probability is None else _rounded(part.quantity * lot.probability)),
        ("execution", worth),
        ("", proceeds),
    ]
    told: dict[str, Decimal] = {"execution": -fee} if fee else {}
    name, before, gap = "execution", part.cost, False
    for following, station in way:
        if station is None:
            gap = True
            continue
        term = "unexplained" if gap else name
        told[term] = told.get(term, ZERO) + station - before
        name, before, gap = following, station, False
    return Terms(proceeds - fee - part.cost, **told)


def _shared_out(amount: Decimal, parts: Sequence[_Part]) -> Iterator[Decimal]:
    """By quantity, rounded; the last one takes the rest."""
    whole = sum((part.quantity for part in parts), ZERO)
    left = amount
    for part in parts[:-1]:
        share = _rounded(amount * part.quantity / whole)
        left -= share
        yield share
    yield left


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(EIGHT_DIGITS, ROUND_HALF_EVEN)


def _sum(terms: Sequence[Decimal | None]) -> Decimal | None:
    known = [term for term in terms if term is not None]
    return sum(known, ZERO) if known else None


def _grouped(named: Iterable[tuple[Hashable, Terms]]) -> dict[Hashable, Terms]:
    groups: dict[Hashable, list[Terms]] = {}
    for name, terms in named:
        groups.setdefault(name, []).append(terms)
    return {name: together(members) for name, members in groups.items()}
