"""How a session ends, exactly once: with a sealed decision, or failed with its reason."""

from dataclasses import replace
from datetime import datetime

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from services.arena.domain.briefs import MarketFacts
from services.arena.domain.decisions import Decision
from services.arena.domain.seals import Forecast, book_sha256, prompt_sha256, text_sha256
from services.arena.patience import patiently
from services.arena.resources import Resources
from services.arena.scribe import Scribe, Speaker, storable
from services.arena.sealing import seal
from services.arena.storage import registry, sessions
from services.arena.storage.sessions import Cost
from shared.feed import NewEntry, append_entries, wake

log = structlog.get_logger()

SESSIONS = Counter("coliseum_sessions_total", "Sessions that ended.", ["model", "result"])


def complete_session(
    here: Resources,
    scribe: Scribe,
    speaker: Speaker,
    claim: str,
    facts: MarketFacts,
    decision: Decision,
    answer: str | None,
    cost: Cost,
) -> None:
    """Decision, seal and announcement in one transaction, after the last word. One that was taken away from this
    process is left to whoever has it; one that comes after the close of its event is no forecast any more."""
    patiently(here, scribe.flush)
    said = None if answer is None else storable(answer)

    def complete() -> bool:
        now = here.clock()
        with here.database.transaction() as connection:
            used = replace(cost, usage=sessions.cost_of(connection, speaker.session_id))
            if not sessions.complete(connection, speaker.session_id, claim, decision, said, used, now):
                return False
            seal(connection, _forecast(connection, speaker, facts, decision, said, cost, now), now)
            append_entries(connection, [_entry(speaker, decision, None)], now)
            if cost.simulated is not None:
                registry.note_simulated(connection, speaker.model, cost.simulated, now)
        return True

    if patiently(here, complete):
        wake(here.database)
        SESSIONS.labels(speaker.model, decision.position).inc()
    else:
        why = "the decision came after the event had closed"
        fail_session(here, scribe, speaker, claim, "event_closed", why, answer, cost)


def fail_session(
    here: Resources,
    scribe: Scribe,
    speaker: Speaker,
    claim: str,
    failure: str,
    detail: str,
    answer: str | None,
    cost: Cost,
) -> None:
    """A failure is a row with its reason, and never a forecast."""
    scribe.say(speaker, "system", f"The session failed: {detail}")
    patiently(here, scribe.flush)
    said = None if answer is None else storable(answer)

    def fail() -> bool:
        now = here.clock()
        with here.database.transaction() as connection:
            used = replace(cost, usage=sessions.cost_of(connection, speaker.session_id))
            if not sessions.fail(connection, speaker.session_id, claim, failure, storable(detail), said, used, now):
                return False
            append_entries(connection, [_entry(speaker, None, failure)], now)
        return True

    if patiently(here, fail):
        wake(here.database)
        SESSIONS.labels(speaker.model, failure).inc()
    else:
        log.warning("session_taken_away", session_id=str(speaker.session_id), model=speaker.model)


def _forecast(
    connection: Connection,
    speaker: Speaker,
    facts: MarketFacts,
    decision: Decision,
    answer: str | None,
    cost: Cost,
    now: datetime,
) -> Forecast:
    """What was asked is read from the row, so that the seal covers what is stored."""
    asked = sessions.asked_of(connection, speaker.session_id)
    return Forecast(
        session_id=speaker.session_id,
        event_id=speaker.event_id,
        market_id=facts.market_id,
        model=speaker.model,
        portfolio_id=speaker.portfolio_id,
        position=decision.position,
        probability=decision.probability,
        confidence=decision.confidence,
        max_price=decision.max_price,
        reason=decision.reason,
        yes_bid=asked.yes_bid,
        yes_ask=asked.yes_ask,
        quoted_at=asked.quoted_at,
        book_sha256=book_sha256(asked.book),
        prompt_sha256=prompt_sha256(asked.prompt),
        answer_sha256=text_sha256(answer),
        prompt_version=asked.prompt_version,
        model_version=cost.model_version,
        decided_at=now,
    )


def _entry(speaker: Speaker, decision: Decision | None, failure: str | None) -> NewEntry:
    payload = {
        "event_id": speaker.event_id,
        "session_id": speaker.session_id,
        "model": speaker.model,
        "position": decision.position if decision else None,
        "probability": decision.probability if decision else None,
        "confidence": decision.confidence if decision else None,
        "reason": decision.reason if decision else None,
        "failure": failure,
    }
    return NewEntry("decision", payload, speaker.portfolio_id, speaker.market_no)
