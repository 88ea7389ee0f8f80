"""The schema `compat`: tables and queries of the source documents, word for word, on our rows."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from tests.arena.displayed import Displayed, Small, small_arena
from tests.orchestrator import build
from tests.paper_trading.ledger import NOON, Ledger

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"

# Each table of coliseum-design.md, with exactly these columns.
COLISEUM = {
    "ai_models": """id external_id name openrouter_model color text_color avatar balance initial_balance total_pnl
        win_count loss_count abstain_count total_bets created_at updated_at""",
    "events": """id kalshi_event_id kalshi_market_id title question current_price category subcategory tags
        market_context status selection_date close_time settlement_time outcome viewers kalshi_data created_at
        updated_at""",
    "event_summaries": """id event_id summary_text relevant_data sources_used search_queries agent_model created_at""",
    "betting_sessions": """id event_id model_id status final_position bet_amount confidence_score reasoning_summary
        started_at completed_at created_at updated_at""",
    "session_messages": """id session_id message_type content action_type action_amount action_shares action_price
        sequence_number created_at""",
    "bets": """id session_id model_id event_id position amount price shares pnl settled settled_at created_at""",
    "daily_leaderboards": """id model_id date rank daily_pnl daily_bets daily_wins daily_losses total_balance total_pnl
        total_roi created_at""",
}
# Tables whose name more documents use: what coliseum-design.md says comes first.
SHARED = {
    "settlements": """id event_id outcome kalshi_settlement_data validated validation_notes total_bets_settled
        total_pnl_distributed settled_at""",
}
PRECOG = {
    "platforms": """platform_id platform_type display_name base_url websocket_url api_version auth_method
        fees_structure status created_at""",
    "series": """series_id platform_id external_id category subcategory title frequency metadata created_at
        updated_at""",
    "venue_events": """event_id platform_id series_id external_id category subcategory title description start_time
        end_time status result metadata created_at updated_at""",
    "markets": """market_id platform_id event_id external_id ticker title market_type yes_price no_price volume
        open_interest spread status settlement_value metadata created_at updated_at row_current_ind""",
    "edges": """edge_id market_id probability_matrix_id expected_value true_win_probability
        market_implied_probability market_price confidence_level confidence_metrics recommended_action created_at
        row_current_ind""",
    "positions": """position_id market_id platform_id side entry_price quantity fees status unrealized_pnl
        realized_pnl created_at updated_at row_current_ind""",
    "trades": """trade_id market_id platform_id position_id edge_id order_id side price quantity fees
        edge_at_execution confidence_at_execution created_at""",
    "settlements": "settlement_id market_id platform_id outcome payout created_at",
    "account_balance": "balance_id platform_id balance currency created_at row_current_ind",
    "config_overrides": """override_id config_key override_value data_type reason applied_by applied_at expires_at
        active""",
    "circuit_breaker_events": """event_id breaker_type triggered_at resolved_at trigger_value resolution_action
        notes""",
    "system_health": "health_id component status last_check details alert_sent",
}
PRESCIENT = {
    "portfolios": """portfolio_id name strategy_type strategy_config initial_balance current_balance total_invested
        total_pnl status""",
    "portfolio_state": "portfolio_id balance total_invested total_profit_loss last_updated",
    "portfolio_positions": "id portfolio_id market_id action amount entry_price current_pnl status",
    "portfolio_history": "id portfolio_id snapshot_date balance total_pnl",
    "trades": "id portfolio_id trade_id market_id amount timestamp",
    "trading_signals": "id portfolio_id market_id action amount executed",
    "signal_archives": "id portfolio_id market_id action amount executed",
    "venue_events": "event_id title liquidity active",
    "markets": "market_id event_id question yes_price no_price liquidity",
    "market_snapshots": "market_id yes_price no_price timestamp",
}
ALPHA = {
    "series": "exchange ext_id platform_metadata is_deleted",
    "venue_events": "exchange ext_id series_id platform_metadata is_deleted",
    "markets": "exchange ext_id event_id platform_metadata is_deleted",
    "market_outcomes": "market_id execution_asset_id is_deleted",
    "market_ticks": "market_id open high low close volume",
}


@pytest.fixture(scope="module")
def small(database: Database) -> Small:
    small = small_arena(database)
    _of_rules(small.displayed.ledger, small.displayed)
    return small


def _of_rules(ledger: Ledger, displayed: Displayed) -> None:
    """A rule's portfolio that holds a market of its own, and what belongs to its days."""
    portfolio_id = ledger.portfolio("Harbour", "1000")
    market_no = ledger.market(9, yes_bid=Decimal("0.50"), yes_ask=Decimal("0.54"), volume=Decimal(120), slug="ice-9")
    ledger.buy(portfolio_id, market_no, "yes", "100", "0.40", "1.25", mark="0.50")
    version = {"market_no": market_no, "question": "Will harbour 9 freeze soon?", "market_type": "binary"}
    stamps = {"facts_hash": b"", "valid_from": NOON - timedelta(days=2), "valid_to": NOON, "placeholder": False}
    displayed.insert("market_versions", {**version, **stamps, "status": "open"})
    for side, name, token in (("yes", "Yes", "771"), ("no", "No", "772")):
        displayed.insert("market_outcomes", {"market_no": market_no, "side": side, "name": name, "token_id": token})
    figures = dict.fromkeys(("total_invested", "liquidation_value", "realized_pnl", "unrealized_pnl"), Decimal(0))
    day = {"portfolio_id": portfolio_id, "snapshot_date": NOON.date(), "taken_at": NOON, "current_balance": 1000}
    more = {"equity": 1000, "total_pnl": 0, "fees_paid": 0, "open_positions": 0, "trade_count": 0}
    displayed.insert("portfolio_history", {**day, **more, **figures})
    build.breaker(displayed.database, NOON)
    displayed.ledger.write(
        """
        INSERT INTO config_overrides (config_key, override_value, reason, applied_at, expires_at)
        VALUES ('execution.max_spread', '0.08', 'wide', :now, now() + interval '1 day'),
            ('execution.max_spread', '0.05', 'wider', :now, :now + interval '1 second')
        """,
        now=NOON - timedelta(days=900),
    )
    health = {"component": "audit", "status": "healthy", "last_check": NOON, "since": NOON, "details": {}}
    displayed.insert("system_health", health)
    candle = {name: Decimal("0.4") for name in ("open", "high", "low", "close")}
    settled = ledger.one("SELECT market_no FROM arena_events WHERE status = 'settled'")["market_no"]
    displayed.insert(
        "market_ticks", {"market_no": settled, "period": 60, "opened_at": NOON, "source": "snapshots", **candle}
    )
    board = {"portfolio_id": displayed.portfolios["gpt-4o"], "date": NOON.date(), "rank": 1, "daily_bets": 1}
    counts = {"daily_wins": 1, "daily_losses": 0, "total_roi": Decimal("0.005832"), "figures": {}, "created_at": NOON}
    money = {name: Decimal("583.2") for name in ("daily_pnl", "total_balance", "total_pnl")}
    displayed.insert("daily_leaderboards", {**board, **counts, **money})


