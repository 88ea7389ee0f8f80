"""Scenes for the arena's pages: a season with words, briefs, quotes and hostile strangers put in afterwards."""

import json
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.database import Database
from tests.arena.season import DAWN

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='x' \u202egnp.exe {{ 7*7 }} &amp;"


class Reading(HTMLParser):
    """What a browser would make of a page: its elements and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def harmless(page: str) -> Reading:
    """Nothing in it runs: no element, attribute or address of a stranger's making."""
    read = Reading(page)
    assert [each.get("src") for each in read.all("script") if each.get("type") != "application/json"] == [
        each["src"] for each in read.all("script") if str(each.get("src", "")).startswith("/assets/")
    ]
    assert not read.all("img") and not read.all("iframe")
    for _, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not str(attributes.get("href", "")).lower().startswith(("javascript:", "data:"))
    return read


def change(database: Database, query: str, **values: Any) -> None:
    with database.transaction() as connection:
        connection.execute(text(query), values)


def event_of(database: Database, market_no: int) -> UUID:
    with database.connection() as connection:
        query = text("SELECT event_id FROM arena_events WHERE market_no = :market_no")
        found: UUID = connection.execute(query, {"market_no": market_no}).scalar_one()
        return found


def session_of(database: Database, event_id: UUID, model: str) -> UUID:
    with database.connection() as connection:
        query = text("""
            SELECT session_id FROM betting_sessions JOIN ai_models USING (model_id)
            WHERE event_id = :event_id AND external_id = :model
        """)
        found: UUID = connection.execute(query, {"event_id": event_id, "model": model}).scalar_one()
        return found


def say(database: Database, session_id: UUID, number: int, content: str, kind: str = "reasoning") -> None:
    change(
        database,
        """INSERT INTO session_messages (session_id, sequence_number, message_type, content, created_at)
        VALUES (:session_id, :number, :kind, :content, :at)""",
        session_id=session_id,
        number=number,
        kind=kind,
        content=content,
        at=DAWN + timedelta(seconds=number),
    )


def on_air(database: Database, session_id: UUID) -> None:
    """Back to where nothing is decided yet."""
    change(
        database,
        """UPDATE betting_sessions SET status = 'running', final_position = NULL, probability = NULL, signal_id = NULL,
        confidence_score = NULL, reasoning_summary = NULL, bet_amount = NULL, completed_at = NULL
        WHERE session_id = :session_id""",
        session_id=session_id,
    )


def reopen(database: Database, event_id: UUID, until: datetime) -> None:
    change(
        database,
        "UPDATE arena_events SET status = 'active', outcome = NULL, close_time = :until WHERE event_id = :event_id",
        event_id=event_id,
        until=until,
    )
    change(
        database,
        """UPDATE markets SET status = 'open', outcome = NULL, payout_yes = NULL, settled_at = NULL
        WHERE market_no = (SELECT market_no FROM arena_events WHERE event_id = :event_id)""",
        event_id=event_id,
    )


def brief(database: Database, event_id: UUID, summary: str, used: list[Any], refused: list[Any]) -> None:
    change(
        database,
        """INSERT INTO event_summaries (summary_id, event_id, summary_text, relevant_data, sources_used,
            sources_refused, search_queries, agent_model, note, prompt_version, created_at)
        VALUES (gen_random_uuid(), :event_id, :summary, :data, :used, :refused, :queries, 'openai/gpt-4o', NULL, '1',
            :at)""",
        event_id=event_id,
        summary=summary,
        data=json.dumps({"facts": ["It is cold."], "sentences_cut": {"market_price": 2}, "simulated": True}),
        used=json.dumps(used),
        refused=json.dumps(refused),
        queries=json.dumps(["Will it freeze?"]),
        at=DAWN,
    )
