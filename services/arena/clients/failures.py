"""What a provider's refusal means: statuses and error bodies become failures in sentences, without any secret."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from jiter import from_json

from services.arena.domain.completions import CallFailure, FailureCode

DETAIL_LENGTH_MAX = 300
RETRY_SECONDS_MAX = 3_600.0
_SECRETS = re.compile(r"\b(?:sk|pplx|gsk|xai|key)-[\w*-]{6,}|\bBearer\s+\S+", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def code_of(status: int) -> FailureCode:
    """At a gateway's timeout the model may have worked, and charged; any other refusal came before it began."""
    if status == 402:
        return "no_credit"
    if status == 429:
        return "rate_limited"
    if status in (408, 504, 524):
        return "timed_out"
    return "provider_failed" if status >= 500 else "refused_by_provider"


def refused(status: int, body: bytes, retry_after_seconds: float | None, key: str | None) -> CallFailure:
    said = complaint(_error_in(body)) or f"no reason that can be read ({len(body)} bytes)"
    return CallFailure(
        code_of(status),
        plain(f"the provider answered {status}: {said}", key),
        http_status=status,
        retry_after_seconds=retry_after_seconds,
    )


def complaint(error: Any) -> str:
    """The message of an error object, with what the provider behind the provider said."""
    if isinstance(error, str):
        return error
    if not isinstance(error, Mapping):
        return ""
    message = str(error.get("message") or error.get("code") or "")
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    return f"{message} ({raw})" if isinstance(raw, str) and raw else message


def status_in(error: Mapping[str, Any]) -> int | None:
    """The status that an error within a 200 gives itself."""
    code = error.get("code")
    if isinstance(code, str) and code.isdecimal() and len(code) == 3:
        code = int(code)
    return code if isinstance(code, int) and 400 <= code <= 599 else None


def plain(text: str, key: str | None = None) -> str:
    """One line for people: a provider may repeat the key it was sent, and nobody shall read it."""
    if key:
        text = text.replace(key, "[key]")
    return _UNSEEN.sub(" ", _SECRETS.sub("[key]", text)).strip()[:DETAIL_LENGTH_MAX]


def wait_of(retry_after: str | None, date: str | None) -> float | None:
    """Seconds of a Retry-After header; a moment counts from the answer's own Date."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        until, since = _moment(retry_after), _moment(date)
        if until is None or since is None:
            return None
        seconds = (until - since).total_seconds()
    return min(max(seconds, 0.0), RETRY_SECONDS_MAX) if seconds == seconds else None


def _moment(header: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _error_in(body: bytes) -> Any:
    try:
        read = from_json(body)
    except ValueError:
        return None
    if not isinstance(read, Mapping):
        return None
    return read.get("error") or read.get("detail") or read.get("message")
