"""Whether everything runs: what is not well, what that means and what to do about it, the worst first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from services.orchestrator.domain.schedule import MINUTE

Weight = Literal["bad", "warn"]

LOOKED_WITHIN = 3 * MINUTE  # the schedule looks every minute
COLLECTED_WITHIN = 30 * MINUTE  # twice the pause of the full sync
MARKED_SLACK = 2 * MINUTE  # beyond the pause of the price updater
PAID_WITHIN = 15 * MINUTE  # three times the pause of the settlements
BUDGET_NEAR = Decimal("0.8")
CALLS_MIN = 10  # of a model today, before a share of failures says anything
FAILED_SHARE = Decimal("0.2")
# By what the last call failed with.
ADVICE: Mapping[str, str] = {
    "unreachable": "See whether anything answers at the address that the file of models gives it.",
    "refused_by_provider": "See its last session for what the provider said: mostly the key or the id is wrong.",
    "no_credit": "Pay its provider, or take it out of the file of models.",
    "rate_limited": "Let fewer sessions run at once (ARENA_PARALLEL), or ask its provider for more.",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    weight: Weight
    said: str  # a clause: what is not well
    means: str  # a sentence
    remedy: str  # a sentence
    section: str  # of the page, where the figures are


@dataclass(frozen=True, slots=True)
class State:
    """Everything as its rows say it."""

    now: datetime
    enabled: bool  # the schedule, in this process
    health: Sequence[Mapping[str, Any]]  # rows of system_health
    cycle: Mapping[str, Any] | None  # the last one that ended
    moments: Mapping[str, datetime | None]
    price_seconds: int  # the pause of the price updater; 0: it does nothing by itself
    breakers: Sequence[Mapping[str, Any]]
    jobs: Sequence[Mapping[str, Any]]
    models: Sequence[Mapping[str, Any]]
    unpaid: int  # positions in markets that are final
    unpaid_since: datetime | None  # when the first of those markets became so

    @property
    def services(self) -> list[Mapping[str, Any]]:
        return [row for row in self.health if row["component"] != "audit"]

    @property
    def audit(self) -> Mapping[str, Any] | None:
        return next((row for row in self.health if row["component"] == "audit"), None)

    @property
    def budgets(self) -> Mapping[str, Decimal]:
        """Of models, as the arena said last; empty where it did not."""
        said = [row["details"].get("counts", {}).get("budgets") for row in self.services]
        return next(({name: Decimal(str(dollars)) for name, dollars in each.items()} for each in said if each), {})

    @property
    def spent(self) -> Decimal:
        """As the budgets count it: calls under way at the most that they may come to."""
        return sum((Decimal(row["dollars"]) for row in self.models), Decimal(0))

    @property
    def paid(self) -> Decimal:
        """Without what calls that are under way may come to."""
        return sum((Decimal(row["paid"]) for row in self.models), Decimal(0))

    @property
    def asleep(self) -> bool:
        """Nobody has looked at the services lately, so what is known of them is old."""
        looks = [row["last_check"] for row in self.services]
        return bool(looks) and self.now - max(looks) > LOOKED_WITHIN


def age_limits(price_seconds: int) -> dict[str, timedelta | None]:
    """How old each kind of data may be. None: it is brought up to date only when somebody asks."""
    marked = timedelta(seconds=price_seconds) + MARKED_SLACK if price_seconds else None
    return {"events": COLLECTED_WITHIN, "markets": COLLECTED_WITHIN, "prices": marked, "candles": COLLECTED_WITHIN}


DATA = {
    "events": ("events", "New events are not seen, and nothing is decided about them."),
    "markets": ("markets", "Portfolios decide on an old picture of the markets."),
    "prices": ("the marks of what is held", "Equity is that of older prices, and stop losses come late."),
    "candles": ("candles", "Rules that look at how prices moved see nothing new."),
}


def stale(state: State) -> dict[str, timedelta]:
    """By how much each kind of data is older than it may be."""
    found = {}
    for what, limit in age_limits(state.price_seconds).items():
        moment = state.moments.get(what)
        if limit is not None and moment is not None and state.now - moment > limit:
            found[what] = state.now - moment - limit
    return found


def troubles_of(state: State) -> list[Trouble]:
    found = [
        *_of_services(state),
        *_of_audit(state),
        *_of_cycle(state.cycle),
        *_of_data(state),
        *_of_breakers(state.breakers),
        *_of_venues(state.services),
        *_of_schedule(state),
        *_of_models(state),
        *_of_settlement(state),
    ]
    return sorted(found, key=lambda trouble: trouble.weight != "bad")


def _of_services(state: State) -> Iterator[Trouble]:
    if state.asleep:
        looked = max(row["last_check"] for row in state.services)
        yield Trouble(
            "bad",
            f"nobody has looked at the services since {looked:%H:%M} UTC",
            "What stands here of services is what was last known of them.",
            "See whether the orchestrator's schedule runs: its log says what holds it up.",
            "schedule",
        )
    for row in state.services:
        name, error = _named(row["component"]), row["details"].get("error")
        if row["status"] == "down":
            yield Trouble(
                "bad",
                f"{name} is down",
                _meaning(row["component"]),
                "Start it again; its log says why it ended.",
                "services",
            )
        elif row["status"] == "degraded":
            yield Trouble(
                "bad", f"{name} cannot work", error or _meaning(row["component"]), "Read its log.", "services"
            )


def _of_audit(state: State) -> Iterator[Trouble]:
    if state.audit is not None and state.audit["status"] != "healthy":
        details = state.audit["details"]
        count = details.get("count", len(details.get("disagreements") or []))
        yield Trouble(
            "bad",
            f"{count} sum{'s' if count != 1 else ''} disagree{'s' if count == 1 else ''} with history",
            "A balance or a profit that is shown is not the sum of its entries.",
            "Pause what is concerned and read the audit, which names every sum.",
            "truth",
        )


def _of_cycle(cycle: Mapping[str, Any] | None) -> Iterator[Trouble]:
    if cycle is None or cycle["status"] in ("success", "running"):
        return
    if cycle["status"] == "partial":
        count = cycle["portfolios_failed"]
        yield Trouble(
            "warn",
            f"{_counted(count, 'portfolio')} failed in the last cycle",
            "The others are done; those that failed decided or traded nothing.",
            "The cycle below says why. The next one runs them again.",
            "cycle",
        )
        return
    step = f" at {_named(cycle['failed_step'])}" if cycle["failed_step"] else ""
    word = "failed" if cycle["status"] == "failed" else "was interrupted"
    yield Trouble(
        "bad",
        f"the last cycle {word}{step}",
        cycle["error"] or "Nothing after that step ran.",
        "Mend the cause and resume it, or let the next cycle begin anew.",
        "cycle",
    )


def _of_data(state: State) -> Iterator[Trouble]:
    for what in stale(state):
        named, means = DATA[what]
        moment = state.moments[what]
        assert moment is not None
        yield Trouble(
            "warn",
            f"{named} are {_span(state.now - moment)} old",
            means,
            "See below whether the service that brings them works, and what its venue says.",
            "data",
        )


def _of_breakers(breakers: Sequence[Mapping[str, Any]]) -> Iterator[Trouble]:
    if not breakers:
        return
    everywhere = any(row["portfolio_id"] is None for row in breakers)
    yield Trouble(
        "bad" if everywhere else "warn",
        f"{_counted(len(breakers), 'breaker')} {'is' if len(breakers) == 1 else 'are'} open",
        f"{'No portfolio buys' if everywhere else 'What they stop buys nothing'} until then; selling goes on.",
        "Read why below; resolve it once the cause is gone.",
        "breakers",
    )


def _of_venues(services: Iterable[Mapping[str, Any]]) -> Iterator[Trouble]:
    for row in services:
        for platform, venue in (row["details"].get("says", {}).get("venues") or {}).items():
            if venue.get("circuit") == "open":
                yield Trouble(
                    "warn",
                    f"the service {_named(row['component'])} has stopped asking {platform.capitalize()}",
                    venue.get("last_error") or "It failed several times in a row.",
                    "It asks again by itself after a pause. See whether the venue can be reached from here.",
                    "venues",
                )


def _of_schedule(state: State) -> Iterator[Trouble]:
    failed = [row for row in state.jobs if row["status"] == "failed" and row["job"] != "trading_cycle"]
    for row in failed:
        yield Trouble(
            "warn",
            f"the job {_named(row['job'])} failed",
            row["error"] or "It did not say why.",
            "It is tried again when it is due; its button below runs it now.",
            "schedule",
        )
    ran = [row["started_at"] for row in state.jobs if row["started_at"] is not None]
    if not state.enabled and (not ran or state.now - max(ran) > LOOKED_WITHIN):
        yield Trouble(
            "warn",
            "nothing happens by itself",
            "The schedule is switched off here (SCHEDULE_ENABLED=false), and nobody else has run a job lately.",
            "Switch it on, or have cron call what python -m services.orchestrator.crontab prints.",
            "schedule",
        )


def _of_models(state: State) -> Iterator[Trouble]:
    day = state.budgets.get("day")
    if day is not None and state.spent >= day * BUDGET_NEAR:
        over = state.spent >= day
        yield Trouble(
            "bad" if over else "warn",
            f"models have used {'all' if over else 'most'} of today's budget",
            "No model is asked any more until midnight UTC."
            if over
            else "Once it is used, no model is asked any more.",
            "Raise ARENA_DAY_BUDGET, or let the models rest until tomorrow.",
            "models",
        )
    for row in state.models:
        if row["enabled"] and row["calls"] >= CALLS_MIN and row["failed"] > row["calls"] * FAILED_SHARE:
            yield Trouble(
                "warn",
                f"{row['failed']} of {row['calls']} calls of {row['name'] or row['provider_model']} failed today",
                f"The last one: {_named(row['failure'] or 'nobody said why')}.",
                ADVICE.get(row["failure"], "See whether its provider knows of trouble."),
                "models",
            )


def _of_settlement(state: State) -> Iterator[Trouble]:
    if state.unpaid_since is not None and state.now - state.unpaid_since > PAID_WITHIN:
        yield Trouble(
            "warn",
            f"{_counted(state.unpaid, 'position')} {'waits' if state.unpaid == 1 else 'wait'} to be paid",
            f"Their markets are final, the first one for {_span(state.now - state.unpaid_since)}, and nobody has paid.",
            "Run the job settlements below, and read what it says.",
            "waiting",
        )


def _meaning(component: str) -> str:
    if component.startswith("strategy_"):
        return "Its portfolios decide nothing until it is back; the others go on."
    return {
        "events": "No new events are collected, so cycles stop at that step.",
        "markets": "No prices and books come in: nothing is traded or marked, and cycles stop.",
        "paper_trading": "Nothing is traded, marked or settled until it is back.",
        "arena": "AI models are not asked, and the live feed stands still.",
    }.get(component, "What it does is not done until it is back.")


def _named(code: str) -> str:
    return code.replace("_", " ")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _span(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return (
        f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2_880 else f"{minutes // 1_440} days"
    )
