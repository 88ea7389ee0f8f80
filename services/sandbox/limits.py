"""Rate limits as the venues have them: requests in a sliding stretch of time, by host and path."""

from collections import deque
from dataclasses import dataclass, field

KALSHI_BODY = b'{"error":"too many requests"}'
POLYMARKET_BODY = b'{"error":"Too many requests"}'


@dataclass(frozen=True, slots=True)
class Rule:
    prefix: str
    ending: str  # of the path; empty: all
    requests: int
    seconds: float


# Longest first: the first rule that fits a path counts, and with it the rule of the host.
RULES = (
    Rule("/gamma", "/events", 500, 10),
    Rule("/gamma", "/markets", 300, 10),
    Rule("/gamma", "/tags", 200, 10),
    Rule("/clob", "/book", 1500, 10),
    Rule("/clob", "/price", 1500, 10),
    Rule("/clob", "/midpoint", 1500, 10),
    Rule("/clob", "/books", 500, 10),
    Rule("/clob", "/prices", 500, 10),
    Rule("/clob", "/midpoints", 500, 10),
    Rule("/clob", "/prices-history", 1000, 10),
    Rule("/clob", "/tick-size", 200, 10),
    Rule("/data", "/trades", 300, 10),
    Rule("/gamma", "", 4000, 10),
    Rule("/clob", "", 9000, 10),
    Rule("/data", "", 800, 10),
    Rule("/kalshi", "", 20, 1),
)


@dataclass
class Limits:
    """Counts requests; asked once for each."""

    _seen: dict[Rule, deque[float]] = field(default_factory=dict)

    def refusal(self, path: str, now: float) -> bytes | None:
        """The body of a 429, or None where the request may pass."""
        bare = path.removesuffix("/keyset")
        fitting = [rule for rule in RULES if bare.startswith(rule.prefix) and bare.endswith(rule.ending)]
        for rule in fitting:
            seen = self._seen.setdefault(rule, deque())
            while seen and seen[0] <= now - rule.seconds:
                seen.popleft()
            if len(seen) >= rule.requests:
                return KALSHI_BODY if rule.prefix == "/kalshi" else POLYMARKET_BODY
        for rule in fitting:
            self._seen[rule].append(now)
        return None
