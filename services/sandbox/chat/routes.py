"""HTTP of the providers of models: OpenRouter's list and chat completions, Perplexity's searching completions."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.sandbox.answers import raw
from services.sandbox.chat import rows, searches
from services.sandbox.chat.asking import asked_of, character_of, digest, must_search
from services.sandbox.chat.pacing import Pace, paced
from services.sandbox.chat.prompts import prompt_of
from services.sandbox.chat.replies import reply_of, topic_of
from services.sandbox.chat.views import view_of
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.press import pages_found
from services.sandbox.faults import FaultOrder
from services.sandbox.resources import Sandbox

router = APIRouter(tags=["chat"])

EVENT_STREAM = "text/event-stream"
UNBUFFERED = {"cache-control": "no-cache"}
CUT = 0.6  # of an answer's tokens have come when its stream ends or fails


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def _faults(request: Request) -> Mapping[str, FaultOrder]:
    """What strikes within this answer, by kind."""
    struck: Mapping[str, FaultOrder] = request.scope.get("sandbox_chat", {})
    return struck


def _pace(sandbox: Sandbox, faults: Mapping[str, FaultOrder], factor: float = 1.0) -> Pace:
    stall = faults["stall"].delay if "stall" in faults else 0.0
    return Pace(factor * sandbox.settings.sandbox_tokens_a_second, stall)


def _streamed(opening: bytes, events: list[bytes], closing: bytes, pace: Pace) -> Response:
    return StreamingResponse(paced(opening, events, closing, pace), 200, UNBUFFERED, EVENT_STREAM)


@router.get("/openrouter/api/v1/models", summary="The models that are played, with their prices")
async def read_models() -> Response:
    return raw(rows.listed_models())


@router.post("/openrouter/api/v1/chat/completions", summary="An answer of a played model, streamed or whole")
async def complete(request: Request) -> Response:
    asked = asked_of(await request.body())
    character = character_of(asked)
    sandbox, faults = sandbox_of(request), _faults(request)
    prompt = prompt_of(asked)
    view = view_of(sandbox, prompt)
    reply = reply_of(character, prompt, view, asked.twin, frozenset(faults))
    created = int(sandbox.clock())
    number = scalar_hash(view.draw, digest(asked.model), asked.twin, created)
    answer = rows.answer_of(asked, character, reply, created, number)
    pace = _pace(sandbox, faults, character.pace)
    usage = "no_usage" not in faults
    if not asked.stream:
        await asyncio.sleep(pace.seconds(answer.tokens))
        if "stream_error" in faults:
            return raw(rows.BLANKS + rows.error_body(rows.MID_STREAM))
        body = rows.whole_body(answer, usage=usage)
        return raw(body[: round(len(body) * CUT)] if "cut_stream" in faults else body)
    events = rows.token_events(answer)
    said = round(len(events) * CUT)
    if "stream_error" in faults:
        return _streamed(rows.PROCESSING, events[:said], rows.broken_events(answer, said), pace)
    if "cut_stream" in faults:
        return _streamed(rows.PROCESSING, events[:said], b"", pace)
    return _streamed(rows.PROCESSING * 2, events, rows.last_events(answer, usage=usage), pace)


@router.post("/perplexity/chat/completions", summary="An answer from simulated pages, with citations")
async def search(request: Request) -> Response:
    asked = asked_of(await request.body())
    must_search(asked)
    sandbox, faults = sandbox_of(request), _faults(request)
    prompt = prompt_of(asked)
    view = view_of(sandbox, prompt)
    created = int(sandbox.clock())
    number = scalar_hash(view.draw, created)
    found = searches.search_of(asked, pages_found(topic_of(prompt, view)), created, number)
    pace = _pace(sandbox, faults)
    usage = "no_usage" not in faults
    if not asked.stream:
        await asyncio.sleep(pace.seconds(len(found.tokens)))
        if "stream_error" in faults:
            return raw(rows.error_body(searches.DISCONNECTED), status=502)
        body = searches.whole_body(found, usage=usage)
        return raw(body[: round(len(body) * CUT)] if "cut_stream" in faults else body)
    events = searches.token_events(found, usage=usage)
    said = events[: round(len(events) * CUT)]
    if "stream_error" in faults:
        return _streamed(b"", said, searches.broken_event(), pace)
    if "cut_stream" in faults:
        return _streamed(b"", said, b"", pace)
    return _streamed(b"", events, searches.last_event(found, usage=usage), pace)
