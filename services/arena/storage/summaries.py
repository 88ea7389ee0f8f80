"""Rows of `event_summaries`, and the facts of a market as the venue states them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from services.arena.domain.briefs import MarketFacts
from shared.database import fetch_all
from shared.json_bytes import encoded

_FACTS = text("""
SELECT e.market_no, m.market_id, m.platform, e.title AS event_title, e.question,
    (SELECT o.name FROM market_outcomes o WHERE o.market_no = e.market_no AND o.side = 'yes') AS yes_means,
    (SELECT o.name FROM market_outcomes o WHERE o.market_no = e.market_no AND o.side = 'no') AS no_means,
    e.category, v.description, r.rules, e.close_time AS closes_at, m.resolution_source
FROM arena_events e JOIN markets m USING (market_no)
LEFT JOIN market_rules r USING (market_no) LEFT JOIN events v ON v.event_id = m.event_id
WHERE e.event_id = :event_id
""")
_EXISTS = text("SELECT EXISTS (SELECT FROM event_summaries WHERE event_id = :event_id)")
_STORE = text("""
INSERT INTO event_summaries (summary_id, event_id, summary_text, relevant_data, sources_used, sources_refused,
    search_queries, agent_model, note, prompt_version, created_at)
VALUES (:summary_id, :event_id, :summary_text, CAST(:relevant_data AS jsonb), CAST(:sources_used AS jsonb),
    CAST(:sources_refused AS jsonb), CAST(:search_queries AS jsonb), :agent_model, :note, :prompt_version, :now)
ON CONFLICT (event_id) DO NOTHING
""")


@dataclass(frozen=True, slots=True)
class Summary:
    summary_text: str
    relevant_data: Mapping[str, Any]
    sources_used: Sequence[Mapping[str, Any]]
    sources_refused: Sequence[Mapping[str, Any]]
    search_queries: Sequence[str]
    agent_model: str | None
    note: str | None
    prompt_version: str


def market_facts(connection: Connection, event_id: UUID) -> MarketFacts:
    return fetch_all(connection, MarketFacts, _FACTS, event_id=event_id)[0]


def is_summarised(connection: Connection, event_id: UUID) -> bool:
    return bool(connection.execute(_EXISTS, {"event_id": event_id}).scalar_one())


def store_summary(connection: Connection, event_id: UUID, summary: Summary, now: datetime) -> bool:
    """Whether it is the first; a summary that exists stays as the sessions have read it."""
    values = {
        "summary_id": uuid4(),
        "event_id": event_id,
        "summary_text": summary.summary_text,
        "relevant_data": encoded(summary.relevant_data).decode(),
        "sources_used": encoded(summary.sources_used).decode(),
        "sources_refused": encoded(summary.sources_refused).decode(),
        "search_queries": encoded(summary.search_queries).decode(),
        "agent_model": summary.agent_model,
        "note": summary.note,
        "prompt_version": summary.prompt_version,
        "now": now,
    }
    return connection.execute(_STORE, values).rowcount == 1
