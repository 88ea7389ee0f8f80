"""A model looks whether a settlement fits the rules: a note and, at most, an alarm; it never touches a payout."""

from datetime import datetime
from uuid import UUID, uuid4

import structlog

from services.arena.asking import ask_patiently
from services.arena.domain.completions import Completion, Question
from services.arena.domain.decisions import Unreadable
from services.arena.domain.prompting import validation_messages
from services.arena.domain.summaries import read_verdict
from services.arena.resources import Resources
from services.arena.spending import Answer
from services.arena.storage import notes, summaries
from services.arena.storage.notes import Note, Settled
from shared.feed import NewEntry, append_entries, wake

log = structlog.get_logger()

SECONDS = 60.0
TOKENS_MAX = 400


def validate(here: Resources, event_id: UUID, now: datetime) -> None:
    """Nothing where the newest version of the settlement has its note already."""
    with here.database.connection() as connection:
        settled = notes.unlooked(connection, event_id)
        if settled is None:
            return
        facts = summaries.market_facts(connection, event_id)
    messages = validation_messages(
        facts, settled.outcome, settled.payout_yes, settled.evidence, settled.summary, now, str(uuid4())
    )
    model = here.settings.arena_summary_model
    question = Question(here.openrouter, model, messages, TOKENS_MAX, SECONDS)
    note = _note(ask_patiently(here, question, "validation", event_id), model)
    if _store(here, event_id, settled, note, now):
        log.info("settlement_looked_at", event_id=str(event_id), validated=note.validated, alarm=note.alarm)


def _store(here: Resources, event_id: UUID, settled: Settled, note: Note, now: datetime) -> bool:
    with here.database.transaction() as connection:
        stored = notes.store_note(connection, event_id, settled, note, now)
        if stored and note.alarm:
            reason = f"The settlement as {settled.outcome.upper()} does not fit the rules: {note.validation_notes}"
            payload = {"event_id": str(event_id), "reason": reason}
            append_entries(connection, [NewEntry("alarm", payload, market_no=settled.market_no)], now)
    if stored and note.alarm:
        wake(here.database)
    return stored


def _note(answer: Answer, model: str) -> Note:
    if not isinstance(answer, Completion):
        return Note(None, f"Nobody could look at it: {answer.detail}", None)
    verdict = read_verdict(answer.text)
    if isinstance(verdict, Unreadable):
        return Note(None, f"What the model said cannot be read: {verdict.why}", model)
    return Note(verdict.consistent, verdict.note or "The model gave no reason.", model)