@pytest.fixture
def shell(database: Database, small: Small) -> Iterator[Connection]:
    """A session of somebody who knows the documents alone."""
    with database.connection() as connection:
        connection.execute(text("SET search_path TO compat, public"))
        yield connection
        connection.rollback()
        connection.invalidate()


def rows(shell: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in shell.execute(text(query), values).mappings()]


def columns_of(shell: Connection, view: str) -> list[str]:
    query = """
        SELECT column_name FROM information_schema.columns WHERE table_schema = 'compat' AND table_name = :view
        ORDER BY ordinal_position
    """
    return [row["column_name"] for row in rows(shell, query, view=view)]


@pytest.mark.parametrize("view", COLISEUM)
def test_a_table_of_the_arena_has_exactly_its_documented_columns(shell: Connection, view: str) -> None:
    assert columns_of(shell, view) == COLISEUM[view].split()


@pytest.mark.parametrize("view", SHARED)
def test_a_name_that_more_documents_use_begins_with_the_columns_of_the_arena(shell: Connection, view: str) -> None:
    documented = SHARED[view].split()

    assert columns_of(shell, view)[: len(documented)] == documented


@pytest.mark.parametrize(
    ("view", "documented"),
    [(view, names) for document in (PRECOG, PRESCIENT, ALPHA) for view, names in document.items()],
)
def test_a_table_of_another_document_has_its_columns(shell: Connection, view: str, documented: str) -> None:
    assert set(documented.split()) <= set(columns_of(shell, view))


@pytest.mark.parametrize("document", ["precog-schema.md"])
def test_the_columns_are_those_that_the_document_itself_lists(shell: Connection, document: str) -> None:
    if not (SEEDS / document).exists():
        pytest.skip(f"there is no {document} beside the checkout")
    tables = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", (SEEDS / document).read_text(), re.DOTALL)
    listed = {table: " ".join(re.findall(r"^    (\w+) [A-Z]", body, re.MULTILINE)) for table, body in tables}

    named = {"events" if view == "venue_events" else view: " ".join(names.split()) for view, names in PRECOG.items()}
    assert {table: names for table, names in listed.items() if table in named} == named
    assert set(listed) - set(named) == {"game_states", "probability_matrices"}


def test_the_tables_of_the_arena_are_those_that_the_document_itself_lists() -> None:
    document = SEEDS / "coliseum-design.md"
    if not document.exists():
        pytest.skip("there is no coliseum-design.md beside the checkout")
    parts = re.findall(r"^#### \d+\. (\w+)\n(.*?)(?=^#### |^---)", document.read_text(), re.MULTILINE | re.DOTALL)
    listed = {table: re.findall(r"^\| (?!Column)(\w+) \| [A-Z]", body, re.MULTILINE) for table, body in parts}

    assert listed == {view: names.split() for view, names in (COLISEUM | SHARED).items()}


