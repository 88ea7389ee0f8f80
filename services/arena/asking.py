"""A request beside the sessions, made again only where nothing was charged, and while there is time."""

from time import monotonic
from uuid import UUID

from services.arena.domain.completions import CallFailure, Question
from services.arena.domain.retries import pause_before_retry
from services.arena.pricing import price_of
from services.arena.resources import Resources
from services.arena.spending import Answer, Purpose, ask


def ask_patiently(here: Resources, question: Question, purpose: Purpose, event_id: UUID) -> Answer:
    with here.database.connection() as connection:
        price = price_of(connection, question.model, here.settings.arena_price_assumed)
    began, attempt = monotonic(), 0
    while True:
        attempt += 1
        answer = ask(here, question, purpose=purpose, price=price, event_id=event_id)
        left = question.seconds - (monotonic() - began)
        pause = pause_before_retry(answer, attempt, left) if isinstance(answer, CallFailure) else None
        if pause is None or here.stopping.wait(pause):
            return answer
