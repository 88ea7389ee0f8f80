"""When a provider is asked once more: only where nothing was charged, and only while there is time."""

from services.arena.domain.completions import CallFailure

ATTEMPTS_MAX = 3
PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 20.0

_AGAIN = frozenset({"unreachable", "rate_limited", "provider_failed"})


def pause_before_retry(failure: CallFailure, attempt: int, seconds_left: float) -> float | None:
    """Seconds to wait, or None where asking again is no use: a wrong key or an empty purse stay what they are."""
    if failure.code not in _AGAIN or not failure.free or attempt >= ATTEMPTS_MAX:
        return None
    pause = failure.retry_after_seconds
    if pause is None:
        pause = PAUSE_SECONDS * 2 ** (attempt - 1)
    return pause if pause <= min(PAUSE_SECONDS_MAX, seconds_left / 2) else None