def test_nothing_can_be_written_through_a_view(shell: Connection) -> None:
    query = """
        SELECT table_name FROM information_schema.views WHERE table_schema = 'compat'
            AND (is_updatable = 'YES' OR is_insertable_into = 'YES')
    """
    views = rows(shell, "SELECT table_name FROM information_schema.views WHERE table_schema = 'compat'")

    assert len(views) > 20
    assert rows(shell, query) == []
    for statement in (
        "INSERT INTO portfolios (name) VALUES ('Mine')",
        "UPDATE event_summaries SET summary_text = 'Ours.'",
        "DELETE FROM session_messages",
    ):
        with pytest.raises(DBAPIError, match=r"cannot (insert into|update|delete from) view"):
            shell.execute(text(statement))
        shell.rollback()
        shell.execute(text("SET search_path TO compat, public"))


@pytest.mark.parametrize("view", [*COLISEUM, *SHARED, *PRECOG, *PRESCIENT, *ALPHA, "price_history"])
def test_every_view_can_be_read_whole(shell: Connection, view: str) -> None:
    found = rows(shell, f"SELECT * FROM {view}")

    assert bool(found) == (view not in ("edges", "signal_archives", "market_snapshots"))


def test_models_have_their_balances_and_counts(shell: Connection) -> None:
    [gpt] = rows(shell, "SELECT * FROM ai_models WHERE external_id = 'gpt-4o'")
    [claude] = rows(shell, "SELECT * FROM ai_models WHERE external_id = 'claude-3.5'")

    assert (gpt["balance"], gpt["initial_balance"], gpt["total_pnl"]) == (
        Decimal("100583.2"),
        Decimal(100_000),
        Decimal("583.2"),
    )
    assert [gpt[name] for name in ("win_count", "loss_count", "abstain_count", "total_bets")] == [1, 0, 0, 1]
    assert [claude[name] for name in ("win_count", "loss_count", "abstain_count", "total_bets")] == [0, 1, 1, 1]


def test_bets_join_their_sessions_events_and_models(shell: Connection, small: Small) -> None:
    query = """
        SELECT m.name, b.position, b.amount, b.price, b.shares, b.pnl, b.settled, e.outcome,
            b.position = e.outcome AS won
        FROM bets b JOIN ai_models m ON m.id = b.model_id JOIN events e ON e.id = b.event_id
        JOIN betting_sessions s ON s.id = b.session_id AND s.event_id = e.id AND s.model_id = m.id ORDER BY m.name DESC
    """

    [won, lost] = rows(shell, query)

    assert won == {
        "name": "GPT-4o",
        "position": "YES",
        "amount": Decimal("416.8"),
        "price": Decimal("0.4"),
        "shares": Decimal(1000),
        "pnl": Decimal("583.2"),
        "settled": True,
        "outcome": "YES",
        "won": True,
    }
    assert (lost["position"], lost["pnl"], lost["won"]) == ("NO", Decimal("-318.246"), False)


def test_the_number_of_a_bet_can_be_read_in_its_id(shell: Connection) -> None:
    trades = {row["trade_id"] for row in rows(shell, "SELECT trade_id FROM public.trades")}

    assert {UUID(str(row["id"])).int for row in rows(shell, "SELECT id FROM bets")} < trades


def test_events_and_what_belongs_to_them(shell: Connection, small: Small) -> None:
    query = """
        SELECT e.kalshi_event_id, e.kalshi_market_id, e.status, e.outcome, s.summary_text, t.total_bets_settled,
            t.total_pnl_distributed, t.validated, h.close
        FROM events e LEFT JOIN event_summaries s ON s.event_id = e.id LEFT JOIN settlements t ON t.event_id = e.id
        LEFT JOIN price_history h ON h.event_id = e.id WHERE e.status IN ('settled', 'active') ORDER BY e.status DESC
    """

    [settled, active] = rows(shell, query)

    assert settled == {
        "kalshi_event_id": "KXICE-26",
        "kalshi_market_id": "KXICE-26-H1",
        "status": "settled",
        "outcome": "YES",
        "summary_text": "It is cold.",
        "total_bets_settled": 2,
        "total_pnl_distributed": Decimal("264.954"),
        "validated": True,
        "close": Decimal("0.4"),
    }
    assert (active["kalshi_market_id"], active["outcome"], active["summary_text"]) == ("polymarket:2", None, None)


def test_messages_stand_in_order(shell: Connection, small: Small) -> None:
    query = "SELECT content FROM session_messages WHERE session_id = :id ORDER BY sequence_number"

    assert [row["content"] for row in rows(shell, query, id=small.won)] == ["Go.", "Ice ", "grows.", "BUY YES"]
    [ids] = rows(shell, "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM session_messages")
    assert ids["n"] == ids["ids"]


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
