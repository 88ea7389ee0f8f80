"""Whether everything can work: each service asked at once, the age of what is stored, and what the audit says."""

from datetime import datetime
from typing import Any

import structlog

from services.orchestrator.parallel import side_by_side
from services.orchestrator.resources import Resources
from services.orchestrator.storage import jobs

log = structlog.get_logger()

EXAMPLES_MAX = 20  # disagreements kept in the row
LATENCIES_KEPT = 60  # the last looks, one a minute


def services_now(here: Resources) -> list[dict[str, Any]]:
    """Every service that takes part, asked side by side, in the order of their names."""
    names = sorted(here.services.calls)
    return side_by_side(here.services.health, names, len(names))


def check_health(here: Resources) -> str:
    """Writes down how the services are; a sentence about it."""
    names = sorted(here.services.calls)
    found = side_by_side(here.services.examined, names, len(names))
    now = here.clock()
    with here.database.transaction() as connection:
        before = {row["component"]: row["details"].get("latencies_ms", []) for row in jobs.health_rows(connection)}
        rows = [_component(each, before.get(each["service"], [])) for each in found]
        jobs.write_health(connection, rows, now)
    ill = [each["service"] for each in found if each["status"] != "healthy"]
    if ill:
        log.warning("services_not_healthy", services=ill)
    return f"not healthy: {', '.join(ill)}" if ill else f"all {len(found)} services are healthy"


def _component(found: dict[str, Any], latencies_ms: list[float | None]) -> dict[str, Any]:
    details = {name: value for name, value in found.items() if name not in ("service", "status")}
    details["latencies_ms"] = [*latencies_ms, found["latency_ms"]][-LATENCIES_KEPT:]
    return {"component": found["service"], "status": found["status"], "details": details}


def age_seconds(moments: dict[str, datetime | None], now: datetime) -> dict[str, float | None]:
    return {
        what: None if moment is None else max(0.0, round((now - moment).total_seconds(), 3))
        for what, moment in moments.items()
    }


def reconcile(here: Resources) -> str:
    """Has every sum recomputed; a disagreement makes the component `audit` down, and is logged as an error."""
    answer = here.services.audit()
    said = answer if isinstance(answer, dict) else {}
    found = said.get("disagreements")
    disagreements = found if isinstance(found, list) else []
    clean = said.get("status") == "clean" and not disagreements
    details = {
        "portfolios": said.get("portfolios"),
        "disagreements": disagreements[:EXAMPLES_MAX],
        "count": len(disagreements),
    }
    with here.database.transaction() as connection:
        row = {"component": "audit", "status": "healthy" if clean else "down", "details": details}
        jobs.write_health(connection, [row], here.clock())
    if not clean:
        log.error("sums_disagree", disagreements=disagreements[:EXAMPLES_MAX])
        return f"{len(disagreements)} sums disagree with history"
    return "every sum agrees with history"
