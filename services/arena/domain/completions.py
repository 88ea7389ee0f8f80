"""What is asked of a model and what comes back, whichever provider stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

FAILED_AT_ONCE_MS = 3_000  # no model has said anything by then that would be charged

Role = Literal["system", "user", "assistant"]
FailureCode = Literal[
    "unreachable",  # the connection was refused or never came about: nothing was charged
    "refused_by_provider",  # 400, 401, 403, 404 and so on: nothing was charged
    "no_credit",  # 402
    "rate_limited",  # 429
    "provider_failed",  # 5xx before anything was said
    "timed_out",  # the time was up; what had been said may have been charged
    "broken_off",  # the stream ended without an end
    "stream_error",  # an error within the stream
    "unreadable_answer",  # what came is no chat completion
    "refusal",  # the model declined to answer
    "cut_off",  # it reached the bound of its tokens before its decision
    "empty_answer",
]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible address with the key that opens it."""

    base_url: str
    api_key: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a model."""

    endpoint: Endpoint
    model: str
    messages: Sequence[Message]
    tokens_max: int
    seconds: float  # for the whole answer
    search: bool = False  # of a model that searches the web: ask it for its sources
    user: str | None = None  # who asks, by which a provider tells twins apart


@dataclass(frozen=True, slots=True)
class Source:
    """A page that a searching model names; what it does not say is None."""

    url: str
    title: str | None = None
    published_at: datetime | None = None
    snippet: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider says it used; None: it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: Decimal | None = None  # dollars


@dataclass(frozen=True, slots=True)
class Completion:
    text: str  # what the model says
    thoughts: str  # what it says it thinks, where the provider tells the two apart
    finish_reason: str | None
    model_version: str | None
    request_id: str | None
    usage: Usage
    sources: Sequence[Source]
    simulated: bool
    latency_ms: int
    first_token_ms: int | None


@dataclass(frozen=True, slots=True)
class CallFailure:
    code: FailureCode
    detail: str  # a sentence for people
    http_status: int | None = None
    retry_after_seconds: float | None = None
    said: str = ""  # what had come before it failed
    usage: Usage = Usage()
    simulated: bool = False
    latency_ms: int = 0

    @property
    def free(self) -> bool:
        """Whether certainly nothing was charged, so that it may be asked again. A provider that fails after a while may
        have had the model at work."""
        if self.code == "provider_failed":
            return self.latency_ms < FAILED_AT_ONCE_MS and not self.said
        return self.code in ("unreachable", "refused_by_provider", "no_credit", "rate_limited")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """An entry of a provider's list; prices in dollars per million tokens, None where the list does not say."""

    model: str
    prompt_price: Decimal | None
    completion_price: Decimal | None
