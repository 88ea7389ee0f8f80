"""Books for the upkeep to work on: markets as the markets service stores them, and purchases with all their rows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from services.paper_trading.audit import audited
from services.paper_trading.storage.portfolios import create_portfolio
from shared.database import Database
from shared.json_bytes import encoded
from shared.signals import Generation, NewSignal, mark_executed, write_generations

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ONE_HOUR = timedelta(hours=1)

_MARKET: dict[str, Any] = {
    "market_type": "binary",
    "status": "open",
    "placeholder": False,
    "facts_hash": b"",
    "content_hash": b"",
    "volume_unit": "usd",
}


@dataclass
class Ledger:
    """Writes what a portfolio's life consists of, each fact with everything that belongs to it."""

    database: Database
    together: Connection | None = None  # where many facts are written in one transaction

    @contextmanager
    def all_together(self) -> Iterator[None]:
        with self.database.transaction() as self.together:
            yield
        self.together = None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self.together is not None:
            yield self.together
        else:
            with self.database.transaction() as connection:
                yield connection

    def market(self, number: int, **facts: Any) -> int:
        """Market `polymarket:<number>` with these columns; answers its number inside."""
        row = {
            **_MARKET,
            "platform": "polymarket",
            "external_id": str(number),
            "market_id": f"polymarket:{number}",
            "question": f"Will harbour {number} freeze?",
            "created_at": NOON,
            "updated_at": NOON,
            "valid_from": NOON,
            **facts,
        }
        query = text(f"INSERT INTO markets ({', '.join(row)}) VALUES (:{', :'.join(row)}) RETURNING market_no")
        with self._transaction() as connection:
            return int(connection.execute(query, row).scalar_one())

    def change(self, market_no: int, **facts: Any) -> None:
        """What the markets service writes when a venue says something new."""
        if "resolution_evidence" in facts:
            facts["resolution_evidence"] = encoded(facts["resolution_evidence"]).decode()
        self.write(
            f"UPDATE markets SET {', '.join(f'{name} = :{name}' for name in facts)} WHERE market_no = :no",
            facts,
            no=market_no,
        )

    def quote(self, market_no: int, bid: str | None, ask: str | None) -> None:
        self.change(
            market_no,
            yes_bid=None if bid is None else Decimal(bid),
            yes_ask=None if ask is None else Decimal(ask),
            quoted_at=NOON,
        )

    def final(self, market_no: int, outcome: str, payout_yes: str | None, **facts: Any) -> None:
        said = {"resolution_source": "gamma", "resolution_evidence": {"said": outcome}, "settled_at": NOON, **facts}
        payout = None if payout_yes is None else Decimal(payout_yes)
        self.change(market_no, status="final", outcome=outcome, payout_yes=payout, **said)

    def portfolio(self, name: str = "Harbour", cash: str = "1000", at: datetime = NOON, **config: Any) -> int:
        with self._transaction() as connection:
            return create_portfolio(connection, name, "momentum", config, "every_cycle", Decimal(cash), at)

    def buy(
        self,
        portfolio_id: int,
        market_no: int,
        side: str = "yes",
        quantity: str = "100",
        price: str = "0.40",
        fee: str = "0",
        mark: str | None = None,
        at: datetime = NOON,
    ) -> int:
        """A first purchase of that side, marked at `mark`; answers the number of the position."""
        size, each, paid = Decimal(quantity), Decimal(price), Decimal(fee)
        action: Any = f"buy_{side}"
        signal = NewSignal(market_no, action, each, "told so", amount=size * each + paid)
        generation = Generation(portfolio_id, "momentum", None, 1, 1, [signal], {})
        worth = size * Decimal(mark) if mark is not None else Decimal(0)
        values = {
            "portfolio_id": portfolio_id,
            "market_no": market_no,
            "action": action,
            "side": side,
            "quantity": size,
            "price": each,
            "cost": size * each,
            "fee": paid,
            "levels": encoded([[each, size, paid]]).decode(),
            "mark": None if mark is None else Decimal(mark),
            "worth": worth,
            "unrealized": worth - size * each,
            "now": at,
        }
        with self._transaction() as connection:
            [[signal_id]] = write_generations(connection, [generation], at, at + ONE_HOUR)
            mark_executed(connection, [signal_id])
            number = connection.execute(text(_BUY), {**values, "signal_id": signal_id}).scalar_one()
            connection.execute(text(_PAY), values)
            return int(number)

    def write(self, query: str, values: Mapping[str, Any] | None = None, **more: Any) -> int:
        with self._transaction() as connection:
            return connection.execute(text(query), {**(values or {}), **more}).rowcount

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        with self.database.connection() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]

    def one(self, query: str, **values: Any) -> dict[str, Any]:
        [row] = self.rows(query, **values)
        return row

    def portfolio_row(self, portfolio_id: int) -> dict[str, Any]:
        return self.one("SELECT * FROM portfolios WHERE portfolio_id = :id", id=portfolio_id)

    def position_row(self, position_id: int) -> dict[str, Any]:
        return self.one("SELECT * FROM portfolio_positions WHERE position_id = :id", id=position_id)

    def positions(self, portfolio_id: int) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT * FROM portfolio_positions WHERE portfolio_id = :id ORDER BY position_id", id=portfolio_id
        )

    def places(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        """Where each row lies and which transaction wrote it: a row that was written again has another place."""
        return {each: self.rows(f"SELECT ctid::text, xmin::text FROM {each} ORDER BY 1, 2") for each in tables}


_BUY = """
WITH decided AS (
    INSERT INTO decisions (signal_id, portfolio_id, market_no, outcome, decided_at)
    VALUES (:signal_id, :portfolio_id, :market_no, 'filled', :now) RETURNING decision_id
), traded AS (
    INSERT INTO trades (decision_id, portfolio_id, market_no, action, quantity, price, cost, fee, merged, realized_pnl,
        levels, fee_schedule, book, book_at, executed_at)
    SELECT decision_id, :portfolio_id, :market_no, :action, :quantity, :price, :cost, :fee, 0, -:fee,
        CAST(:levels AS jsonb), '{}', '{}', :now, :now FROM decided RETURNING trade_id
), paid AS (
    INSERT INTO cash_entries (portfolio_id, kind, amount, trade_id, created_at)
    SELECT :portfolio_id, 'trade', -:cost - :fee, trade_id, :now FROM traded
)
INSERT INTO portfolio_positions (portfolio_id, market_no, outcome, quantity, entry_price, cost, fees, realized_pnl,
    mark_bid, mark_mid, marked_at, mark_stale, liquidation_value, unrealized_pnl, status, opened_at)
SELECT :portfolio_id, :market_no, :side, :quantity, :price, :cost, :fee, -:fee, CAST(:mark AS numeric), NULL, :now,
    CAST(:mark AS numeric) IS NULL, :worth, :unrealized, 'open', :now FROM traded
RETURNING position_id
"""
_PAY = """
UPDATE portfolios SET current_balance = current_balance - :cost - :fee, total_invested = total_invested + :cost,
    liquidation_value = liquidation_value + :worth, unrealized_pnl = unrealized_pnl + :unrealized,
    realized_pnl = realized_pnl - :fee, fees_paid = fees_paid + :fee, open_positions = open_positions + 1,
    trade_count = trade_count + 1, updated_at = :now
WHERE portfolio_id = :portfolio_id
"""


def assert_clean(database: Database) -> None:
    """No sum of any portfolio disagrees with its history."""
    found = audited(database)
    assert found["status"] == "clean", found["disagreements"]
