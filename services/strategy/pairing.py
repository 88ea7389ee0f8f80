"""Proving that two contracts pay the same in every case, taking that back, and what may be worth a look."""

from datetime import datetime
from typing import Any

from services.strategy.resources import Resources
from services.strategy.storage import pairs
from shared.errors import Conflict, Invalid, NotFound


class MarketUnknown(NotFound):
    """There is no market {market_id}."""


class PairUnknown(NotFound):
    """There is no pair {pair_id}."""


class PairRevoked(Conflict):
    """Pair {pair_id} is revoked already."""


class PairStands(Conflict):
    """These two contracts are a standing pair already."""


class SameVenue(Invalid):
    """A pair is one market of Polymarket and one of Kalshi."""


def prove(
    here: Resources, polymarket_id: str, kalshi_id: str, inverted: bool, evidence: str, by: str, now: datetime
) -> dict[str, Any]:
    if not polymarket_id.startswith("polymarket:") or not kalshi_id.startswith("kalshi:"):
        raise SameVenue(polymarket_id=polymarket_id, kalshi_id=kalshi_id)
    with here.database.transaction() as connection:
        numbers = []
        for market_id in (polymarket_id, kalshi_id):
            number = pairs.market_no_of(connection, market_id)
            if number is None:
                raise MarketUnknown(market_id=market_id)
            numbers.append(number)
        pair_id = pairs.prove_pair(connection, numbers[0], numbers[1], inverted, evidence, by, now)
        if pair_id is None:
            raise PairStands(polymarket_id=polymarket_id, kalshi_id=kalshi_id)
        return pairs.pair(connection, pair_id) or {}


def revoke(here: Resources, pair_id: int, why: str, now: datetime) -> dict[str, Any]:
    with here.database.transaction() as connection:
        if pairs.pair(connection, pair_id) is None:
            raise PairUnknown(pair_id=pair_id)
        if not pairs.revoke_pair(connection, pair_id, why, now):
            raise PairRevoked(pair_id=pair_id)
        return pairs.pair(connection, pair_id) or {}


def suggestions(here: Resources, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Contracts of both venues that read alike, the likest first, without the standing pairs. They are never traded."""
    found = here.look_alike(now)
    with here.database.connection() as connection:
        return pairs.shown_lookalikes(connection, found)[:limit]


def known_suggestions(here: Resources, limit: int) -> list[dict[str, Any]]:
    """For a page, which looks for none itself: those that were found with the pool, however long ago."""
    found = here.lookalikes[1] if here.lookalikes else []
    with here.database.connection() as connection:
        return pairs.shown_lookalikes(connection, found[: 2 * limit])[:limit]
