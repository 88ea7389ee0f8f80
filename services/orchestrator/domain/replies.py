"""What the other services answered, as counts for the rows of steps, whatever shape it came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.orchestrator.domain.cycles import ERROR_LENGTH_MAX

COUNT_MAX = 2**31 - 1
DIGITS_MAX = 24
REASONS_MAX = 100
EXAMPLES_MAX = 5  # of a list that came with an answer, kept in the row
SIGNAL_COUNTS = ("markets_considered", "markets_matched", "signals_generated")
SYNC_COUNTS = ("seen", "new", "changed", "unchanged", "settled")
EXECUTION_COUNTS = ("signals_considered", "trades_executed", "orders_placed", "signals_skipped")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service said of one portfolio."""

    counts: Mapping[str, Any]
    error: str | None = None
    repeated: bool = False  # the call was made before, and may have acted already


def sentence(error: object) -> str:
    """An error as a row can hold it: one line, bounded, without what Postgres refuses."""
    return str(error).replace("\x00", "").strip().partition("\n")[0][:ERROR_LENGTH_MAX] or "failed without a word"


def replies_of(answer: Any, portfolio_ids: Sequence[int], counted: Sequence[str]) -> dict[int, Reply]:
    """By portfolio; one that is not in the answer has failed."""
    results = answer.get("results") if isinstance(answer, dict) else None
    entries = results if isinstance(results, list) else []
    said = {entry.get("portfolio_id"): entry for entry in entries if _is_entry(entry)}
    return {portfolio_id: _reply(said.get(portfolio_id), counted) for portfolio_id in portfolio_ids}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and type(entry.get("portfolio_id")) is int


def _reply(entry: Mapping[str, Any] | None, counted: Sequence[str]) -> Reply:
    if entry is None:
        return Reply({}, "the answer says nothing of this portfolio")
    error = entry.get("error")
    if error is not None:
        return Reply({}, sentence(error.get("detail") or error.get("error") if isinstance(error, dict) else error))
    counts = {name: entry[name] for name in counted if _is_count(entry.get(name))}
    reasons = entry.get("abstentions") or entry.get("outcomes")
    if isinstance(reasons, dict):
        counted_reasons = {sentence(reason): n for reason, n in reasons.items() if _is_count(n)}
        counts |= {"reasons": dict(list(counted_reasons.items())[:REASONS_MAX])}
    if counted[-1] not in counts:
        return Reply(counts, f"the answer does not say {counted[-1]}")
    return Reply(counts)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= COUNT_MAX


def plain_counts(answer: Any) -> dict[str, Any]:
    """The numbers and words of an answer; of its lists how long they are and how they begin."""
    counts: dict[str, Any] = {}
    for key, value in answer.items() if isinstance(answer, dict) else ():
        name = sentence(key)
        if isinstance(value, list):
            counts[name] = len(value)
            if value and name != "prices":
                counts[f"{name}_first"] = [sentence(_words(item)) for item in value[:EXAMPLES_MAX]]
        elif _is_figure(value):
            counts[name] = value
        elif isinstance(value, str):
            counts[name] = sentence(value) if value else value
        elif isinstance(value, dict):
            counts[name] = {sentence(part): figure for part, figure in value.items() if _is_figure(figure)}
    return counts


def _is_figure(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) < DIGITS_MAX
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= COUNT_MAX)


def _words(item: Any) -> str:
    if isinstance(item, dict):
        return ", ".join(f"{name} {value}" for name, value in item.items())
    return str(item)


def sync_counts(sync: Mapping[str, Any]) -> dict[str, Any]:
    """What a collector's sync did, by venue."""
    platforms = sync.get("platforms")
    return {
        "sync_id": sentence(sync["sync_id"]) if sync.get("sync_id") else None,
        "status": sentence(sync["status"]) if sync.get("status") else None,
        "platforms": {
            sentence(platform): {name: did[name] for name in SYNC_COUNTS if _is_count(did.get(name))}
            | {"rejected": _sum(did.get("rejected"))}
            | {"error": sentence(did["error"]) if did.get("error") else None}
            for platform, did in (platforms if isinstance(platforms, dict) else {}).items()
            if isinstance(did, dict)
        },
    }


def _sum(counts: object) -> int:
    return sum(n for n in counts.values() if _is_count(n)) if isinstance(counts, dict) else 0


def sync_error(sync: Mapping[str, Any]) -> str:
    """Why a sync failed, by venue."""
    errors = [f"{platform}: {did['error']}" for platform, did in sync_counts(sync)["platforms"].items() if did["error"]]
    return sentence("; ".join(errors) or f"the sync ended {sync.get('status')}")
