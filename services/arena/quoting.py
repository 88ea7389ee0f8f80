"""Fresh quotes for sessions: those that begin together share one book instead of asking the venue one by one."""

import threading
from dataclasses import dataclass, field
from time import monotonic

from services.arena.clients.books import BOOK_REUSE_SECONDS, NoQuote, fresh_quote
from services.arena.domain.briefs import Quote
from shared.calls import Calls

HELD_MAX = 200  # markets; the oldest goes first


@dataclass
class _Shared:
    lock: threading.Lock = field(default_factory=threading.Lock)
    quote: Quote | None = None
    until: float = 0.0  # a moment of the monotonic clock


class Quotes:
    def __init__(self, markets: Calls) -> None:
        self.markets = markets
        self._shared: dict[str, _Shared] = {}
        self._lock = threading.Lock()

    def quote_of(self, market_id: str) -> Quote | NoQuote:
        """A few seconds old at most. Who comes while somebody asks for the same market waits for that answer."""
        with self._lock:
            shared = self._shared.setdefault(market_id, _Shared())
            while len(self._shared) > HELD_MAX:
                self._shared.pop(next(iter(self._shared)))
        with shared.lock:
            if shared.quote is not None and monotonic() < shared.until:
                return shared.quote
            quote = fresh_quote(self.markets, market_id)
            if isinstance(quote, NoQuote):
                return quote
            shared.quote, shared.until = quote, monotonic() + BOOK_REUSE_SECONDS
            return quote
