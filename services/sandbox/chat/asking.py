"""What a request over chat completions asks for, and its refusals in the words of OpenRouter and Perplexity."""

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from services.sandbox.answers import VenueError
from services.sandbox.domain.characters import Character, character_named

USER = "user_sandbox"
MESSAGES_MAX = 200
SEARCHING = ("sonar", "sonar-pro", "sonar-reasoning", "sonar-reasoning-pro", "sonar-deep-research")
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Said:
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    model: str  # as it was named
    messages: tuple[Said, ...]
    stream: bool
    tokens_max: int | None
    twin: int  # of `seed` and `user`: 0 where neither was sent

    @property
    def prompt_tokens(self) -> int:
        return sum(4 + math.ceil(len(said.text) / CHARACTERS_A_TOKEN) for said in self.messages)

    def text_of(self, role: str) -> str:
        return "\n".join(said.text for said in self.messages if said.role == role)


def refused(message: str, code: int = 400) -> VenueError:
    return VenueError(code, {"error": {"message": message, "code": code}, "user_id": USER})


def asked_of(body: bytes) -> Asked:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise refused("Invalid JSON body") from None
    if not isinstance(value, dict):
        raise refused("The body must be an object")
    model = value.get("model")
    if not isinstance(model, str) or not model:
        raise refused("No models provided")
    return Asked(model, _messages(value), value.get("stream") is True, _tokens_max(value), _twin(value))


def character_of(asked: Asked) -> Character:
    character = character_named(asked.model)
    if character is None:
        raise refused(f"{asked.model[:120]} is not a valid model ID")
    return character


def must_search(asked: Asked) -> None:
    if asked.model not in SEARCHING:
        message = f"Invalid model '{asked.model[:120]}'. Permitted models are in the documentation."
        raise VenueError(400, {"error": {"message": message, "type": "invalid_model", "code": 400}})


def _messages(value: dict[str, Any]) -> tuple[Said, ...]:
    items = value.get("messages")
    if not isinstance(items, list) or not items or len(items) > MESSAGES_MAX:
        raise refused('Input required: specify "messages"')
    return tuple(_said(item) for item in items)


def _said(item: Any) -> Said:
    if not isinstance(item, dict) or item.get("role") not in ("system", "developer", "user", "assistant"):
        raise refused("A message needs a role and content")
    content = item.get("content")
    if isinstance(content, list):  # parts; what is no text is not read
        content = "\n".join(part["text"] for part in content if isinstance(part, dict) and "text" in part)
    if not isinstance(content, str):
        raise refused("The content of a message must be text")
    role = "system" if item["role"] == "developer" else str(item["role"])
    return Said(role, content)


def _tokens_max(value: dict[str, Any]) -> int | None:
    wanted = value.get("max_completion_tokens", value.get("max_tokens"))
    if wanted is None:
        return None
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        raise refused("max_tokens must be a positive integer")
    return wanted


def _twin(value: dict[str, Any]) -> int:
    told = [value[name] for name in ("seed", "user") if isinstance(value.get(name), str | int)]
    return digest(repr(told)) if told else 0


def digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
