"""A trading cycle: its steps in order, what became of each portfolio, and how the whole ended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Kind = Literal["all", "portfolio"]
Ending = Literal["success", "partial", "failed"]
StepStatus = Literal["running", "done", "failed"]

COLLECTION = ("collect_events", "collect_markets")
SHARED = (*COLLECTION, "update_prices", "settle")  # before the portfolios; one that fails stops the cycle
OF_PORTFOLIO = ("signals", "execute", "snapshot")
LAST = "archive"
ORDER = (*SHARED, *OF_PORTFOLIO, LAST)
PORTFOLIOS = "portfolios"  # names the middle of a cycle where a shared step would be named
ERROR_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants of a cycle."""

    kind: Kind = "all"
    portfolio_ids: tuple[int, ...] | None = None  # none: all active ones
    collect: bool = True  # false: trade on what is stored
    due_only: bool = False  # leave out portfolios whose own frequency says not yet

    def facts(self) -> dict[str, Any]:
        ids = None if self.portfolio_ids is None else list(self.portfolio_ids)
        return {"kind": self.kind, "portfolio_ids": ids, "collect": self.collect, "due_only": self.due_only}


def asked_of(facts: Mapping[str, Any]) -> Asked:
    ids = facts["portfolio_ids"]
    return Asked(facts["kind"], None if ids is None else tuple(ids), facts["collect"], facts["due_only"])


@dataclass(frozen=True, slots=True)
class Runner:
    """A portfolio that a cycle is to run."""

    portfolio_id: int
    name: str
    strategy_type: str
    frequency: str = "every_cycle"
    last_run_at: datetime | None = None  # when the last cycle began that ran it to its end


@dataclass(frozen=True, slots=True)
class Step:
    """A row of what was done: of the cycle, or of one portfolio in it."""

    step: str
    portfolio_id: int | None
    status: StepStatus
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of the pipeline, as it stands when it begins or goes on."""

    cycle_id: UUID
    asked: Asked
    started_at: datetime
    portfolio_ids: tuple[int, ...]  # chosen when it began
    attempt: int = 1

    @property
    def resumed(self) -> bool:
        return self.attempt > 1


@dataclass(frozen=True, slots=True)
class Tally:
    done: int = 0
    failed: int = 0
    signals: int = 0
    trades: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.done + other.done,
            self.failed + other.failed,
            self.signals + other.signals,
            self.trades + other.trades,
        )


def steps_to_do(asked: Asked, done: Iterable[str]) -> list[str]:
    """The shared steps before the portfolios that are still to be done, in order."""
    wanted = SHARED if asked.collect else SHARED[len(COLLECTION) :]
    finished = set(done)
    return [step for step in wanted if step not in finished]


def chunks_of(runners: Sequence[Runner], size: int) -> list[list[Runner]]:
    """Portfolios of one strategy type together, because one controller answers for them in one call."""
    by_type: dict[str, list[Runner]] = {}
    for runner in runners:
        by_type.setdefault(runner.strategy_type, []).append(runner)
    return [same[start : start + size] for same in by_type.values() for start in range(0, len(same), size)]


def tally_of(steps: Iterable[Step]) -> Tally:
    results = results_of(steps, {})
    failed = sum(result["error"] is not None for result in results)
    return Tally(
        len(results) - failed,
        failed,
        sum(result["signals_generated"] or 0 for result in results),
        sum(result["trades_executed"] or 0 for result in results),
    )


def results_of(steps: Iterable[Step], runners: Mapping[int, Runner]) -> list[dict[str, Any]]:
    """One entry a portfolio, as the documented answer shows it. A figure that no step told is null."""
    told: dict[int, dict[str, Any]] = {}
    errors: dict[int, str] = {}
    for step in steps:
        if step.portfolio_id is None:
            continue
        told.setdefault(step.portfolio_id, {}).update(step.counts)
        if step.error is not None:
            errors.setdefault(step.portfolio_id, step.error)
    return [_result(portfolio_id, counts, errors, runners.get(portfolio_id)) for portfolio_id, counts in told.items()]


def _result(
    portfolio_id: int, counts: Mapping[str, Any], errors: Mapping[int, str], runner: Runner | None
) -> dict[str, Any]:
    return {
        "portfolio_id": portfolio_id,
        "portfolio_name": runner.name if runner else None,
        "strategy_type": runner.strategy_type if runner else None,
        "signals_generated": counts.get("signals_generated"),
        "trades_executed": counts.get("trades_executed"),
        "signals_skipped": counts.get("signals_skipped"),
        "orders_placed": counts.get("orders_placed"),
        "new_balance": counts.get("new_balance"),
        "total_pnl": counts.get("total_pnl"),
        "error": errors.get(portfolio_id),
    }


def ending_of(tally: Tally, failed_step: str | None) -> Ending:
    """A cycle in which every portfolio failed is no success, and neither is one whose shared step failed."""
    if failed_step is not None or (tally.failed and not tally.done):
        return "failed"
    return "partial" if tally.failed else "success"


def first_error(results: Sequence[Mapping[str, Any]]) -> str:
    """In a sentence, why a cycle failed whose portfolios all failed."""
    failed = [result for result in results if result["error"] is not None]
    return f"all {len(failed)} portfolios failed; the first: {failed[0]['error']}"[:ERROR_LENGTH_MAX]


def answer_of(
    cycle_id: UUID,
    status: str,
    results: Sequence[Mapping[str, Any]],
    *,
    failed_step: str | None,
    error: str | None,
    started_at: datetime,
    finished_at: datetime | None,
) -> dict[str, Any]:
    return {
        "status": status,
        "cycle_id": str(cycle_id),
        "portfolios_processed": len(results),
        "results": sorted(results, key=lambda result: int(result["portfolio_id"])),
        "failed_step": failed_step,
        "error": error,
        "started_at": started_at,
        "finished_at": finished_at,
    }
