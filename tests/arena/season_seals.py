"""The chain of a played season: each of its decisions sealed as the arena would have done it."""

from sqlalchemy import text

from services.arena.domain.seals import (
    FIRST_HASH,
    Forecast,
    book_sha256,
    document_of,
    hash_of,
    prompt_sha256,
    text_sha256,
)
from shared.database import Database
from tests.arena.season import ANSWER, PROMPT, Tables


def seal_all(database: Database) -> None:
    """As the arena seals each decision: one link after the other, at the moment of the decision."""
    query = text("""
        SELECT s.session_id, s.event_id, m.market_id, a.external_id AS model, s.portfolio_id,
            s.final_position AS position, s.probability, s.confidence_score AS confidence, s.max_price,
            s.reasoning_summary AS reason, s.yes_bid, s.yes_ask, s.quoted_at, s.prompt_version, s.model_version,
            s.completed_at AS decided_at, s.book::text AS book
        FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN markets m ON m.market_no = s.market_no
        WHERE s.status = 'completed' ORDER BY s.completed_at, s.session_id
    """)
    tables, before = Tables(), FIRST_HASH
    with database.transaction() as connection:
        for number, row in enumerate(connection.execute(query).mappings(), start=1):
            facts = dict(row)
            sealed = Forecast(
                book_sha256=book_sha256(facts.pop("book")),
                prompt_sha256=prompt_sha256(PROMPT),
                answer_sha256=text_sha256(ANSWER),
                **facts,
            )
            document = document_of(sealed)
            link = {"seal_no": number, "session_id": row["session_id"], "document": document, "previous_hash": before}
            before = hash_of(before, document)
            tables.add("sealed_forecasts", {**link, "hash": before, "sealed_at": row["decided_at"]})
        tables.write(connection)
