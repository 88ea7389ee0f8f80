"""The CLOB's JSON: strings for prices and sizes, the best level last, numbers for ticks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from services.sandbox.domain.books import Book, Level, books_of
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.figures import SHORT, shares
from services.sandbox.domain.history import markets_at
from services.sandbox.domain.identity import Identity, MarketId
from services.sandbox.domain.tally import Decrees, Tally
from services.sandbox.domain.world import EXCLUSIVE, POLYMARKET

UNIT = 10_000


@dataclass(frozen=True)
class Desk:
    """Some markets of Polymarket at one moment, as the CLOB knows them."""

    identity: Identity
    wanted: Sequence[MarketId]
    now: float
    quantum: float
    decrees: Decrees

    @cached_property
    def tally(self) -> Tally:
        return Tally(markets_at(self.identity.world, self.wanted, self.now), self.quantum, self.decrees)

    @cached_property
    def books(self) -> list[Book]:
        return books_of(self.tally.quotes)

    @cached_property
    def known(self) -> list[bool]:
        """Whether there is a book: not before the opening, nor after the resolution, nor for placeholders."""
        venue = [int(self.identity.world.venue[market.slot]) == POLYMARKET for market in self.wanted]
        return [own and bool(open_) for own, open_ in zip(venue, self.tally.quotes.has_book.tolist(), strict=True)]

    @cached_property
    def ticks(self) -> list[int]:
        found: list[int] = self.tally.quotes.tick.tolist()
        return found

    @cached_property
    def last(self) -> list[int]:
        found: list[int] = self.tally.last_price.tolist()
        return found

    def neg_risk(self, place: int) -> bool:
        return int(self.identity.world.kind[self.wanted[place].slot]) == EXCLUSIVE

    def number(self, place: int) -> int:
        market = self.wanted[place]
        return self.identity.market_number(market.slot, market.generation, market.index)

    def sides(self, place: int, side: int) -> tuple[Sequence[Level], Sequence[Level]]:
        """Bids and asks of one token, best first; the second token's book mirrors the first one's."""
        book = self.books[place]
        if side == 0:
            return book.bids, book.asks
        return [(UNIT - p, s) for p, s in book.asks], [(UNIT - p, s) for p, s in book.bids]

    def best(self, place: int, side: int) -> tuple[int | None, int | None]:
        bids, asks = self.sides(place, side)
        return bids[0][0] if bids else None, asks[0][0] if asks else None

    def book_row(self, place: int, side: int) -> str:
        bids, asks = self.sides(place, side)
        number = self.number(place)
        digest = scalar_hash(number, side, int(self.now))
        last = SHORT[self.last[place]] if self.last[place] else ""
        return (
            f'{{"market":"{self.identity.condition(number)}","asset_id":"{self.identity.token(number, side)}",'
            f'"timestamp":"{int(self.now * 1000)}","hash":"{digest:016x}{scalar_hash(digest):016x}{digest >> 32:08x}",'
            f'"bids":[{_levels(bids)}],"asks":[{_levels(asks)}],"min_order_size":"5",'
            f'"tick_size":"{SHORT[self.ticks[place]]}","neg_risk":{json.dumps(self.neg_risk(place))},'
            f'"last_trade_price":"{last}"}}'
        )

    def last_trade(self, place: int, side: int) -> dict[str, str]:
        """Never traded: a price of 0.5 without a side."""
        if not self.last[place]:
            return {"price": "0.5", "side": ""}
        bought = bool(self.tally.tape.buys(self.tally.trades - 1)[place])
        price = self.last[place] if side == 0 else UNIT - self.last[place]
        return {"price": SHORT[price], "side": "BUY" if bought == (side == 0) else "SELL"}


def _levels(levels: Sequence[Level]) -> str:
    return ",".join(f'{{"price":"{SHORT[price]}","size":"{shares(size)}"}}' for price, size in reversed(levels))
