"""What a provider has said so far: texts, usage, sources and how it ended, whatever shape it came in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from services.arena.clients.parse_sources import sources_of
from services.arena.domain.completions import Source, Usage

Kind = Literal["reasoning", "answer"]
Piece = tuple[str, Kind]

TEXT_MAX = 400_000  # characters of answer and thoughts together
_COUNT_MAX = 2**31 - 1  # what the column of a count of tokens holds


@dataclass(slots=True)
class Spoken:
    """Collects an answer; `problem` is why its form cannot be read, `error` what the provider itself complains of."""

    answer: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    model_version: str | None = None
    request_id: str | None = None
    usage: Usage = field(default_factory=Usage)
    error: Mapping[str, Any] | None = None
    problem: str | None = None
    length: int = 0
    citations: Any = None
    results: Any = None
    annotations: list[Any] = field(default_factory=list)

    def say(self, text: str, kind: Kind) -> Iterator[Piece]:
        """The piece, as it may be stored: Postgres holds no NUL, and half a surrogate pair is no character."""
        if not text or self.problem:
            return
        text = storable(text)
        self.length += len(text)
        if self.length > TEXT_MAX:
            self.problem = f"the answer is longer than {TEXT_MAX} characters"
            return
        (self.answer if kind == "answer" else self.thoughts).append(text)
        yield text, kind

    def name(self, model: Any, request_id: Any) -> None:
        if isinstance(model, str) and model:
            self.model_version = storable(model)[:200]
        if isinstance(request_id, str) and request_id:
            self.request_id = storable(request_id)[:200]

    def count(self, usage: Any) -> None:
        """The last one counts: providers repeat a running usage."""
        if isinstance(usage, Mapping):
            self.usage = read_usage(usage)

    @property
    def text(self) -> str:
        return "".join(self.answer)

    @property
    def thought(self) -> str:
        return "".join(self.thoughts)

    @property
    def sources(self) -> list[Source]:
        return sources_of(self.citations, self.results, self.annotations)


def storable(text: str) -> str:
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Of chat completions and of the Responses form, whose counts have other names."""
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return Usage(
        _count(usage.get("input_tokens") if prompt is None else prompt),
        _count(usage.get("output_tokens") if completion is None else completion),
        _cost(usage),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _COUNT_MAX else None


def _cost(usage: Mapping[str, Any]) -> Decimal | None:
    """Perplexity says it as an object with a total. With a key of one's own (`is_byok`) OpenRouter's cost is its fee
    alone and the model is charged beside it."""
    said = usage.get("cost")
    if isinstance(said, Mapping):
        return dollars(said.get("total_cost"))
    cost = dollars(said)
    details = usage.get("cost_details")
    if usage.get("is_byok") is True and isinstance(details, Mapping):
        upstream = dollars(details.get("upstream_inference_cost"))
        return upstream if cost is None else cost + (upstream or 0)
    return cost


def dollars(value: Any) -> Decimal | None:
    """A plausible amount of dollars as it was written, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    try:
        amount = Decimal(value)
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and 0 <= amount < 1_000_000 else None
