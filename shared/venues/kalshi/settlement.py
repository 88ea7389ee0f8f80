"""When a Kalshi market is over and what it pays: only `finalized` does, and never a guess."""

from collections.abc import Mapping
from typing import Any, Literal

from shared.venues.kalshi.parse_markets import end_of, read_market_row
from shared.venues.records import Rejected, Resolution
from shared.venues.wire import evidence, moment, read_row

Tier = Literal["kalshi", "kalshi_historical"]

_EVIDENCE = (
    "ticker",
    "event_ticker",
    "market_type",
    "status",
    "result",
    "settlement_value_dollars",
    "settlement_value",
    "settlement_ts",
    "expiration_value",
    "close_time",
    "updated_time",
)


def settle(market: Mapping[str, Any], tier: Tier = "kalshi") -> Resolution | Rejected:
    """The resolution out of the market's own row. `scalar` is a value like any other, never a void."""
    return read_row(
        lambda fields: _settle(fields, tier), market, platform="kalshi", entity="resolution", id_field="ticker"
    )


def _settle(fields: Mapping[str, Any], tier: Tier) -> Resolution:
    row = read_market_row(fields)
    end = end_of(row)
    settled_at = moment(row.settlement_ts, "settlement_ts")
    return Resolution(
        platform="kalshi",
        external_id=row.ticker,
        status=end.status,
        outcome=end.outcome,
        payout_yes=end.payout_yes,
        settled_at=settled_at if end.status == "final" else None,
        source=tier,
        evidence=evidence(fields, _EVIDENCE),
        problem=end.problem,
    )


def deleted(ticker: str) -> Resolution:
    """A market that neither tier knows any more: it was provisional, never traded, and is gone."""
    return Resolution(
        platform="kalshi",
        external_id=ticker,
        status="final",
        outcome="void",
        payout_yes=None,
        settled_at=None,
        source="kalshi_deleted",
        evidence={"live": 404, "historical": 404},
    )
