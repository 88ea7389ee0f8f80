"""Reads chat completions: server-sent events split over reads, or one JSON body, into an answer or a failure."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import Any

from jiter import from_json

from services.arena.clients.failures import code_of, complaint, plain, status_in
from services.arena.clients.parse_responses import speaks_responses, take_response
from services.arena.clients.spoken import Kind, Piece, Spoken, dollars
from services.arena.domain.completions import CallFailure, Completion, ListedModel

LINE_BYTES_MAX = 8 << 20  # a searching model repeats its sources in each of its chunks
BODY_BYTES_MAX = 8 << 20
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class AnswerReader:
    """Takes the bytes of one answer as they come and hands out the texts in them. A body that begins with a brace is
    no stream, whatever was asked for."""

    def __init__(self) -> None:
        self.spoken = Spoken()
        self.ended = False  # the provider said that this is all
        self._pending = bytearray()
        self._searched = 0  # how much of it has no line's end
        self._begun = False
        self._plain = False

    @property
    def complete(self) -> bool:
        """Whether everything was there, whatever became of the connection afterwards."""
        return self.ended or self.spoken.problem is not None or self.spoken.error is not None

    def feed(self, data: bytes) -> list[Piece]:
        self._pending += data
        if not self._begun and not self._begin():
            return []
        if self._plain:
            if len(self._pending) > BODY_BYTES_MAX:
                self.spoken.problem = f"the answer is larger than {BODY_BYTES_MAX} bytes"
            return []
        pieces: list[Piece] = []
        while (end := self._pending.find(b"\n", self._searched)) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + 1]
            self._searched = 0
            pieces.extend(self._take_line(line))
        self._searched = len(self._pending)
        if self._searched > LINE_BYTES_MAX:
            self.spoken.problem = f"a line of the stream is longer than {LINE_BYTES_MAX} bytes"
        return pieces

    def end(self) -> list[Piece]:
        """The bytes have ended: what is left is a body, or a last line without its end."""
        left = bytes(self._pending).strip(_SPACE)
        self._pending.clear()
        if self._plain:
            self.ended = True
            return list(self._take_body(left))
        try:
            return list(self._take_event(left[5:], lenient=True)) if left.startswith(b"data:") else []
        except ValueError:
            return []  # broken off in the middle of an event

    def _begin(self) -> bool:
        if self._pending.startswith(_BOM):
            del self._pending[:3]
        first = bytes(self._pending.lstrip(_SPACE)[:1])
        if not first:
            self._pending.clear()  # blanks keep a connection alive
            return False
        self._begun = True
        self._plain = first in (b"{", b"[", b'"', b"<")
        return True

    def _take_line(self, line: bytes) -> Iterator[Piece]:
        if line.startswith(b"data:"):
            yield from self._take_event(line[5:])

    def _take_event(self, data: bytes, *, lenient: bool = False) -> Iterator[Piece]:
        data = data.strip(_SPACE)
        if data == b"[DONE]":
            self.ended = True
        elif data and not self.ended and not self.spoken.problem:
            try:
                part = read_json(data)
            except ValueError:
                if lenient:
                    raise
                self.spoken.problem = "an event of the stream is no JSON"
                return
            if not isinstance(part, Mapping):
                self.spoken.problem = "an event of the stream is no object"
                return
            yield from self._take_part(part)

    def _take_part(self, part: Mapping[str, Any]) -> Iterator[Piece]:
        if speaks_responses(part):
            yield from take_response(self.spoken, part)
        else:
            yield from _take_chat(self.spoken, part, "delta")

    def _take_body(self, body: bytes) -> Iterator[Piece]:
        try:
            read = read_json(body)
        except ValueError:
            self.spoken.problem = "the answer is no JSON"
            return
        if not isinstance(read, Mapping):
            self.spoken.problem = "the answer is no object"
        elif speaks_responses(read):
            yield from take_response(self.spoken, read)
        else:
            yield from _take_chat(self.spoken, read, "message")
            if not isinstance(read.get("choices"), list) and self.spoken.error is None:
                self.spoken.problem = "the answer has no choices"


def read_json(data: bytes) -> Any:
    """Numbers with a point are Decimals. Half a surrogate pair is legal JSON that the fast reader refuses."""
    try:
        return from_json(data, allow_inf_nan=False, float_mode="decimal")
    except ValueError:
        try:
            return json.loads(data, parse_float=Decimal, parse_constant=_refuse)
        except (RecursionError, DecimalException) as error:
            raise ValueError("it is nested too deeply or holds no numbers") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _take_chat(spoken: Spoken, part: Mapping[str, Any], key: str) -> Iterator[Piece]:
    spoken.name(part.get("model"), part.get("id"))
    spoken.count(part.get("usage"))
    if isinstance(error := part.get("error"), (Mapping, str)) and error:
        spoken.error = error if isinstance(error, Mapping) else {"message": error}
    spoken.citations = part.get("citations") or spoken.citations
    spoken.results = part.get("search_results") or spoken.results
    choices = part.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return
    choice = choices[0]
    if isinstance(error := choice.get("error"), Mapping):
        spoken.error = error
    if isinstance(reason := choice.get("finish_reason"), str):
        spoken.finish_reason = reason
    said = choice.get(key) or choice.get("message" if key == "delta" else "delta")
    if isinstance(said, Mapping):
        yield from _take_said(spoken, said)


def _take_said(spoken: Spoken, said: Mapping[str, Any]) -> Iterator[Piece]:
    thought = said.get("reasoning") or said.get("reasoning_content")
    if isinstance(thought, str):
        yield from spoken.say(thought, "reasoning")
    else:
        for detail in _objects(said.get("reasoning_details")):
            text = detail.get("text") or detail.get("summary")
            if isinstance(text, str):
                yield from spoken.say(text, "reasoning")
    content = said.get("content")
    if isinstance(content, str):
        yield from spoken.say(content, "answer")
    else:
        for item in _objects(content):
            yield from _take_item(spoken, item)
    if isinstance(refusal := said.get("refusal"), str):
        spoken.refusal.append(refusal)
    if annotations := said.get("annotations"):
        spoken.annotations.extend(_objects(annotations))


def _take_item(spoken: Spoken, item: Mapping[str, Any]) -> Iterator[Piece]:
    """Content in parts: texts, and with some models thoughts that hold texts in turn."""
    kind: Kind = "reasoning" if item.get("type") == "thinking" else "answer"
    if isinstance(item.get("text"), str):
        yield from spoken.say(item["text"], kind)
    for inner in _objects(item.get("thinking")):
        if isinstance(inner.get("text"), str):
            yield from spoken.say(inner["text"], "reasoning")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def concluded(
    reader: AnswerReader, *, simulated: bool, latency_ms: int, first_token_ms: int | None, key: str | None = None
) -> Completion | CallFailure:
    """What the whole of it amounts to, after its bytes have ended."""
    spoken = reader.spoken
    text = spoken.text
    if (failed := _failure(reader, text)) is not None:
        code, detail = failed
        return CallFailure(
            code, plain(detail, key), said=text, usage=spoken.usage, simulated=simulated, latency_ms=latency_ms
        )
    return Completion(
        text=text,
        thoughts=spoken.thought,
        finish_reason=spoken.finish_reason,
        model_version=spoken.model_version,
        request_id=spoken.request_id,
        usage=spoken.usage,
        sources=spoken.sources,
        simulated=simulated,
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
    )


def _failure(reader: AnswerReader, text: str) -> tuple[Any, str] | None:
    spoken = reader.spoken
    if spoken.error is not None:
        status = status_in(spoken.error)
        silent = not text and not spoken.thoughts and not spoken.usage.completion_tokens
        code = code_of(status) if status in (402, 429) and silent else "stream_error"
        return code, f"the provider broke it off: {complaint(spoken.error) or 'without a reason'}"
    if spoken.problem is not None:
        return "unreadable_answer", spoken.problem
    if spoken.refusal and (refusal := "".join(spoken.refusal).strip()):
        return "refusal", f"the model declined: {refusal}"
    if spoken.finish_reason == "content_filter":
        return "refusal", "the provider's filter withheld the answer"
    if spoken.finish_reason == "error":
        return "stream_error", "the provider ended it with an error and without a reason"
    if not reader.ended and spoken.finish_reason is None:
        return "broken_off", "the stream ended before the answer did"
    if not text.strip():
        if spoken.finish_reason == "length":
            return "cut_off", "the bound of its tokens was reached before it said anything"
        return "empty_answer", "the model said nothing"
    return None


def read_listed(body: bytes) -> list[ListedModel] | None:
    """A provider's list of its models; None where it is none. OpenRouter's prices are dollars per token, as text."""
    try:
        read = read_json(body)
    except ValueError:
        return None
    rows = read.get("data") if isinstance(read, Mapping) else None
    if not isinstance(rows, list):
        return None
    return [_listed(row) for row in _objects(rows) if isinstance(row.get("id"), str) and row["id"]]


def _listed(row: Mapping[str, Any]) -> ListedModel:
    pricing = row.get("pricing")
    prices = pricing if isinstance(pricing, Mapping) else {}
    return ListedModel(row["id"], _a_million(prices.get("prompt")), _a_million(prices.get("completion")))


def _a_million(price: Any) -> Decimal | None:
    """-1 stands for a price that depends on where the request goes."""
    each = dollars(price)
    return None if each is None else each * 1_000_000
