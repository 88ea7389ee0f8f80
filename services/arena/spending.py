"""Every request to a provider goes through here: reserved under the budgets before it leaves, charged when it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Literal
from uuid import UUID, uuid4

import structlog
from prometheus_client import Counter, Histogram

from services.arena.domain.budgets import Budgets, TokenPrice, most_that_it_costs, what_it_cost
from services.arena.domain.completions import CallFailure, Completion, Question
from services.arena.patience import patiently
from services.arena.resources import Resources
from services.arena.storage import calls

log = structlog.get_logger()

Purpose = Literal["session", "repair", "search", "summary", "validation"]
OnPiece = Callable[[str, str], None]

CALLS = Counter("coliseum_model_calls_total", "Requests to providers of models.", ["purpose", "model", "result"])
TOKENS = Counter("coliseum_model_tokens_total", "Tokens used.", ["model", "kind"])
DOLLARS = Counter("coliseum_model_dollars_total", "Dollars charged by providers, estimates included.", ["model"])
SECONDS = Histogram("coliseum_model_call_seconds", "Time to the end of an answer.", ["purpose"])


@dataclass(frozen=True, slots=True)
class NoBudget:
    """The call was not made, because nobody could have paid for it."""

    detail: str


Answer = Completion | CallFailure | NoBudget


def ask(
    here: Resources,
    question: Question,
    *,
    purpose: Purpose,
    price: TokenPrice,
    model_id: UUID | None = None,
    session_id: UUID | None = None,
    event_id: UUID | None = None,
    on_piece: OnPiece | None = None,
) -> Answer:
    """With `on_piece` the answer is streamed. The row of the call stands before the request leaves."""
    reserved = most_that_it_costs(question.messages, question.tokens_max, price, search=question.search)
    settings = here.settings
    budgets = Budgets(settings.arena_session_budget, settings.arena_model_day_budget, settings.arena_day_budget)
    call = calls.NewCall(uuid4(), purpose, model_id, session_id, event_id, question.model, reserved)
    refusal = calls.reserve(here.database, call, budgets, here.clock())
    if refusal is not None:
        CALLS.labels(purpose, question.model, "no_budget").inc()
        log.warning("model_call_refused", purpose=purpose, model=question.model, why=refusal)
        return NoBudget(refusal)
    began = perf_counter()
    answer = here.providers.complete(question) if on_piece is None else here.providers.stream(question, on_piece)
    SECONDS.labels(purpose).observe(perf_counter() - began)
    _charge(here, call, answer, price)
    return answer


def _charge(here: Resources, call: calls.NewCall, answer: Completion | CallFailure, price: TokenPrice) -> None:
    failure = answer if isinstance(answer, CallFailure) else None
    free = failure is not None and failure.free
    cost, source = what_it_cost(answer.usage, price, call.reserved, free=free)

    def charge() -> None:
        with here.database.transaction() as connection:
            calls.charge(connection, call.call_id, answer, cost, source, here.clock())

    patiently(here, charge)
    CALLS.labels(call.purpose, call.provider_model, failure.code if failure else "done").inc()
    DOLLARS.labels(call.provider_model).inc(float(cost))
    TOKENS.labels(call.provider_model, "prompt").inc(answer.usage.prompt_tokens or 0)
    TOKENS.labels(call.provider_model, "completion").inc(answer.usage.completion_tokens or 0)
    if failure is not None:
        log.warning("model_call_failed", purpose=call.purpose, model=call.provider_model, why=failure.code)
