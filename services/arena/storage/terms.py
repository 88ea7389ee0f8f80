"""At which terms a market trades: its fees at a moment and the prices that its venue takes."""

from datetime import datetime
from typing import Any

import jiter
from sqlalchemy import Connection, text

from services.arena.domain.stakes import Terms
from shared.trading.books import Grid, NoGrid
from shared.trading.fees import FeeTerms, UnreadableTerms, fee_terms

# Kalshi's fees belong to the series, and an event may override them.
_TERMS = text("""
SELECT m.platform, m.tick_size, m.price_bands::text AS price_bands, (CASE WHEN m.platform = 'kalshi'
    THEN json_strip_nulls(json_build_object(
        'fee_type', coalesce(e.fee_type_override, s.fee_type),
        'multiplier', coalesce(e.fee_multiplier_override, s.fee_multiplier),
        'waived_until', m.fee ->> 'waived_until'))
    ELSE to_json(m.fee) END)::text AS fee
FROM markets m LEFT JOIN events e ON e.event_id = m.event_id LEFT JOIN series s ON s.series_id = e.series_id
WHERE m.market_no = :market_no
""")


def terms_of(connection: Connection, market_no: int, at: datetime) -> Terms:
    row = connection.execute(_TERMS, {"market_no": market_no}).one()
    fee: FeeTerms | UnreadableTerms
    grid: Grid | NoGrid
    try:
        fee = fee_terms(row.platform, _read(row.fee), at)
    except UnreadableTerms as error:
        fee = error
    try:
        grid = Grid.of(row.tick_size, _read(row.price_bands))
    except NoGrid as error:
        grid = error
    return Terms(fee, grid)


def _read(stored: str | None) -> Any:
    return None if stored is None else jiter.from_json(stored.encode(), float_mode="decimal")
