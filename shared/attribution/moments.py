"""Trades and settlements by portfolio and market, each trade with the probability that its signal stated."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, text

from shared.attribution.grouping import Moment, of_side
from shared.copy_text import NULL
from shared.database import copy_out
from shared.scoring.attribution import Bought, Settled, Sold

# In a market all trades come before its settlements: a final market does not trade.
_MOMENTS = """
SELECT t.portfolio_id, t.market_no, 0 AS kind, t.trade_id AS number, t.executed_at, t.action, t.quantity, t.cost, t.fee,
    t.mid_price, coalesce(s.probability, a.probability)
FROM trades t LEFT JOIN decisions d USING (decision_id) LEFT JOIN trading_signals s ON s.signal_id = d.signal_id
LEFT JOIN signal_archives a ON a.signal_id = d.signal_id WHERE {which}
UNION ALL
SELECT t.portfolio_id, t.market_no, 1, t.settlement_id, t.settled_at, t.outcome, t.quantity, t.amount, NULL, NULL, NULL
FROM settlements t WHERE {which} ORDER BY 1, 2, 3, 4
"""
_TRADES = text("""
SELECT t.trade_id, t.portfolio_id, m.market_id, m.question, t.action, trim_scale(t.quantity) AS quantity,
    trim_scale(t.price) AS price, trim_scale(t.mid_price) AS mid_price,
    trim_scale(coalesce(s.probability, a.probability)) AS probability, t.executed_at
FROM trades t JOIN markets m USING (market_no) LEFT JOIN decisions d USING (decision_id)
LEFT JOIN trading_signals s ON s.signal_id = d.signal_id LEFT JOIN signal_archives a ON a.signal_id = d.signal_id
WHERE t.trade_id = ANY(:numbers)
""")


def moments(connection: Connection, portfolio_id: int | None) -> Iterator[Moment]:
    """Of one portfolio or of all; by portfolio and market, oldest first."""
    which = "true" if portfolio_id is None else f"t.portfolio_id = {portfolio_id:d}"
    for line in copy_out(connection, _MOMENTS.replace("{which}", which)):
        yield _moment(line.rstrip("\n").split("\t"))


def trades_named(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = connection.execute(_TRADES, {"numbers": list(numbers)}).mappings()
    return {row["trade_id"]: dict(row) for row in rows}


def portfolio_names(connection: Connection, portfolio_id: int | None) -> dict[int, str]:
    query = text("""
        SELECT portfolio_id, name FROM portfolios
        WHERE CAST(:number AS integer) IS NULL OR portfolio_id = :number
    """)
    return {row.portfolio_id: row.name for row in connection.execute(query, {"number": portfolio_id})}


def _moment(row: Sequence[str]) -> Moment:
    key, at, word = (int(row[0]), int(row[1])), datetime.fromisoformat(row[4]), row[5]
    if row[2] == "1":
        name = f"settlement {row[3]}"
        return Moment(key, name, at, Settled(name, _side(word), Decimal(row[7])))
    name = f"trade {row[3]}"
    quantity, cost, fee = (Decimal(value) for value in row[6:9])
    mid, probability = (None if value == NULL else Decimal(value) for value in row[9:11])
    if word.startswith("buy"):
        return Moment(key, name, at, Bought(name, _side(word), quantity, cost, fee, mid, of_side(word, probability)))
    return Moment(key, name, at, Sold(name, _side(word), quantity, cost, fee, mid))


def _side(word: str) -> Literal["yes", "no"]:
    return "yes" if word.endswith("yes") else "no"
