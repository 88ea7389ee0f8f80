"""Reads the Responses form of an answer, which some OpenAI-compatible servers speak: its events and its object."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.arena.clients.spoken import Piece, Spoken

_FINISHED = {"completed": "stop", "max_output_tokens": "length"}


def speaks_responses(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    return part.get("object") == "response" or (isinstance(kind, str) and kind.startswith("response."))


def take_response(spoken: Spoken, part: Mapping[str, Any]) -> Iterator[Piece]:
    """Of an event what is new in it, of a whole response everything."""
    if part.get("object") == "response":
        _take_end(spoken, part)
        yield from _whole(spoken, part)
        return
    kind, delta = str(part["type"]), part.get("delta")
    if isinstance(delta, str):
        if kind == "response.output_text.delta":
            yield from spoken.say(delta, "answer")
        elif kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta"):
            yield from spoken.say(delta, "reasoning")
        elif kind == "response.refusal.delta":
            spoken.refusal.append(delta)
    elif kind == "response.output_text.annotation.added":
        spoken.annotations.append(part.get("annotation"))
    elif isinstance(response := part.get("response"), Mapping):
        _take_end(spoken, response)


def _take_end(spoken: Spoken, response: Mapping[str, Any]) -> None:
    spoken.name(response.get("model"), response.get("id"))
    spoken.count(response.get("usage"))
    status, details = response.get("status"), response.get("incomplete_details")
    if isinstance(details, Mapping) and isinstance(details.get("reason"), str):
        status = details["reason"]
    if isinstance(error := response.get("error"), Mapping):
        spoken.error = error
    elif status == "failed":
        spoken.error = {"message": "the response failed"}
    elif isinstance(status, str) and status not in ("in_progress", "queued"):
        spoken.finish_reason = _FINISHED.get(status, status)


def _whole(spoken: Spoken, response: Mapping[str, Any]) -> Iterator[Piece]:
    if spoken.finish_reason is None and spoken.error is None:
        spoken.finish_reason = "stop"  # a body that is there as a whole has ended, also where it names no status
    for item in _list(response.get("output")):
        thinks = item.get("type") == "reasoning"
        for part in (*_list(item.get("content")), *_list(item.get("summary"))):
            if part.get("type") == "refusal":
                spoken.refusal.append(str(part.get("refusal") or ""))
            elif isinstance(part.get("text"), str):
                spoken.annotations.extend(_list(part.get("annotations")))
                yield from spoken.say(part["text"], "reasoning" if thinks else "answer")


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
