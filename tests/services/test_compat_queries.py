"""Queries and tables that the source documents show, word for word, on our rows."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from tests.arena.displayed import Small
from tests.paper_trading.ledger import NOON
from tests.services.documented import (
    PRECOG,
    SEEDS,
    columns_of,
    documented_world,
    opened_shell,
    rows,
)


@pytest.fixture(scope="module")
def small(database: Database) -> Small:
    return documented_world(database)


@pytest.fixture
def shell(database: Database, small: Small) -> Iterator[Connection]:
    with opened_shell(database) as connection:
        yield connection


# precog-schema.md, "Query Patterns", word for word.

CURRENT_PRICE = """
SELECT yes_price, no_price, volume
FROM markets
WHERE market_id = $1 AND row_current_ind = TRUE;
"""
ACTIVE_EDGES = """
SELECT e.*, m.ticker, m.title
FROM edges e
JOIN markets m ON e.market_id = m.market_id AND m.row_current_ind = TRUE
WHERE e.row_current_ind = TRUE 
  AND e.expected_value >= 0.08
  AND e.confidence_level IN ('high', 'medium')
ORDER BY e.expected_value DESC;
"""
POSITION_PNL = """
SELECT p.*, 
       SUM(t.quantity * t.price) as total_cost,
       p.quantity * m.yes_price - total_cost as unrealized_pnl
FROM positions p
JOIN trades t ON p.position_id = t.position_id
JOIN markets m ON p.market_id = m.market_id AND m.row_current_ind = TRUE
WHERE p.row_current_ind = TRUE AND p.status = 'open'
GROUP BY p.position_id;
"""
TRADE_HISTORY = """
SELECT t.*, e.expected_value, e.confidence_level, s.outcome
FROM trades t
LEFT JOIN edges e ON t.edge_id = e.edge_id
LEFT JOIN settlements s ON t.market_id = s.market_id
WHERE t.created_at >= NOW() - INTERVAL '30 days'
ORDER BY t.created_at DESC;
"""


@pytest.mark.parametrize("query", [CURRENT_PRICE, ACTIVE_EDGES, POSITION_PNL, TRADE_HISTORY])
def test_the_queries_are_those_of_the_document(query: str) -> None:
    document = SEEDS / "precog-schema.md"
    if not document.exists():
        pytest.skip("there is no precog-schema.md beside the checkout")

    assert f"```sql{query}```" in document.read_text()


def test_get_current_market_price(shell: Connection) -> None:
    shell.exec_driver_sql(f"PREPARE current_price (text) AS {CURRENT_PRICE}")

    found = rows(shell, "EXECUTE current_price ('polymarket:9')")

    assert found == [{"yes_price": Decimal("0.52"), "no_price": Decimal("0.48"), "volume": Decimal(120)}]


def test_a_superseded_row_of_a_market_is_not_the_current_one(shell: Connection) -> None:
    query = "SELECT title, row_current_ind FROM markets WHERE market_id = 'polymarket:9' ORDER BY created_at"

    assert rows(shell, query) == [
        {"title": "Will harbour 9 freeze soon?", "row_current_ind": False},
        {"title": "Will harbour 9 freeze?", "row_current_ind": True},
    ]


def test_get_all_active_edges_above_threshold(shell: Connection) -> None:
    result = shell.exec_driver_sql(ACTIVE_EDGES)

    assert [*result.keys()] == [*PRECOG["edges"].split(), "ticker", "title"]
    assert result.all() == []  # nobody writes edges yet


def test_trade_history_for_analysis(shell: Connection, small: Small) -> None:
    shell.execute(text("SET LOCAL timezone TO 'UTC'"))
    ours = TRADE_HISTORY.replace("NOW()", f"TIMESTAMPTZ '{NOON.isoformat()}'")  # so that the rows stay recent

    result = shell.exec_driver_sql(TRADE_HISTORY)
    found = {(row["market_id"], row["action"]): dict(row) for row in shell.exec_driver_sql(ours).mappings()}

    assert {"trade_id", "edge_id", "expected_value", "confidence_level", "outcome"} <= set(result.keys())
    won = found["kalshi:KXICE-26-H1", "buy_yes"]
    assert (won["side"], won["price"], won["quantity"], won["fees"], won["outcome"]) == (
        "buy",
        Decimal("0.4"),
        Decimal(1000),
        Decimal("16.8"),
        "YES",
    )
    assert found["kalshi:KXICE-26-H1", "buy_no"]["outcome"] == "YES"
    assert found["polymarket:9", "buy_yes"]["outcome"] is None
    assert len(found) == 3


def test_get_position_pnl_runs_nowhere_as_it_is_written(shell: Connection) -> None:
    """It uses a name of its own SELECT list within that list: the document's own tables refuse it as ours do."""
    document = SEEDS / "precog-schema.md"
    with pytest.raises(DBAPIError, match="total_cost"):
        shell.exec_driver_sql(POSITION_PNL)
    shell.rollback()
    if not document.exists():
        pytest.skip("there is no precog-schema.md beside the checkout")

    tables = "\n".join(re.findall(r"CREATE TABLE .*?\n\);", document.read_text(), re.DOTALL))
    shell.exec_driver_sql("CREATE SCHEMA precog; SET LOCAL search_path TO precog")
    shell.exec_driver_sql(tables)
    with pytest.raises(DBAPIError, match="total_cost"):
        shell.exec_driver_sql(POSITION_PNL)


