"""The page of operations: whether everything runs, what ran, what comes, what stops, what it costs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Connection

from services.orchestrator import reports
from services.orchestrator.cycles import CycleNotFound
from services.orchestrator.domain import operating as domain
from services.orchestrator.domain.operating import State, Trouble
from services.orchestrator.pages.pictures import latencies, pictures
from services.orchestrator.pages.timeline import bars, timeline
from services.orchestrator.resources import Resources
from services.orchestrator.storage import cycles, jobs, operating, reading
from shared import topology
from shared.ui.changes import Parts
from shared.ui.places import Visit, visit_of
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = Pages(Path(__file__).parents[1] / "templates", topology.ORCHESTRATOR)

Value = TypeVar("Value")

SLOW_SECONDS = 3.0
PICTURES_SECONDS = 20.0
CYCLES_MAX = 40
FAILED_MAX = 50
BREAKERS_MAX = 50
OVERRIDES_MAX = 50
PARTS = ("state", "cycle", "cycles", "services", "breakers", "schedule", "models")

SAID = {
    "cycle": "A cycle has begun; this page shows how far it is.",
    "running": "A cycle runs already; this page shows how far it is.",
    "resumed": "The cycle goes on where it ended; this page shows how far it is.",
    "begun": "The job runs; its line says when it has ended.",
    "done": "The job was run. What it did stands in its line.",
    "skipped": "The job had nothing to do; its line says why.",
    "failed": "The job failed; its line says why.",
    "resolved": "The breaker is resolved; buying goes on.",
    "unresolved": "The breaker could not be resolved: paper trading did not answer, or it is resolved already.",
}


def operations_page(request: Request, here: Resources, cycle_id: UUID | None, said: str | None) -> Response:
    """Everything from rows: the page is there also while services are not."""
    now = here.clock()
    with here.database.transaction() as connection:
        cycles.bury_dead(connection, now)
        truth = truth_of(connection)
        newest = operating.last_cycles(connection, CYCLES_MAX)
        drawn = here.kept_for(PICTURES_SECONDS, "pictures", lambda: pictures(connection, newest, now))
        if cycle_id is not None and operating.cycle(connection, cycle_id) is None:
            raise CycleNotFound(cycle_id=cycle_id)
    key, make = live_parts(here, visit_of(request), cycle_id)
    parts = request.app.state.live.parts(key, make)
    facts = {"pictures": drawn, "said": SAID.get(said or "")}
    address = "/operations/live" + (f"?cycle={cycle_id}" if cycle_id else "")
    return PAGES.answer(request, "operations.html", facts, now=now, truth=truth, live=(address, parts))


def live_parts(here: Resources, visit: Visit, cycle_id: UUID | None) -> tuple[tuple[Any, ...], Callable[[], Parts]]:
    """What moves, and under which key it is made once for all who look."""
    seen = replace(visit, theme="system")

    def make() -> Parts:
        now = here.clock()
        with here.database.connection() as connection:
            facts = facts_of(here, connection, cycle_id, now)
        return Parts({part: PAGES.part(seen, f"operations_{part}.html", facts, now=now) for part in PARTS})

    return ("operations", seen, cycle_id), make


def facts_of(here: Resources, connection: Connection, cycle_id: UUID | None, now: datetime) -> dict[str, Any]:
    newest = operating.last_cycles(connection, CYCLES_MAX)
    health = jobs.health_rows(connection)
    lines = reports.schedule_lines(here, jobs.last_runs(connection), now)
    waiting = here.kept_for(SLOW_SECONDS, "waiting", lambda: operating.waiting(connection, now))
    breakers = operating.breakers(connection, BREAKERS_MAX)
    ended = next((row for row in newest if row["status"] != "running" and row["kind"] == "all"), None)
    state = State(
        now=now,
        enabled=here.settings.schedule_enabled,
        health=health,
        cycle=ended,
        moments=operating.moments(connection),
        price_seconds=here.settings.price_update_seconds,
        breakers=breakers,
        jobs=lines,
        models=here.kept_for(SLOW_SECONDS, "models", lambda: operating.models_today(connection, now)),
        unpaid=waiting["unpaid"],
        unpaid_since=waiting["unpaid_since"],
    )
    troubles = domain.troubles_of(state)
    of_all = [row for row in newest if row["status"] == "running" or row["kind"] == "all"]
    chosen = str(cycle_id) if cycle_id else next((row["cycle_id"] for row in of_all or newest), None)
    return {
        "state": state,
        "troubles": troubles,
        "sentence": sentence_of(troubles) if troubles else "",
        "stale": domain.stale(state),
        "limits": domain.age_limits(state.price_seconds),
        "running": next((row for row in newest if row["status"] == "running"), None),
        "next_cycle": next((line["next_at"] for line in lines if line["job"] == "trading_cycle"), None),
        "bars": bars(newest, chosen),
        "newest": newest,
        "latencies": latencies,
        "overrides": operating.overrides(connection, now, OVERRIDES_MAX),
        "waiting": waiting,
        "feed": _told_by(state, "arena", "feed"),
        "venues": _venues(state),
        "says": said_by,
        "chosen_given": cycle_id is not None,
        **_cycle_facts(connection, chosen, newest, now),
    }


def _cycle_facts(
    connection: Connection, chosen: str | None, newest: list[dict[str, Any]], now: datetime
) -> dict[str, Any]:
    """The cycle that is shown step by step."""
    if chosen is None:
        return {"cycle": None, "timeline": None, "failed": [], "progress": None}
    number = UUID(chosen)
    shown = next((row for row in newest if row["cycle_id"] == chosen), None) or operating.cycle(connection, number)
    if shown is None:
        raise CycleNotFound(cycle_id=chosen)
    groups = reading.step_groups(connection, number)
    pieces = operating.pieces(connection, number)
    return {
        "cycle": shown,
        "timeline": timeline(shown, groups, pieces, now),
        "failed": operating.failed_portfolios(connection, number, FAILED_MAX) if shown["portfolios_failed"] else [],
        "progress": reports.progress_of(shown, groups) if shown["status"] == "running" else None,
    }


def _venues(state: State) -> list[dict[str, Any]]:
    """What each service that talks to venues says of them."""
    found = []
    for row in state.services:
        counts = row["details"].get("counts", {}).get("venues", {})
        for platform, venue in (row["details"].get("says", {}).get("venues") or {}).items():
            since = datetime.fromisoformat(venue["since"]) if venue.get("since") else None
            found.append(
                {
                    "component": row["component"],
                    "platform": platform,
                    **{
                        name: venue.get(name) for name in ("base_url", "circuit", "failures", "last_error", "simulated")
                    },
                    "since": since,
                    "counts": counts.get(platform),
                    "looked_at": row["last_check"],
                }
            )
    return sorted(found, key=lambda each: (each["platform"], each["component"]))


def _told_by(state: State, component: str, what: str) -> dict[str, Any] | None:
    row = next((row for row in state.services if row["component"] == component), None)
    counts: dict[str, Any] | None = row["details"].get("counts", {}).get(what) if row else None
    return counts


def said_by(row: Mapping[str, Any]) -> str:
    """What a service says of its own work, in words."""
    says, version = row["details"].get("says", {}), row["details"].get("version")
    words = []
    if says.get("pool_markets") is not None:
        words.append(f"{says['pool_markets']:,} markets in its pool")
    elif "pool_markets" in says:
        words.append("its pool is loaded when signals are asked for")
    if says.get("models") is not None:
        words.append(f"{says['models']} models")
    if says.get("models_disabled"):
        words.append(f"{len(says['models_disabled'])} of them switched off")
    if version:
        words.append(f"version {version}")
    return ", ".join(words)


def sentence_of(troubles: list[Trouble]) -> str:
    """What is not well, in one sentence."""
    first = [trouble.said for trouble in troubles[:3]]
    more = len(troubles) - len(first)
    clauses = first + ([f"{more} more thing{'s' if more > 1 else ''}"] if more else [])
    joined = clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} and {clauses[-1]}"
    return f"{joined[:1].upper()}{joined[1:]}."
