"""Chat completions as OpenRouter sends them: whole answers, and streams prepared event by event."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from services.sandbox.chat.asking import USER, Asked
from services.sandbox.chat.replies import Reply
from services.sandbox.domain.chance import words
from services.sandbox.domain.characters import CHARACTERS, Character

_TOKEN = re.compile(r"\s*\S{1,5}|\s+")
PROCESSING = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"
BLANKS = b"\n         \n" * 3  # what keeps a connection alive while an answer is made
MID_STREAM = {"code": 502, "message": "Provider disconnected"}
_NATIVE = {"Google": "STOP", "Amazon Bedrock": "end_turn"}
_SUPPORTED = ["max_tokens", "temperature", "top_p", "stop", "seed", "response_format"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as tokens, cut where the bound of the request cuts it."""

    asked: Asked
    character: Character
    created: int
    number: int  # of which the id is made
    thoughts: list[str]
    content: list[str]
    refusal: list[str]
    finish: str

    @property
    def tokens(self) -> int:
        return len(self.thoughts) + len(self.content) + len(self.refusal)

    @property
    def head(self) -> dict[str, Any]:
        return {
            "id": f"gen-{self.created}-{words(self.number, 1, 2)[:20]}",
            "provider": self.character.vendor,
            "model": self.character.model,
        }

    @property
    def native_finish(self) -> str:
        return _NATIVE.get(self.character.vendor, self.finish) if self.finish == "stop" else self.finish

    def usage(self, completion: int) -> dict[str, Any]:
        prompt = self.asked.prompt_tokens
        read = round(prompt * self.character.prompt_price, 12)
        written = round(completion * self.character.completion_price, 12)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "cost": round(read + written, 12),
            "is_byok": False,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0, "video_tokens": 0},
            "cost_details": {
                "upstream_inference_cost": None,
                "upstream_inference_prompt_cost": read,
                "upstream_inference_completions_cost": written,
            },
            "completion_tokens_details": {
                "reasoning_tokens": min(len(self.thoughts), completion),
                "image_tokens": 0,
            },
        }


def tokens_of(text: str) -> list[str]:
    """Pieces of about four characters that make up the text."""
    return _TOKEN.findall(text)


def answer_of(asked: Asked, character: Character, reply: Reply, created: int, number: int) -> Answer:
    thoughts, content, refusal = (tokens_of(text) for text in (reply.thoughts, reply.content, reply.refusal))
    bound = min(asked.tokens_max or character.output_max, character.output_max)
    finish = "length" if len(thoughts) + len(content) + len(refusal) > bound else "stop"
    left = max(0, bound - len(thoughts))
    return Answer(
        asked,
        character,
        created,
        number,
        thoughts[:bound],
        content[:left],
        refusal[: left - len(content[:left])],
        finish,
    )


def whole_body(answer: Answer, *, usage: bool) -> bytes:
    thought = "".join(answer.thoughts)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(answer.content) if answer.content or not answer.refusal else None,
        "refusal": "".join(answer.refusal) or None,
        "reasoning": thought or None,
    }
    if thought:
        message["reasoning_details"] = [{"type": "reasoning.text", "text": thought, "format": None, "index": 0}]
    choice = {
        "logprobs": None,
        "finish_reason": answer.finish,
        "native_finish_reason": answer.native_finish,
        "index": 0,
        "message": message,
    }
    head = {**answer.head, "object": "chat.completion", "created": answer.created, "choices": [choice]}
    return BLANKS + orjson.dumps({**head, "usage": answer.usage(answer.tokens)} if usage else head)


def token_events(answer: Answer) -> list[bytes]:
    """One event for each token."""
    head = {**answer.head, "object": "chat.completion.chunk", "created": answer.created}
    opening = b"data: " + orjson.dumps(head)[:-1] + b',"choices":[{"index":0,"delta":{"role":"assistant","content":'
    closing = b'},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}\n\n'
    events = []
    for piece in answer.thoughts:
        text = orjson.dumps(piece)
        details = b'"reasoning_details":[{"type":"reasoning.text","text":%b,"format":null,"index":0}]' % text
        events.append(b'%b"","reasoning":%b,%b%b' % (opening, text, details, closing))
    rest = b',"reasoning":null,"reasoning_details":[]' if answer.thoughts else b""
    events += [b"%b%b%b%b" % (opening, orjson.dumps(piece), rest, closing) for piece in answer.content]
    events += [b'%b"","refusal":%b%b' % (opening, orjson.dumps(piece), closing) for piece in answer.refusal]
    return events


def last_events(answer: Answer, *, usage: bool) -> bytes:
    finished = _event(answer, _choice(answer.finish, answer.native_finish))
    counted = _event(answer, _choice(), usage=answer.usage(answer.tokens)) if usage else b""
    return finished + counted + DONE


def broken_events(answer: Answer, completion: int) -> bytes:
    """An error in place of the rest; what was said until then is counted."""
    return _event(answer, _choice(), error=MID_STREAM, usage=answer.usage(completion)) + DONE


def _choice(finish: str | None = None, native: str | None = None) -> dict[str, Any]:
    return {
        "index": 0,
        "delta": {"role": "assistant", "content": ""},
        "finish_reason": finish,
        "native_finish_reason": native,
        "logprobs": None,
    }


def _event(answer: Answer, choice: dict[str, Any], **more: Any) -> bytes:
    body = {**answer.head, "object": "chat.completion.chunk", "created": answer.created, "choices": [choice], **more}
    return b"data: " + orjson.dumps(body) + b"\n\n"


def error_body(error: dict[str, Any]) -> bytes:
    return orjson.dumps({"error": error, "user_id": USER})


def listed_models() -> bytes:
    return orjson.dumps({"data": [_listed(character) for character in CHARACTERS]})


def _listed(character: Character) -> dict[str, Any]:
    return {
        "id": character.model,
        "canonical_slug": character.model,
        "hugging_face_id": "",
        "name": character.name,
        "created": character.created,
        "description": "Played by the sandbox of Coliseum; nothing in it refers to the real model of that name.",
        "context_length": character.context,
        "architecture": {
            "modality": "text->text",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "tokenizer": character.tokenizer,
            "instruct_type": None,
        },
        "pricing": {"prompt": _dollars(character.prompt_price), "completion": _dollars(character.completion_price)},
        "top_provider": {
            "context_length": character.context,
            "max_completion_tokens": character.output_max,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": [*_SUPPORTED, *(["reasoning", "include_reasoning"] if character.thinks else [])],
        "default_parameters": {},
        "supported_voices": None,
        "knowledge_cutoff": None,
        "expiration_date": None,
        "links": {"details": f"/api/v1/models/{character.model}/endpoints"},
    }


def _dollars(price: float) -> str:
    return f"{price:.12f}".rstrip("0").rstrip(".")
