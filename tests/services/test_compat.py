"""The schema `compat`: tables of the source documents under their own names, on our rows."""

import re
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from tests.arena.displayed import Small
from tests.services.documented import (
    ALPHA,
    COLISEUM,
    PRECOG,
    PRESCIENT,
    SEEDS,
    SHARED,
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