def test_position_pnl_as_it_is_meant(shell: Connection) -> None:
    meant = """
        SELECT p.position_id, SUM(t.quantity * t.price) as total_cost,
            p.quantity * m.yes_price - SUM(t.quantity * t.price) as unrealized_pnl
        FROM positions p
        JOIN trades t ON p.position_id = t.position_id
        JOIN markets m ON p.market_id = m.market_id AND m.row_current_ind = TRUE
        WHERE p.row_current_ind = TRUE AND p.status = 'open'
        GROUP BY p.position_id, p.quantity, m.yes_price
    """

    [found] = rows(shell, meant)

    assert (found["total_cost"], found["unrealized_pnl"]) == (Decimal(40), Decimal(12))


# prescient-flow.md shows tables after a run; these are their columns, read as it shows them.


def test_the_state_of_portfolios_signals_and_positions_reads_as_shown(shell: Connection) -> None:
    state = rows(
        shell,
        """
        SELECT portfolio_id, name, current_balance, total_invested, total_pnl FROM portfolios WHERE name = 'Harbour'
        """,
    )
    signals = rows(
        shell,
        """
        SELECT id, portfolio_id, market_id, action, amount, executed FROM trading_signals WHERE market_id = :market
        """,
        market="polymarket:9",
    )
    positions = rows(
        shell,
        """
        SELECT id, portfolio_id, market_id, action, amount, entry_price, current_pnl FROM portfolio_positions
        WHERE status = 'open'
        """,
    )

    [portfolio] = state
    number = portfolio["portfolio_id"]
    assert portfolio == {
        "portfolio_id": number,
        "name": "Harbour",
        "current_balance": Decimal("958.75"),
        "total_invested": Decimal(40),
        "total_pnl": Decimal("8.75"),
    }
    assert [(row["portfolio_id"], row["action"], row["executed"]) for row in signals] == [(number, "buy_yes", True)]
    [held] = positions
    assert (held["portfolio_id"], held["action"], held["amount"], held["entry_price"], held["current_pnl"]) == (
        number,
        "buy_yes",
        Decimal(40),
        Decimal("0.4"),
        Decimal("8.75"),
    )
    [kept] = rows(shell, "SELECT * FROM portfolio_state WHERE portfolio_id = :id", id=number)
    assert (kept["balance"], kept["total_profit_loss"]) == (Decimal("958.75"), Decimal("8.75"))


def test_the_columns_that_the_document_adds_are_there(shell: Connection) -> None:
    for view in ("portfolio_positions", "trades", "trading_signals", "portfolio_history"):
        assert "portfolio_id" in columns_of(shell, view)
    for view in ("venue_events", "markets", "market_snapshots"):
        assert "portfolio_id" not in columns_of(shell, view)


def test_an_account_is_the_running_sum_of_its_entries(shell: Connection) -> None:
    query = """
        SELECT a.balance, a.row_current_ind FROM account_balance a JOIN portfolios p USING (portfolio_id)
        WHERE p.name = 'Harbour' ORDER BY a.balance_id
    """

    assert rows(shell, query) == [
        {"balance": Decimal(1000), "row_current_ind": False},
        {"balance": Decimal("958.75"), "row_current_ind": True},
    ]


def test_upkeep_reads_as_documented(shell: Connection) -> None:
    overrides = rows(shell, "SELECT override_value, data_type FROM config_overrides WHERE active = TRUE")
    breakers = rows(shell, "SELECT breaker_type FROM circuit_breaker_events WHERE resolved_at IS NULL")
    health = rows(shell, "SELECT component, status, alert_sent FROM system_health")

    assert overrides == [{"override_value": 0.08, "data_type": "float"}]
    assert breakers == [{"breaker_type": "manual"}]
    assert health == [{"component": "audit", "status": "healthy", "alert_sent": False}]


def test_outcomes_say_under_which_name_they_are_traded(shell: Connection) -> None:
    query = "SELECT side, execution_asset_id FROM market_outcomes WHERE market_id = 'polymarket:9' ORDER BY side"

    assert rows(shell, query) == [
        {"side": "no", "execution_asset_id": "772"},
        {"side": "yes", "execution_asset_id": "771"},
    ]
